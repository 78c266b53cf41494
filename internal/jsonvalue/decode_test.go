package jsonvalue_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/licensekit/licensekey/internal/jsonvalue"
)

// obj makes an object of alternating names and values.
func obj(pairs ...any) *jsonvalue.Object {
	o := &jsonvalue.Object{}
	for i := 0; i < len(pairs); i += 2 {
		o.Members = append(o.Members, jsonvalue.Member{Name: pairs[i].(string), Value: pairs[i+1]})
	}
	return o
}

func TestDecode(t *testing.T) {
	t.Parallel()
	digits := strings.Repeat("9", 4300)
	tests := []struct {
		text string
		want any
	}{
		{`null`, nil},
		{` true `, true},
		{"\t\r\n false", false},
		{`0`, json.Number("0")},
		{`-0`, json.Number("0")},
		{`-12`, json.Number("-12")},
		{digits, json.Number(digits)},
		{`1.0`, 1.0},
		{`-0.0`, math.Copysign(0, -1)},
		{`1E+2`, 100.0},
		{`1e-400`, 0.0},
		{`1e400`, math.Inf(1)},
		{`-1e400`, math.Inf(-1)},
		{`1e308`, 1e308},
		{`1.7976931348623157e+308`, math.MaxFloat64},
		{`1.8E308`, math.Inf(1)},
		{`-2e308`, math.Inf(-1)},
		{`20e+307`, math.Inf(1)},
		{`0.00002e310`, 2e305},
		{`1e99999999999999999999`, math.Inf(1)},
		{`1e-99999999999999999999`, 0.0},
		{strings.Repeat("9", 309) + ".5", math.Inf(1)},
		{`""`, ""},
		{"\"é🔑\u2028\"", "é🔑\u2028"},
		{`"\"\\\/\b\f\n\r\t"`, "\"\\/\b\f\n\r\t"},
		{`"\u0041\u00e9\u20AC\u0000"`, "Aé€\x00"},
		{`"\ud83d\udd11"`, "🔑"},
		{`"\ud83d"`, "\xed\xa0\xbd"},
		{`"\udd11\ud83dx"`, "\xed\xb4\x91\xed\xa0\xbdx"},
		{`"\ud83d\u0041"`, "\xed\xa0\xbdA"},
		{`"\ud83d\n"`, "\xed\xa0\xbd\n"},
		{`[]`, []any{}},
		{`[ 1 , [ ] , {} ]`, []any{json.Number("1"), []any{}, obj()}},
		{`{}`, obj()},
		{`{ "b" : 1 , "" : { "c" : null } }`, obj("b", json.Number("1"), "", obj("c", nil))},
		{`{"a":1,"b":2,"a":3}`, obj("a", json.Number("3"), "b", json.Number("2"))},
		{`{"key":"a","KEY":"b"}`, obj("key", "a", "KEY", "b")},
	}
	for _, tt := range tests {
		got, err := jsonvalue.Decode([]byte(tt.text))
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("Decode(%.60q) = %#v, %v, want %#v", tt.text, got, err, tt.want)
		}
	}
}

// TestDecodeManyMembers passes the size at which an object gets an index.
func TestDecodeManyMembers(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString("{")
	want := obj()
	for i := range 100 {
		fmt.Fprintf(&text, `"n%d":0,`, i)
		want.Members = append(want.Members, jsonvalue.Member{Name: fmt.Sprintf("n%d", i), Value: json.Number("0")})
	}
	text.WriteString(`"n3":1,"n90":2,"n3":3}`)
	want.Members[3].Value, want.Members[90].Value = json.Number("3"), json.Number("2")
	got, err := jsonvalue.Decode([]byte(text.String()))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Decode(%s) = %#v, %v", &text, got, err)
	}
}

func TestDecodeSyntaxErrors(t *testing.T) {
	t.Parallel()
	const (
		value    = "Expecting value"
		name     = "Expecting property name enclosed in double quotes"
		colon    = "Expecting ':' delimiter"
		comma    = "Expecting ',' delimiter"
		object   = "Illegal trailing comma before end of object"
		array    = "Illegal trailing comma before end of array"
		extra    = "Extra data"
		control  = "Invalid control character at"
		unended  = "Unterminated string starting at"
		escape   = "Invalid \\escape"
		uEscape  = "Invalid \\uXXXX escape"
		fourByte = `{"🔑":`
	)
	tests := []struct {
		text string
		msg  string
		pos  int
	}{
		{``, value, 0}, {` `, value, 1}, {`x`, value, 0}, {"\x00", value, 0}, {"\ufeff{}", value, 0},
		{`-`, value, 0}, {`-x`, value, 0}, {`+1`, value, 0}, {`.5`, value, 0}, {`tru`, value, 0}, {`nulL`, value, 0},
		{`NaN`, value, 0}, {`Infinity`, value, 0}, {`-Infinity`, value, 0},
		{`[`, value, 1}, {`[,]`, value, 1}, {`[1,`, value, 3}, {`{"a":`, value, 5}, {`{"a"::1}`, value, 5},
		{`{`, name, 1}, {`{,}`, name, 1}, {`{a:1}`, name, 1}, {`{"a":1,`, name, 7}, {`{"a":1,b`, name, 7}, {"{\x00", name, 1},
		{`{"a"`, colon, 4}, {`{"a" 1}`, colon, 5}, {`{"a"}`, colon, 4},
		{`{"a":1;}`, comma, 6}, {`{"a":1`, comma, 6}, {`[1 2]`, comma, 3}, {`[1.]`, comma, 2}, {`[1e]`, comma, 2}, {`[01]`, comma, 2},
		{`{"a":1 , }`, object, 7}, {`{"é":1,}`, object, 6}, {fourByte + `1,}`, object, 6},
		{`[1,]`, array, 2}, {`["é" , ]`, array, 5},
		{`{}}`, extra, 2}, {`1 2`, extra, 2}, {`1.`, extra, 1}, {`"é"x`, extra, 3}, {"{}\u3000", extra, 2},
		{"\"a\nb\"", control, 2}, {"\"é\x1f\"", control, 2}, {"\"\\n\x00\"", control, 3},
		{`"`, unended, 0}, {`{"a":"xyz`, unended, 5}, {`"\`, unended, 0}, {`"\n`, unended, 0}, {`"\u1234`, unended, 0},
		{`"\a"`, escape, 1}, {`"é\'"`, escape, 2}, {`"\n\ "`, escape, 3}, {`"\U0041"`, escape, 1},
		{`"\u`, uEscape, 2}, {`"\u41"`, uEscape, 2}, {`"\u 041"`, uEscape, 2}, {`"\ud83d\uzzzz"`, uEscape, 8}, {`"\ud83d\u12"`, uEscape, 8},
	}
	for _, tt := range tests {
		got, err := jsonvalue.Decode([]byte(tt.text))
		var syntax *jsonvalue.SyntaxError
		if !errors.As(err, &syntax) || syntax.Msg != tt.msg || syntax.Pos != tt.pos {
			t.Errorf("Decode(%q) = %v, %v, want %q at %d", tt.text, got, err, tt.msg, tt.pos)
		}
	}
}

func TestDecodeLimits(t *testing.T) {
	t.Parallel()
	nested := func(open, closing string, depth int) string {
		return strings.Repeat(open, depth) + strings.Repeat(closing, depth)
	}
	tests := []struct {
		name, text string
		want       error
	}{
		{"10,000 arrays", nested("[", "]", 10_000), nil},
		{"10,001 arrays", nested("[", "]", 10_001), jsonvalue.ErrLimit},
		{"5,000 objects and arrays", nested(`{"a":[`, `]}`, 5_000), nil},
		{"5,001 objects and arrays", nested(`{"a":[`, `]}`, 5_001), jsonvalue.ErrLimit},
		{"4,301 digits", strings.Repeat("1", 4301), jsonvalue.ErrLimit},
		{"minus and 4,300 digits", "-" + strings.Repeat("1", 4300), nil},
		{"4,301 digits of a float", strings.Repeat("1", 4301) + ".5", nil},
		{"invalid UTF-8", "\"\xff\"", jsonvalue.ErrUTF8},
		{"a surrogate in UTF-8", "\"\xed\xa0\x80\"", jsonvalue.ErrUTF8},
		{"invalid UTF-8 after a syntax error", "{,\xff", jsonvalue.ErrUTF8},
	}
	for _, tt := range tests {
		if _, err := jsonvalue.Decode([]byte(tt.text)); !errors.Is(err, tt.want) {
			t.Errorf("Decode of %s = %v, want %v", tt.name, err, tt.want)
		}
	}
}
