package memstore_test

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/memstore"
	"github.com/licensekit/licensekey/storetest"
)

func newStore(t testing.TB, keys []licensekey.LicenseKeyWithActivations) *memstore.Store {
	store := memstore.New()
	if added, err := store.Import(t.Context(), keys); err != nil || added != len(keys) {
		t.Fatalf("Import of %d keys = %d, %v", len(keys), added, err)
	}
	return store
}

func TestStore(t *testing.T) { t.Parallel(); storetest.Run(t, newStore) }

func BenchmarkDeactivator(b *testing.B) { storetest.BenchmarkDeactivator(b, newStore) }

func TestClosed(t *testing.T) {
	t.Parallel()
	store := memstore.New()
	for range 2 {
		if err := store.Close(); err != nil {
			t.Errorf("Close = %v, want nil", err)
		}
	}
	if err := store.Deactivate(context.Background(), licensekey.DeactivateRequest{}); err == nil {
		t.Error("Deactivate after Close = nil, want an error")
	}
	if _, err := store.Get(context.Background(), uuid.New()); err == nil {
		t.Error("Get after Close = nil, want an error")
	}
}
