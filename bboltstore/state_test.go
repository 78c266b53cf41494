package bboltstore_test

import (
	"bytes"
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/bboltstore"
)

// TestSlots ends and takes seats of one key again and again: what is live is
// what the responses said, and the records of what has ended do not pile up.
func TestSlots(t *testing.T) {
	t.Parallel()
	k, f := largeKey(t, t.TempDir()+"/licenses.db", 3)
	limit := int64(3)
	if _, err := f.Update(t.Context(), licensekey.UpdateRequest{ID: k.ID, LimitActivations: &limit}); err != nil {
		t.Fatal(err)
	}
	var live []uuid.UUID
	for _, a := range k.Activations {
		live = append(live, a.ID)
	}
	for round := range 30 {
		for range 1 + round%3 {
			req := licensekey.DeactivateRequest{OrganizationID: org, Key: k.Key, ActivationID: live[round%len(live)]}
			if err := f.Deactivate(t.Context(), req); err != nil {
				t.Fatalf("round %d: Deactivate = %v", round, err)
			}
			wantGone(t, f, req)
			live = slices.DeleteFunc(live, func(id uuid.UUID) bool { return id == req.ActivationID })
		}
		for len(live) < 3 {
			a, err := f.Activate(t.Context(), licensekey.ActivateRequest{
				OrganizationID: org, Key: k.Key, ActivationID: uuid.New(), Now: time.Now(),
			})
			if err != nil {
				t.Fatalf("round %d, with %d live: Activate = %v", round, len(live), err)
			}
			live = append(live, a.Activation.ID)
		}
		wantLive(t, f, k.ID, live)
	}
	err := bboltstore.DB(f.Store).View(func(tx *bbolt.Tx) error {
		if n := tx.Bucket([]byte("licensekey.activations")).Stats().KeyN; n != 1+3 {
			t.Errorf("there are %d records for activations, want the number and the 3 live ones", n)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func wantLive(t *testing.T, f file, licenseKeyID uuid.UUID, want []uuid.UUID) {
	t.Helper()
	k, err := f.Get(t.Context(), licenseKeyID)
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[uuid.UUID]bool)
	for _, a := range k.Activations {
		got[a.ID] = true
	}
	for _, id := range want {
		if !got[id] {
			t.Errorf("live are %v, want %v", got, want)
		}
	}
	if len(k.Activations) != len(want) {
		t.Errorf("%d are live, want %d", len(k.Activations), len(want))
	}
}

// TestMovedStates lets recent states be moved in a sequence of changes: they say
// the same before and after.
func TestMovedStates(t *testing.T) {
	t.Parallel()
	f := newStore(t, nil)
	reqs := someKeys(t, f, 20)
	for n := int64(1); n <= 3; n++ {
		for i, req := range reqs {
			v, err := f.Validate(t.Context(), licensekey.ValidateRequest{OrganizationID: org, Key: req.Key, IncrementUsage: 2, Now: time.Now()})
			if err != nil || v.LicenseKey.Validations != n || v.LicenseKey.Usage != 2*n {
				t.Errorf("validation %d of key %d = %+v, %v, want it counted", n, i, v.LicenseKey, err)
			}
			if i%7 != 0 {
				continue
			}
			if err := bboltstore.MoveAll(f.Store); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i, req := range reqs {
		if err := f.Deactivate(t.Context(), req); err != nil {
			t.Errorf("Deactivate of key %d = %v, want nil", i, err)
		}
	}
	wantGone(t, f, reqs...)
	if err := bboltstore.MoveAll(f.Store); err != nil {
		t.Fatal(err)
	}
	wantGone(t, f, reqs...)
	for k, err := range licensekey.All(t.Context(), f, licensekey.ListRequest{}) {
		if err != nil || k.Validations != 3 || k.Usage != 6 || k.LastValidatedAt == nil || len(k.Activations) != 0 {
			t.Errorf("stored is %+v, %v, want 3 validations, usage 6 and no activations", k, err)
		}
	}
}

// TestRecentStatesAreMoved makes as many changes as it takes to move every state:
// that of a license key which changed first, and not again, has been moved.
func TestRecentStatesAreMoved(t *testing.T) {
	t.Parallel()
	f, reqs := benchStore(t, 3_000)
	first := reqs[0]
	k, err := f.GetByKey(t.Context(), org, first.Key)
	if err != nil {
		t.Fatal(err)
	}
	wantRecent := func(want bool) {
		t.Helper()
		err := bboltstore.DB(f.Store).View(func(tx *bbolt.Tx) error {
			if got := tx.Bucket([]byte("licensekey.recent")).Get(k.ID[:]) != nil; got != want {
				t.Errorf("the state of the license key that changed first is recent: %v, want %v", got, want)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	if err := f.Deactivate(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	wantRecent(true)
	others := slices.DeleteFunc(reqs, func(req licensekey.DeactivateRequest) bool { return req.Key == first.Key })
	elapsed(t, 64, others, func(req licensekey.DeactivateRequest) error { return f.Deactivate(context.Background(), req) })
	wantRecent(false)
}

// FuzzState parses any bytes as a state: none make it panic, and what is written
// of the result is read as the same.
func FuzzState(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0, 0, 0, 0})
	f.Add([]byte{2, 4, 0x81, 0x80, 0x80, 0x80, 0x10, 0, 5, 6})
	f.Add([]byte{2, 4, 0x81, 0x80, 0x80, 0x80, 0x10, 0, 5})
	f.Fuzz(func(t *testing.T, b []byte) {
		once, err := bboltstore.RewriteState(b)
		if err != nil {
			return
		}
		twice, err := bboltstore.RewriteState(once)
		if err != nil || !bytes.Equal(once, twice) {
			t.Errorf("%x is written as %x and then as %x, %v", b, once, twice, err)
		}
	})
}
