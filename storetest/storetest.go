// Package storetest tests that a license key store keeps the promises of the
// interfaces in package licensekey. It runs against any store, in one line for
// each interface that the store implements:
//
//	func TestDeactivator(t *testing.T)      { storetest.TestDeactivator(t, newStore) }
//	func BenchmarkDeactivator(b *testing.B) { storetest.BenchmarkDeactivator(b, newStore) }
//
// where newStore is a [Factory]. Run it with the race detector.
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

// A Factory of a store type S returns a store that holds exactly the license keys given, with
// their live activations. It is called many times, concurrently, and must give
// stores that know nothing of each other. It ends the test if it fails, and
// cleans up with t.Cleanup.
type Factory[S any] func(t testing.TB, keys []licensekey.LicenseKeyWithActivations) S

var (
	orgA = uuid.MustParse("0a0a0a0a-0000-4000-8000-00000000000a")
	orgB = uuid.MustParse("0b0b0b0b-0000-4000-8000-00000000000b")
	// now is the time of every request.
	now = time.Date(2026, 1, 15, 12, 0, 0, 123456000, time.UTC)
)

// deactivators forgets what else a factory's stores can do.
func deactivators[S licensekey.Deactivator](newStore Factory[S]) Factory[licensekey.Deactivator] {
	return func(t testing.TB, keys []licensekey.LicenseKeyWithActivations) licensekey.Deactivator {
		return newStore(t, keys)
	}
}

// newKey returns a granted license key with that many live activations.
func newKey(organizationID uuid.UUID, key licensekey.Key, activations int) licensekey.LicenseKeyWithActivations {
	limit := int64(activations)
	k := licensekey.LicenseKeyWithActivations{LicenseKey: licensekey.LicenseKey{
		ID:               uuid.New(),
		CreatedAt:        now.Add(-time.Hour),
		OrganizationID:   organizationID,
		Key:              key,
		Status:           licensekey.StatusGranted,
		LimitActivations: &limit,
	}}
	k.Customer = licensekey.Customer{ID: uuid.New(), OrganizationID: organizationID, CreatedAt: k.CreatedAt, Type: "individual"}
	k.CustomerID, k.UserID = k.Customer.ID, k.Customer.ID
	for i := range activations {
		k.Activations = append(k.Activations, licensekey.Activation{
			ID:           uuid.New(),
			LicenseKeyID: k.ID,
			Label:        "device",
			Meta:         json.RawMessage(`{"n":1,"f":1.0}`),
			CreatedAt:    k.CreatedAt.Add(time.Duration(i) * time.Second),
		})
	}
	return k
}

// deactivation returns the request that ends the i-th activation of k.
func deactivation(k licensekey.LicenseKeyWithActivations, i int) licensekey.DeactivateRequest {
	return licensekey.DeactivateRequest{
		OrganizationID: k.OrganizationID,
		Key:            k.Key,
		ActivationID:   k.Activations[i].ID,
		Now:            now,
	}
}

// wantDeactivated ends an activation that must be live.
func wantDeactivated(t testing.TB, d licensekey.Deactivator, req licensekey.DeactivateRequest) {
	t.Helper()
	if err := d.Deactivate(context.Background(), req); err != nil {
		t.Errorf("Deactivate(%#v) = %v, want nil", describe(req), err)
	}
}

// wantNotFound tries to end what must not be there.
func wantNotFound(t testing.TB, d licensekey.Deactivator, req licensekey.DeactivateRequest) {
	t.Helper()
	if err := d.Deactivate(context.Background(), req); !errors.Is(err, licensekey.ErrNotFound) {
		t.Errorf("Deactivate(%#v) = %v, want ErrNotFound", describe(req), err)
	}
}

// describe shows a request whole: the keys of this package are no secrets.
func describe(req licensekey.DeactivateRequest) any {
	key := string(req.Key)
	if len(key) > 40 {
		key = key[:40] + "…"
	}
	return struct{ OrganizationID, Key, ActivationID string }{req.OrganizationID.String(), key, req.ActivationID.String()}
}
