package jsonvalue

import (
	"encoding/json"
	"math"
	"strconv"
	"unicode/utf8"
)

// Append appends v as compact JSON in UTF-8. It does not escape non-ASCII and HTML
// characters. It writes floats as CPython's repr does, lone surrogates as the
// escapes that they came from, and infinity, for which JSON has no number, as
// null. v is a decoded value, an int or an int64.
func Append(buf []byte, v any) []byte {
	switch v := v.(type) {
	case bool:
		return strconv.AppendBool(buf, v)
	case int:
		return strconv.AppendInt(buf, int64(v), 10)
	case int64:
		return strconv.AppendInt(buf, v, 10)
	case json.Number:
		return append(buf, v...)
	case float64:
		return appendFloat(buf, v)
	case string:
		return AppendText(buf, v)
	case []any:
		buf = append(buf, '[')
		for i, elem := range v {
			if i > 0 {
				buf = append(buf, ',')
			}
			buf = Append(buf, elem)
		}
		return append(buf, ']')
	case *Object:
		buf = append(buf, '{')
		for i, member := range v.Members {
			if i > 0 {
				buf = append(buf, ',')
			}
			buf = AppendText(buf, member.Name)
			buf = append(buf, ':')
			buf = Append(buf, member.Value)
		}
		return append(buf, '}')
	default:
		return append(buf, "null"...)
	}
}

// appendFloat writes the shortest decimal that reads back as f, always with a
// fraction or an exponent. It writes no exponent if the exponent would be from -4
// to 15.
func appendFloat(buf []byte, f float64) []byte {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return append(buf, "null"...)
	}
	if abs := math.Abs(f); abs != 0 && (abs < 1e-4 || abs >= 1e16) {
		return strconv.AppendFloat(buf, f, 'e', -1, 64)
	}
	start := len(buf)
	buf = strconv.AppendFloat(buf, f, 'f', -1, 64)
	for _, c := range buf[start:] {
		if c == '.' {
			return buf
		}
	}
	return append(buf, ".0"...)
}

const hexDigits = "0123456789abcdef"

// AppendText appends a string as [Append] does.
func AppendText(buf []byte, s string) []byte {
	buf = append(buf, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			buf = appendASCII(buf, c)
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			if r, ok := surrogate(s[i:]); ok {
				buf = append(buf, '\\', 'u', 'd', hexDigits[r>>8&0xf], hexDigits[r>>4&0xf], hexDigits[r&0xf])
				i += 3
				continue
			}
			buf = append(buf, "\ufffd"...)
			i++
			continue
		}
		buf = append(buf, s[i:i+size]...)
		i += size
	}
	return append(buf, '"')
}

func appendASCII(buf []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(buf, '\\', c)
	case '\b':
		return append(buf, '\\', 'b')
	case '\f':
		return append(buf, '\\', 'f')
	case '\n':
		return append(buf, '\\', 'n')
	case '\r':
		return append(buf, '\\', 'r')
	case '\t':
		return append(buf, '\\', 't')
	}
	if c < 0x20 {
		return append(buf, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
	}
	return append(buf, c)
}

// surrogate reads a lone surrogate in the three bytes that appendCodePoint writes.
func surrogate(s string) (rune, bool) {
	if len(s) < 3 || s[0] != 0xed || s[1] < 0xa0 || s[1] > 0xbf || s[2] < 0x80 || s[2] > 0xbf {
		return 0, false
	}
	return 0xd000 | rune(s[1]&0x3f)<<6 | rune(s[2]&0x3f), true
}
