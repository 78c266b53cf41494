package wire_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/licensekit/licensekey/internal/wire"
)

// check returns the type and the place of each violation in a body.
func check(t *testing.T, component, body string) []string {
	t.Helper()
	_, err := wire.Compile(component).Decode("application/json", body)
	if err == nil {
		return nil
	}
	var wireError *wire.Error
	if !errors.As(err, &wireError) {
		t.Fatalf("Decode(%.300s) = %v", body, err)
	}
	var response struct {
		Detail []struct {
			Type string
			Loc  []any
		}
	}
	if err := json.Unmarshal(wireError.Response.Body, &response); err != nil {
		t.Fatalf("Decode(%.300s) = %s: %v", body, wireError.Response.Body, err)
	}
	var lines []string
	for _, v := range response.Detail {
		lines = append(lines, fmt.Sprint(v.Type, " ", v.Loc))
	}
	return lines
}

func TestCheckDeactivate(t *testing.T) {
	t.Parallel()
	const (
		org = `"organization_id":"0a0a0a0a-0000-4000-8000-00000000000a"`
		act = `"activation_id":"ac710000-0000-4000-8000-000000000011"`
	)
	tests := []struct {
		body string
		want []string
	}{
		{`{"key":"K",` + org + `,` + act + `}`, nil},
		{`{"key":"",` + org + `,` + act + `,"label":7,"":null}`, nil},
		{`{}`, []string{"missing [body key]", "missing [body organization_id]", "missing [body activation_id]"}},
		{`{"KEY":"K",` + org + `,` + act + `}`, []string{"missing [body key]"}},
		{`{"activation_id":null,"organization_id":1,"key":[]}`,
			[]string{"string_type [body key]", "uuid_type [body organization_id]", "uuid_type [body activation_id]"}},
		{`{"key":"a\u0000",` + org + `,"activation_id":"x"}`, []string{"value_error [body key]", "uuid_parsing [body activation_id]"}},
		{`{"key":"\ud800",` + org + `,` + act + `}`, []string{"value_error [body key]"}},
		{`{"key":"K","organization_id":"017f22e2-79b0-7cc3-98c4-dc0c0c07398f",` + act + `}`, []string{"uuid_version [body organization_id]"}},
		{`{"key":"K",` + org + `,"activation_id":"017f22e2-79b0-7cc3-98c4-dc0c0c07398f"}`, []string{"uuid_version [body activation_id]"}},
	}
	for _, tt := range tests {
		if got := check(t, "LicenseKeyDeactivate", tt.body); !slices.Equal(got, tt.want) {
			t.Errorf("Check(%s) = %q, want %q", tt.body, got, tt.want)
		}
	}
}

func TestCheckActivate(t *testing.T) {
	t.Parallel()
	const start = `{"key":"K","organization_id":"0a0a0a0a-0000-4000-8000-00000000000a","label":"","meta":`
	alternatives := func(name string, kinds ...string) []string {
		var lines []string
		for i, alternative := range []string{"constrained-str", "int", "float", "bool"} {
			lines = append(lines, fmt.Sprintf("%s [body meta %s %s]", kinds[i], name, alternative))
		}
		return lines
	}
	types := []string{"string_type", "int_type", "float_type", "bool_type"}
	members := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,"n%d":1`, i)
		}
		return "{" + b.String()[1:]
	}
	tests := []struct {
		meta string
		want []string
	}{
		{`{}`, nil},
		{`{"a":"x","b":1,"c":1.5,"d":true," ":123456789012345678901234567890}`, nil},
		{members(50) + `}`, nil},
		{members(51) + `}`, []string{"too_long [body meta]"}},
		{members(51) + `,"x":"\u0000"}`, []string{"too_long [body meta]"}},
		{members(50) + `,"x":null}`, alternatives("x", types...)},
		{members(51) + `,"x":null}`, []string{"too_long [body meta]"}},
		{members(50) + `,"x":null,"x":1,"n0":2}`, []string{"too_long [body meta]"}},
		{members(49) + `,"x":null,"x":1,"n0":2}`, nil},
		{`null`, []string{"dict_type [body meta]"}},
		{`[]`, []string{"dict_type [body meta]"}},
		{`{"a":null}`, alternatives("a", types...)},
		{`{"a":{"b":1}}`, alternatives("a", types...)},
		{`{"a":""}`, alternatives("a", "string_too_short", "int_parsing", "float_parsing", "bool_parsing")},
		{`{"a":"` + strings.Repeat("🔑", 500) + `"}`, nil},
		{`{"a":"` + strings.Repeat("🔑", 501) + `"}`, alternatives("a", "string_too_long", "int_parsing", "float_parsing", "bool_parsing")},
		{`{"":1}`, []string{"string_too_short [body meta  [key]]"}},
		{`{"` + strings.Repeat("n", 41) + `":1}`, []string{"string_too_long [body meta " + strings.Repeat("n", 41) + " [key]]"}},
		{`{"":null,"a":1}`, append([]string{"string_too_short [body meta  [key]]"}, alternatives("", types...)...)},
		{`{"a":"\u0000"}`, []string{"value_error [body meta]"}},
		{`{"a\u0000":1}`, []string{"value_error [body meta]"}},
		{`{"a":"\ud800"}`, []string{"value_error [body meta]"}},
		{`{"a":1e999}`, []string{"value_error [body meta]"}},
	}
	for _, tt := range tests {
		if got := check(t, "LicenseKeyActivate", start+tt.meta+"}"); !slices.Equal(got, tt.want) {
			t.Errorf("Check with meta %.80s = %q, want %q", tt.meta, got, tt.want)
		}
	}
}

// TestCheckIsBounded holds that a huge object is looked at in part only.
func TestCheckIsBounded(t *testing.T) {
	t.Parallel()
	body := func(value string) string {
		var b strings.Builder
		for i := range 2000 {
			fmt.Fprintf(&b, `,"n%d":%s`, i, value)
		}
		return `{"key":"K","organization_id":"0a0a0a0a-0000-4000-8000-00000000000a","label":"","meta":{` + b.String()[1:] + `}}`
	}
	if got := check(t, "LicenseKeyActivate", body("1")); !slices.Equal(got, []string{"too_long [body meta]"}) {
		t.Errorf("Check of 2,000 good members = %q, want too_long", got)
	}
	if got := check(t, "LicenseKeyActivate", body("null")); len(got) != 4*51 {
		t.Errorf("Check of 2,000 bad members = %d violations, want those of the first 51", len(got))
	}
	if got := check(t, "LicenseKeyActivate", `{"key":`+body("1")+`}`); len(got) != 3 || got[0] != "string_type [body key]" {
		t.Errorf("Check of a huge object for a string = %q", got)
	}
}

func TestCheckValidate(t *testing.T) {
	t.Parallel()
	const start = `{"key":"K","organization_id":"0a0a0a0a-0000-4000-8000-00000000000a",`
	spaces := strings.Repeat(" ", 600)
	tests := []struct {
		rest string
		want []string
	}{
		{`"activation_id":null,"benefit_id":null,"customer_id":null,"increment_usage":null}`, nil},
		{`"conditions":{"a":-1e999}}`, nil},
		{`"conditions":null}`, []string{"dict_type [body conditions]"}},
		{`"activation_id":1,"benefit_id":"x","customer_id":""}`,
			[]string{"uuid_type [body activation_id]", "uuid_parsing [body benefit_id]", "uuid_parsing [body customer_id]"}},
		{`"increment_usage":[]}`, []string{"int_type [body increment_usage]"}},
		{`"increment_usage":1.5}`, []string{"int_from_float [body increment_usage]"}},
		{`"increment_usage":1e999}`, []string{"finite_number [body increment_usage]"}},
		{`"increment_usage":-1}`, []string{"greater_than_equal [body increment_usage]"}},
		{`"increment_usage":"x"}`, []string{"int_parsing [body increment_usage]"}},
		{`"increment_usage":"3."}`, []string{"int_parsing [body increment_usage]"}},
		{`"increment_usage":"` + spaces + `3"}`, nil},
		{`"increment_usage":"3` + spaces + `"}`, nil},
		{`"increment_usage":"3` + spaces + `x"}`, []string{"int_parsing [body increment_usage]"}},
		{`"increment_usage":"` + spaces + `"}`, []string{"int_parsing [body increment_usage]"}},
		{`"activation_id":"` + spaces + `ac710000-0000-4000-8000-000000000011"}`, []string{"uuid_parsing [body activation_id]"}},
		{`"activation_id":"ac710000-0000-4000-8000-000000000011` + spaces + `"}`, []string{"uuid_parsing [body activation_id]"}},
		{`"increment_usage":9223372036854775807}`, nil},
		{`"increment_usage":9223372036854775808}`, []string{"int_parsing_size [body increment_usage]"}},
		{`"increment_usage":-9223372036854775809}`, []string{"greater_than_equal [body increment_usage]"}},
		{`"increment_usage":"9223372036854775808"}`, []string{"int_parsing_size [body increment_usage]"}},
		{`"increment_usage":1e19}`, []string{"int_parsing_size [body increment_usage]"}},
		{`"increment_usage":1e300}`, []string{"int_parsing_size [body increment_usage]"}},
	}
	for _, tt := range tests {
		if got := check(t, "LicenseKeyValidate", start+tt.rest); !slices.Equal(got, tt.want) {
			t.Errorf("Check(…%s = %q, want %q", tt.rest, got, tt.want)
		}
	}
}

func TestCompileOfNothingPanics(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("Compile of an unknown component did not panic")
		}
	}()
	wire.Compile("Nothing")
}

func TestAccessPanics(t *testing.T) {
	t.Parallel()
	body, err := wire.Compile("LicenseKeyValidate").Decode("application/json", `{"key":"K","organization_id":"0a0a0a0a-0000-4000-8000-00000000000a"}`)
	if err != nil {
		t.Fatal(err)
	}
	if id := body.OptionalUUID("activation_id"); id != nil {
		t.Errorf("an absent activation_id is %v, want nil", id)
	}
	defer func() {
		if recover() == nil {
			t.Error("Text of a name that the component lacks did not panic")
		}
	}()
	body.Text("label")
}
