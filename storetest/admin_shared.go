package storetest

import (
	"testing"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/internal/filled"
)

// testNothingShared overwrites what it has passed to a store and what the store has
// returned, and checks each time that the stored license key has not changed. Every
// field of the license key is set.
func testNothingShared(t *testing.T, s licensekey.ManagedStore) {
	passed, want := filled.LicenseKey(), filled.LicenseKey()
	mustImport(t, s, 1, passed)
	scribble(passed)
	wantStored(t, s, want)

	got, err := s.Get(t.Context(), want.ID)
	wantSame(t, "Get", got, err, want)
	scribble(got)
	wantStored(t, s, want)

	got, err = s.GetByKey(t.Context(), want.OrganizationID, want.Key)
	wantSame(t, "GetByKey", got, err, want)
	scribble(got)
	wantStored(t, s, want)

	listed, err := s.List(t.Context(), licensekey.ListRequest{})
	if err != nil || len(listed) != 1 {
		t.Fatalf("List = %d keys, %v, want 1", len(listed), err)
	}
	scribble(listed)
	wantStored(t, s, want)

	usage, expires := int64(7), want.ExpiresAt.Add(1)
	update := licensekey.UpdateRequest{ID: want.ID, Usage: &usage, LimitUsage: &usage, LimitActivations: &usage, ExpiresAt: &expires, Now: now}
	wantOwnCopy(t, s, "Update", want, func() (licensekey.LicenseKey, error) { return s.Update(t.Context(), update) }, &update)
	rotate := licensekey.RotateRequest{ID: want.ID, Now: now}
	wantOwnCopy(t, s, "Rotate", want, func() (licensekey.LicenseKey, error) { return s.Rotate(t.Context(), rotate) }, &rotate)
	issue := licensekey.IssueRequest{OrganizationID: orgA, Customer: filled.LicenseKey().Customer, LimitUsage: 3, LimitActivations: 3, Now: now}
	issue.Customer.ID = uuid.New()
	wantOwnCopy(t, s, "Issue", licensekey.LicenseKeyWithActivations{}, func() (licensekey.LicenseKey, error) { return s.Issue(t.Context(), issue) }, &issue)
}

// wantOwnCopy makes a change to k. Then it overwrites the request and what the store
// has returned, and checks that the stored license key has not changed.
func wantOwnCopy(t *testing.T, s licensekey.ManagedStore, what string, k licensekey.LicenseKeyWithActivations,
	change func() (licensekey.LicenseKey, error), req any) {
	t.Helper()
	changed, err := change()
	if err != nil {
		t.Fatalf("%s = %v, want nil", what, err)
	}
	checkTimes(t, what, changed)
	k.LicenseKey = changed.Clone()
	wantStored(t, s, k)
	scribble(req)
	scribble(&changed)
	wantStored(t, s, k)
}
