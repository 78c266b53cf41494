package bboltstore_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/bboltstore"
)

// sameLabel is true of the activations with that label.
func sameLabel(label string) func(licensekey.Activation) bool {
	return func(a licensekey.Activation) bool { return a.Label == label }
}

// oneSeat returns a request for an activation of a license key with one seat, by the
// device "laptop".
func oneSeat(t *testing.T, f file) licensekey.ActivateRequest {
	t.Helper()
	k, err := f.Issue(t.Context(), licensekey.IssueRequest{OrganizationID: org, LimitActivations: 1})
	if err != nil {
		t.Fatal(err)
	}
	return licensekey.ActivateRequest{
		OrganizationID: org, Key: k.Key, ActivationID: uuid.New(), Label: "laptop", Now: k.CreatedAt, Same: sameLabel("laptop"),
	}
}

// TestSameWritesNothing holds that an activation that is returned again costs no
// commit.
func TestSameWritesNothing(t *testing.T) {
	t.Parallel()
	f := newStore(t, nil)
	req := oneSeat(t, f)
	first, err := f.Activate(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	before := lastCommit(t, f)
	for range 3 {
		req.ActivationID = uuid.New()
		got, err := f.Activate(t.Context(), req)
		if err != nil || got.Activation.ID != first.Activation.ID {
			t.Errorf("Activate by the same device = %v, %v, want %v", got.Activation.ID, err, first.Activation.ID)
		}
	}
	if commits := lastCommit(t, f) - before; commits != 0 {
		t.Errorf("activations by the same device took %d commits, want none", commits)
	}
}

// TestSameQueued queues the first activations of a device, so that all are decided
// by the writer: one is made, and the others return it.
func TestSameQueued(t *testing.T) {
	t.Parallel()
	f := newStore(t, nil)
	req, other := oneSeat(t, f), oneKey(t, f)
	before := lastCommit(t, f)
	release := held(t, f)
	const calls = 20
	got := make([]licensekey.Activated, calls)
	errs := make([]error, calls)
	var wg sync.WaitGroup
	for i := range calls {
		wg.Go(func() {
			req := req
			req.ActivationID = uuid.New()
			got[i], errs[i] = f.Activate(context.Background(), req)
		})
	}
	wg.Go(func() {
		if err := f.Deactivate(context.Background(), other); err != nil {
			t.Errorf("a call beside them = %v, want nil", err)
		}
	})
	bboltstore.WaitQueued(f.Store, calls+1)
	release()
	wg.Wait()
	for i := range calls {
		if errs[i] != nil || got[i].Activation.ID != got[0].Activation.ID {
			t.Errorf("call %d by the same device = %v, %v, want %v", i, got[i].Activation.ID, errs[i], got[0].Activation.ID)
		}
	}
	// The first is on its way before the others come.
	if commits := lastCommit(t, f) - before; commits > 2 {
		t.Errorf("%d calls took %d commits, want at most 2", calls+1, commits)
	}
}

// TestSamePanicsInTheWriter lets Same panic in the transaction that other changes
// share: only the call that has it fails.
func TestSamePanicsInTheWriter(t *testing.T) {
	t.Parallel()
	f := newStore(t, nil)
	first, beside, req := oneKey(t, f), oneKey(t, f), oneSeat(t, f)
	if _, err := f.Activate(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	k, err := f.GetByKey(t.Context(), org, req.Key)
	if err != nil {
		t.Fatal(err)
	}
	seats := int64(2)
	if _, err := f.Update(t.Context(), licensekey.UpdateRequest{ID: k.ID, LimitActivations: &seats}); err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int64
	req.ActivationID = uuid.New()
	req.Same = func(licensekey.Activation) bool {
		if asked.Add(1) > 1 {
			panic("boom")
		}
		return false
	}
	release := held(t, f)
	others, panicked := make(chan error, 2), make(chan error, 1)
	go func() { others <- f.Deactivate(context.Background(), first) }()
	bboltstore.WaitQueued(f.Store, 1)
	go func() { _, err := f.Activate(context.Background(), req); panicked <- err }()
	bboltstore.WaitQueued(f.Store, 2)
	go func() { others <- f.Deactivate(context.Background(), beside) }()
	bboltstore.WaitQueued(f.Store, 3)
	release()
	if err := <-panicked; err == nil || !strings.Contains(err.Error(), "boom") {
		t.Errorf("Activate with a Same that panics = %v, want an error with the panic", err)
	}
	for range 2 {
		if err := <-others; err != nil {
			t.Errorf("a call beside it = %v, want nil", err)
		}
	}
	req.Same = sameLabel("laptop")
	if got, err := f.Activate(t.Context(), req); err != nil || got.Activation.ID == req.ActivationID {
		t.Errorf("Activate after the panic = %v, %v, want the first activation", got.Activation.ID, err)
	}
}
