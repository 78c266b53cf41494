package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
)

// ActivatorStore is what [TestActivator] takes: seats must be freed too.
type ActivatorStore interface {
	licensekey.Activator
	licensekey.Deactivator
}

// TestActivator tests every promise of [licensekey.Activator] but durability,
// for which there is [TestDurableEndpoints].
func TestActivator[S ActivatorStore](t *testing.T, newStore Factory[S]) {
	tests := []struct {
		name string
		test func(*testing.T, Factory[ActivatorStore])
	}{
		{"Activate", testActivate},
		{"Refused", testActivateRefused},
		{"NotFound", testActivateNotFound},
		{"CanceledContext", testActivateCanceled},
		{"NothingShared", testActivateNothingShared},
		{"FiveSeats", testFiveSeats},
		{"NeverBeyondTheLimit", testNeverBeyondTheLimit},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.test(t, func(t testing.TB, keys []licensekey.LicenseKeyWithActivations) ActivatorStore {
				return newStore(t, keys)
			})
		})
	}
}

// withLimit returns a license key with that many seats, some of them taken.
func withLimit(key licensekey.Key, limit int64, taken int) licensekey.LicenseKeyWithActivations {
	k := newKey(orgA, key, taken)
	k.LimitActivations = &limit
	return k
}

func activation(k licensekey.LicenseKeyWithActivations) licensekey.ActivateRequest {
	return licensekey.ActivateRequest{
		OrganizationID: k.OrganizationID,
		Key:            k.Key,
		ActivationID:   uuid.New(),
		Label:          "laptop",
		Now:            now,
	}
}

// deactivationOf returns the request that ends what req has made.
func deactivationOf(req licensekey.ActivateRequest) licensekey.DeactivateRequest {
	return licensekey.DeactivateRequest{OrganizationID: req.OrganizationID, Key: req.Key, ActivationID: req.ActivationID, Now: now}
}

func wantActivated(t testing.TB, s licensekey.Activator, req licensekey.ActivateRequest) licensekey.Activated {
	t.Helper()
	activated, err := s.Activate(context.Background(), req)
	if err != nil || activated.Activation.ID != req.ActivationID || activated.LicenseKey.Key != req.Key {
		t.Errorf("Activate(%q, %v) = %v of %v, %v, want that activation", string(req.Key), req.ActivationID, activated.Activation.ID, activated.LicenseKey, err)
	}
	return activated
}

func wantActivateError(t testing.TB, s licensekey.Activator, req licensekey.ActivateRequest, want error) {
	t.Helper()
	if activated, err := s.Activate(context.Background(), req); !errors.Is(err, want) {
		t.Errorf("Activate(%.40q) = %v, %v, want %v", string(req.Key), activated.Activation.ID, err, want)
	}
}

func testActivate(t *testing.T, newStore Factory[ActivatorStore]) {
	k := withLimit("KEY-1", 2, 0)
	s := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	first, second := activation(k), activation(k)
	first.Meta, first.Conditions = json.RawMessage(`{"z":1.0,"a":1}`), json.RawMessage(`{"major":1}`)
	got := wantActivated(t, s, first)
	if got.Activation.LicenseKeyID != k.ID || got.Activation.Label != "laptop" || string(got.Activation.Meta) != `{"z":1.0,"a":1}` ||
		!got.Activation.CreatedAt.Equal(now) || got.LicenseKey.ID != k.ID {
		t.Errorf("Activate = %+v, want what the request says", got)
	}
	wantActivated(t, s, second)
	wantActivateError(t, s, activation(k), licensekey.ErrActivationLimit)
	// A freed seat is there for the very next call.
	wantDeactivated(t, s, deactivationOf(first))
	third := activation(k)
	wantActivated(t, s, third)
	wantActivateError(t, s, activation(k), licensekey.ErrActivationLimit)
	wantNotFound(t, s, deactivationOf(first))
	wantDeactivated(t, s, deactivationOf(second))
	wantDeactivated(t, s, deactivationOf(third))
}

func testActivateRefused(t *testing.T, newStore Factory[ActivatorStore]) {
	past, zero := now, int64(0)
	tests := []struct {
		name   string
		change func(*licensekey.LicenseKey)
		want   error
	}{
		{"revoked", func(k *licensekey.LicenseKey) { k.Status = licensekey.StatusRevoked }, licensekey.ErrNotGranted},
		{"disabled", func(k *licensekey.LicenseKey) { k.Status = licensekey.StatusDisabled }, licensekey.ErrNotGranted},
		{"expired", func(k *licensekey.LicenseKey) { k.ExpiresAt = &past }, licensekey.ErrExpired},
		{"revoked and expired", func(k *licensekey.LicenseKey) { k.Status, k.ExpiresAt = licensekey.StatusRevoked, &past }, licensekey.ErrNotGranted},
		{"no limit", func(k *licensekey.LicenseKey) { k.LimitActivations = nil }, licensekey.ErrNoActivations},
		{"limit 0", func(k *licensekey.LicenseKey) { k.LimitActivations = &zero }, licensekey.ErrNoActivations},
		{"full", func(k *licensekey.LicenseKey) {}, licensekey.ErrActivationLimit},
	}
	var keys []licensekey.LicenseKeyWithActivations
	for _, tt := range tests {
		k := withLimit(licensekey.Key(tt.name), 1, 1)
		tt.change(&k.LicenseKey)
		keys = append(keys, k)
	}
	s := newStore(t, keys)
	for i, tt := range tests {
		req := activation(keys[i])
		wantActivateError(t, s, req, tt.want)
		wantNotFound(t, s, deactivationOf(req))
		wantDeactivated(t, s, deactivation(keys[i], 0))
	}
}

func testActivateNotFound(t *testing.T, newStore Factory[ActivatorStore]) {
	k := withLimit("KEY-1", 5, 0)
	s := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	req := activation(k)
	req.OrganizationID = orgB
	wantActivateError(t, s, req, licensekey.ErrNotFound)
	for _, key := range append([]licensekey.Key{"\x00", "\xff", "key-1"}, oddKeys...) {
		req := activation(k)
		req.Key = key
		wantActivateError(t, s, req, licensekey.ErrNotFound)
	}
}

func testActivateCanceled(t *testing.T, newStore Factory[ActivatorStore]) {
	k := withLimit("KEY-1", 1, 0)
	s := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Activate(ctx, activation(k)); !errors.Is(err, context.Canceled) {
		t.Errorf("Activate with a canceled context = %v, want context.Canceled", err)
	}
	wantActivated(t, s, activation(k))
}

func testActivateNothingShared(t *testing.T, newStore Factory[ActivatorStore]) {
	k := withLimit("KEY-1", 2, 0)
	s := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	req := activation(k)
	req.Meta = json.RawMessage(`{"a":1}`)
	got := wantActivated(t, s, req)
	*got.LicenseKey.LimitActivations = 100
	got.Activation.Meta[1], req.Meta[1] = '!', '!'
	wantActivated(t, s, activation(k))
	wantActivateError(t, s, activation(k), licensekey.ErrActivationLimit)
}

func testFiveSeats(t *testing.T, newStore Factory[ActivatorStore]) {
	k := withLimit("KEY-1", 5, 0)
	s := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	seated := 0
	for _, err := range together(func(int) error { _, err := s.Activate(t.Context(), activation(k)); return err }) {
		if err == nil {
			seated++
		} else if !errors.Is(err, licensekey.ErrActivationLimit) {
			t.Errorf("Activate = %v, want nil or ErrActivationLimit", err)
		}
	}
	if seated != 5 {
		t.Errorf("%d callers on a key with 5 seats got %d", callers, seated)
	}
}

// testNeverBeyondTheLimit lets callers take and free seats. Each counts its seat
// from after it has it until before it gives it back: the count is never more
// than the seats that are taken.
func testNeverBeyondTheLimit(t *testing.T, newStore Factory[ActivatorStore]) {
	const limit, rounds = 3, 10
	k := withLimit("KEY-1", limit, 0)
	s := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	var taken, most, got atomic.Int64
	errs := together(func(int) error {
		for range rounds {
			req := activation(k)
			_, err := s.Activate(t.Context(), req)
			if errors.Is(err, licensekey.ErrActivationLimit) {
				continue
			}
			if err != nil {
				return err
			}
			got.Add(1)
			n := taken.Add(1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			taken.Add(-1)
			if err := s.Deactivate(t.Context(), deactivationOf(req)); err != nil {
				return err
			}
		}
		return nil
	})
	for _, err := range errs {
		if err != nil {
			t.Errorf("taking and freeing seats: %v", err)
		}
	}
	if most.Load() > limit || got.Load() == 0 {
		t.Errorf("%d of %d seats were taken at once, %d in all", most.Load(), limit, got.Load())
	}
	for range limit {
		wantActivated(t, s, activation(k))
	}
	wantActivateError(t, s, activation(k), licensekey.ErrActivationLimit)
}
