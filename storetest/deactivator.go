package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
)

// TestDeactivator tests what [licensekey.Deactivator] promises, except durability:
// for that see [TestDurableDeactivator]. A store that only ends activations needs
// no other test.
func TestDeactivator[S licensekey.Deactivator](t *testing.T, newStore Factory[S]) {
	runAll(t, as[licensekey.Deactivator](newStore), []test[licensekey.Deactivator]{
		{"Once", testOnce},
		{"NotFound", testNotFound},
		{"AnyState", testAnyState},
		{"OddKeys", testOddKeys},
		{"OddKeysUnknown", testOddKeysUnknown},
		{"SameKeyInTwoOrganizations", testSameKey},
		{"CanceledContext", testCanceled},
		{"ContextEndsMidway", testDeactivateEndsMidway},
		{"OneActivation", testOneActivation},
		{"ManyActivations", testManyActivations},
		{"ManyKeys", testManyKeys},
		{"Closed", testDeactivateClosed},
	})
}

func testOnce(t *testing.T, newStore Factory[licensekey.Deactivator]) {
	k := newKey(orgA, "KEY-1", 3)
	d := newStore(t, []licensekey.LicenseKeyWithActivations{k, newKey(orgA, "KEY-2", 1)})
	for _, i := range []int{1, 0, 2} {
		wantDeactivated(t, d, deactivation(k, i))
		wantNotFound(t, d, deactivation(k, i))
	}
}

func testNotFound(t *testing.T, newStore Factory[licensekey.Deactivator]) {
	k, other := newKey(orgA, "KEY-1", 1), newKey(orgA, "KEY-2", 1)
	bare := newKey(orgA, "KEY-3", 0)
	d := newStore(t, []licensekey.LicenseKeyWithActivations{k, other, bare})
	good := deactivation(k, 0)
	misses := map[string]func(*licensekey.DeactivateRequest){
		"unknown organization":         func(r *licensekey.DeactivateRequest) { r.OrganizationID = uuid.New() },
		"other organization":           func(r *licensekey.DeactivateRequest) { r.OrganizationID = orgB },
		"zero organization":            func(r *licensekey.DeactivateRequest) { r.OrganizationID = uuid.Nil },
		"unknown key":                  func(r *licensekey.DeactivateRequest) { r.Key = "nope" },
		"other key":                    func(r *licensekey.DeactivateRequest) { r.Key = other.Key },
		"key without activations":      func(r *licensekey.DeactivateRequest) { r.Key = bare.Key },
		"unknown activation":           func(r *licensekey.DeactivateRequest) { r.ActivationID = uuid.New() },
		"activation of another key":    func(r *licensekey.DeactivateRequest) { r.ActivationID = other.Activations[0].ID },
		"zero activation":              func(r *licensekey.DeactivateRequest) { r.ActivationID = uuid.Nil },
		"the key's id, not activation": func(r *licensekey.DeactivateRequest) { r.ActivationID = k.ID },
	}
	for name, change := range misses {
		req := good
		change(&req)
		if err := d.Deactivate(t.Context(), req); !errors.Is(err, licensekey.ErrNotFound) {
			t.Errorf("%s: Deactivate(%s) = %v, want ErrNotFound", name, describe(req), err)
		}
	}
	// The deactivations that found nothing have changed nothing.
	wantDeactivated(t, d, good)
	wantDeactivated(t, d, deactivation(other, 0))
}

func testAnyState(t *testing.T, newStore Factory[licensekey.Deactivator]) {
	past, zero := now.Add(-time.Minute), int64(0)
	states := map[string]func(*licensekey.LicenseKey){
		"revoked":   func(k *licensekey.LicenseKey) { k.Status = licensekey.StatusRevoked },
		"disabled":  func(k *licensekey.LicenseKey) { k.Status = licensekey.StatusDisabled },
		"expired":   func(k *licensekey.LicenseKey) { k.ExpiresAt = &past },
		"no limit":  func(k *licensekey.LicenseKey) { k.LimitActivations = nil },
		"no seats":  func(k *licensekey.LicenseKey) { k.LimitActivations = &zero },
		"all usage": func(k *licensekey.LicenseKey) { k.LimitUsage, k.Usage = &zero, 10 },
	}
	var keys []licensekey.LicenseKeyWithActivations
	for name, change := range states {
		k := newKey(orgA, licensekey.Key(name), 1)
		change(&k.LicenseKey)
		keys = append(keys, k)
	}
	d := newStore(t, keys)
	for _, k := range keys {
		wantDeactivated(t, d, deactivation(k, 0))
		wantNotFound(t, d, deactivation(k, 0))
	}
}

func testOddKeys(t *testing.T, newStore Factory[licensekey.Deactivator]) {
	var keys []licensekey.LicenseKeyWithActivations
	for _, key := range oddKeys {
		keys = append(keys, newKey(orgA, key, 1))
	}
	d := newStore(t, keys)
	for i, k := range keys {
		// Under any other key the activation must not be found.
		wrong := deactivation(k, 0)
		wrong.Key = keys[(i+1)%len(keys)].Key
		wantNotFound(t, d, wrong)
		wantDeactivated(t, d, deactivation(k, 0))
		wantNotFound(t, d, deactivation(k, 0))
	}
}

func testOddKeysUnknown(t *testing.T, newStore Factory[licensekey.Deactivator]) {
	k := newKey(orgA, "KEY-1", 1)
	d := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	for _, key := range keysBut() {
		req := deactivation(k, 0)
		req.Key = key
		wantNotFound(t, d, req)
	}
	wantDeactivated(t, d, deactivation(k, 0))
}

func testSameKey(t *testing.T, newStore Factory[licensekey.Deactivator]) {
	a, b := newKey(orgA, "SHARED", 2), newKey(orgB, "SHARED", 2)
	d := newStore(t, []licensekey.LicenseKeyWithActivations{a, b})
	crossed := deactivation(a, 0)
	crossed.OrganizationID = orgB
	wantNotFound(t, d, crossed)
	wantDeactivated(t, d, deactivation(a, 0))
	wantDeactivated(t, d, deactivation(b, 0))
	wantDeactivated(t, d, deactivation(b, 1))
	wantDeactivated(t, d, deactivation(a, 1))
}

func testCanceled(t *testing.T, newStore Factory[licensekey.Deactivator]) {
	k := newKey(orgA, "KEY-1", 2)
	d := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Deactivate(canceled, deactivation(k, 0)); !errors.Is(err, context.Canceled) {
		t.Errorf("Deactivate with a canceled context = %v, want context.Canceled", err)
	}
	expired, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	if err := d.Deactivate(expired, deactivation(k, 1)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Deactivate after the deadline = %v, want context.DeadlineExceeded", err)
	}
	wantDeactivated(t, d, deactivation(k, 0))
	wantDeactivated(t, d, deactivation(k, 1))
}

func testOneActivation(t *testing.T, newStore Factory[licensekey.Deactivator]) {
	k := newKey(orgA, "KEY-1", races)
	oneActivation(t, k, newStore(t, []licensekey.LicenseKeyWithActivations{k}))
}

func testManyActivations(t *testing.T, newStore Factory[licensekey.Deactivator]) {
	k := newKey(orgA, "KEY-1", callers)
	manyActivations(t, k, newStore(t, []licensekey.LicenseKeyWithActivations{k}))
}

func testManyKeys(t *testing.T, newStore Factory[licensekey.Deactivator]) {
	keys := make([]licensekey.LicenseKeyWithActivations, callers)
	for i := range keys {
		keys[i] = newKey(orgA, licensekey.Key("KEY-"+uuid.NewString()), 2)
	}
	d := newStore(t, keys)
	// Half of the callers find nothing. They must not disturb the other half.
	for i, err := range together(callers, func(i int) error {
		req := deactivation(keys[i], 0)
		if i%2 == 1 {
			req.ActivationID = uuid.New()
		}
		return d.Deactivate(t.Context(), req)
	}) {
		if hit := i%2 == 0; hit && err != nil || !hit && !errors.Is(err, licensekey.ErrNotFound) {
			t.Errorf("call %d (hit: %v) = %v", i, hit, err)
		}
	}
	for i, k := range keys {
		if i%2 == 1 {
			wantDeactivated(t, d, deactivation(k, 0))
		}
		wantDeactivated(t, d, deactivation(k, 1))
	}
}

func testDeactivateEndsMidway(t *testing.T, newStore Factory[licensekey.Deactivator]) {
	k := newKey(orgA, "KEY-1", midwayEnds+1)
	d := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	midway{
		change: func(ctx context.Context, i int) error { return d.Deactivate(ctx, deactivation(k, i)) },
		made: func(i int) bool {
			err := d.Deactivate(t.Context(), deactivation(k, i))
			if err != nil && !errors.Is(err, licensekey.ErrNotFound) {
				t.Errorf("second Deactivate(%s) = %v, want nil or ErrNotFound", describe(deactivation(k, i)), err)
			}
			return err != nil
		},
	}.test(t)
}

func testDeactivateClosed(t *testing.T, newStore Factory[licensekey.Deactivator]) {
	k := newKey(orgA, "KEY-1", 1)
	d := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	miss := deactivation(k, 0)
	miss.ActivationID = uuid.New()
	wantClosed(t, d, map[string]func() error{
		"Deactivate":                          func() error { return d.Deactivate(t.Context(), deactivation(k, 0)) },
		"Deactivate of an unknown activation": func() error { return d.Deactivate(t.Context(), miss) },
	})
}
