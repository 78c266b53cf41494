package jsonvalue_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"testing"

	"github.com/licensekit/licensekey/internal/jsonvalue"
)

func TestAppend(t *testing.T) {
	t.Parallel()
	tests := []struct {
		v    any
		want string
	}{
		{nil, `null`}, {true, `true`}, {false, `false`}, {7, `7`}, {json.Number("12345678901234567890"), `12345678901234567890`},
		{0.0, `0.0`}, {math.Copysign(0, -1), `-0.0`}, {1.0, `1.0`}, {100.25, `100.25`}, {0.0001, `0.0001`}, {0.00001, `1e-05`},
		{1e15, `1000000000000000.0`}, {9999999999999998.0, `9999999999999998.0`}, {1e16, `1e+16`}, {1e22, `1e+22`}, {-1.5e300, `-1.5e+300`},
		{5e-324, `5e-324`}, {math.MaxFloat64, `1.7976931348623157e+308`}, {1.0 / 3, `0.3333333333333333`}, {123456789012345680.0, `1.2345678901234568e+17`},
		{math.Inf(1), `null`}, {math.Inf(-1), `null`},
		{"", `""`}, {"\"\\/\b\f\n\r\t\x00\x1f\x7f", `"\"\\/\b\f\n\r\t\u0000\u001f` + "\x7f" + `"`},
		{"<é&🔑>\u2028", "\"<é&🔑>\u2028\""}, {"a\xed\xa0\xbdb\xed\xb4\x91", `"a\ud83db\udd11"`}, {"\xff", "\"\ufffd\""},
		{[]any{}, `[]`}, {[]any{nil, "a", []any{1.0}}, `[null,"a",[1.0]]`},
		{obj(), `{}`}, {obj("b", 1, "a", obj("", nil)), `{"b":1,"a":{"":null}}`},
	}
	for _, tt := range tests {
		if got := string(jsonvalue.Append([]byte("x"), tt.v)); got != "x"+tt.want {
			t.Errorf("Append(x, %#v) = %s, want x%s", tt.v, got, tt.want)
		}
	}
}

func TestGet(t *testing.T) {
	t.Parallel()
	o := obj("key", "a", "", nil)
	for name, want := range map[string]bool{"key": true, "": true, "KEY": false, "k": false} {
		if v, ok := o.Get(name); ok != want {
			t.Errorf("Get(%q) = %v, %v, want %v", name, v, ok, want)
		}
	}
}

// FuzzDecode holds Decode against encoding/json: they accept the same texts, but
// for UTF-8 and the limits, and what Decode has read reads the same again.
func FuzzDecode(f *testing.F) {
	for _, text := range []string{
		`{"key":"AAAA","organization_id":null,"x":[1,-0,1.50,1e400,true]}`, `"\ud83d\udd11\ud83d\u00e9"`, `[1,]`, `{"a":1,"a":2}`, ` 0 `, `-`, "\"\xff\"",
		`{"a":{"x":1,"x":2},"b":0,"\u0061":[{"c":1,"d":2,"c":3}, 4 ],"b":"\ud83d\/"}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := jsonvalue.Decode(text)
		if errors.Is(err, jsonvalue.ErrUTF8) || errors.Is(err, jsonvalue.ErrLimit) {
			return
		}
		if valid := json.Valid(text); valid != (err == nil) {
			t.Fatalf("Decode(%q) = %v, and json.Valid says %v", text, err, valid)
		}
		if err != nil {
			return
		}
		once := jsonvalue.Append(nil, v)
		raw, err := jsonvalue.Scan(string(text), 10_000)
		if err != nil {
			t.Fatalf("Scan(%q) = %v, and Decode reads it", text, err)
		}
		if got, ok := new(jsonvalue.Compactor).Append(nil, raw, 100*len(text)+100); !ok || !bytes.Equal(got, once) {
			t.Fatalf("a Compactor writes %q as %q, Append as %q", text, got, once)
		}
		again, err := jsonvalue.Decode(once)
		if err != nil || !json.Valid(once) {
			t.Fatalf("Decode(%q) writes %q, which does not read: %v", text, once, err)
		}
		if twice := jsonvalue.Append(nil, again); !bytes.Equal(once, twice) {
			t.Errorf("Decode(%q) writes %q, which writes %q", text, once, twice)
		}
	})
}
