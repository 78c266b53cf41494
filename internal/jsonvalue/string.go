package jsonvalue

import "unicode/utf8"

// string reads a string, the opening quote being at the current position.
func (d *decoder) string() (string, error) {
	begin := d.pos
	d.pos++
	// Without escapes, as nearly all strings are, the text is the value.
	if err := d.skipPlain(begin); err != nil {
		return "", err
	}
	if d.text[d.pos] == '"' {
		s := string(d.text[begin+1 : d.pos])
		d.pos++
		return s, nil
	}
	buf := append([]byte(nil), d.text[begin+1:d.pos]...)
	for d.text[d.pos] == '\\' {
		var err error
		if buf, err = d.escape(buf, begin); err != nil {
			return "", err
		}
		plain := d.pos
		if err := d.skipPlain(begin); err != nil {
			return "", err
		}
		buf = append(buf, d.text[plain:d.pos]...)
	}
	d.pos++
	return string(buf), nil
}

// skipPlain moves to the next quote or backslash.
func (d *decoder) skipPlain(begin int) error {
	for ; d.pos < len(d.text); d.pos++ {
		switch c := d.text[d.pos]; {
		case c == '"' || c == '\\':
			return nil
		case c <= 0x1f:
			return d.syntaxError("Invalid control character at", d.pos)
		}
	}
	return d.syntaxError("Unterminated string starting at", begin)
}

// escape appends what the escape at the current position stands for.
func (d *decoder) escape(buf []byte, begin int) ([]byte, error) {
	backslash := d.pos
	d.pos += 2
	if d.pos > len(d.text) {
		return nil, d.syntaxError("Unterminated string starting at", begin)
	}
	switch c := d.text[backslash+1]; c {
	case '"', '\\', '/':
		return append(buf, c), nil
	case 'b':
		return append(buf, '\b'), nil
	case 'f':
		return append(buf, '\f'), nil
	case 'n':
		return append(buf, '\n'), nil
	case 'r':
		return append(buf, '\r'), nil
	case 't':
		return append(buf, '\t'), nil
	case 'u':
		return d.unicodeEscape(buf)
	default:
		return nil, d.syntaxError("Invalid \\escape", backslash)
	}
}

// unicodeEscape reads the digits after \u, and a second escape if the two are
// a surrogate pair.
func (d *decoder) unicodeEscape(buf []byte) ([]byte, error) {
	high, err := d.hex4()
	if err != nil {
		return nil, err
	}
	if high < 0xd800 || high > 0xdbff || d.peek() != '\\' || len(d.text)-d.pos < 6 || d.text[d.pos+1] != 'u' {
		return appendCodePoint(buf, high), nil
	}
	second := d.pos
	d.pos += 2
	low, err := d.hex4()
	if err != nil {
		return nil, err
	}
	if low < 0xdc00 || low > 0xdfff {
		d.pos = second
		return appendCodePoint(buf, high), nil
	}
	return utf8.AppendRune(buf, 0x10000+(high-0xd800)<<10+(low-0xdc00)), nil
}

// hex4 reads four hex digits; an error points at the u before them.
func (d *decoder) hex4() (rune, error) {
	u := d.pos - 1
	if len(d.text)-d.pos < 4 {
		return 0, d.syntaxError("Invalid \\uXXXX escape", u)
	}
	var r rune
	for _, c := range d.text[d.pos : d.pos+4] {
		r <<= 4
		switch {
		case '0' <= c && c <= '9':
			r |= rune(c - '0')
		case 'a' <= c && c <= 'f':
			r |= rune(c-'a') + 10
		case 'A' <= c && c <= 'F':
			r |= rune(c-'A') + 10
		default:
			return 0, d.syntaxError("Invalid \\uXXXX escape", u)
		}
	}
	d.pos += 4
	return r, nil
}

// appendCodePoint appends r in UTF-8, a surrogate in the three bytes that
// UTF-8 would have for it: replaced by U+FFFD, it could match another key.
func appendCodePoint(buf []byte, r rune) []byte {
	if r < 0xd800 || r > 0xdfff {
		return utf8.AppendRune(buf, r)
	}
	return append(buf, 0xe0|byte(r>>12), 0x80|byte(r>>6&0x3f), 0x80|byte(r&0x3f))
}
