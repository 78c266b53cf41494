package schema_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/licensekit/licensekey/internal/jsonvalue"
	"github.com/licensekit/licensekey/schema"
)

func TestParseNatural(t *testing.T) {
	t.Parallel()
	digits := strings.Repeat("9", 4300)
	for v, want := range map[any]string{
		true: "1", false: "0", json.Number("0"): "0", json.Number("12"): "12", json.Number(digits): digits,
		2.0: "2", math.Copysign(0, -1): "0", 1e18: "1000000000000000000",
		"3": "3", " 3 ": "3", "\t\n3\u2003": "3", "+3": "3", "0003": "3", "-0": "0", "0": "0", "3.0": "3", "3.": "3", "1_0": "10", "1_000_000": "1000000",
		digits: digits, "0" + digits: digits,
	} {
		if got, err := schema.ParseNatural(v); err != nil || got.String() != want {
			t.Errorf("ParseNatural(%.40v) = %v, %v, want %.40s", v, got, err, want)
		}
	}
	const unparsable = "Input should be a valid integer, unable to parse string as an integer"
	for v, want := range map[any]string{
		json.Number("-1"): "Input should be greater than or equal to 0", -1.0: "Input should be greater than or equal to 0",
		"-1": "Input should be greater than or equal to 0",
		1.5:  "Input should be a valid integer, got a number with a fractional part", math.Inf(1): "Input should be a finite number",
		digits + "9": "Unable to parse input string as an integer, exceeded maximum size",
		"":           unparsable, " ": unparsable, "x": unparsable, "0x3": unparsable, "1e3": unparsable, "1.5": unparsable, "--1": unparsable,
		"+-1": unparsable, "_1": unparsable, "1_": unparsable, "1__0": unparsable, "1 0": unparsable, "١": unparsable, "\u00bd": unparsable,
	} {
		if got, err := schema.ParseNatural(v); err == nil || err.Error() != want {
			t.Errorf("ParseNatural(%.40v) = %v, %v, want %q", v, got, err, want)
		}
	}
}

// FuzzParseNatural holds that the schema's format and the parser agree, and that
// no text gives a negative number.
func FuzzParseNatural(f *testing.F) {
	for _, text := range []string{`"3"`, `" +0_3.00 "`, `-1`, `1e400`, `1.5`, `true`, `null`, `[]`} {
		f.Add([]byte(text))
	}
	component, err := schema.Compile("LicenseKeyValidate")
	if err != nil {
		f.Fatal(err)
	}
	body, err := jsonvalue.Decode([]byte(`{"key":"K","organization_id":"0a0a0a0a-0000-4000-8000-00000000000a","increment_usage":0}`))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := jsonvalue.Decode(text)
		if err != nil || v == nil {
			return
		}
		object := *body.(*jsonvalue.Object)
		object.Members = append(object.Members[:2:2], jsonvalue.Member{Name: "increment_usage", Value: v})
		violations, err := component.Check(&object)
		n, parseErr := schema.ParseNatural(v)
		if err != nil || (parseErr == nil) != (len(violations) == 0) || parseErr == nil && n.Sign() < 0 {
			t.Errorf("increment_usage %s: ParseNatural = %v, %v, Check = %v, %v", text, n, parseErr, violations, err)
		}
	})
}
