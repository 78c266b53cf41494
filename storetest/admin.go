package storetest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/rules"
)

// Admin is what [TestAdmin] takes: a store with its host's side.
type Admin interface {
	licensekey.Store
	licensekey.Admin
}

// TestAdmin tests the promises of [licensekey.Admin] but durability, for which
// there is [TestDurableAdmin].
func TestAdmin[S Admin](t *testing.T, newStore Factory[S]) {
	tests := []struct {
		name string
		test func(*testing.T, Admin)
	}{
		{"Issue", testIssue},
		{"IssueRefused", testIssueRefused},
		{"Import", testImport},
		{"ImportLeavesAlone", testImportLeavesAlone},
		{"ImportAllOrNone", testImportAllOrNone},
		{"NothingShared", testNothingShared},
		{"List", testList},
		{"ListFilters", testListFilters},
		{"All", testAll},
		{"Update", testUpdate},
		{"Rotate", testRotate},
		{"Delete", testDelete},
		{"AdminCanceledContext", testAdminCanceled},
		{"IssueOnce", testIssueOnce},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.test(t, newStore(t, nil))
		})
	}
}

// wantStored gets k by its id and by its key.
func wantStored(t testing.TB, s Admin, k licensekey.LicenseKeyWithActivations) {
	t.Helper()
	want, err := rules.Import(k)
	if err != nil {
		t.Fatalf("CheckImport: %v", err)
	}
	if got, err := s.Get(t.Context(), k.ID); err != nil || !equal(got, want) {
		t.Errorf("Get(%v) = %s, %v\nwant %s", k.ID, asJSON(got), err, asJSON(want))
	}
	if got, err := s.GetByKey(t.Context(), k.OrganizationID, k.Key); err != nil || !equal(got, want) {
		t.Errorf("GetByKey(%v, %q) = %s, %v\nwant %s", k.OrganizationID, k.Key, asJSON(got), err, asJSON(want))
	}
}

func equal(a, b licensekey.LicenseKeyWithActivations) bool {
	return bytes.Equal(asJSON(a), asJSON(b))
}

// asJSON shows k whole; no activations are the same, nil or not.
func asJSON(k licensekey.LicenseKeyWithActivations) []byte {
	if len(k.Activations) == 0 {
		k.Activations = nil
	}
	data, err := json.Marshal(k)
	if err != nil {
		return []byte(err.Error())
	}
	return data
}

func mustImport(t testing.TB, s Admin, want int, keys ...licensekey.LicenseKeyWithActivations) {
	t.Helper()
	if added, err := s.Import(t.Context(), keys); err != nil || added != want {
		t.Fatalf("Import of %d keys = %d, %v, want %d, nil", len(keys), added, err, want)
	}
}

func testIssue(t *testing.T, s Admin) {
	k, err := s.Issue(t.Context(), licensekey.IssueRequest{OrganizationID: orgA, Prefix: "MYAPP", Now: now})
	if err != nil {
		t.Fatalf("Issue = %v", err)
	}
	if id, err := uuid.Parse(strings.TrimPrefix(string(k.Key), "MYAPP-")); err != nil || id.Version() != 4 {
		t.Errorf("Issue with the prefix MYAPP gave the key %q, want MYAPP- and a UUID", string(k.Key))
	}
	if k.ID == uuid.Nil || k.Status != licensekey.StatusGranted || !k.CreatedAt.Equal(now) || k.CustomerID == uuid.Nil {
		t.Errorf("Issue = %s, want the defaults", asJSON(licensekey.LicenseKeyWithActivations{LicenseKey: k}))
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
		t.Errorf("Issue = %s, want what was asked for", asJSON(licensekey.LicenseKeyWithActivations{LicenseKey: full}))
	}
	wantStored(t, s, licensekey.LicenseKeyWithActivations{LicenseKey: full})
}

func testIssueRefused(t *testing.T, s Admin) {
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
		t.Errorf("after the refusals List has %d keys, %v, want 2", len(keys), err)
	}
}

func testImport(t *testing.T, s Admin) {
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

func testImportLeavesAlone(t *testing.T, s Admin) {
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

func testImportAllOrNone(t *testing.T, s Admin) {
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
		t.Errorf("after refused imports List has %d keys, %v, want none", len(keys), err)
	}
}

func testNothingShared(t *testing.T, s Admin) {
	k := newKey(orgA, "KEY-1", 1)
	k.Customer.TaxID = []string{"1", "us_ein"}
	mustImport(t, s, 1, k)
	want := licensekey.LicenseKeyWithActivations{LicenseKey: k.Clone(), Activations: []licensekey.Activation{k.Activations[0].Clone()}}
	change := func(k licensekey.LicenseKeyWithActivations) {
		*k.LimitActivations = 1000
		k.Customer.TaxID[0] = "2"
		k.Activations[0].Meta[1] = '!'
	}
	change(k)
	wantStored(t, s, want)
	got, err := s.Get(t.Context(), want.ID)
	if err != nil {
		t.Fatalf("Get = %v", err)
	}
	change(got)
	wantStored(t, s, want)
}

func testDelete(t *testing.T, s Admin) {
	k, other := newKey(orgA, "KEY-1", 2), newKey(orgA, "KEY-2", 1)
	mustImport(t, s, 2, k, other)
	if err := s.Delete(t.Context(), k.ID); err != nil {
		t.Errorf("Delete = %v, want nil", err)
	}
	if err := s.Delete(t.Context(), k.ID); !errors.Is(err, licensekey.ErrNotFound) {
		t.Errorf("second Delete = %v, want ErrNotFound", err)
	}
	if _, err := s.Get(t.Context(), k.ID); !errors.Is(err, licensekey.ErrNotFound) {
		t.Errorf("Get of a deleted key = %v, want ErrNotFound", err)
	}
	if _, err := s.GetByKey(t.Context(), orgA, k.Key); !errors.Is(err, licensekey.ErrNotFound) {
		t.Errorf("GetByKey of a deleted key = %v, want ErrNotFound", err)
	}
	wantNotFound(t, s, deactivation(k, 0))
	wantStored(t, s, other)
	// Its place is free, and its activations are gone for good.
	again := k
	again.Activations = nil
	mustImport(t, s, 1, again)
	wantStored(t, s, again)
}

func testAdminCanceled(t *testing.T, s Admin) {
	k := newKey(orgA, "KEY-1", 1)
	mustImport(t, s, 1, k)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	calls := map[string]func() error{
		"Issue": func() error { _, err := s.Issue(ctx, licensekey.IssueRequest{OrganizationID: orgA}); return err },
		"Import": func() error {
			_, err := s.Import(ctx, []licensekey.LicenseKeyWithActivations{newKey(orgA, "KEY-2", 0)})
			return err
		},
		"Get":      func() error { _, err := s.Get(ctx, k.ID); return err },
		"GetByKey": func() error { _, err := s.GetByKey(ctx, orgA, k.Key); return err },
		"List":     func() error { _, err := s.List(ctx, licensekey.ListRequest{}); return err },
		"Update":   func() error { _, err := s.Update(ctx, licensekey.UpdateRequest{ID: k.ID}); return err },
		"Rotate":   func() error { _, err := s.Rotate(ctx, licensekey.RotateRequest{ID: k.ID}); return err },
		"Delete":   func() error { return s.Delete(ctx, k.ID) },
	}
	for name, call := range calls {
		if err := call(); !errors.Is(err, context.Canceled) {
			t.Errorf("%s with a canceled context = %v, want context.Canceled", name, err)
		}
	}
	wantStored(t, s, k)
	if keys, err := s.List(t.Context(), licensekey.ListRequest{}); err != nil || len(keys) != 1 {
		t.Errorf("after canceled calls List has %d keys, %v, want 1", len(keys), err)
	}
}

func testIssueOnce(t *testing.T, s Admin) {
	issued := 0
	for _, err := range together(func(int) error {
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
