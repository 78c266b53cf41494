package schema_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/licensekit/licensekey/internal/jsonvalue"
	"github.com/licensekit/licensekey/schema"
)

func check(t *testing.T, component, body string) []string {
	t.Helper()
	c, err := schema.Compile(component)
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonvalue.Decode([]byte(body))
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	violations, err := c.Check(v.(*jsonvalue.Object))
	if err != nil {
		t.Fatalf("Check(%s) = %v", body, err)
	}
	var lines []string
	for _, v := range violations {
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

func TestCompile(t *testing.T) {
	t.Parallel()
	var doc struct {
		Components struct{ Schemas map[string]any }
	}
	if err := json.Unmarshal(schema.Document(), &doc); err != nil {
		t.Fatal(err)
	}
	for name := range doc.Components.Schemas {
		if _, err := schema.Compile(name); err != nil {
			t.Errorf("Compile(%s) = %v, want nil", name, err)
		}
	}
	if _, err := schema.Compile("Nothing"); err == nil {
		t.Error("Compile of an unknown component = nil, want an error")
	}
}

func TestDocumentIsACopy(t *testing.T) {
	t.Parallel()
	before := schema.Document()
	clear(schema.Document())
	if !bytes.Equal(before, schema.Document()) {
		t.Error("changing what Document returned has changed the document")
	}
}
