package storetest

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/licensekit/licensekey"
)

// TestStore tests what can only be seen by calling several methods: Validate finds
// what Activate has made, and does not find what Deactivate has ended, and the seats
// of a license key are taken and freed one by one. It does not repeat the tests of
// [TestDeactivator], [TestActivator] and [TestValidator]: run these too.
func TestStore[S licensekey.Store](t *testing.T, newStore Factory[S]) {
	runAll(t, as[licensekey.Store](newStore), []test[licensekey.Store]{
		{"MadeAndEnded", testMadeAndEnded},
		{"AsRequested", testStoredAsRequested},
		{"RejectedActivations", testRejectedActivations},
		{"FreedSeat", testFreedSeat},
		{"NothingShared", testStoreNothingShared},
		{"OneSeat", testOneSeat},
		{"NeverBeyondTheLimit", testNeverBeyondTheLimit},
		{"EndedWhileValidating", testEndedWhileValidating},
		{"SameEnded", testSameEnded},
		{"SameWhileEnding", testSameWhileEnding},
	})
}

// validationOf returns the request that validates what req has made.
func validationOf(req licensekey.ActivateRequest) licensekey.ValidateRequest {
	return licensekey.ValidateRequest{
		OrganizationID: req.OrganizationID, Key: req.Key, ActivationID: &req.ActivationID, Conditions: req.Conditions, Now: req.Now,
	}
}

// testMadeAndEnded makes an activation, validates it, ends it and validates it
// again, and does the same with one that the store began with.
func testMadeAndEnded(t *testing.T, newStore Factory[licensekey.Store]) {
	k := withLimit("KEY-1", 2, 1)
	s := newStore(t, []licensekey.LicenseKeyWithActivations{k, newKey(orgB, "KEY-1", 1)})
	made := activation(k)
	wantActivated(t, s, made)
	begunWith := made
	begunWith.ActivationID = k.Activations[0].ID
	counted := int64(0)
	for _, req := range []licensekey.ActivateRequest{made, begunWith} {
		for range 2 {
			counted++
			if got := wantCounts(t, s, validationOf(req), counted, 0); got.Activation != nil && got.Activation.ID != req.ActivationID {
				t.Errorf("Validate returned the activation %v, want %v", got.Activation.ID, req.ActivationID)
			}
		}
		wantDeactivated(t, s, deactivationOf(req))
		for range 2 {
			wantValidateError(t, s, validationOf(req), licensekey.ErrNotFound)
			wantNotFound(t, s, deactivationOf(req))
		}
	}
	// The key itself is still valid.
	wantCounts(t, s, validation(k), counted+1, 0)
}

// testStoredAsRequested looks at activations as Validate returns them.
func testStoredAsRequested(t *testing.T, newStore Factory[licensekey.Store]) {
	k := withLimit("KEY-1", 100, 0)
	s := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	counted := int64(0)
	for _, req := range requested(k) {
		want := wantActivated(t, s, req).Activation
		counted++
		got := wantCounts(t, s, validationOf(req), counted, 0).Activation
		if got == nil || string(asJSON(*got)) != string(asJSON(want)) {
			t.Errorf("Validate returned the activation\n%s\nand Activate returned\n%s", asJSON(got), asJSON(want))
		}
		if orEmpty(req.Conditions)[1] != '}' {
			unmet := validationOf(req)
			unmet.Conditions = nil
			wantValidateError(t, s, unmet, licensekey.ErrConditions)
		}
	}
}

func testRejectedActivations(t *testing.T, newStore Factory[licensekey.Store]) {
	full, none, expired := withLimit("FULL", 1, 1), withLimit("NONE", 0, 0), withLimit("EXPIRED", 1, 0)
	past := now
	expired.ExpiresAt = &past
	s := newStore(t, []licensekey.LicenseKeyWithActivations{full, none, expired})
	for k, want := range map[*licensekey.LicenseKeyWithActivations]error{
		&full: licensekey.ErrActivationLimit, &none: licensekey.ErrNoActivations, &expired: licensekey.ErrExpired,
	} {
		req := activation(*k)
		wantActivateError(t, s, req, want)
		wantNotFound(t, s, deactivationOf(req))
	}
	taken := activation(full)
	taken.ActivationID = full.Activations[0].ID
	wantActivateError(t, s, taken, licensekey.ErrExists)
	got := wantCounts(t, s, validationOf(taken), 1, 0)
	if got.Activation != nil && got.Activation.Label != full.Activations[0].Label {
		t.Errorf("Activate with the id of a live activation changed its label to %q", got.Activation.Label)
	}
	wantDeactivated(t, s, deactivation(full, 0))
	wantNotFound(t, s, deactivation(full, 0))
}

// testFreedSeat tests that the very next call can take a seat that was freed.
func testFreedSeat(t *testing.T, newStore Factory[licensekey.Store]) {
	k := withLimit("KEY-1", 2, 0)
	s := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	first, second, third := activation(k), activation(k), activation(k)
	wantActivated(t, s, first)
	wantActivated(t, s, second)
	wantActivateError(t, s, activation(k), licensekey.ErrActivationLimit)
	wantDeactivated(t, s, deactivationOf(first))
	wantActivated(t, s, third)
	wantActivateError(t, s, activation(k), licensekey.ErrActivationLimit)
	wantNotFound(t, s, deactivationOf(first))
	wantDeactivated(t, s, deactivationOf(second))
	wantDeactivated(t, s, deactivationOf(third))
}

func testStoreNothingShared(t *testing.T, newStore Factory[licensekey.Store]) {
	k := withLimit("KEY-1", 1, 0)
	s := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	req := requested(k)[0]
	meta, conditions := string(req.Meta), string(req.Conditions)
	scribble(wantActivated(t, s, req))
	scribble(req.Meta)
	scribble(req.Conditions)
	for i := range int64(2) {
		again := validationOf(req)
		again.Conditions = []byte(conditions)
		got := wantCounts(t, s, again, i+1, 0)
		if a := got.Activation; a == nil || string(a.Meta) != meta || string(a.Conditions) != conditions {
			t.Errorf("after what was passed and returned was overwritten, Validate returns the activation %s, want meta %s and conditions %s", asJSON(a), meta, conditions)
		}
		scribble(got)
	}
}

// testOneSeat lets a few callers compete for the only seat of a key, many times.
func testOneSeat(t *testing.T, newStore Factory[licensekey.Store]) {
	k := withLimit("KEY-1", 1, 0)
	oneSeat(t, k, newStore(t, []licensekey.LicenseKeyWithActivations{k}))
}

// oneSeat lets a few callers compete for the only seat of k, through all of the
// handles, and frees it again, many times.
func oneSeat[S licensekey.Store](t *testing.T, k licensekey.LicenseKeyWithActivations, handles ...S) {
	t.Helper()
	rounds(func(int) bool {
		reqs, errs := make([]licensekey.ActivateRequest, few), make([]error, few)
		wantOneSeat(t, few, func(i int) error {
			reqs[i] = activation(k)
			_, errs[i] = handles[i%len(handles)].Activate(t.Context(), reqs[i])
			return errs[i]
		})
		for i, err := range errs {
			if err == nil {
				wantDeactivated(t, handles[(i+1)%len(handles)], deactivationOf(reqs[i]))
			}
		}
		return !t.Failed()
	})
}

// testNeverBeyondTheLimit lets many callers take and free seats. Each caller counts
// its seat only while it surely has it. So the count is never more than the number
// of seats that are taken, and it must never exceed the limit.
func testNeverBeyondTheLimit(t *testing.T, newStore Factory[licensekey.Store]) {
	const limit, tries = 3, 10
	k := withLimit("KEY-1", limit, 0)
	s := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	var taken, most, got atomic.Int64
	errs := together(callers, func(int) error {
		for range tries {
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

// testEndedWhileValidating ends an activation while others validate it: once
// Deactivate has returned, no validation passes.
func testEndedWhileValidating(t *testing.T, newStore Factory[licensekey.Store]) {
	k := withLimit("KEY-1", 1, 0)
	s := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	rounds(func(round int) bool {
		req := activation(k)
		wantActivated(t, s, req)
		var ended atomic.Bool
		for i, err := range together(few, func(i int) error {
			if i == 0 {
				defer ended.Store(true)
				return s.Deactivate(t.Context(), deactivationOf(req))
			}
			late := ended.Load()
			_, err := s.Validate(t.Context(), validationOf(req))
			if err == nil && late {
				return errors.New("nil after the activation had ended")
			}
			if errors.Is(err, licensekey.ErrNotFound) {
				return nil
			}
			return err
		}) {
			if err != nil {
				t.Errorf("round %d: Deactivate or Validate (call %d) = %v", round, i, err)
			}
		}
		wantValidateError(t, s, validationOf(req), licensekey.ErrNotFound)
		return !t.Failed()
	})
}
