package rules_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/rules"
)

var (
	frozen      = time.Date(2026, 1, 15, 12, 0, 0, 123456000, time.UTC)
	orgA        = uuid.MustParse("0a0a0a0a-0000-4000-8000-00000000000a")
	activationA = uuid.MustParse("ac710000-0000-4000-8000-000000000011")
)

func pointer[T any](v T) *T { return &v }

func TestActivate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		key  licensekey.LicenseKey
		live int
		want error
	}{
		{"free seat", licensekey.LicenseKey{LimitActivations: pointer[int64](2)}, 1, nil},
		{"expires later", licensekey.LicenseKey{LimitActivations: pointer[int64](1), ExpiresAt: pointer(frozen.Add(1))}, 0, nil},
		{"expires now", licensekey.LicenseKey{LimitActivations: pointer[int64](1), ExpiresAt: pointer(frozen)}, 0, licensekey.ErrExpired},
		{"full", licensekey.LicenseKey{LimitActivations: pointer[int64](2)}, 2, licensekey.ErrActivationLimit},
		{"limit lowered", licensekey.LicenseKey{LimitActivations: pointer[int64](2)}, 5, licensekey.ErrActivationLimit},
		{"no limit", licensekey.LicenseKey{}, 0, licensekey.ErrNoActivations},
		{"limit 0", licensekey.LicenseKey{LimitActivations: pointer[int64](0)}, 0, licensekey.ErrNoActivations},
		{"revoked", licensekey.LicenseKey{Status: licensekey.StatusRevoked, LimitActivations: pointer[int64](1), ExpiresAt: pointer(frozen)}, 0, licensekey.ErrNotGranted},
		{"disabled", licensekey.LicenseKey{Status: licensekey.StatusDisabled}, 0, licensekey.ErrNotGranted},
		{"expired and full", licensekey.LicenseKey{LimitActivations: pointer[int64](1), ExpiresAt: pointer(frozen)}, 1, licensekey.ErrExpired},
	}
	for _, tt := range tests {
		tt.key.ID = orgA
		if tt.key.Status == "" {
			tt.key.Status = licensekey.StatusGranted
		}
		req := licensekey.ActivateRequest{ActivationID: activationA, Label: "box", Now: frozen}
		a, err := rules.Activate(req, tt.key, rules.Seats{Live: tt.live})
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: Activate = %v, want %v", tt.name, err, tt.want)
		}
		if err == nil && (a.ID != activationA || a.LicenseKeyID != orgA || a.Label != "box" || string(a.Meta) != "{}" || !a.CreatedAt.Equal(frozen)) {
			t.Errorf("%s: Activate = %+v", tt.name, a)
		}
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	other := pointer(uuid.New())
	bound := &licensekey.Activation{ID: activationA, Conditions: json.RawMessage(`{"major":1}`)}
	tests := []struct {
		name       string
		key        licensekey.LicenseKey
		activation *licensekey.Activation
		req        licensekey.ValidateRequest
		want       error
	}{
		{"plain", licensekey.LicenseKey{}, nil, licensekey.ValidateRequest{}, nil},
		{"revoked first", licensekey.LicenseKey{Status: licensekey.StatusRevoked, ExpiresAt: &frozen}, nil, licensekey.ValidateRequest{ActivationID: other}, licensekey.ErrNotGranted},
		{"then expired", licensekey.LicenseKey{ExpiresAt: &frozen}, nil, licensekey.ValidateRequest{ActivationID: other}, licensekey.ErrExpired},
		{"then the activation", licensekey.LicenseKey{}, nil, licensekey.ValidateRequest{ActivationID: other, BenefitID: other}, licensekey.ErrNotFound},
		{"then conditions", licensekey.LicenseKey{}, bound, licensekey.ValidateRequest{ActivationID: &activationA, BenefitID: other}, licensekey.ErrConditions},
		{"then the benefit", licensekey.LicenseKey{}, nil, licensekey.ValidateRequest{BenefitID: other, CustomerID: other}, licensekey.ErrBenefit},
		{"then the customer", licensekey.LicenseKey{LimitUsage: pointer[int64](1)}, nil, licensekey.ValidateRequest{CustomerID: other, IncrementUsage: 9}, licensekey.ErrCustomer},
		{"then the usage", licensekey.LicenseKey{LimitUsage: pointer[int64](1)}, nil, licensekey.ValidateRequest{IncrementUsage: 2}, licensekey.ErrUsageLimit},
		{"all of the usage", licensekey.LicenseKey{LimitUsage: pointer[int64](1)}, nil, licensekey.ValidateRequest{IncrementUsage: 1}, nil},
		{"nothing of no usage left", licensekey.LicenseKey{LimitUsage: pointer[int64](1), Usage: 5}, nil, licensekey.ValidateRequest{}, nil},
		{"no limit", licensekey.LicenseKey{LimitUsage: pointer[int64](0), Usage: 5}, nil, licensekey.ValidateRequest{IncrementUsage: 100}, nil},
		{"up to the largest", licensekey.LicenseKey{Usage: 1}, nil, licensekey.ValidateRequest{IncrementUsage: licensekey.MaxUsage - 1}, nil},
		{"beyond the largest", licensekey.LicenseKey{Usage: 2}, nil, licensekey.ValidateRequest{IncrementUsage: licensekey.MaxUsage - 1}, licensekey.ErrUsageRange},
		{"far beyond", licensekey.LicenseKey{Usage: 2}, nil, licensekey.ValidateRequest{IncrementUsage: 1<<63 - 1}, licensekey.ErrUsageRange},
		{"less than nothing", licensekey.LicenseKey{Usage: 2}, nil, licensekey.ValidateRequest{IncrementUsage: -1}, licensekey.ErrInvalid},
		{"expires later", licensekey.LicenseKey{ExpiresAt: pointer(frozen.Add(time.Nanosecond))}, nil, licensekey.ValidateRequest{}, nil},
	}
	for _, tt := range tests {
		if tt.key.Status == "" {
			tt.key.Status = licensekey.StatusGranted
		}
		tt.req.Now = frozen
		k, err := rules.Validate(tt.req, tt.key, tt.activation)
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: Validate = %v, want %v", tt.name, err, tt.want)
		}
		if err == nil && (k.Validations != tt.key.Validations+1 || k.Usage != tt.key.Usage+tt.req.IncrementUsage ||
			!k.LastValidatedAt.Equal(frozen) || !k.ModifiedAt.Equal(frozen)) {
			t.Errorf("%s: Validate = %d validations, usage %d", tt.name, k.Validations, k.Usage)
		}
	}
}

func TestUsageLimitError(t *testing.T) {
	t.Parallel()
	k := licensekey.LicenseKey{Status: licensekey.StatusGranted, LimitUsage: pointer[int64](3), Usage: 5}
	_, err := rules.Validate(licensekey.ValidateRequest{IncrementUsage: 1}, k, nil)
	var limit *licensekey.UsageLimitError
	if !errors.As(err, &limit) || limit.Remaining != -2 {
		t.Errorf("Validate beyond a lowered limit = %v, want a UsageLimitError with -2", err)
	}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		stored, given string
		met           bool
	}{
		{``, ``, true}, {`{}`, `{"a":1}`, true}, {`{"a":1}`, ``, false}, {`{"a":1}`, `{}`, false},
		{`{"a":1,"b":"x"}`, `{"b":"x","a":1}`, true}, {`{"a":1}`, `{"a":1,"b":2}`, false}, {`{"a":1}`, `{"A":1}`, false},
		{`{"a":1}`, `{"a":1.0}`, true}, {`{"a":1}`, `{"a":true}`, true}, {`{"a":false}`, `{"a":0.0}`, true}, {`{"a":-0.0}`, `{"a":0}`, true},
		{`{"a":1}`, `{"a":"1"}`, false}, {`{"a":1}`, `{"a":2}`, false}, {`{"a":"x"}`, `{"a":"X"}`, false}, {`{"a":true}`, `{"a":"true"}`, false},
		{`{"a":12345678901234567890}`, `{"a":12345678901234567891}`, false}, {`{"a":9007199254740993}`, `{"a":9007199254740992.0}`, false},
		{`{"a":1e300}`, `{"a":1e300}`, true}, {`{"a":0.1}`, `{"a":0.1}`, true},
		{`{"a":[1,{"b":null}]}`, `{"a":[true,{"b":null}]}`, true}, {`{"a":[1]}`, `{"a":[1,1]}`, false}, {`{"a":null}`, `{"a":0}`, false}, {`{"a":{}}`, `{"a":[]}`, false},
	}
	for _, tt := range tests {
		k := licensekey.LicenseKey{Status: licensekey.StatusGranted}
		a := &licensekey.Activation{ID: activationA, Conditions: json.RawMessage(tt.stored)}
		req := licensekey.ValidateRequest{ActivationID: &activationA, Conditions: json.RawMessage(tt.given)}
		if _, err := rules.Validate(req, k, a); errors.Is(err, licensekey.ErrConditions) == tt.met {
			t.Errorf("conditions %s, given %s: %v, want met: %v", tt.stored, tt.given, err, tt.met)
		}
	}
}
