package jsonlines

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/internal/jsonvalue"
)

// place is a position in what is read: line and column, from 1. A column is a
// character.
type place struct{ line, column int }

// invalid returns an error about the value that begins in the line of p.
func (p place) invalid(problem string) error {
	return &invalidError{fmt.Sprintf("line %d: %s", p.line, problem)}
}

// invalidHere returns an error about the character at p.
func (p place) invalidHere(problem string) error {
	return &invalidError{fmt.Sprintf("line %d, column %d: %s", p.line, p.column, problem)}
}

// after returns the place after text, which begins at p.
func (p place) after(text string) place {
	if n := strings.Count(text, "\n"); n > 0 {
		p.line += n
		p.column = 1
		text = text[strings.LastIndexByte(text, '\n')+1:]
	}
	p.column += utf8.RuneCountInString(text)
	return p
}

// invalidError is licensekey.ErrInvalid with a text for whoever has the file.
type invalidError struct{ text string }

func (e *invalidError) Error() string        { return e.text }
func (e *invalidError) Is(target error) bool { return target == licensekey.ErrInvalid }

// stream finds the JSON objects in what it reads: those that follow each other, and
// the elements of arrays.
type stream struct {
	r     *bufio.Reader
	at    place // of the next byte
	state state
	array place // where the present array begins
}

// state says what may come next.
type state int

const (
	outside      state = iota // an object, an array, or the end
	arrayBegun                // an object or the end of the array
	afterElement              // a comma or the end of the array
	afterComma                // an object
)

func newStream(r io.Reader) *stream {
	return &stream{r: bufio.NewReader(r), at: place{1, 1}}
}

// next returns the next object, and where it begins. The error is io.EOF at the end,
// an *invalidError, or wraps the error of the reader.
func (s *stream) next() (jsonvalue.Raw, place, error) {
	for {
		c, err := s.peek()
		if err == io.EOF && s.state != outside {
			return "", s.at, s.array.invalid("the array that begins here is not closed; the file may be cut off")
		}
		if err != nil {
			return "", s.at, err
		}
		switch {
		case c == '{' && s.state != afterElement:
			if s.state != outside {
				s.state = afterElement
			}
			at := s.at
			object, err := s.object()
			return object, at, err
		case c == '[' && s.state == outside:
			s.state, s.array = arrayBegun, s.at
		case c == ',' && s.state == afterElement:
			s.state = afterComma
		case c == ']' && (s.state == arrayBegun || s.state == afterElement):
			s.state = outside
		default:
			return "", s.at, s.unexpected(c)
		}
		s.skip(c)
	}
}

// peek skips white space and byte order marks, and returns the byte after them.
func (s *stream) peek() (byte, error) {
	for {
		next, err := s.r.Peek(1)
		switch {
		case err == io.EOF:
			return 0, err
		case err != nil:
			return 0, fmt.Errorf("line %d: %w", s.at.line, err)
		}
		switch c := next[0]; c {
		case ' ', '\t', '\r', '\n':
			s.skip(c)
		case byteOrderMark[0]:
			mark, _ := s.r.Peek(len(byteOrderMark))
			if string(mark) != byteOrderMark {
				return c, nil
			}
			_, _ = s.r.Discard(len(byteOrderMark))
		default:
			return c, nil
		}
	}
}

const byteOrderMark = "\ufeff"

// skip moves over c, the byte that peek has returned.
func (s *stream) skip(c byte) {
	_, _ = s.r.Discard(1)
	s.count(c)
}

func (s *stream) count(c byte) {
	if c == '\n' {
		s.at = place{s.at.line + 1, 1}
	} else if utf8.RuneStart(c) {
		s.at.column++
	}
}

// object reads the object at the current position.
func (s *stream) object() (jsonvalue.Raw, error) {
	begin := s.at
	var text strings.Builder
	depth, inString, escaped := 0, false, false
	for {
		c, err := s.r.ReadByte()
		if err == io.EOF {
			return "", s.cutOff(text.String(), begin, "a license key that begins here is not closed; the file may be cut off")
		}
		if err != nil {
			return "", fmt.Errorf("line %d: %w", s.at.line, err)
		}
		if text.Len() == MaxSize {
			return "", s.cutOff(text.String(), begin, fmt.Sprintf("a license key that begins here is larger than %d MiB", MaxSize>>20))
		}
		text.WriteByte(c)
		s.count(c)
		switch {
		case c == '\n' && inString:
			depth = 0 // text is not valid
		case escaped:
			escaped = false
		case c == '"':
			inString = !inString
		case inString:
			escaped = c == '\\'
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		}
		if depth == 0 {
			return check(text.String(), begin)
		}
	}
}

// longestToken is the size of the longest escape, which is also longer than true,
// false and null.
const longestToken = 6

// cutOff returns the error about an object whose end was not found: a mistake inside
// of text, if there is one, or else problem. What is wrong with the last characters
// only may be because the text is cut off.
func (s *stream) cutOff(text string, begin place, problem string) error {
	_, err := jsonvalue.Scan(text, maxDepth)
	var syntax *jsonvalue.SyntaxError
	if errors.As(err, &syntax) && syntax.Pos+longestToken < utf8.RuneCountInString(text) && syntax.Msg != unterminated {
		return describe(syntax, text, begin)
	}
	return begin.invalid(problem)
}

// unexpected returns the error about a byte that can begin no license key.
func (s *stream) unexpected(c byte) error {
	switch {
	case c == ',' && s.state == outside:
		return s.at.invalidHere("a comma after a license key; remove the comma, or put all license keys into one array: [ … ]")
	case c == ',':
		return s.at.invalidHere("a comma without a license key before it; remove it")
	case c == ']' && s.state == afterComma:
		return s.at.invalidHere("a comma after the last license key of an array; remove the comma")
	case s.state == afterElement:
		return s.at.invalidHere("a comma between two license keys, or the end of the array, is missing")
	}
	problem := "a license key must be a JSON object, { … }; this is something else"
	if s.state == outside {
		start, _ := s.r.Peek(1024)
		problem = cmp.Or(form(start), problem)
	}
	return s.at.invalid(problem)
}

// form says what a file seems to be that begins with start, which is no JSON object
// or array, and what to do with it. It returns "" if it does not know.
func form(start []byte) string {
	line, _, _ := bytes.Cut(start, []byte("\n"))
	switch {
	case bytes.HasPrefix(start, []byte("\x1f\x8b")):
		return "this is compressed with gzip; decompress it first, as with gunzip"
	case bytes.HasPrefix(start, []byte("PK\x03\x04")):
		return "this is a ZIP archive or a spreadsheet; what is wanted is the JSON of Polar's API"
	case bytes.HasPrefix(start, []byte("\xff\xfe")), bytes.HasPrefix(start, []byte("\xfe\xff")), start[0] == 0:
		return utf16Text
	case start[0] == '<':
		return "this is HTML or XML, such as an error page of a server; repeat the request that failed, with its token"
	case bytes.HasPrefix(start, []byte("HTTP/")):
		return "these are the headers of an HTTP response; save only its body, as curl does without -i"
	case isNameStart(start[0]) && bytes.ContainsAny(line, ",;\t"):
		return "this looks like CSV; what is wanted is the JSON of Polar's API, from GET /v1/license-keys/{id}"
	}
	return ""
}

const utf16Text = "this is UTF-16 text; save the file as UTF-8"

// isNameStart reports whether c can begin the first name in the header of a CSV file.
func isNameStart(c byte) bool {
	return c == '"' || c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
