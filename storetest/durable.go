package storetest

import (
	"errors"
	"testing"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/internal/filled"
)

// RunDurable tests that every change of a store with a management API outlives
// the store: it runs [TestDurableDeactivator], [TestDurableStore] and
// [TestDurableAdmin], one after another.
//
// reopen ends a store and returns another over the same data. Let it end the store
// as abruptly as you can: close nothing, and crash what can be crashed. If reopen
// closes the store, a store that writes its changes only in Close passes the tests.
// For a store over a database server, kill the server and start it again. Otherwise
// a store passes whose tables are empty after a crash. reopen calls t.Fatal if it
// fails.
//
// No other call of the store is under way while reopen runs. These tests do not call
// t.Parallel. If reopen crashes something that other tests use, the test that calls
// RunDurable must not call t.Parallel either.
func RunDurable[S licensekey.ManagedStore](t *testing.T, newStore Factory[S], reopen func(testing.TB, S) S) {
	t.Run("Deactivator", func(t *testing.T) { TestDurableDeactivator(t, newStore, reopen) })
	t.Run("Store", func(t *testing.T) { TestDurableStore(t, newStore, reopen) })
	t.Run("Admin", func(t *testing.T) { TestDurableAdmin(t, newStore, reopen) })
}

// TestDurableDeactivator tests that deactivations outlive the store. For reopen
// see [RunDurable].
func TestDurableDeactivator[S licensekey.Deactivator](t *testing.T, newStore Factory[S], reopen func(testing.TB, S) S) {
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

// TestDurableStore tests that activations, validations and deactivations outlive
// the store. For reopen see [RunDurable].
func TestDurableStore[S licensekey.Store](t *testing.T, newStore Factory[S], reopen func(testing.TB, S) S) {
	k := withLimit("KEY-1", 2, 0)
	s := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	first := requested(k)[0]
	want := wantActivated(t, s, first).Activation
	wantActivated(t, s, activation(k))
	s = reopen(t, s)
	wantActivateError(t, s, activation(k), licensekey.ErrActivationLimit)
	wantActivateError(t, s, first, licensekey.ErrExists)
	req := validationOf(first)
	req.IncrementUsage = 4
	got := wantCounts(t, s, req, 1, 4)
	if got.Activation == nil || string(asJSON(*got.Activation)) != string(asJSON(want)) {
		t.Errorf("after reopening Validate returned the activation\n%s\nwant\n%s", asJSON(got.Activation), asJSON(want))
	}
	s = reopen(t, s)
	wantCounts(t, s, req, 2, 8)
	wantDeactivated(t, s, deactivationOf(first))
	s = reopen(t, s)
	wantValidateError(t, s, req, licensekey.ErrNotFound)
	wantActivated(t, s, activation(k))
}

// TestDurableAdmin tests that what the management API does outlives the store.
// For reopen see [RunDurable].
func TestDurableAdmin[S licensekey.ManagedStore](t *testing.T, newStore Factory[S], reopen func(testing.TB, S) S) {
	kept, gone, full := newKey(orgA, "KEPT", 2), newKey(orgA, "GONE", 2), filled.LicenseKey()
	s := newStore(t, []licensekey.LicenseKeyWithActivations{kept, gone})
	mustImport(t, s, 1, filled.LicenseKey())
	issued, err := s.Issue(t.Context(), licensekey.IssueRequest{OrganizationID: orgB})
	if err != nil {
		t.Fatalf("Issue = %v", err)
	}
	if err := s.Delete(t.Context(), gone.ID); err != nil {
		t.Fatalf("Delete = %v", err)
	}
	s = reopen(t, s)
	wantStored(t, s, full)
	wantStored(t, s, licensekey.LicenseKeyWithActivations{LicenseKey: issued})
	if _, err := s.Get(t.Context(), gone.ID); !errors.Is(err, licensekey.ErrNotFound) {
		t.Errorf("Get of a deleted key after reopening = %v, want ErrNotFound", err)
	}
	usage := int64(3)
	if kept.LicenseKey, err = s.Update(t.Context(), licensekey.UpdateRequest{ID: kept.ID, Usage: &usage, Now: now}); err != nil {
		t.Fatalf("Update = %v", err)
	}
	s = reopen(t, s)
	wantStored(t, s, kept)
	if kept.LicenseKey, err = s.Rotate(t.Context(), licensekey.RotateRequest{ID: kept.ID, Now: now}); err != nil || kept.Usage != usage {
		t.Fatalf("Rotate = %s, %v, want usage %d", asJSON(kept.LicenseKey), err, usage)
	}
	s = reopen(t, s)
	wantStored(t, s, kept)
	email := "ada@example.com"
	kept.Customer.Email = &email
	if kept.Customer, err = s.UpdateCustomer(t.Context(), licensekey.UpdateCustomerRequest{Customer: kept.Customer, Now: now}); err != nil {
		t.Fatalf("UpdateCustomer = %v", err)
	}
	s = reopen(t, s)
	wantStored(t, s, kept)
	wantListed(t, s, "the new e-mail, after reopening", licensekey.ListRequest{Email: email}, kept)
}
