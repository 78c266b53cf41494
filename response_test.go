package licensekey_test

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/schema"
)

// validatorFunc is a store of one function.
type validatorFunc func(context.Context, licensekey.ValidateRequest) (licensekey.Validated, error)

func (f validatorFunc) Validate(ctx context.Context, req licensekey.ValidateRequest) (licensekey.Validated, error) {
	return f(ctx, req)
}

// validated returns the response to a validation of k.
func validated(t *testing.T, k licensekey.LicenseKey, a *licensekey.Activation) map[string]any {
	t.Helper()
	h := licensekey.NewValidateHandler(validatorFunc(func(context.Context, licensekey.ValidateRequest) (licensekey.Validated, error) {
		return licensekey.Validated{LicenseKey: k, Activation: a}, nil
	}), licensekey.Config{})
	got := serve(h, newRequest("POST", "/", goodBody))
	var body map[string]any
	if err := json.Unmarshal(got.Body.Bytes(), &body); err != nil || got.Code != 200 {
		t.Fatalf("validate: got %d %s: %v", got.Code, got.Body, err)
	}
	return body
}

// TestFieldLists holds together the fields of the Go types, the members of
// responses and the properties of the document.
func TestFieldLists(t *testing.T) {
	t.Parallel()
	k := licensekey.LicenseKey{Customer: licensekey.Customer{BillingAddress: &licensekey.Address{}}}
	response := validated(t, k, &licensekey.Activation{})
	customer := response["customer"].(map[string]any)
	var doc struct {
		Components struct {
			Schemas map[string]struct {
				Required   []string
				Properties map[string]any
			}
		}
	}
	if err := json.Unmarshal(schema.Document(), &doc); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		component     string
		fields        any
		response      map[string]any
		stored, shown []string // members that only the Go type has, or only the response
	}{
		{"LicenseKeyRead", licensekey.LicenseKey{}, response,
			[]string{"metadata", "member_id", "member", "subscription_id", "subscription", "order_id", "order"}, []string{"user", "display_key"}},
		{"LicenseKeyActivationBase", licensekey.Activation{}, response["activation"].(map[string]any), []string{"conditions"}, nil},
		{"LicenseKeyCustomer", licensekey.Customer{}, customer, nil, nil},
		{"Address", licensekey.Address{}, customer["billing_address"].(map[string]any), nil, nil},
	}
	delete(response, "activation")
	for _, tt := range tests {
		want := jsonNames(reflect.TypeOf(tt.fields))
		want = slices.DeleteFunc(want, func(name string) bool { return slices.Contains(tt.stored, name) })
		want = slices.Sorted(slices.Values(append(want, tt.shown...)))
		component := doc.Components.Schemas[tt.component]
		for what, names := range map[string][]string{
			"response has": slices.Sorted(maps.Keys(tt.response)), "document has": slices.Sorted(maps.Keys(component.Properties)),
			"document requires": slices.Sorted(slices.Values(component.Required)),
		} {
			if !slices.Equal(names, want) {
				t.Errorf("%s: the %s\n%q, the Go type\n%q", tt.component, what, names, want)
			}
		}
	}
}

// jsonNames returns the names that encoding/json gives the fields of a struct.
func jsonNames(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}

// TestCustomersWithoutEmail holds what old clients and Polar's users of today
// see of customers that lack an e-mail or a name.
func TestCustomersWithoutEmail(t *testing.T) {
	t.Parallel()
	const avatarOfNothing = "https://www.gravatar.com/avatar/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855?d=404"
	avatar, mail, name, empty := "https://a.example/x.png", "grace@example.org", "élan", ""
	const avatarOfGrace = "https://www.gravatar.com/avatar/233ac984b593b1d70d8de3150f794304b623e57e11ae118e236205323735c59f?d=404"
	tests := []struct {
		customer      licensekey.Customer
		email, avatar any
		publicName    string
	}{
		{licensekey.Customer{Type: "individual"}, "", avatarOfNothing, "?"},
		{licensekey.Customer{Type: "team"}, nil, nil, "?"},
		{licensekey.Customer{Type: "team", AvatarURL: &avatar, Name: &empty}, nil, avatar, "?"},
		{licensekey.Customer{Type: "team", Email: &mail}, mail, avatarOfGrace, "g"},
		{licensekey.Customer{Type: "individual", Email: &mail, Name: &name}, mail, avatarOfGrace, "é"},
	}
	for _, tt := range tests {
		response := validated(t, licensekey.LicenseKey{Customer: tt.customer}, nil)
		for _, part := range []string{"user", "customer"} {
			got := response[part].(map[string]any)
			if got["email"] != tt.email || got["avatar_url"] != tt.avatar {
				t.Errorf("%+v: %s has email %v, avatar %v, want %v, %v", tt.customer, part, got["email"], got["avatar_url"], tt.email, tt.avatar)
			}
		}
		if got := response["user"].(map[string]any)["public_name"]; got != tt.publicName {
			t.Errorf("%+v: public_name is %v, want %q", tt.customer, got, tt.publicName)
		}
	}
}

func TestBareUsageLimit(t *testing.T) {
	t.Parallel()
	h := licensekey.NewValidateHandler(validatorFunc(func(context.Context, licensekey.ValidateRequest) (licensekey.Validated, error) {
		return licensekey.Validated{}, licensekey.ErrUsageLimit
	}), licensekey.Config{})
	wantResponse(t, "ErrUsageLimit without a figure", serve(h, newRequest("POST", "/", goodBody)), 400,
		`{"error":"BadRequest","detail":"License key usage limit already reached."}`)
}

// TestUnreadableStoredJSON holds that metadata that is no JSON object breaks no
// response.
func TestUnreadableStoredJSON(t *testing.T) {
	t.Parallel()
	for _, metadata := range []string{`{"a":1`, `[]`, `x`, ``} {
		h := licensekey.NewValidateHandler(validatorFunc(func(context.Context, licensekey.ValidateRequest) (licensekey.Validated, error) {
			return licensekey.Validated{LicenseKey: licensekey.LicenseKey{Customer: licensekey.Customer{Metadata: []byte(metadata)}}}, nil
		}), licensekey.Config{Logger: newLogger("text", new(bytes.Buffer))})
		wantResponse(t, "metadata "+metadata, serve(h, newRequest("POST", "/", goodBody)), 500, internalError)
	}
}
