package jsonvalue

import (
	"encoding/json"
	"iter"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Raw is the text of one JSON value, as [Scan] returns it: valid, and without
// white space around it. Its methods do not check that, and may panic otherwise.
type Raw string

// IsObject reports whether r is an object.
func (r Raw) IsObject() bool { return r[0] == '{' }

// IsArray reports whether r is an array.
func (r Raw) IsArray() bool { return r[0] == '[' }

// IsString reports whether r is a string.
func (r Raw) IsString() bool { return r[0] == '"' }

// Text returns the value of r, which is a string. It shares memory with r if r
// has no escapes.
func (r Raw) Text() string {
	inside := string(r[1 : len(r)-1])
	if strings.IndexByte(inside, '\\') < 0 {
		return inside
	}
	return unescape(inside)
}

// Members yields the members of r, which is an object, in their order: the name,
// which is a string, and the value. If a name comes more than once, the last one
// counts.
func (r Raw) Members() iter.Seq2[Raw, Raw] {
	return func(yield func(name, value Raw) bool) {
		c := cursor{text: string(r), pos: 1}
		for c.skipSpace(); c.peek() != '}'; c.skipComma() {
			name := c.skipValue()
			c.skipColon()
			if !yield(name, c.skipValue()) {
				return
			}
		}
	}
}

// Elements yields the elements of r, which is an array, in their order.
func (r Raw) Elements() iter.Seq[Raw] {
	return func(yield func(Raw) bool) {
		c := cursor{text: string(r), pos: 1}
		for c.skipSpace(); c.peek() != ']'; c.skipComma() {
			if !yield(c.skipValue()) {
				return
			}
		}
	}
}

// Value returns the value of r in the types that [Decode] returns.
func (r Raw) Value() any {
	c := cursor{text: string(r)}
	return c.value()
}

// cursor is a position in a JSON text. Its methods assume that a scanner has
// accepted the text, except peek and skipSpace, which work on any text.
type cursor struct {
	text string
	pos  int
}

// peek returns the byte at the current position, or 0 at the end. No caller needs
// to tell the end from a NUL byte.
func (c *cursor) peek() byte {
	if c.pos < len(c.text) {
		return c.text[c.pos]
	}
	return 0
}

func (c *cursor) skipSpace() {
	for c.pos < len(c.text) {
		switch c.text[c.pos] {
		case ' ', '\t', '\n', '\r':
			c.pos++
		default:
			return
		}
	}
}

// skipColon moves from the end of a name to the value.
func (c *cursor) skipColon() {
	c.skipSpace()
	c.pos++
	c.skipSpace()
}

// skipComma moves from the end of an element to the next one, or to the closing
// character.
func (c *cursor) skipComma() {
	c.skipSpace()
	if c.peek() == ',' {
		c.pos++
		c.skipSpace()
	}
}

// skipValue returns the value at the current position, and moves to its end.
func (c *cursor) skipValue() Raw {
	begin := c.pos
	depth := 0
	for {
		switch c.text[c.pos] {
		case '"':
			c.skipString()
		case '{', '[':
			depth++
			c.pos++
		case '}', ']':
			depth--
			c.pos++
		case ' ', '\t', '\n', '\r', ',', ':':
			c.pos++
		default:
			c.skipWord()
		}
		if depth == 0 {
			return Raw(c.text[begin:c.pos])
		}
	}
}

func (c *cursor) skipString() {
	for c.pos++; c.text[c.pos] != '"'; c.pos++ {
		if c.text[c.pos] == '\\' {
			c.pos++
		}
	}
	c.pos++
}

// skipWord moves to the end of a number or of null, true or false.
func (c *cursor) skipWord() {
	for c.pos < len(c.text) {
		switch c.text[c.pos] {
		case ' ', '\t', '\n', '\r', ',', ']', '}':
			return
		}
		c.pos++
	}
}

// value returns the value at the current position, and moves to its end.
func (c *cursor) value() any {
	switch c.peek() {
	case '{':
		return c.object()
	case '[':
		return c.array()
	}
	return scalar(c.skipValue())
}

func scalar(r Raw) any {
	switch r[0] {
	case '"':
		return r.Text()
	case 'n':
		return nil
	case 't':
		return true
	case 'f':
		return false
	}
	if strings.ContainsAny(string(r), ".eE") {
		return float(string(r))
	}
	if r == "-0" {
		return json.Number("0")
	}
	return json.Number(r)
}

// float reads a number. If it is too large for a float64 the result is ±Inf, as in
// CPython.
func float(text string) float64 {
	if isHuge(strings.TrimPrefix(text, "-")) {
		return math.Inf(1 - 2*strings.Count(text[:1], "-"))
	}
	f, _ := strconv.ParseFloat(text, 64)
	return f
}

// isHuge reports whether a positive number is at least 1.8e308, by the number of
// its digits and its exponent. For such numbers ParseFloat would return an error
// that holds a copy of the text; with isHuge most of them never reach it.
func isHuge(text string) bool {
	digits := strings.IndexAny(text, ".eE")
	exponent := ""
	if e := strings.IndexAny(text, "eE"); e >= 0 {
		exponent = strings.TrimPrefix(text[e+1:], "+")
	}
	if text[0] == '0' || strings.HasPrefix(exponent, "-") {
		return false
	}
	power := 0
	for _, c := range []byte(exponent) {
		power = min(power, 1_000)*10 + int(c-'0')
	}
	power += digits - 1
	return power > 308 || power == 308 && (text[0] > '1' || text[1] == '.' && text[2] >= '8')
}

func (c *cursor) array() any {
	list := []any{}
	c.pos++
	for c.skipSpace(); c.peek() != ']'; c.skipComma() {
		list = append(list, c.value())
	}
	c.pos++
	return list
}

func (c *cursor) object() any {
	obj := &Object{}
	var index map[string]int
	c.pos++
	for c.skipSpace(); c.peek() != '}'; c.skipComma() {
		if obj.Members == nil {
			obj.Members = make([]Member, 0, 4)
		}
		name := c.skipValue().Text()
		c.skipColon()
		index = obj.set(index, name, c.value())
	}
	c.pos++
	return obj
}

// unescape returns the value of a string with escapes. s is the text between the
// quotes.
func unescape(s string) string {
	buf := make([]byte, 0, len(s))
	for {
		i := strings.IndexByte(s, '\\')
		if i < 0 {
			return string(append(buf, s...))
		}
		buf = append(buf, s[:i]...)
		c := s[i+1]
		s = s[i+2:]
		switch c {
		case 'b':
			buf = append(buf, '\b')
		case 'f':
			buf = append(buf, '\f')
		case 'n':
			buf = append(buf, '\n')
		case 'r':
			buf = append(buf, '\r')
		case 't':
			buf = append(buf, '\t')
		case 'u':
			r := hex4(s)
			s = s[4:]
			if 0xd800 <= r && r <= 0xdbff && strings.HasPrefix(s, `\u`) {
				if low := hex4(s[2:]); 0xdc00 <= low && low <= 0xdfff {
					r = 0x10000 + (r-0xd800)<<10 + (low - 0xdc00)
					s = s[6:]
				}
			}
			buf = appendCodePoint(buf, r)
		default:
			buf = append(buf, c)
		}
	}
}

// hex4 returns the value of four hex digits.
func hex4(s string) rune {
	n, _ := strconv.ParseUint(s[:4], 16, 16)
	return rune(n)
}

// appendCodePoint appends r in UTF-8. It appends a surrogate as the three bytes
// that UTF-8 would have for it. If it wrote U+FFFD instead, the text could be
// equal to a different license key.
func appendCodePoint(buf []byte, r rune) []byte {
	if r < 0xd800 || r > 0xdfff {
		return utf8.AppendRune(buf, r)
	}
	return append(buf, 0xe0|byte(r>>12), 0x80|byte(r>>6&0x3f), 0x80|byte(r&0x3f))
}
