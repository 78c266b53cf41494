package storetest

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
)

func testList(t *testing.T, s licensekey.ManagedStore) {
	var keys []licensekey.LicenseKeyWithActivations
	for range 25 {
		keys = append(keys, newKey(orgA, licensekey.NewKey(""), 1))
	}
	mustImport(t, s, len(keys), keys...)
	slices.SortFunc(keys, func(a, b licensekey.LicenseKeyWithActivations) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	var listed []licensekey.LicenseKey
	for after := uuid.Nil; ; after = listed[len(listed)-1].ID {
		page, err := s.List(t.Context(), licensekey.ListRequest{After: after, Limit: 10})
		if err != nil || len(page) > 10 {
			t.Fatalf("List = %d keys, %v, want at most 10", len(page), err)
		}
		if len(page) == 0 {
			break
		}
		listed = append(listed, page...)
	}
	if len(listed) != len(keys) {
		t.Fatalf("List gave %d keys in pages of 10, want %d", len(listed), len(keys))
	}
	for i, k := range listed {
		if k.ID != keys[i].ID || k.Key != keys[i].Key {
			t.Errorf("key %d of the list is %v, want %v", i, k.ID, keys[i].ID)
		}
	}
	if page, err := s.List(t.Context(), licensekey.ListRequest{After: keys[9].ID}); err != nil || len(page) != 15 {
		t.Errorf("List after the tenth key = %d keys, %v, want 15", len(page), err)
	}
}

func testListFilters(t *testing.T, s licensekey.ManagedStore) {
	benefit := uuid.New()
	a, b, c := newKey(orgA, "A", 0), newKey(orgA, "B", 0), newKey(orgB, "C", 0)
	a.BenefitID, b.BenefitID, b.Status = benefit, benefit, licensekey.StatusRevoked
	mustImport(t, s, 3, a, b, c)
	tests := []struct {
		name string
		req  licensekey.ListRequest
		want []licensekey.LicenseKeyWithActivations
	}{
		{"everything", licensekey.ListRequest{}, []licensekey.LicenseKeyWithActivations{a, b, c}},
		{"organization", licensekey.ListRequest{OrganizationID: orgA}, []licensekey.LicenseKeyWithActivations{a, b}},
		{"benefit", licensekey.ListRequest{BenefitID: benefit}, []licensekey.LicenseKeyWithActivations{a, b}},
		{"customer", licensekey.ListRequest{CustomerID: c.CustomerID}, []licensekey.LicenseKeyWithActivations{c}},
		{"status", licensekey.ListRequest{Status: licensekey.StatusRevoked}, []licensekey.LicenseKeyWithActivations{b}},
		{"two", licensekey.ListRequest{BenefitID: benefit, Status: licensekey.StatusGranted}, []licensekey.LicenseKeyWithActivations{a}},
		{"none", licensekey.ListRequest{OrganizationID: orgB, BenefitID: benefit}, nil},
	}
	for _, tt := range tests {
		var got, want []uuid.UUID
		// With a limit of one, each page has a match, however many keys are
		// between the matches.
		for req := tt.req; ; req.After = got[len(got)-1] {
			req.Limit = 1
			page, err := s.List(t.Context(), req)
			if err != nil {
				t.Fatalf("%s: List = %v", tt.name, err)
			}
			if len(page) == 0 {
				break
			}
			got = append(got, page[0].ID)
		}
		for _, k := range tt.want {
			want = append(want, k.ID)
		}
		slices.SortFunc(want, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
		if !slices.Equal(got, want) {
			t.Errorf("%s: List gave %v, want %v", tt.name, got, want)
		}
	}
}

func testAll(t *testing.T, s licensekey.ManagedStore) {
	want := make(map[uuid.UUID]licensekey.LicenseKeyWithActivations)
	for range licensekey.DefaultListLimit + 5 {
		k := newKey(orgA, licensekey.NewKey(""), 1)
		want[k.ID] = k
		mustImport(t, s, 1, k)
	}
	deleted := false
	for k, err := range licensekey.All(t.Context(), s) {
		if err != nil {
			t.Fatalf("All: %v", err)
		}
		if len(k.Activations) != 1 || k.Activations[0].ID != want[k.ID].Activations[0].ID {
			t.Errorf("All gave %s, want it once, with one activation", asJSON(k))
		}
		delete(want, k.ID)
		// The loop may change the store: a key deleted before its turn is left out.
		for id := range want {
			if !deleted {
				deleted = true
				if err := s.Delete(t.Context(), id); err != nil {
					t.Errorf("Delete in the loop = %v", err)
				}
				delete(want, id)
			}
			break
		}
	}
	if len(want) != 0 {
		t.Errorf("All left out %d keys", len(want))
	}
	for range licensekey.All(t.Context(), s) {
		break
	}
}
