package storetest

import (
	"errors"
	"testing"

	"github.com/licensekit/licensekey"
)

// TestDurable tests that changes outlive the store: reopen closes a store and
// returns one over the same data.
func TestDurable[S licensekey.Deactivator](t *testing.T, newStore Factory[S], reopen func(testing.TB, S) S) {
	k, other := newKey(orgA, "KEY-1", 3), newKey(orgB, "KEY-1", 1)
	d := newStore(t, []licensekey.LicenseKeyWithActivations{k, other})
	wantDeactivated(t, d, deactivation(k, 1))
	d = reopen(t, d)
	wantNotFound(t, d, deactivation(k, 1))
	wantDeactivated(t, d, deactivation(k, 0))
	d = reopen(t, d)
	wantNotFound(t, d, deactivation(k, 0))
	wantNotFound(t, d, deactivation(k, 1))
	wantDeactivated(t, d, deactivation(k, 2))
	wantDeactivated(t, d, deactivation(other, 0))
}

// TestDurableEndpoints is TestDurable for a store that serves every endpoint.
func TestDurableEndpoints[S licensekey.Store](t *testing.T, newStore Factory[S], reopen func(testing.TB, S) S) {
	k := withLimit("KEY-1", 2, 0)
	s := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	first := activation(k)
	wantActivated(t, s, first)
	wantActivated(t, s, activation(k))
	req := validation(k)
	req.ActivationID, req.IncrementUsage = &first.ActivationID, 4
	wantCounts(t, s, req, 1, 4)
	s = reopen(t, s)
	wantActivateError(t, s, activation(k), licensekey.ErrActivationLimit)
	wantCounts(t, s, req, 2, 8)
	wantDeactivated(t, s, deactivationOf(first))
	s = reopen(t, s)
	wantValidateError(t, s, req, licensekey.ErrNotFound)
	wantActivated(t, s, activation(k))
}

// TestDurableAdmin is TestDurable for the host's side.
func TestDurableAdmin[S Admin](t *testing.T, newStore Factory[S], reopen func(testing.TB, S) S) {
	kept, gone := newKey(orgA, "KEPT", 2), newKey(orgA, "GONE", 2)
	s := newStore(t, []licensekey.LicenseKeyWithActivations{kept, gone})
	issued, err := s.Issue(t.Context(), licensekey.IssueRequest{OrganizationID: orgB})
	if err != nil {
		t.Fatalf("Issue = %v", err)
	}
	if err := s.Delete(t.Context(), gone.ID); err != nil {
		t.Fatalf("Delete = %v", err)
	}
	usage := int64(3)
	if _, err := s.Update(t.Context(), licensekey.UpdateRequest{ID: kept.ID, Usage: &usage, Now: now}); err != nil {
		t.Fatalf("Update = %v", err)
	}
	if kept.LicenseKey, err = s.Rotate(t.Context(), licensekey.RotateRequest{ID: kept.ID, Now: now}); err != nil || kept.Usage != usage {
		t.Fatalf("Rotate = %v with usage %d, %v", kept.LicenseKey, kept.Usage, err)
	}
	s = reopen(t, s)
	wantStored(t, s, kept)
	wantStored(t, s, licensekey.LicenseKeyWithActivations{LicenseKey: issued})
	if _, err := s.Get(t.Context(), gone.ID); !errors.Is(err, licensekey.ErrNotFound) {
		t.Errorf("Get of a deleted key after reopening = %v, want ErrNotFound", err)
	}
}
