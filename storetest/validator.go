package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
)

// TestValidator tests every promise of [licensekey.Validator] but durability,
// for which there is [TestDurableEndpoints].
func TestValidator[S licensekey.Validator](t *testing.T, newStore Factory[S]) {
	tests := []struct {
		name string
		test func(*testing.T, Factory[licensekey.Validator])
	}{
		{"Validate", testValidate},
		{"Refused", testValidateRefused},
		{"NotFound", testValidateNotFound},
		{"CanceledContext", testValidateCanceled},
		{"UsageLimit", testUsageLimit},
		{"Concurrent", testValidateConcurrent},
		{"ConcurrentLimit", testUsageConcurrent},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.test(t, func(t testing.TB, keys []licensekey.LicenseKeyWithActivations) licensekey.Validator {
				return newStore(t, keys)
			})
		})
	}
}

func validation(k licensekey.LicenseKeyWithActivations) licensekey.ValidateRequest {
	return licensekey.ValidateRequest{OrganizationID: k.OrganizationID, Key: k.Key, Now: now}
}

// wantCounts validates and compares the counts after it.
func wantCounts(t testing.TB, v licensekey.Validator, req licensekey.ValidateRequest, validations, usage int64) licensekey.Validated {
	t.Helper()
	got, err := v.Validate(context.Background(), req)
	if err != nil || got.LicenseKey.Validations != validations || got.LicenseKey.Usage != usage {
		t.Errorf("Validate(%q, +%d) = %d validations, usage %d, %v, want %d, %d", string(req.Key), req.IncrementUsage,
			got.LicenseKey.Validations, got.LicenseKey.Usage, err, validations, usage)
	}
	return got
}

func wantValidateError(t testing.TB, v licensekey.Validator, req licensekey.ValidateRequest, want error) {
	t.Helper()
	if _, err := v.Validate(context.Background(), req); !errors.Is(err, want) {
		t.Errorf("Validate(%.40q) = %v, want %v", string(req.Key), err, want)
	}
}

func testValidate(t *testing.T, newStore Factory[licensekey.Validator]) {
	k := newKey(orgA, "KEY-1", 2)
	k.BenefitID = uuid.New()
	k.Activations[0].Conditions = json.RawMessage(`{"major":1,"pro":true}`)
	v := newStore(t, []licensekey.LicenseKeyWithActivations{k, newKey(orgB, "KEY-1", 0)})
	req := validation(k)
	got := wantCounts(t, v, req, 1, 0)
	if got.LicenseKey.ID != k.ID || got.Activation != nil || got.LicenseKey.LastValidatedAt == nil || !got.LicenseKey.LastValidatedAt.Equal(now) ||
		got.LicenseKey.ModifiedAt == nil || !got.LicenseKey.ModifiedAt.Equal(now) {
		t.Errorf("Validate = %v with %v, validated at %v, modified at %v, want %v at %v", got.LicenseKey, got.Activation,
			got.LicenseKey.LastValidatedAt, got.LicenseKey.ModifiedAt, k.ID, now)
	}
	req.IncrementUsage = 5
	wantCounts(t, v, req, 2, 5)
	req.ActivationID, req.BenefitID, req.CustomerID = &k.Activations[0].ID, &k.BenefitID, &k.CustomerID
	req.Conditions = json.RawMessage(`{"pro":1,"major":1.0}`)
	got = wantCounts(t, v, req, 3, 10)
	if got.Activation == nil || got.Activation.ID != k.Activations[0].ID || got.Activation.Label != "device" {
		t.Errorf("Validate with an activation = %v, want it", got.Activation)
	}
	// What was returned is a copy.
	got.Activation.Conditions[1] = '!'
	*got.LicenseKey.LastValidatedAt = time.Time{}
	wantCounts(t, v, req, 4, 15)
}

func testValidateRefused(t *testing.T, newStore Factory[licensekey.Validator]) {
	at, other := now, uuid.New()
	tests := []struct {
		name   string
		key    func(*licensekey.LicenseKeyWithActivations)
		change func(*licensekey.ValidateRequest)
		want   error
	}{
		{"revoked", func(k *licensekey.LicenseKeyWithActivations) { k.Status = licensekey.StatusRevoked }, nil, licensekey.ErrNotGranted},
		{"disabled", func(k *licensekey.LicenseKeyWithActivations) { k.Status = licensekey.StatusDisabled }, nil, licensekey.ErrNotGranted},
		{"expired", func(k *licensekey.LicenseKeyWithActivations) { k.ExpiresAt = &at }, nil, licensekey.ErrExpired},
		{"unknown activation", nil, func(r *licensekey.ValidateRequest) { r.ActivationID = &other }, licensekey.ErrNotFound},
		{"conditions", func(k *licensekey.LicenseKeyWithActivations) {
			k.Activations[0].Conditions = json.RawMessage(`{"a":1}`)
		}, nil, licensekey.ErrConditions},
		{"benefit", nil, func(r *licensekey.ValidateRequest) { r.BenefitID = &other }, licensekey.ErrBenefit},
		{"customer", nil, func(r *licensekey.ValidateRequest) { r.CustomerID = &other }, licensekey.ErrCustomer},
		{"usage", nil, func(r *licensekey.ValidateRequest) { r.IncrementUsage = 6 }, licensekey.ErrUsageLimit},
		{"usage out of range", func(k *licensekey.LicenseKeyWithActivations) { k.LimitUsage = nil },
			func(r *licensekey.ValidateRequest) { r.IncrementUsage = licensekey.MaxUsage }, licensekey.ErrUsageRange},
		{"negative usage", nil, func(r *licensekey.ValidateRequest) { r.IncrementUsage = -1 }, licensekey.ErrInvalid},
	}
	var keys []licensekey.LicenseKeyWithActivations
	for _, tt := range tests {
		limit := int64(10)
		k := newKey(orgA, licensekey.Key(tt.name), 1)
		k.Usage, k.LimitUsage, k.Validations = 5, &limit, 7
		if tt.key != nil {
			tt.key(&k)
		}
		keys = append(keys, k)
	}
	v := newStore(t, keys)
	for i, tt := range tests {
		req := validation(keys[i])
		req.ActivationID, req.Now = &keys[i].Activations[0].ID, at
		if tt.change != nil {
			tt.change(&req)
		}
		for range 2 {
			wantValidateError(t, v, req, tt.want)
		}
		if keys[i].Status != licensekey.StatusGranted || keys[i].ExpiresAt != nil {
			continue
		}
		// The refusals have counted nothing.
		wantCounts(t, v, validation(keys[i]), 8, 5)
	}
}

func testValidateNotFound(t *testing.T, newStore Factory[licensekey.Validator]) {
	k := newKey(orgA, "KEY-1", 1)
	v := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	req := validation(k)
	req.OrganizationID = orgB
	wantValidateError(t, v, req, licensekey.ErrNotFound)
	for _, key := range append([]licensekey.Key{"\x00", "\xff", "key-1"}, oddKeys...) {
		req := validation(k)
		req.Key = key
		wantValidateError(t, v, req, licensekey.ErrNotFound)
	}
	wantCounts(t, v, validation(k), 1, 0)
}

func testValidateCanceled(t *testing.T, newStore Factory[licensekey.Validator]) {
	k := newKey(orgA, "KEY-1", 0)
	v := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := v.Validate(ctx, validation(k)); !errors.Is(err, context.Canceled) {
		t.Errorf("Validate with a canceled context = %v, want context.Canceled", err)
	}
	wantCounts(t, v, validation(k), 1, 0)
}

func testUsageLimit(t *testing.T, newStore Factory[licensekey.Validator]) {
	limit := int64(3)
	k := newKey(orgA, "KEY-1", 0)
	k.LimitUsage, k.Usage = &limit, 1
	v := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	req := validation(k)
	req.IncrementUsage = 3
	_, err := v.Validate(t.Context(), req)
	var usage *licensekey.UsageLimitError
	if !errors.As(err, &usage) || usage.Remaining != 2 {
		t.Errorf("Validate with 3 of 2 left = %v, want a UsageLimitError with 2", err)
	}
	req.IncrementUsage = 2
	wantCounts(t, v, req, 1, 3)
	wantValidateError(t, v, req, licensekey.ErrUsageLimit)
	req.IncrementUsage = 0
	wantCounts(t, v, req, 2, 3)
}

func testValidateConcurrent(t *testing.T, newStore Factory[licensekey.Validator]) {
	k := newKey(orgA, "KEY-1", 0)
	v := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	sum := int64(0)
	for i := range callers {
		sum += int64(i)
	}
	for i, err := range together(func(i int) error {
		req := validation(k)
		req.IncrementUsage = int64(i)
		_, err := v.Validate(t.Context(), req)
		return err
	}) {
		if err != nil {
			t.Errorf("Validate(+%d) = %v, want nil", i, err)
		}
	}
	wantCounts(t, v, validation(k), callers+1, sum)
}

func testUsageConcurrent(t *testing.T, newStore Factory[licensekey.Validator]) {
	limit := int64(20)
	k := newKey(orgA, "KEY-1", 0)
	k.LimitUsage = &limit
	v := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	passed := int64(0)
	for _, err := range together(func(int) error {
		req := validation(k)
		req.IncrementUsage = 3
		_, err := v.Validate(t.Context(), req)
		return err
	}) {
		if err == nil {
			passed++
		} else if !errors.Is(err, licensekey.ErrUsageLimit) {
			t.Errorf("Validate = %v, want nil or ErrUsageLimit", err)
		}
	}
	if passed != 6 {
		t.Errorf("%d callers used 3 of %d each: %d passed, want 6", callers, limit, passed)
	}
	wantCounts(t, v, validation(k), 7, 18)
}
