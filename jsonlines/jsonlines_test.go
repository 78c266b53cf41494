package jsonlines_test

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/internal/filled"
	"github.com/licensekit/licensekey/internal/recorded"
	"github.com/licensekit/licensekey/jsonlines"
	"github.com/licensekit/licensekey/rules"
)

// goodLine is a license key as Polar's API returns it, cut to what is required.
const goodLine = `{"id":"1ce00000-0000-4000-8000-000000000001","created_at":"2025-07-01T09:00:00Z",` +
	`"organization_id":"0a0a0a0a-0000-4000-8000-00000000000a","key":"KEY-1","status":"granted",` +
	`"customer":{"id":"c0570000-0000-4000-8000-000000000001"},` +
	`"activations":[{"id":"ac710000-0000-4000-8000-000000000011","label":"laptop","created_at":"2025-07-01T09:00:00+02:00"}]}`

var (
	orgA        = uuid.MustParse("0a0a0a0a-0000-4000-8000-00000000000a")
	activationA = uuid.MustParse("ac710000-0000-4000-8000-000000000011")
)

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestRead(t *testing.T) {
	t.Parallel()
	keys, err := jsonlines.Read(strings.NewReader("\n" + goodLine + "\r\n\n" + goodLine))
	if err != nil || len(keys) != 2 {
		t.Fatalf("Read = %d keys, %v, want 2", len(keys), err)
	}
	k := keys[0]
	if k.Key != "KEY-1" || k.OrganizationID != orgA || len(k.Activations) != 1 || k.Activations[0].ID != activationA {
		t.Errorf("Read = %#v %q with %v", k, string(k.Key), k.Activations)
	}
	if k.CustomerID != k.Customer.ID || k.UserID != k.Customer.ID || k.Activations[0].LicenseKeyID != k.ID {
		t.Errorf("the ids that the line leaves out are %v, %v and %v", k.CustomerID, k.UserID, k.Activations[0].LicenseKeyID)
	}
	if got := k.Activations[0].CreatedAt.String(); got != "2025-07-01 07:00:00 +0000 UTC" {
		t.Errorf("created_at is %s, want it in UTC", got)
	}
	if got := string(k.Activations[0].Meta) + string(k.Activations[0].Conditions) + string(k.Customer.Metadata); got != "{}{}{}" {
		t.Errorf("meta, conditions and metadata are %s, want {} each", got)
	}
}

func TestReadSeed(t *testing.T) {
	t.Parallel()
	keys, err := jsonlines.Read(bytes.NewReader(recorded.Seed))
	if err != nil {
		t.Fatal(err)
	}
	if len(keys) != 25 {
		t.Fatalf("the seed has %d keys, want 25", len(keys))
	}
	const want = `{"os":"linux","n":1,"f":1.0,"big":12345678901234567890,"t":true,"e":1e+100,"s":"Zoë <&>"}`
	if meta := string(keys[0].Activations[0].Meta); meta != want {
		t.Errorf("meta = %s, want %s", meta, want)
	}
}

func TestReadRejects(t *testing.T) {
	t.Parallel()
	replace := func(old, new string) string { return strings.Replace(goodLine, old, new, 1) }
	tests := []struct{ line, field string }{
		{`7`, "must be a JSON object"},
		{`[7]`, "must be a JSON object"},
		{replace(`"activations":`, `"x":`), "activations: is missing"},
		{replace(`"activations":[`, `"activations":null,"x":[`), "activations: must not be null"},
		{replace(`"key"`, `"kee"`), "key: is missing"},
		{replace(`"status"`, `"member":{"id":"ac710000-0000-4000-8000-000000000011"},"status"`), "member.email: is missing"},
		{replace(`"status"`, `"order":{"id":"ac710000-0000-4000-8000-000000000011"},"status"`), "order.created_at: is missing"},
		{replace(`"status"`, `"state"`), "status: is missing"},
		{replace(`"customer"`, `"client"`), "customer: is missing"},
		{replace(`"customer":{"id"`, `"customer":{"x"`), "customer.id: is missing"},
		{replace(`"label"`, `"name"`), "activations[0].label: is missing"},
		{replace(`"status"`, `"expiresAt":null,"status"`), "expiresAt: this looks like the output of Polar's SDK"},
		{replace(`"label"`, `"licenseKeyId":null,"label"`), "activations[0].licenseKeyId: this looks like the output of Polar's SDK"},
		{replace(`"id":"1ce0`, `"ID":"1ce0`), "id: "},
		{replace(`"id":"1ce0`, `"id":"zzz`), "id: "},
		{replace(`"created_at":"2025-07-01T09:00:00Z"`, `"created_at":"yesterday"`), "created_at: "},
		{replace(`"created_at":"2025-07-01T09:00:00Z",`, ``), "created_at: "},
		{replace(`"organization_id":"`, `"organization_id":7,"x":"`), "organization_id: "},
		{replace(`"key":"KEY-1"`, `"key":null`), "key: "},
		{replace(`"key":"KEY-1"`, `"key":"\u0000"`), "key: "},
		{replace(`"key":"KEY-1"`, `"key":"\ud800"`), "key: "},
		{replace(`"granted"`, `"expired"`), "status: "},
		{replace(`"status"`, `"usage":"1","status"`), "usage: "},
		{replace(`"status"`, `"usage":1.0,"status"`), "usage: "},
		{replace(`"status"`, `"limit_usage":-1,"status"`), "limit_usage: "},
		{replace(`"customer":{"id"`, `"customer":{"email":1,"id"`), "customer.email: "},
		{replace(`"customer":{"id"`, `"customer":{"billing_address":{"country":null},"id"`), "customer.billing_address.country: "},
		{replace(`"customer":{"id"`, `"customer":{"tax_id":"1","id"`), "customer.tax_id: "},
		{replace(`"customer":{"id"`, `"customer":{"tax_id":["\ud800","eu_vat"],"id"`), "customer.tax_id: "},
		{replace(`"customer":{"id"`, `"customer":{"tax_id":["1",null],"id"`), "customer.tax_id: "},
		{replace(`"customer":{"id"`, `"customer":{"metadata":[],"id"`), "customer.metadata: "},
		{replace(`"customer":`, `"customer":1,"x":`), "customer: "},
		{replace(`"activations":[`, `"activations":{},"x":[`), "activations: "},
		{replace(`"activations":[`, `"activations":[1,`), "activations[0]: "},
		{replace(`{"id":"ac71`, `{"meta":"x","id":"ac71`), "activations[0].meta: "},
		{replace(`{"id":"ac71`, `{"id":"x`), "activations[0].id: "},
	}
	for _, tt := range tests {
		keys, err := jsonlines.Read(strings.NewReader(goodLine + "\n" + tt.line + "\n" + goodLine))
		if keys != nil || !errors.Is(err, licensekey.ErrInvalid) || !strings.Contains(err.Error(), "line 2: ") ||
			!strings.Contains(err.Error(), tt.field) {
			t.Errorf("line %s\ngot  %d keys, %v\nwant ErrInvalid with line 2 and %q", tt.line, len(keys), err, tt.field)
		}
	}
}

func TestReadBrokenReader(t *testing.T) {
	t.Parallel()
	_, err := jsonlines.Read(io.MultiReader(strings.NewReader(goodLine), brokenReader{}))
	if !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, licensekey.ErrInvalid) {
		t.Errorf("Read of a broken reader = %v, want its error", err)
	}
}

func FuzzRead(f *testing.F) {
	for _, text := range []string{
		goodLine, "\ufeff" + goodLine, "[" + goodLine + ",\n" + goodLine + "]", `{"items":[` + goodLine + `]}`, goodLine + ",", "[" + goodLine + ",]",
		`{"error":"NotFound","detail":"Not found"}`, "{\x00\"\x00", "{\"\xff", `{"a":"\u12`, "id,key\n", "\x1f\x8b", "[{}", `{"organizationId":1}`,
	} {
		f.Add(text)
	}
	f.Add(string(recorded.Seed[:4000]))
	f.Fuzz(func(t *testing.T, text string) {
		keys, err := jsonlines.Read(strings.NewReader(text))
		if err != nil && !errors.Is(err, licensekey.ErrInvalid) {
			t.Errorf("Read(%q) = %v, want ErrInvalid", text, err)
		}
		if len(keys) > len(text) {
			t.Errorf("Read(%q) gave %d keys", text, len(keys))
		}
		for _, k := range keys {
			if _, err := rules.Import(k); err != nil {
				t.Errorf("Read(%q) gave a key that does not import: %v", text, err)
			}
		}
	})
}

// TestRoundTrip holds that import and export give every field back.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	want := filled.LicenseKey()
	var line bytes.Buffer
	if err := jsonlines.Write(&line, want); err != nil {
		t.Fatalf("Write = %v", err)
	}
	got, err := jsonlines.Read(bytes.NewReader(line.Bytes()))
	if err != nil || len(got) != 1 || !reflect.DeepEqual(got[0], want) {
		t.Errorf("Read of %s\ngot  %+v, %v\nwant %+v", &line, got, err, want)
	}
}
