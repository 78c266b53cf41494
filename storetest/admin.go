package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/internal/filled"
	"github.com/licensekit/licensekey/rules"
)

// TestAdmin tests what [licensekey.Admin] promises, except durability: for that see
// [TestDurableAdmin].
func TestAdmin[S licensekey.ManagedStore](t *testing.T, newStore Factory[S]) {
	tests := []struct {
		name string
		test func(*testing.T, licensekey.ManagedStore)
	}{
		{"Issue", testIssue},
		{"IssueInvalid", testIssueInvalid},
		{"IssueOnce", testIssueOnce},
		{"Import", testImport},
		{"ImportFull", testImportFull},
		{"ImportLeavesAlone", testImportLeavesAlone},
		{"ImportAllOrNone", testImportAllOrNone},
		{"NothingShared", testNothingShared},
		{"ListOrder", testListOrder},
		{"ListLimit", testListLimit},
		{"ListWhileChanging", testListWhileChanging},
		{"ListSeats", testListSeats},
		{"ListFilters", testListFilters},
		{"ListEmail", testListEmail},
		{"ListExternalID", testListExternalID},
		{"ListSuffix", testListSuffix},
		{"ListChanged", testListChanged},
		{"All", testAll},
		{"UpdateCustomer", testUpdateCustomer},
		{"EraseCustomer", testEraseCustomer},
		{"UpdateCustomerNothing", testUpdateCustomerNothing},
		{"IssueToCustomer", testIssueToCustomer},
		{"ImportCustomer", testImportCustomer},
		{"ImportForeignCustomer", testImportForeignCustomer},
		{"UpdateCustomerRace", testUpdateCustomerRace},
		{"DeleteCustomer", testDeleteCustomer},
		{"CustomerNotShared", testCustomerNotShared},
		{"Update", testUpdate},
		{"UpdateNothing", testUpdateNothing},
		{"EndActivation", testEndActivation},
		{"EndActivationOnce", testEndActivationOnce},
		{"Rotate", testRotate},
		{"RotateRace", testRotateRace},
		{"Delete", testDelete},
		{"ErrorsChangeNothing", testErrorsChangeNothing},
		{"SameChangesNothing", testSameChangesNothing},
		{"CanceledContext", testAdminCanceled},
		{"Closed", testAdminClosed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.test(t, newStore(t, nil))
		})
	}
}

// wantStored gets a license key by the id and by the key string of k, and compares
// both with k.
func wantStored(t testing.TB, s licensekey.Admin, k licensekey.LicenseKeyWithActivations) {
	t.Helper()
	want, err := rules.Import(k)
	if err != nil {
		t.Fatalf("a license key of the test cannot be stored: %v", err)
	}
	byID, err := s.Get(context.Background(), k.ID)
	wantSame(t, fmt.Sprintf("Get(%v)", k.ID), byID, err, want)
	byKey, err := s.GetByKey(context.Background(), k.OrganizationID, k.Key)
	wantSame(t, fmt.Sprintf("GetByKey(%v, %q)", k.OrganizationID, short(k.Key)), byKey, err, want)
}

func wantSame(t testing.TB, what string, got licensekey.LicenseKeyWithActivations, err error, want licensekey.LicenseKeyWithActivations) {
	t.Helper()
	if len(got.Activations) == 0 && len(want.Activations) == 0 {
		got.Activations, want.Activations = nil, nil
	}
	if err != nil || string(asJSON(got)) != string(asJSON(want)) {
		t.Errorf("%s\ngot  %s, %v\nwant %s", what, asJSON(got), err, asJSON(want))
	}
	checkTimes(t, what, got)
}

func mustImport(t testing.TB, s licensekey.ManagedStore, want int, keys ...licensekey.LicenseKeyWithActivations) {
	t.Helper()
	if added, err := s.Import(t.Context(), keys); err != nil || added != want {
		t.Fatalf("Import of %d keys = %d, %v, want %d, nil", len(keys), added, err, want)
	}
}

func testIssue(t *testing.T, s licensekey.ManagedStore) {
	k, err := s.Issue(t.Context(), licensekey.IssueRequest{OrganizationID: orgA, Prefix: "MYAPP", Now: now})
	if err != nil {
		t.Fatalf("Issue = %v", err)
	}
	if id, err := uuid.Parse(strings.TrimPrefix(string(k.Key), "MYAPP-")); err != nil || id.Version() != 4 {
		t.Errorf("Issue with the prefix MYAPP gave the key %q, want MYAPP- and a UUID", string(k.Key))
	}
	if k.ID == uuid.Nil || k.Status != licensekey.StatusGranted || !k.CreatedAt.Equal(now) || k.CustomerID == uuid.Nil {
		t.Errorf("Issue = %s, want the defaults", asJSON(k))
	}
	wantStored(t, s, licensekey.LicenseKeyWithActivations{LicenseKey: k})

	email := "ada@example.com"
	full, err := s.Issue(t.Context(), licensekey.IssueRequest{
		ID: uuid.New(), OrganizationID: orgA, BenefitID: uuid.New(), Key: "MINE", Status: licensekey.StatusDisabled,
		LimitActivations: 5, LimitUsage: 10, ExpiresAt: now.Add(time.Hour), Now: now,
		Customer: licensekey.Customer{ID: uuid.New(), Email: &email, Metadata: json.RawMessage(`{"plan": "pro", "f": 1.0}`)},
	})
	if err != nil {
		t.Fatalf("Issue = %v", err)
	}
	if full.Key != "MINE" || *full.LimitActivations != 5 || *full.LimitUsage != 10 || full.ExpiresAt == nil {
		t.Errorf("Issue = %s, want what was asked for", asJSON(full))
	}
	wantStored(t, s, licensekey.LicenseKeyWithActivations{LicenseKey: full})
}

func testIssueInvalid(t *testing.T, s licensekey.ManagedStore) {
	k, err := s.Issue(t.Context(), licensekey.IssueRequest{OrganizationID: orgA, Key: "TAKEN"})
	if err != nil {
		t.Fatalf("Issue = %v", err)
	}
	tests := []struct {
		name string
		req  licensekey.IssueRequest
		want error
	}{
		{"key string taken", licensekey.IssueRequest{OrganizationID: orgA, Key: "TAKEN"}, licensekey.ErrExists},
		{"id taken", licensekey.IssueRequest{OrganizationID: orgA, ID: k.ID}, licensekey.ErrExists},
		{"no organization", licensekey.IssueRequest{}, licensekey.ErrInvalid},
		{"unknown status", licensekey.IssueRequest{OrganizationID: orgA, Status: "expired"}, licensekey.ErrInvalid},
		{"NUL in key", licensekey.IssueRequest{OrganizationID: orgA, Key: "a\x00"}, licensekey.ErrInvalid},
		{"invalid UTF-8 in key", licensekey.IssueRequest{OrganizationID: orgA, Key: "\xff"}, licensekey.ErrInvalid},
		{"negative limit", licensekey.IssueRequest{OrganizationID: orgA, LimitActivations: -1}, licensekey.ErrInvalid},
		{"metadata no object", licensekey.IssueRequest{OrganizationID: orgA,
			Customer: licensekey.Customer{Metadata: json.RawMessage(`[]`)}}, licensekey.ErrInvalid},
	}
	for _, tt := range tests {
		if _, err := s.Issue(t.Context(), tt.req); !errors.Is(err, tt.want) {
			t.Errorf("%s: Issue = %v, want %v", tt.name, err, tt.want)
		}
	}
	if _, err := s.Issue(t.Context(), licensekey.IssueRequest{OrganizationID: orgB, Key: "TAKEN"}); err != nil {
		t.Errorf("Issue of a key string that another organization has = %v, want nil", err)
	}
	if keys, err := s.List(t.Context(), licensekey.ListRequest{}); err != nil || len(keys) != 2 {
		t.Errorf("after the errors List has %d keys, %v, want 2", len(keys), err)
	}
}

func testIssueOnce(t *testing.T, s licensekey.ManagedStore) {
	issued := 0
	for _, err := range together(callers, func(int) error {
		_, err := s.Issue(t.Context(), licensekey.IssueRequest{OrganizationID: orgA, Key: "ONE"})
		return err
	}) {
		if err == nil {
			issued++
		} else if !errors.Is(err, licensekey.ErrExists) {
			t.Errorf("Issue = %v, want nil or ErrExists", err)
		}
	}
	if issued != 1 {
		t.Errorf("%d callers issued one key string %d times, want once", callers, issued)
	}
}

func testImport(t *testing.T, s licensekey.ManagedStore) {
	k := newKey(orgA, "ключ <&> \u2028", 3)
	k.Activations[0].Meta = json.RawMessage("{ \"z\": 1.0, \"a\": 12345678901234567890, \"h\": \"<\u2028\" }")
	k.Activations[1].Conditions = json.RawMessage(`{"major":1}`)
	k.Activations[2].CreatedAt = k.Activations[0].CreatedAt.Add(-time.Minute)
	k.Usage, k.Validations, k.LastValidatedAt = 7, 9, &now
	line2 := "2"
	k.Customer.BillingAddress = &licensekey.Address{Line2: &line2, Country: "US"}
	k.Customer.TaxID = []string{"911144442", "us_ein"}
	mustImport(t, s, 1, k)
	licensekey.SortActivations(k.Activations)
	wantStored(t, s, k)
	got, err := s.Get(t.Context(), k.ID)
	if err != nil {
		t.Fatalf("Get = %v", err)
	}
	const want = "{\"z\":1.0,\"a\":12345678901234567890,\"h\":\"<\u2028\"}"
	if meta := string(got.Activations[1].Meta); meta != want {
		t.Errorf("meta = %s, want %s", meta, want)
	}
	wantDeactivated(t, s, deactivation(k, 1))
	k.Activations = slices.Delete(k.Activations, 1, 2)
	wantStored(t, s, k)
}

func testImportLeavesAlone(t *testing.T, s licensekey.ManagedStore) {
	k := newKey(orgA, "KEY-1", 1)
	mustImport(t, s, 1, k)
	wantDeactivated(t, s, deactivation(k, 0))
	sameID, sameKey := newKey(orgA, "KEY-2", 0), newKey(orgA, "KEY-1", 1)
	sameID.ID = k.ID
	mustImport(t, s, 1, k, sameID, sameKey, newKey(orgB, "KEY-1", 0))
	k.Activations = nil
	wantStored(t, s, k)
	wantNotFound(t, s, deactivation(sameKey, 0))
	twin := newKey(orgA, "TWIN", 1)
	mustImport(t, s, 1, twin, twin)
	wantStored(t, s, twin)
}

func testImportAllOrNone(t *testing.T, s licensekey.ManagedStore) {
	bad := map[string]func(*licensekey.LicenseKeyWithActivations){
		"id":         func(k *licensekey.LicenseKeyWithActivations) { k.ID = uuid.Nil },
		"created_at": func(k *licensekey.LicenseKeyWithActivations) { k.CreatedAt = time.Time{} },
		"usage":      func(k *licensekey.LicenseKeyWithActivations) { k.Usage = -1 },
		"customer.modified_at": func(k *licensekey.LicenseKeyWithActivations) {
			far := now.AddDate(9000, 0, 0)
			k.Customer.ModifiedAt = &far
		},
		"activations[0].created_at":     func(k *licensekey.LicenseKeyWithActivations) { k.Activations[0].CreatedAt = now.AddDate(-3000, 0, 0) },
		"customer_id":                   func(k *licensekey.LicenseKeyWithActivations) { k.CustomerID = uuid.New() },
		"activations[1].id":             func(k *licensekey.LicenseKeyWithActivations) { k.Activations[1].ID = k.Activations[0].ID },
		"activations[0].meta":           func(k *licensekey.LicenseKeyWithActivations) { k.Activations[0].Meta = json.RawMessage(`{`) },
		"activations[1].license_key_id": func(k *licensekey.LicenseKeyWithActivations) { k.Activations[1].LicenseKeyID = uuid.New() },
	}
	for field, change := range bad {
		k := newKey(orgA, "BAD", 2)
		change(&k)
		added, err := s.Import(t.Context(), []licensekey.LicenseKeyWithActivations{newKey(orgA, "GOOD", 1), k})
		if added != 0 || !errors.Is(err, licensekey.ErrInvalid) || !strings.Contains(err.Error(), field+": ") {
			t.Errorf("Import with a bad %s = %d, %v, want 0 and ErrInvalid with the field's name", field, added, err)
		}
	}
	if keys, err := s.List(t.Context(), licensekey.ListRequest{}); err != nil || len(keys) != 0 {
		t.Errorf("after invalid imports List has %d keys, %v, want none", len(keys), err)
	}
}

// testImportFull stores a license key with every field filled in.
func testImportFull(t *testing.T, s licensekey.ManagedStore) {
	mustImport(t, s, 1, filled.LicenseKey())
	wantStored(t, s, filled.LicenseKey())
	listed, err := s.List(t.Context(), licensekey.ListRequest{})
	if err != nil || len(listed) != 1 {
		t.Fatalf("List = %d keys, %v, want 1", len(listed), err)
	}
	wantSame(t, "List", licensekey.LicenseKeyWithActivations{LicenseKey: listed[0].LicenseKey}, nil, licensekey.LicenseKeyWithActivations{LicenseKey: filled.LicenseKey().LicenseKey})
	inZones := filled.LicenseKey()
	inZones.ID, inZones.Key = uuid.New(), "ZONES"
	inZones.Activations[0].LicenseKeyID, inZones.Activations[1].LicenseKeyID = inZones.ID, inZones.ID
	for _, at := range []*time.Time{&inZones.CreatedAt, inZones.ModifiedAt, inZones.ExpiresAt, &inZones.Customer.CreatedAt, &inZones.Activations[0].CreatedAt} {
		*at = at.Add(789).In(elsewhere.Location())
	}
	mustImport(t, s, 1, inZones)
	wantStored(t, s, inZones)
}
