package jsonvalue

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

const (
	maxDepth  = 10_000 // how many nested arrays and objects Decode accepts, as in encoding/json
	maxDigits = 4_300  // how many digits an integer may have, as in CPython
)

// ErrLimit reports a text that is nested too deeply or holds an integer that is
// too long.
var ErrLimit = errors.New("jsonvalue: text exceeds the decoder's limits")

// ErrUTF8 reports a text that is not UTF-8.
var ErrUTF8 = errors.New("jsonvalue: text is not UTF-8")

// SyntaxError says where and why a text is not JSON.
type SyntaxError struct {
	Msg string // as CPython's json module describes it
	Pos int    // in code points, from 0
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s: char %d", e.Msg, e.Pos)
}

// Scan checks that text is one JSON value, of at most depth nested arrays and
// objects, and returns the value without the white space around it. It builds
// nothing. The error is ErrUTF8, ErrLimit or a *SyntaxError.
func Scan(text string, depth int) (Raw, error) {
	if !utf8.ValidString(text) {
		return "", ErrUTF8
	}
	s := scanner{cursor: cursor{text: text}, room: depth}
	s.skipSpace()
	begin := s.pos
	if err := s.value(); err != nil {
		return "", err
	}
	end := s.pos
	s.skipSpace()
	if s.pos < len(text) {
		return "", s.syntaxError("Extra data", s.pos)
	}
	return Raw(text[begin:end]), nil
}

// scanner follows the C scanner of CPython step by step, because clients see
// which of two errors is reported, and at which position.
type scanner struct {
	cursor
	room int // how many more levels of arrays and objects may be opened
}

func (s *scanner) syntaxError(msg string, pos int) error {
	return &SyntaxError{Msg: msg, Pos: utf8.RuneCountInString(s.text[:pos])}
}

func (s *scanner) value() error {
	switch s.peek() {
	case '"':
		return s.string()
	case '{':
		return s.object()
	case '[':
		return s.array()
	case 'n':
		return s.literal("null")
	case 't':
		return s.literal("true")
	case 'f':
		return s.literal("false")
	default:
		return s.number()
	}
}

func (s *scanner) literal(word string) error {
	if len(s.text)-s.pos < len(word) || s.text[s.pos:s.pos+len(word)] != word {
		return s.syntaxError("Expecting value", s.pos)
	}
	s.pos += len(word)
	return nil
}

func (s *scanner) object() error {
	if s.room == 0 {
		return ErrLimit
	}
	s.room--
	s.pos++
	s.skipSpace()
	if s.peek() == '}' {
		s.pos++
		s.room++
		return nil
	}
	for more := true; more; {
		if s.peek() != '"' {
			return s.syntaxError("Expecting property name enclosed in double quotes", s.pos)
		}
		if err := s.string(); err != nil {
			return err
		}
		s.skipSpace()
		if s.peek() != ':' {
			return s.syntaxError("Expecting ':' delimiter", s.pos)
		}
		s.pos++
		s.skipSpace()
		if err := s.value(); err != nil {
			return err
		}
		var err error
		if more, err = s.more('}', "Illegal trailing comma before end of object"); err != nil {
			return err
		}
	}
	s.room++
	return nil
}

func (s *scanner) array() error {
	if s.room == 0 {
		return ErrLimit
	}
	s.room--
	s.pos++
	s.skipSpace()
	if s.peek() == ']' {
		s.pos++
		s.room++
		return nil
	}
	for more := true; more; {
		if err := s.value(); err != nil {
			return err
		}
		var err error
		if more, err = s.more(']', "Illegal trailing comma before end of array"); err != nil {
			return err
		}
	}
	s.room++
	return nil
}

// more reads what follows an element: the closing character, or a comma that
// another element follows.
func (s *scanner) more(closing byte, trailingComma string) (bool, error) {
	s.skipSpace()
	switch s.peek() {
	case closing:
		s.pos++
		return false, nil
	case ',':
		comma := s.pos
		s.pos++
		s.skipSpace()
		if s.peek() == closing {
			return false, s.syntaxError(trailingComma, comma)
		}
		return true, nil
	default:
		return false, s.syntaxError("Expecting ',' delimiter", s.pos)
	}
}

func (s *scanner) number() error {
	start := s.pos
	if s.peek() == '-' {
		s.pos++
	}
	first := s.pos
	switch c := s.peek(); {
	case c == '0':
		s.pos++
	case '1' <= c && c <= '9':
		s.skipDigits()
	default:
		return s.syntaxError("Expecting value", start)
	}
	digits := s.pos - first
	isFloat := s.fraction()
	isFloat = s.exponent() || isFloat
	if !isFloat && digits > maxDigits {
		return ErrLimit
	}
	return nil
}

func (s *scanner) skipDigits() {
	for c := s.peek(); '0' <= c && c <= '9'; c = s.peek() {
		s.pos++
	}
}

// fraction reads a point with the digits after it, if both are there.
func (s *scanner) fraction() bool {
	if s.peek() != '.' {
		return false
	}
	point := s.pos
	s.pos++
	s.skipDigits()
	if s.pos == point+1 {
		s.pos = point
		return false
	}
	return true
}

// exponent reads an exponent, if it is complete.
func (s *scanner) exponent() bool {
	if c := s.peek(); c != 'e' && c != 'E' {
		return false
	}
	start := s.pos
	s.pos++
	if c := s.peek(); c == '+' || c == '-' {
		s.pos++
	}
	first := s.pos
	s.skipDigits()
	if s.pos == first {
		s.pos = start
		return false
	}
	return true
}

// string reads a string. The opening quote is at the current position.
func (s *scanner) string() error {
	begin := s.pos
	s.pos++
	for ; s.pos < len(s.text); s.pos++ {
		switch c := s.text[s.pos]; {
		case c == '"':
			s.pos++
			return nil
		case c <= 0x1f:
			return s.syntaxError("Invalid control character at", s.pos)
		case c == '\\':
			if err := s.escape(begin); err != nil {
				return err
			}
		}
	}
	return s.syntaxError("Unterminated string starting at", begin)
}

// escape reads the escape at the current position up to its last character.
func (s *scanner) escape(begin int) error {
	backslash := s.pos
	s.pos++
	if s.pos >= len(s.text) {
		return s.syntaxError("Unterminated string starting at", begin)
	}
	switch s.text[s.pos] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return nil
	case 'u':
		for i := 1; i <= 4; i++ {
			if s.pos+i >= len(s.text) || !isHex(s.text[s.pos+i]) {
				return s.syntaxError("Invalid \\uXXXX escape", s.pos)
			}
		}
		s.pos += 4
		return nil
	default:
		return s.syntaxError("Invalid \\escape", backslash)
	}
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
