package licensekey_test

import (
	"bytes"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/bboltstore"
	"github.com/licensekit/licensekey/internal/recorded"
	"github.com/licensekit/licensekey/jsonlines"
	"github.com/licensekit/licensekey/memstore"
)

func seed(t testing.TB) []licensekey.LicenseKeyWithActivations {
	t.Helper()
	keys, err := jsonlines.Read(bytes.NewReader(recorded.Seed))
	if err != nil {
		t.Fatal(err)
	}
	return keys
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
		for half, cases := range map[string][]recorded.Case{
			"deactivate":        recorded.Deactivate(t),
			"activate-validate": recorded.ActivateValidate(t),
		} {
			t.Run(name+"/"+half, func(t *testing.T) {
				t.Parallel()
				recorded.Replay(t, cases, func() (string, func()) {
					server := httptest.NewServer(licensekey.NewHandler(newStore(t), recordedConfig(t)))
					return server.Listener.Addr().String(), server.Close
				})
			})
		}
	}
}

// recordedConfig has the clock and the ids of the recording.
func recordedConfig(t testing.TB) licensekey.Config {
	clock := recorded.ReadStart(t).Clock
	var next atomic.Int64
	return licensekey.Config{
		Version: "2026-04",
		Now:     func() time.Time { return clock.Now },
		NewID:   func() uuid.UUID { return clock.NextActivationIDs[next.Add(1)-1] },
	}
}
