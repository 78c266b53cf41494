package rules_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/internal/filled"
	"github.com/licensekit/licensekey/rules"
)

var (
	version7     = uuid.MustParse("01890a5d-ac96-774b-bcce-b302099a8057")
	otherVariant = uuid.MustParse("ac710000-0000-4000-0000-0000000000f0")
)

// TestImportRejects changes one field of a license key that is right otherwise.
func TestImportRejects(t *testing.T) {
	t.Parallel()
	deep := json.RawMessage(strings.Repeat(`{"a":`, 101) + "1" + strings.Repeat("}", 101))
	broken := "Ren\xe9"
	tests := []struct {
		field  string
		change func(*licensekey.LicenseKeyWithActivations)
	}{
		{"id: ", func(k *licensekey.LicenseKeyWithActivations) { k.ID = version7 }},
		{"created_at: ", func(k *licensekey.LicenseKeyWithActivations) { k.CreatedAt = time.Time{}.Add(500) }},
		{"activations[1].created_at: ", func(k *licensekey.LicenseKeyWithActivations) { k.Activations[1].CreatedAt = time.Time{}.Add(500) }},
		{"id: ", func(k *licensekey.LicenseKeyWithActivations) { k.ID = otherVariant }},
		{"organization_id: ", func(k *licensekey.LicenseKeyWithActivations) { k.OrganizationID = version7 }},
		{"benefit_id: ", func(k *licensekey.LicenseKeyWithActivations) { k.BenefitID = version7 }},
		{"customer_id: ", func(k *licensekey.LicenseKeyWithActivations) { k.CustomerID, k.Customer.ID = version7, version7 }},
		{"customer_id: ", func(k *licensekey.LicenseKeyWithActivations) { k.Customer.ID = k.ID }},
		{"user_id: ", func(k *licensekey.LicenseKeyWithActivations) { k.UserID = version7 }},
		{"activations[1].id: ", func(k *licensekey.LicenseKeyWithActivations) { k.Activations[1].ID = version7 }},
		{"activations[1].id: ", func(k *licensekey.LicenseKeyWithActivations) { k.Activations[1].ID = k.Activations[0].ID }},
		{"activations[0].license_key_id: ", func(k *licensekey.LicenseKeyWithActivations) { k.Activations[0].LicenseKeyID = k.UserID }},
		{"activations[0].label: ", func(k *licensekey.LicenseKeyWithActivations) { k.Activations[0].Label = "a\x00" }},
		{"activations[0].meta: ", func(k *licensekey.LicenseKeyWithActivations) { k.Activations[0].Meta = deep }},
		{"activations[0].conditions: ", func(k *licensekey.LicenseKeyWithActivations) { k.Activations[0].Conditions = json.RawMessage("[]") }},
		{"key: ", func(k *licensekey.LicenseKeyWithActivations) { k.Key = "\xff" }},
		{"key: ", func(k *licensekey.LicenseKeyWithActivations) { k.Key = "" }},
		{"status: ", func(k *licensekey.LicenseKeyWithActivations) { k.Status = "expired" }},
		{"usage: ", func(k *licensekey.LicenseKeyWithActivations) { k.Usage = licensekey.MaxUsage + 1 }},
		{"usage: ", func(k *licensekey.LicenseKeyWithActivations) { k.Usage = -1 }},
		{"validations: ", func(k *licensekey.LicenseKeyWithActivations) { k.Validations = 1<<63 - 1 }},
		{"limit_usage: ", func(k *licensekey.LicenseKeyWithActivations) { k.LimitUsage = pointer[int64](licensekey.MaxUsage + 1) }},
		{"limit_activations: ", func(k *licensekey.LicenseKeyWithActivations) { k.LimitActivations = pointer[int64](-1) }},
		{"expires_at: ", func(k *licensekey.LicenseKeyWithActivations) { k.ExpiresAt = pointer(frozen.AddDate(8000, 0, 0)) }},
		{"customer.name: ", func(k *licensekey.LicenseKeyWithActivations) { k.Customer.Name = &broken }},
		{"customer.billing_address.city: ", func(k *licensekey.LicenseKeyWithActivations) { k.Customer.BillingAddress.City = &broken }},
		{"customer.tax_id[1]: ", func(k *licensekey.LicenseKeyWithActivations) { k.Customer.TaxID[1] = broken }},
		{"customer.type: ", func(k *licensekey.LicenseKeyWithActivations) { k.Customer.Type = "crowd" }},
		{"metadata: ", func(k *licensekey.LicenseKeyWithActivations) { k.Metadata = json.RawMessage("7") }},
		{"member_id: ", func(k *licensekey.LicenseKeyWithActivations) { k.MemberID = &k.ID }},
		{"member_id: ", func(k *licensekey.LicenseKeyWithActivations) { k.MemberID, k.Member = &version7, nil }},
		{"member: ", func(k *licensekey.LicenseKeyWithActivations) { k.Member.Email = broken }},
		{"subscription_id: ", func(k *licensekey.LicenseKeyWithActivations) { k.SubscriptionID = &k.ID }},
		{"subscription.status: ", func(k *licensekey.LicenseKeyWithActivations) { k.Subscription.Status = broken }},
		{"subscription.ends_at: ", func(k *licensekey.LicenseKeyWithActivations) {
			k.Subscription.EndsAt = pointer(frozen.AddDate(8000, 0, 0))
		}},
		{"order_id: ", func(k *licensekey.LicenseKeyWithActivations) { k.OrderID, k.Order.ID = &version7, version7 }},
		{"order.status: ", func(k *licensekey.LicenseKeyWithActivations) { k.Order.Status = broken }},
		{"customer.metadata: ", func(k *licensekey.LicenseKeyWithActivations) { k.Customer.Metadata = deep }},
	}
	for _, tt := range tests {
		k := filled.LicenseKey()
		tt.change(&k)
		_, err := rules.Import(k)
		if !errors.Is(err, licensekey.ErrInvalid) || !strings.Contains(err.Error(), ": "+tt.field) {
			t.Errorf("Import with another %s= %v, want ErrInvalid for it", tt.field, err)
		}
	}
}

// TestImportAgain holds that Import of what it has returned changes nothing.
func TestImportAgain(t *testing.T) {
	t.Parallel()
	rough := filled.LicenseKey()
	rough.CreatedAt = rough.CreatedAt.In(time.FixedZone("", 3600)).Add(999)
	rough.Activations[0].Meta = json.RawMessage(`{ "b": 1.0, "a": [ ] }`)
	rough.Activations[0].ID = otherVariant
	rough.Customer.CreatedAt = time.Time{}.Add(500)
	rough.MemberID, rough.SubscriptionID, rough.OrderID = nil, nil, nil
	rough.Metadata = nil
	rough.UserID, rough.Customer.OrganizationID, rough.Activations[1].LicenseKeyID = uuid.Nil, uuid.Nil, uuid.Nil
	for _, k := range []licensekey.LicenseKeyWithActivations{filled.LicenseKey(), rough} {
		once, err := rules.Import(k)
		if err != nil {
			t.Fatalf("Import = %v", err)
		}
		if twice, err := rules.Import(once); err != nil || !reflect.DeepEqual(twice, once) {
			t.Errorf("Import twice = %+v, %v\nwant %+v", twice, err, once)
		}
	}
}

// TestPure holds that a decision that runs twice comes to the same license key,
// and leaves what it was given as it was.
func TestPure(t *testing.T) {
	t.Parallel()
	k := filled.LicenseKey().LicenseKey
	k.Status = licensekey.StatusGranted
	status := licensekey.StatusDisabled
	for name, decide := range map[string]func() (licensekey.LicenseKey, error){
		"Issue": func() func() (licensekey.LicenseKey, error) {
			req := licensekey.IssueRequest{OrganizationID: orgA, Prefix: "MYAPP"}.WithDefaults()
			return func() (licensekey.LicenseKey, error) { return rules.Issue(req) }
		}(),
		"Rotate": func() func() (licensekey.LicenseKey, error) {
			req := licensekey.RotateRequest{ID: k.ID}.WithDefaults()
			return func() (licensekey.LicenseKey, error) { return rules.Rotate(req, k) }
		}(),
		"Update": func() func() (licensekey.LicenseKey, error) {
			req := licensekey.UpdateRequest{ID: k.ID, Status: &status}.WithDefaults()
			return func() (licensekey.LicenseKey, error) { return rules.Update(req, k) }
		}(),
	} {
		before := k.Clone()
		first, err := decide()
		if err != nil {
			t.Fatalf("%s = %v", name, err)
		}
		second, err := decide()
		if err != nil || !reflect.DeepEqual(first, second) {
			t.Errorf("%s twice = %+v, %v\nwant %+v", name, second, err, first)
		}
		if !reflect.DeepEqual(k, before) {
			t.Errorf("%s has changed what it was given to %+v", name, k)
		}
	}
}

// TestValidateRejects has what only a host's own tables can hold.
func TestValidateRejects(t *testing.T) {
	t.Parallel()
	k := licensekey.LicenseKey{Status: licensekey.StatusGranted}
	for _, stored := range []string{`{"a":1`, `{"a":1}}`, `{"a":NaN}`, `[]`, "\xff", "null"} {
		a := &licensekey.Activation{ID: activationA, Conditions: json.RawMessage(stored)}
		_, err := rules.Validate(licensekey.ValidateRequest{ActivationID: &activationA, Now: frozen}, k, a)
		if err == nil || errors.Is(err, licensekey.ErrConditions) || errors.Is(err, licensekey.ErrNotFound) {
			t.Errorf("Validate with the stored conditions %s = %v, want an error of its own", stored, err)
		}
	}
	late := licensekey.ValidateRequest{Now: frozen.AddDate(8000, 0, 0)}
	if _, err := rules.Validate(late, k, nil); !errors.Is(err, licensekey.ErrInvalid) {
		t.Errorf("Validate in the year 10026 = %v, want ErrInvalid", err)
	}
	k.Validations = licensekey.MaxValidations
	if got, err := rules.Validate(licensekey.ValidateRequest{Now: frozen}, k, nil); err != nil || got.Validations != licensekey.MaxValidations {
		t.Errorf("Validate of a key with all validations = %d, %v, want the same count", got.Validations, err)
	}
}

func TestActivateID(t *testing.T) {
	t.Parallel()
	k := licensekey.LicenseKey{ID: orgA, Status: licensekey.StatusGranted, LimitActivations: pointer[int64](1)}
	for _, id := range []uuid.UUID{{}, version7, otherVariant} {
		_, err := rules.Activate(licensekey.ActivateRequest{ActivationID: id, Now: frozen}, k, rules.Seats{})
		if !errors.Is(err, licensekey.ErrInvalid) {
			t.Errorf("Activate with the id %v = %v, want ErrInvalid", id, err)
		}
	}
	req := licensekey.ActivateRequest{ActivationID: activationA, Now: frozen}
	k.LimitActivations = pointer[int64](2)
	if _, err := rules.Activate(req, k, rules.Seats{Live: 1, Exists: true}); !errors.Is(err, licensekey.ErrExists) {
		t.Errorf("Activate with an id that is there = %v, want ErrExists", err)
	}
}
