package bboltstore_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/bboltstore"
)

// held holds the database's writer until release is called, so that what comes
// meanwhile queues up.
func held(t *testing.T, f file) (release func()) {
	t.Helper()
	tx, err := bboltstore.DB(f.Store).Begin(true)
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := tx.Rollback(); err != nil {
			t.Error(err)
		}
	}
}

// TestQueuedTogether lets calls queue up and holds that each is decided on what
// those before it have left, and that a rejected change disturbs no other.
func TestQueuedTogether(t *testing.T) {
	t.Parallel()
	f := newStore(t, nil)
	reqs := someKeys(t, f, 20)
	before := lastCommit(t, f)
	release := held(t, f)
	errs := make(chan error, 3*len(reqs))
	var wg sync.WaitGroup
	for _, req := range reqs {
		for range 3 {
			wg.Go(func() { errs <- f.Deactivate(context.Background(), req) })
		}
	}
	bboltstore.WaitQueued(f.Store, 3*len(reqs))
	release()
	wg.Wait()
	close(errs)
	done, notFound := 0, 0
	for err := range errs {
		switch {
		case err == nil:
			done++
		case errors.Is(err, licensekey.ErrNotFound):
			notFound++
		default:
			t.Errorf("Deactivate = %v", err)
		}
	}
	if done != len(reqs) || notFound != 2*len(reqs) {
		t.Errorf("three calls for each of %d activations: %d nil and %d ErrNotFound", len(reqs), done, notFound)
	}
	// The first is on its way before the others come.
	if commits := lastCommit(t, f) - before; commits > 2 {
		t.Errorf("%d calls took %d commits, want 2", 3*len(reqs), commits)
	}
}

// TestDroppedFromQueue ends the context of one queued call: it returns at once,
// and the others are committed.
func TestDroppedFromQueue(t *testing.T) {
	t.Parallel()
	f := newStore(t, nil)
	first, dropped, last := oneKey(t, f), oneKey(t, f), oneKey(t, f)
	release := held(t, f)
	results := make(chan error, 2)
	go func() { results <- f.Deactivate(context.Background(), first) }()
	bboltstore.WaitQueued(f.Store, 1)
	ctx, cancel := context.WithCancel(t.Context())
	canceled := make(chan error)
	go func() { canceled <- f.Deactivate(ctx, dropped) }()
	bboltstore.WaitQueued(f.Store, 2)
	go func() { results <- f.Deactivate(context.Background(), last) }()
	bboltstore.WaitQueued(f.Store, 3)
	cancel()
	// The writer is still held: only leaving the queue can end this call.
	if err := <-canceled; !errors.Is(err, context.Canceled) {
		t.Errorf("the canceled call = %v, want context.Canceled", err)
	}
	release()
	for range 2 {
		if err := <-results; err != nil {
			t.Errorf("a call beside the canceled one = %v, want nil", err)
		}
	}
	if err := f.Deactivate(t.Context(), dropped); err != nil {
		t.Errorf("what the canceled call did not end = %v, want nil", err)
	}
}

// TestPanicInAChange lets a panic fail the commit that it is in: everyone in it
// gets an error and nothing is changed, and the commits before and after are as
// if there had been none.
func TestPanicInAChange(t *testing.T) {
	t.Parallel()
	f := newStore(t, nil)
	before, beside := oneKey(t, f), oneKey(t, f)
	release := held(t, f)
	first, failed := make(chan error, 1), make(chan error, 2)
	go func() { first <- f.Deactivate(context.Background(), before) }()
	bboltstore.WaitQueued(f.Store, 1)
	go func() { failed <- f.Deactivate(context.Background(), beside) }()
	bboltstore.WaitQueued(f.Store, 2)
	go func() {
		failed <- bboltstore.Change(f.Store, func(*bbolt.Tx) (func() error, error) {
			return func() error { panic("boom") }, nil
		})
	}()
	bboltstore.WaitQueued(f.Store, 3)
	release()
	if err := <-first; err != nil {
		t.Errorf("a call in the commit before = %v, want nil", err)
	}
	for range 2 {
		if err := <-failed; err == nil || !strings.Contains(err.Error(), "boom") {
			t.Errorf("a call in the commit of the panic = %v, want an error with the panic", err)
		}
	}
	if err := f.Deactivate(t.Context(), beside); err != nil {
		t.Errorf("what failed, again = %v, want nil", err)
	}
}

// TestPanicInADecision holds that a panic in a read transaction is an error too.
func TestPanicInADecision(t *testing.T) {
	t.Parallel()
	f := newStore(t, nil)
	err := bboltstore.Change(f.Store, func(*bbolt.Tx) (func() error, error) { panic("boom") })
	if err == nil || !strings.Contains(err.Error(), "boom") {
		t.Errorf("a change that panics = %v, want an error with the panic", err)
	}
	if err := f.Deactivate(t.Context(), oneKey(t, f)); err != nil {
		t.Errorf("a call after the panic = %v, want nil", err)
	}
}

// TestCloseFinishesQueued closes a store while calls are queued: each gets the
// result of its change, which is there after reopening.
func TestCloseFinishesQueued(t *testing.T) {
	t.Parallel()
	f := newStore(t, nil)
	reqs := someKeys(t, f, 20)
	release := held(t, f)
	results := make(chan error, len(reqs))
	for _, req := range reqs {
		go func() { results <- f.Deactivate(context.Background(), req) }()
	}
	bboltstore.WaitQueued(f.Store, len(reqs))
	closed := make(chan error)
	go func() { closed <- f.Close() }()
	bboltstore.WaitClosing(f.Store)
	release()
	if err := <-closed; err != nil {
		t.Errorf("Close = %v", err)
	}
	for range reqs {
		if err := <-results; err != nil {
			t.Errorf("a call that was queued when the store was closed = %v, want nil", err)
		}
	}
	f = open(t, f.path)
	for _, req := range reqs {
		if err := f.Deactivate(t.Context(), req); !errors.Is(err, licensekey.ErrNotFound) {
			t.Errorf("Deactivate after reopening = %v, want ErrNotFound", err)
		}
	}
}

// TestFullDatabase fills a database up to its size limit: the change that does
// not fit is rejected, nothing else is lost, and when there is room again the
// store goes on.
func TestFullDatabase(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "full.db")
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{MaxSize: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	store, err := bboltstore.New(db)
	if err != nil {
		t.Fatal(err)
	}
	var keys []licensekey.LicenseKey
	for {
		k, err := store.Issue(t.Context(), licensekey.IssueRequest{OrganizationID: org, LimitActivations: 1})
		if err != nil {
			if errors.Is(err, bboltstore.ErrBroken) {
				t.Fatalf("Issue into a full database = %v, want an error that passes", err)
			}
			break
		}
		keys = append(keys, k)
	}
	for _, k := range keys {
		if _, err := store.Get(t.Context(), k.ID); err != nil {
			t.Fatalf("after the database was full, Get of a key that was issued = %v", err)
		}
	}
	db.MaxSize *= 2
	if _, err := store.Issue(t.Context(), licensekey.IssueRequest{OrganizationID: org}); err != nil {
		t.Errorf("Issue after making room = %v, want nil", err)
	}
	t.Logf("%d keys fitted", len(keys))
}
