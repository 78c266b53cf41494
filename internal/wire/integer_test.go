package wire

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/licensekit/licensekey/internal/jsonvalue"
)

func TestParseInteger(t *testing.T) {
	t.Parallel()
	for v, want := range map[any]int64{
		true: 1, false: 0, json.Number("0"): 0, json.Number("9223372036854775807"): math.MaxInt64,
		2.0: 2, math.Copysign(0, -1): 0, 1e18: 1e18,
		"3": 3, " 3 ": 3, "\t\n3\u2003": 3, "+3": 3, "0003": 3, "-0": 0, "0": 0, "3.0": 3, "1_0": 10, "1_000_000": 1000000,
		strings.Repeat("0", 499) + "7": 7,
	} {
		if got, problem := parseInteger(v); problem != nil || got != want {
			t.Errorf("parseInteger(%.40v) = %v, %v, want %v", v, got, problem, want)
		}
	}
	for v, want := range map[any]*problem{
		json.Number("-1"): atLeastZero, -1.0: atLeastZero, "-1": atLeastZero, json.Number("-99999999999999999999"): atLeastZero,
		1.5: intFromFloat, math.Inf(1): finiteNumber, nil: intType,
		json.Number("9223372036854775808"): intParsingSize, "9223372036854775808": intParsingSize, 1e19: intParsingSize, -1e300: intParsingSize,
		strings.Repeat("9", 4301): intParsingSize, strings.Repeat("0", 501): intParsingSize,
		"": intParsing, " ": intParsing, "x": intParsing, "0x3": intParsing, "1e3": intParsing, "1.5": intParsing, "3.": intParsing, "--1": intParsing,
		"+-1": intParsing, "_1": intParsing, "1_": intParsing, "1__0": intParsing, "1_.0": intParsing, "1 0": intParsing, "١": intParsing, ".0": intParsing, "+": intParsing,
	} {
		if got, problem := parseInteger(v); problem != want {
			t.Errorf("parseInteger(%.40v) = %v, %v, want %v", v, got, problem, want)
		}
	}
}

// FuzzParseInteger holds that the document's format and the parser agree, and
// that no text gives a negative number.
func FuzzParseInteger(f *testing.F) {
	for _, text := range []string{`"3"`, `" +0_3.00 "`, `-1`, `1e400`, `1.5`, `true`, `null`, `[]`, `1e19`, `18446744073709551616`} {
		f.Add(text)
	}
	component := Compile("LicenseKeyValidate")
	f.Fuzz(func(t *testing.T, text string) {
		raw, err := jsonvalue.Scan(text, maxDepth)
		if err != nil || raw == "null" {
			return
		}
		body := fmt.Sprintf(`{"key":"K","organization_id":"0a0a0a0a-0000-4000-8000-00000000000a","increment_usage":%s}`, raw)
		_, err = component.Decode("application/json", body)
		n, problem := parseInteger(scalarOf(raw))
		if (problem == nil) != (err == nil) || problem == nil && n < 0 {
			t.Errorf("increment_usage %s: parseInteger = %v, %v, Decode = %v", text, n, problem, err)
		}
	})
}
