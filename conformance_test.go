package licensekey_test

import (
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/bboltstore"
	"github.com/licensekit/licensekey/internal/recorded"
	"github.com/licensekit/licensekey/memstore"
	"github.com/licensekit/licensekey/storetest"
)

func seed(t testing.TB) []licensekey.LicenseKeyWithActivations {
	t.Helper()
	return recorded.LicenseKeys(t)
}

type fullStore = licensekey.ManagedStore

// seededStores make a store of each kind that holds the recorded cases' data.
var seededStores = map[string]func(t testing.TB) fullStore{
	"memstore": func(t testing.TB) fullStore {
		return importSeed(t, memstore.New())
	},
	"bboltstore": func(t testing.TB) fullStore {
		// Not synced: these tests are about responses, not about the disk.
		db, err := bbolt.Open(filepath.Join(t.TempDir(), "licenses.db"), 0o600, &bbolt.Options{NoSync: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		store, err := bboltstore.New(db)
		if err != nil {
			t.Fatal(err)
		}
		return importSeed(t, store)
	},
}

func importSeed(t testing.TB, store fullStore) fullStore {
	t.Helper()
	keys := seed(t)
	if added, err := store.Import(t.Context(), keys); err != nil || added != len(keys) {
		t.Fatalf("Import of %d keys = %d, %v", len(keys), added, err)
	}
	return store
}

// TestRecordedCases sends the recorded requests to a handler over each store.
func TestRecordedCases(t *testing.T) {
	t.Parallel()
	for name, newStore := range seededStores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.TestWire(t, func(t testing.TB, _ []licensekey.LicenseKeyWithActivations) fullStore { return newStore(t) })
		})
	}
}
