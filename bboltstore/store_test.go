package bboltstore_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/bboltstore"
	"github.com/licensekit/licensekey/storetest"
)

var org = uuid.MustParse("0a0a0a0a-0000-4000-8000-00000000000a")

// file is a store and where it is.
type file struct {
	*bboltstore.Store
	path string
}

func newStore(t testing.TB, keys []licensekey.LicenseKeyWithActivations) file {
	t.Helper()
	f := open(t, filepath.Join(t.TempDir(), "licenses.db"))
	if added, err := f.Import(t.Context(), keys); err != nil || added != len(keys) {
		t.Fatalf("Import of %d keys = %d, %v", len(keys), added, err)
	}
	return f
}

// open opens a store that is closed, and whose file is checked, when the test
// ends.
func open(t testing.TB, path string) file {
	t.Helper()
	store, err := bboltstore.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
		checkFile(t, path)
	})
	return file{store, path}
}

func reopen(t testing.TB, f file) file {
	t.Helper()
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return open(t, f.path)
}

// crash opens a copy of a store's file, as a process finds it that starts after
// another was killed: f is not closed.
func crash(t testing.TB, f file) file {
	t.Helper()
	data, err := os.ReadFile(f.path)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "licenses.db")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return open(t, path)
}

// checkFile runs bbolt's own check of a database's structure, and ours of the
// records in it.
func checkFile(t testing.TB, path string) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: 10 * time.Second, ReadOnly: true})
	if err != nil {
		t.Errorf("open %s to check it: %v", path, err)
		return
	}
	defer db.Close()
	_ = db.View(func(tx *bbolt.Tx) error {
		for err := range tx.Check() {
			t.Errorf("check of %s: %v", path, err)
		}
		if err := bboltstore.CheckRecords(tx); err != nil {
			t.Errorf("check of %s: %v", path, err)
		}
		return nil
	})
}

func TestStore(t *testing.T) { t.Parallel(); storetest.Run(t, newStore) }

func TestDurable(t *testing.T) { t.Parallel(); storetest.RunDurable(t, newStore, crash) }

// oneKey issues a key with an activation to end.
func oneKey(t testing.TB, store licensekey.Admin) licensekey.DeactivateRequest {
	t.Helper()
	now := time.Now()
	customer := licensekey.Customer{ID: uuid.New()}
	k := licensekey.LicenseKeyWithActivations{
		LicenseKey: licensekey.LicenseKey{ID: uuid.New(), CreatedAt: now, OrganizationID: org,
			Key: licensekey.NewKey(""), Status: licensekey.StatusGranted, Customer: customer},
		Activations: []licensekey.Activation{{ID: uuid.New(), CreatedAt: now}},
	}
	if added, err := store.Import(t.Context(), []licensekey.LicenseKeyWithActivations{k}); err != nil || added != 1 {
		t.Fatalf("Import = %d, %v", added, err)
	}
	return licensekey.DeactivateRequest{OrganizationID: org, Key: k.Key, ActivationID: k.Activations[0].ID, Now: now}
}

// someKeys is oneKey n times.
func someKeys(t testing.TB, store licensekey.Admin, n int) (reqs []licensekey.DeactivateRequest) {
	t.Helper()
	for range n {
		reqs = append(reqs, oneKey(t, store))
	}
	return reqs
}

func TestNewSharesDatabase(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "app.db")
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	users := []byte("users")
	if err := db.Update(func(tx *bbolt.Tx) error { _, err := tx.CreateBucket(users); return err }); err != nil {
		t.Fatal(err)
	}
	first, err := bboltstore.New(db)
	if err != nil {
		t.Fatal(err)
	}
	req := oneKey(t, first)
	if err := first.Close(); err != nil {
		t.Errorf("Close = %v, want nil", err)
	}
	second, err := bboltstore.New(db)
	if err != nil {
		t.Fatalf("New on a database that has a store = %v", err)
	}
	if err := second.Deactivate(t.Context(), req); err != nil {
		t.Errorf("Deactivate = %v, want nil", err)
	}
	_ = db.View(func(tx *bbolt.Tx) error {
		if tx.Bucket(users) == nil {
			t.Error("the host's bucket is gone")
		}
		return nil
	})
}

// TestSyncs holds that a store that Open made asks for every sync. That a
// change survives a kill, as TestKilled shows, says nothing of lost power.
func TestSyncs(t *testing.T) {
	t.Parallel()
	f := newStore(t, nil)
	if db := bboltstore.DB(f.Store); db.NoSync || db.NoGrowSync || db.NoFreelistSync {
		t.Errorf("NoSync %v, NoGrowSync %v, NoFreelistSync %v, want false", db.NoSync, db.NoGrowSync, db.NoFreelistSync)
	}
}

// TestMissDoesNotWait holds the writer, so that a call that waits for it would
// never return.
func TestMissDoesNotWait(t *testing.T) {
	t.Parallel()
	f := newStore(t, nil)
	req := oneKey(t, f)
	release := held(t, f)
	defer release()
	miss, unknown := req, req
	miss.ActivationID = uuid.New()
	unknown.Key = "unknown"
	for _, req := range []licensekey.DeactivateRequest{miss, unknown} {
		if err := f.Deactivate(t.Context(), req); !errors.Is(err, licensekey.ErrNotFound) {
			t.Errorf("a miss while the writer is busy = %v, want ErrNotFound", err)
		}
	}
	_, err := f.Activate(t.Context(), licensekey.ActivateRequest{OrganizationID: org, Key: req.Key, ActivationID: uuid.New(), Now: req.Now})
	if !errors.Is(err, licensekey.ErrNoActivations) {
		t.Errorf("a rejected activation while the writer is busy = %v, want ErrNoActivations", err)
	}
	_, err = f.Validate(t.Context(), licensekey.ValidateRequest{OrganizationID: org, Key: req.Key, ActivationID: &miss.ActivationID, Now: req.Now})
	if !errors.Is(err, licensekey.ErrNotFound) {
		t.Errorf("a rejected validation while the writer is busy = %v, want ErrNotFound", err)
	}
}

// TestCanceledWhileWaiting cancels a call that waits for the writer, which
// another transaction holds: it returns, and nothing is changed.
func TestCanceledWhileWaiting(t *testing.T) {
	t.Parallel()
	f := newStore(t, nil)
	req := oneKey(t, f)
	release := held(t, f)
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() { result <- f.Deactivate(ctx, req) }()
	bboltstore.WaitQueued(f.Store, 1)
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("Deactivate = %v, want context.Canceled", err)
	}
	release()
	if err := f.Deactivate(t.Context(), req); err != nil {
		t.Errorf("Deactivate after a canceled one = %v, want nil", err)
	}
}

// TestClosed calls every method of a closed store, made by Open and by New.
func TestClosed(t *testing.T) {
	t.Parallel()
	shared, err := bbolt.Open(filepath.Join(t.TempDir(), "app.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer shared.Close()
	made, err := bboltstore.New(shared)
	if err != nil {
		t.Fatal(err)
	}
	for name, store := range map[string]*bboltstore.Store{"Open": newStore(t, nil).Store, "New": made} {
		req := oneKey(t, store)
		k, err := store.GetByKey(t.Context(), org, req.Key)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := store.Close(); err != nil {
				t.Errorf("Close of a store made by %s = %v, want nil", name, err)
			}
		}
		backup := filepath.Join(t.TempDir(), "backup.db")
		for method, call := range map[string]func(context.Context) error{
			"Deactivate": func(ctx context.Context) error { return store.Deactivate(ctx, req) },
			"a miss":     func(ctx context.Context) error { return store.Deactivate(ctx, licensekey.DeactivateRequest{}) },
			"Activate": func(ctx context.Context) error {
				_, err := store.Activate(ctx, licensekey.ActivateRequest{})
				return err
			},
			"Validate": func(ctx context.Context) error {
				_, err := store.Validate(ctx, licensekey.ValidateRequest{})
				return err
			},
			"Issue": func(ctx context.Context) error {
				_, err := store.Issue(ctx, licensekey.IssueRequest{OrganizationID: org})
				return err
			},
			"Import":   func(ctx context.Context) error { _, err := store.Import(ctx, nil); return err },
			"Get":      func(ctx context.Context) error { _, err := store.Get(ctx, k.ID); return err },
			"GetByKey": func(ctx context.Context) error { _, err := store.GetByKey(ctx, org, req.Key); return err },
			"List":     func(ctx context.Context) error { _, err := store.List(ctx, licensekey.ListRequest{}); return err },
			"Count":    func(ctx context.Context) error { _, err := store.Count(ctx, licensekey.ListRequest{}); return err },
			"UpdateCustomer": func(ctx context.Context) error {
				_, err := store.UpdateCustomer(ctx, licensekey.UpdateCustomerRequest{Customer: k.Customer})
				return err
			},
			"Update": func(ctx context.Context) error {
				_, err := store.Update(ctx, licensekey.UpdateRequest{ID: k.ID})
				return err
			},
			"Rotate": func(ctx context.Context) error {
				_, err := store.Rotate(ctx, licensekey.RotateRequest{ID: k.ID})
				return err
			},
			"Delete": func(ctx context.Context) error { return store.Delete(ctx, k.ID) },
			"Check":  store.Check,
			"Backup": func(ctx context.Context) error { return store.Backup(ctx, io.Discard) },
			"BackupFile": func(ctx context.Context) error {
				return store.BackupFile(ctx, backup)
			},
		} {
			if err := call(t.Context()); err == nil || errors.Is(err, licensekey.ErrNotFound) {
				t.Errorf("%s after Close of a store made by %s = %v, want another error than ErrNotFound", method, name, err)
			}
		}
	}
}

// TestNewFileIsSmall holds that the large mapping of a database does not make its
// file large.
func TestNewFileIsSmall(t *testing.T) {
	t.Parallel()
	f := newStore(t, nil)
	for _, tt := range []struct{ keys, kib int64 }{{0, 128}, {50, 512}} {
		someKeys(t, f, int(tt.keys))
		info, err := os.Stat(f.path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > tt.kib<<10 {
			t.Errorf("a file with %d keys has %d KiB, want at most %d", tt.keys, info.Size()>>10, tt.kib)
		}
	}
}

func wantGone(t *testing.T, f file, reqs ...licensekey.DeactivateRequest) {
	t.Helper()
	for _, req := range reqs {
		if err := f.Deactivate(t.Context(), req); !errors.Is(err, licensekey.ErrNotFound) {
			t.Errorf("an acknowledged deactivation again = %v, want ErrNotFound", err)
		}
	}
}

// largeKey opens a store at path with a key of that many activations.
func largeKey(t testing.TB, path string, activations int) (licensekey.LicenseKeyWithActivations, file) {
	t.Helper()
	f := open(t, path)
	k := benchKey(time.Now())
	k.Activations = nil
	for range activations {
		k.Activations = append(k.Activations, licensekey.Activation{ID: uuid.New(), CreatedAt: k.CreatedAt})
	}
	if _, err := f.Import(t.Context(), []licensekey.LicenseKeyWithActivations{k}); err != nil {
		t.Fatal(err)
	}
	return k, f
}
