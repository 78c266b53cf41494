package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/internal/filled"
)

// TestValidator tests what [licensekey.Validator] promises, except durability. Run
// [TestStore] too if the store also makes and ends activations.
func TestValidator[S licensekey.Validator](t *testing.T, newStore Factory[S]) {
	runAll(t, as[licensekey.Validator](newStore), []test[licensekey.Validator]{
		{"Validate", testValidate},
		{"Rejected", testValidateRejected},
		{"Expiry", testValidateExpiry},
		{"ForeignActivation", testForeignActivation},
		{"Conditions", testConditions},
		{"NotFound", testValidateNotFound},
		{"OddKeys", testValidateOddKeys},
		{"CanceledContext", testValidateCanceled},
		{"ContextEndsMidway", testValidateEndsMidway},
		{"NothingShared", testValidateNothingShared},
		{"UsageLimit", testUsageLimit},
		{"Concurrent", testValidateConcurrent},
		{"ConcurrentLimit", testUsageConcurrent},
		{"Closed", testValidateClosed},
	})
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
		t.Errorf("Validate = %s, want the license key %v alone, validated and modified at %v", asJSON(got), k.ID, now)
	}
	req.IncrementUsage = 5
	wantCounts(t, v, req, 2, 5)
	req.ActivationID, req.BenefitID, req.CustomerID = &k.Activations[0].ID, &k.BenefitID, &k.CustomerID
	req.Conditions = json.RawMessage(`{"pro":1,"major":1.0}`)
	got = wantCounts(t, v, req, 3, 10)
	if want := k.Activations[0]; got.Activation == nil || string(asJSON(*got.Activation)) != string(asJSON(want)) {
		t.Errorf("Validate with an activation returned\n%s\nwant\n%s", asJSON(got.Activation), asJSON(want))
	}
	req = validation(k)
	req.Now = elsewhere
	got = wantCounts(t, v, req, 4, 10)
	if at := got.LicenseKey.LastValidatedAt; at == nil || !at.Equal(now) {
		t.Errorf("Validate at %v was counted at %v, want %v", elsewhere, at, now)
	}
}

func testValidateRejected(t *testing.T, newStore Factory[licensekey.Validator]) {
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
		// The errors have counted nothing.
		wantCounts(t, v, validation(keys[i]), 8, 5)
	}
}

func testValidateNotFound(t *testing.T, newStore Factory[licensekey.Validator]) {
	k := newKey(orgA, "KEY-1", 1)
	v := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	req := validation(k)
	req.OrganizationID = orgB
	wantValidateError(t, v, req, licensekey.ErrNotFound)
	for _, key := range keysBut() {
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
	wantCanceled(t, "Validate", func() error { _, err := v.Validate(ctx, validation(k)); return err })
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
	manyValidations(t, k, newStore(t, []licensekey.LicenseKeyWithActivations{k}))
}

// testUsageConcurrent lets several callers use up the usage of a key. Together they
// must not use more than its limit.
func testUsageConcurrent(t *testing.T, newStore Factory[licensekey.Validator]) {
	limit, begun := int64(800), int64(100)
	k := newKey(orgA, "KEY-1", 0)
	k.LimitUsage, k.Usage = &limit, begun
	v := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	var passed atomic.Int64
	for _, err := range together(few, func(int) error {
		req := validation(k)
		req.IncrementUsage = 3
		for {
			if _, err := v.Validate(t.Context(), req); err != nil {
				return err
			}
			if passed.Add(1) > limit {
				return errors.New("nil without an end")
			}
		}
	}) {
		if !errors.Is(err, licensekey.ErrUsageLimit) {
			t.Errorf("Validate = %v, want ErrUsageLimit in the end", err)
		}
	}
	if want := (limit - begun) / 3; passed.Load() != want {
		t.Errorf("%d callers used 3 at a time of the %d that were left: %d passed, want %d", few, limit-begun, passed.Load(), want)
	}
	wantCounts(t, v, validation(k), passed.Load()+1, begun+3*passed.Load())
}

func testValidateExpiry(t *testing.T, newStore Factory[licensekey.Validator]) {
	for _, expires := range expiring {
		k := newKey(orgA, "KEY-1", 0)
		k.ExpiresAt = &expires
		v := newStore(t, []licensekey.LicenseKeyWithActivations{k})
		req := validation(k)
		req.Now = expires
		wantValidateError(t, v, req, licensekey.ErrExpired)
		req.Now = expires.Add(-time.Microsecond)
		// The first of them has counted nothing.
		got := wantCounts(t, v, req, 1, 0)
		if at := got.LicenseKey.ExpiresAt; at == nil || !at.Equal(expires) {
			t.Errorf("Validate returned expires_at %v, want %v", at, expires)
		}
	}
}

// testForeignActivation validates with activations that exist, but that belong to
// another license key.
func testForeignActivation(t *testing.T, newStore Factory[licensekey.Validator]) {
	k, other := newKey(orgA, "KEY-1", 1), newKey(orgA, "KEY-2", 1)
	other.Customer, other.CustomerID, other.UserID = k.Customer, k.CustomerID, k.UserID
	twin := newKey(orgB, "KEY-1", 1)
	keys := []licensekey.LicenseKeyWithActivations{k, other, twin}
	v := newStore(t, keys)
	for i, k := range keys {
		for j, owner := range keys {
			req := validation(k)
			req.ActivationID = &owner.Activations[0].ID
			if i != j {
				wantValidateError(t, v, req, licensekey.ErrNotFound)
			}
		}
		req := validation(k)
		req.ActivationID = &k.ID
		wantValidateError(t, v, req, licensekey.ErrNotFound)
		req.ActivationID = &k.Activations[0].ID
		wantCounts(t, v, req, 1, 0)
	}
}

func testConditions(t *testing.T, newStore Factory[licensekey.Validator]) {
	tests := []struct {
		stored, given string
		met           bool
	}{
		{`{"a":1,"b":"x"}`, `{"b":"x","a":1}`, true},
		{`{"a":1}`, `{"a":1.0}`, true},
		{`{"a":1}`, `{"a":true}`, true},
		{`{"a":"é"}`, `{"a":"\u00e9"}`, true},
		{`{"a":"\u0000"}`, `{"a":"\u0000"}`, true},
		{`{"a":[{"b":null}]}`, `{"a":[{"b":null}]}`, true},
		{`{}`, `{"a":1}`, true},
		{`{"a":1}`, ``, false},
		{`{"a":1}`, `{}`, false},
		{`{"a":1}`, `{"a":"1"}`, false},
		{`{"a":1}`, `{"A":1}`, false},
		{`{"a":1}`, `{"a":1,"b":2}`, false},
		{`{"a":1,"b":2}`, `{"a":1}`, false},
		{`{"a":"\u0000"}`, `{"a":""}`, false},
		{`{"a":9007199254740993}`, `{"a":9007199254740992}`, false},
	}
	k := newKey(orgA, "KEY-1", len(tests))
	for i, tt := range tests {
		k.Activations[i].Conditions = json.RawMessage(tt.stored)
	}
	v := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	for i, tt := range tests {
		req := validation(k)
		req.ActivationID = &k.Activations[i].ID
		if tt.given != "" {
			req.Conditions = json.RawMessage(tt.given)
		}
		_, err := v.Validate(t.Context(), req)
		if tt.met && err != nil || !tt.met && !errors.Is(err, licensekey.ErrConditions) {
			t.Errorf("Validate with the conditions %s of an activation that has %s = %v, want them met: %v", tt.given, tt.stored, err, tt.met)
		}
	}
}

func testValidateOddKeys(t *testing.T, newStore Factory[licensekey.Validator]) {
	var keys []licensekey.LicenseKeyWithActivations
	for _, organizationID := range []uuid.UUID{orgA, orgB} {
		for _, key := range oddKeys {
			keys = append(keys, newKey(organizationID, key, 0))
		}
	}
	v := newStore(t, keys)
	for _, k := range keys {
		if got := wantCounts(t, v, validation(k), 1, 0); got.LicenseKey.ID != k.ID {
			t.Errorf("Validate(%q) found the license key %v, want %v", short(k.Key), got.LicenseKey.ID, k.ID)
		}
	}
}

func testValidateEndsMidway(t *testing.T, newStore Factory[licensekey.Validator]) {
	keys := make([]licensekey.LicenseKeyWithActivations, midwayEnds+1)
	for i := range keys {
		keys[i] = newKey(orgA, licensekey.NewKey(""), 0)
	}
	v := newStore(t, keys)
	counts := make([]int64, len(keys))
	midway{
		change: func(ctx context.Context, i int) error { _, err := v.Validate(ctx, validation(keys[i])); return err },
		made: func(i int) bool {
			got, err := v.Validate(t.Context(), validation(keys[i]))
			if err != nil {
				t.Errorf("second Validate = %v, want nil", err)
			}
			counts[i] = got.LicenseKey.Validations
			return counts[i] > 1
		},
	}.test(t)
	// A change that was not made is not made later either.
	for i, k := range keys {
		wantCounts(t, v, validation(k), counts[i]+1, 0)
	}
}

func testValidateNothingShared(t *testing.T, newStore Factory[licensekey.Validator]) {
	k := filled.LicenseKey()
	v := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	var want string
	for i := range int64(3) {
		req := validation(k)
		id, benefit, customer := k.Activations[0].ID, k.BenefitID, k.CustomerID
		req.Now, req.ActivationID, req.BenefitID, req.CustomerID = k.CreatedAt, &id, &benefit, &customer
		req.Conditions = json.RawMessage(string(k.Activations[0].Conditions))
		got := wantCounts(t, v, req, k.Validations+i+1, k.Usage)
		shown := got
		shown.LicenseKey.Validations = 0
		if i == 0 {
			want = string(asJSON(shown))
		} else if string(asJSON(shown)) != want {
			t.Errorf("after what Validate returned was overwritten, it returns\n%s\nwant\n%s", asJSON(shown), want)
		}
		scribble(got)
		scribble(&req)
	}
}

func testValidateClosed(t *testing.T, newStore Factory[licensekey.Validator]) {
	k := newKey(orgA, "KEY-1", 0)
	v := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	miss := validation(k)
	miss.Key = "nope"
	wantClosed(t, v, map[string]func() error{
		"Validate":                   func() error { _, err := v.Validate(t.Context(), validation(k)); return err },
		"Validate of an unknown key": func() error { _, err := v.Validate(t.Context(), miss); return err },
	})
}
