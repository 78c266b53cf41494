package jsonlines

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/licensekit/licensekey/internal/jsonvalue"
)

// maxDepth is how many arrays and objects may be nested in a license key. What is
// stored of it nests less deep.
const maxDepth = 1_000

// check returns text, which begins at begin, if it is one JSON value.
func check(text string, begin place) (jsonvalue.Raw, error) {
	raw, err := jsonvalue.Scan(text, maxDepth)
	var syntax *jsonvalue.SyntaxError
	switch {
	case err == nil:
		return raw, nil
	case strings.IndexByte(text, 0) >= 0:
		return "", begin.invalid(utf16Text)
	case errors.As(err, &syntax):
		return "", describe(syntax, text, begin)
	case errors.Is(err, jsonvalue.ErrUTF8):
		valid := text[:len(text)-len(fromInvalid(text))]
		return "", begin.after(valid).invalidHere("this is no UTF-8 text; save the file as UTF-8")
	}
	return "", begin.invalid("a license key that begins here is nested too deeply, or has a number with too many digits")
}

// describe returns the error about a mistake in text, which begins at begin.
func describe(syntax *jsonvalue.SyntaxError, text string, begin place) error {
	at, n := len(text), 0
	for i := range text {
		if n == syntax.Pos {
			at = i
			break
		}
		n++
	}
	return begin.after(text[:at]).invalidHere(mistake(syntax.Msg))
}

// fromInvalid returns text from its first byte on that is not UTF-8.
func fromInvalid(text string) string {
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		if r == utf8.RuneError && size == 1 {
			break
		}
		text = text[size:]
	}
	return text
}

// unterminated is the message about a text that ends inside of a string.
const unterminated = "Unterminated string starting at"

// mistake says in plain words what is wrong.
func mistake(msg string) string {
	switch {
	case strings.HasPrefix(msg, "Illegal trailing comma"):
		return "a comma after the last element; remove the comma"
	case msg == "Expecting ',' delimiter":
		return "a comma, or the end of the object or array, is missing before this"
	case msg == "Expecting ':' delimiter":
		return "a colon after the name is missing before this"
	case strings.HasPrefix(msg, "Expecting property name"):
		return "here must be a name in double quotes"
	case msg == "Invalid control character at":
		return "a string is not closed on its line, or has a control character that is not escaped"
	case strings.HasPrefix(msg, `Invalid \`):
		return `a backslash that begins no JSON escape; a backslash itself is \\`
	}
	return `here must be a JSON value, such as "text", 1, true or null`
}
