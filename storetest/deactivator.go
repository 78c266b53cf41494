package storetest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
)

// TestDeactivator tests every promise of [licensekey.Deactivator] but
// durability, for which there is [TestDurable].
func TestDeactivator[S licensekey.Deactivator](t *testing.T, newStore Factory[S]) {
	tests := []struct {
		name string
		test func(*testing.T, Factory[licensekey.Deactivator])
	}{
		{"Once", testOnce},
		{"NotFound", testNotFound},
		{"AnyState", testAnyState},
		{"OddKeys", testOddKeys},
		{"OddKeysUnknown", testOddKeysUnknown},
		{"SameKeyInTwoOrganizations", testSameKey},
		{"CanceledContext", testCanceled},
		{"OneActivation", testOneActivation},
		{"ManyActivations", testManyActivations},
		{"ManyKeys", testManyKeys},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.test(t, deactivators(newStore))
		})
	}
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
			t.Errorf("%s: Deactivate(%+v) = %v, want ErrNotFound", name, describe(req), err)
		}
	}
	// The misses have touched nothing.
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

// oddKeys are keys that a request can carry and that stores have mixed up.
var oddKeys = []licensekey.Key{
	"", " ", "KEY", "key", "Key", " KEY", "KEY ", "\tKEY", "KEY\n",
	"\u00e9", "e\u0301", "\u212b", "\u00c5", "ключ-鍵-🔑", "\ufeffKEY", "\u200bKEY", "\uffff",
	`\`, `"`, "'", "%", "_", "*", "KEY*", "a/b", "' OR 1=1 --", "\x01\x1f\x7f",
	licensekey.Key(strings.Repeat("x", 255)), licensekey.Key(strings.Repeat("x", 256)), licensekey.Key(strings.Repeat("x", 64<<10)), licensekey.Key(strings.Repeat("x", 64<<10) + "y"),
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
	// NUL and invalid UTF-8 do not pass the handler, but a store may be called
	// by others.
	unknown := append([]licensekey.Key{"\x00", "KEY-1\x00", "KEY-1\x00KEY", "\xff", "KEY-1\xff", "\xed\xa0\x80", "\xc3("}, oddKeys...)
	unknown = append(unknown, "KEY-", "KEY-11", "key-1", "KEY-1 ", " KEY-1", "KEY\u20101")
	for _, key := range unknown {
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

const callers = 64

// together calls f from that many goroutines at once and returns the errors.
func together(f func(i int) error) []error {
	errs := make([]error, callers)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			<-start
			errs[i] = f(i)
		})
	}
	close(start)
	wg.Wait()
	return errs
}

func testOneActivation(t *testing.T, newStore Factory[licensekey.Deactivator]) {
	k := newKey(orgA, "KEY-1", 2)
	d := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	var done, notFound int
	for _, err := range together(func(int) error { return d.Deactivate(t.Context(), deactivation(k, 0)) }) {
		switch {
		case err == nil:
			done++
		case errors.Is(err, licensekey.ErrNotFound):
			notFound++
		default:
			t.Errorf("Deactivate = %v, want nil or ErrNotFound", err)
		}
	}
	if done != 1 || notFound != callers-1 {
		t.Errorf("%d callers on one activation: %d nil and %d ErrNotFound, want 1 and %d", callers, done, notFound, callers-1)
	}
	wantDeactivated(t, d, deactivation(k, 1))
}

func testManyActivations(t *testing.T, newStore Factory[licensekey.Deactivator]) {
	k := newKey(orgA, "KEY-1", callers)
	d := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	for i, err := range together(func(i int) error { return d.Deactivate(t.Context(), deactivation(k, i)) }) {
		if err != nil {
			t.Errorf("%d callers on as many activations of one key: call %d = %v, want nil", callers, i, err)
		}
	}
	for i := range callers {
		wantNotFound(t, d, deactivation(k, i))
	}
}

func testManyKeys(t *testing.T, newStore Factory[licensekey.Deactivator]) {
	keys := make([]licensekey.LicenseKeyWithActivations, callers)
	for i := range keys {
		keys[i] = newKey(orgA, licensekey.Key("KEY-"+uuid.NewString()), 2)
	}
	d := newStore(t, keys)
	// Half of the callers miss: they must not disturb the other half.
	for i, err := range together(func(i int) error {
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
