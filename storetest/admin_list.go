package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
)

// walk lists what req asks for, in pages of that many license keys.
func walk(t testing.TB, s licensekey.Admin, req licensekey.ListRequest, limit int) (listed []licensekey.Listed) {
	t.Helper()
	for req.Limit = limit; ; req.After = listed[len(listed)-1].Cursor() {
		page, err := s.List(t.Context(), req)
		if err != nil || len(page) > limit {
			t.Fatalf("List(%s) = %d keys, %v, want at most %d", asJSON(req), len(page), err, limit)
		}
		if len(page) == 0 {
			return listed
		}
		listed = append(listed, page...)
		if len(listed) > 1000 {
			t.Fatalf("List(%s) gave more than 1000 keys, page after page", asJSON(req))
		}
	}
}

// inOrder returns the ids of license keys, in the order of lists.
func inOrder(keys []licensekey.LicenseKeyWithActivations) (ids []uuid.UUID) {
	for _, k := range slices.SortedFunc(slices.Values(keys), func(a, b licensekey.LicenseKeyWithActivations) int {
		return a.Cursor().Compare(b.Cursor())
	}) {
		ids = append(ids, k.ID)
	}
	return ids
}

func idsOf(listed []licensekey.Listed) (ids []uuid.UUID) {
	for _, k := range listed {
		ids = append(ids, k.ID)
	}
	return ids
}

// wantListed lists what req asks for in several ways, and counts it. Each way must
// give the license keys that are wanted, in the order of lists.
func wantListed(t testing.TB, s licensekey.Admin, what string, req licensekey.ListRequest, want ...licensekey.LicenseKeyWithActivations) {
	t.Helper()
	ids := inOrder(want)
	// With a limit of one, each page has a match, however many keys are between the
	// matches.
	for _, limit := range []int{1, 3, 1000} {
		if got := idsOf(walk(t, s, req, limit)); !slices.Equal(got, ids) {
			t.Errorf("%s: List(%s) in pages of %d gave\n%v, want\n%v", what, asJSON(req), limit, got, ids)
		}
	}
	req.Limit = 2
	for req.Offset = 0; req.Offset <= len(ids); req.Offset += 2 {
		page, err := s.List(t.Context(), req)
		if wanted := ids[req.Offset:min(req.Offset+2, len(ids))]; err != nil || !slices.Equal(idsOf(page), wanted) {
			t.Errorf("%s: List(%s) = %v, %v, want %v", what, asJSON(req), idsOf(page), err, wanted)
		}
	}
	// A count is of all, not of one page.
	req.Offset, req.Limit = 1, 1
	if len(want) > 0 {
		req.After = want[0].Cursor()
	}
	if n, err := s.Count(t.Context(), req); err != nil || n != len(want) {
		t.Errorf("%s: Count(%s) = %d, %v, want %d, as many as List gives", what, asJSON(req), n, err, len(want))
	}
}

// testListOrder has keys that were made at the same time, and some a microsecond
// apart. Nothing else about them is in the order of lists.
func testListOrder(t *testing.T, s licensekey.ManagedStore) {
	var keys []licensekey.LicenseKeyWithActivations
	for i := range 25 {
		k := newKey(orgA, licensekey.NewKey(""), 1)
		k.CreatedAt = k.CreatedAt.Add(-time.Duration(i%4) * time.Microsecond)
		keys = append(keys, k)
	}
	for _, year := range []int{0, 1, 1960, 9999} {
		k := newKey(orgB, licensekey.NewKey(""), 0)
		k.CreatedAt = time.Date(year, 6, 1, 0, 0, 0, 1000, time.UTC)
		keys = append(keys, k)
	}
	mustImport(t, s, len(keys), keys...)
	ids := inOrder(keys)
	wantListed(t, s, "all", licensekey.ListRequest{}, keys...)
	wantListed(t, s, "both organizations", licensekey.ListRequest{OrganizationIDs: []uuid.UUID{orgB, orgA, orgB}}, keys...)

	slices.SortFunc(keys, func(a, b licensekey.LicenseKeyWithActivations) int { return a.Cursor().Compare(b.Cursor()) })
	tenth := keys[9].Cursor()
	moment := licensekey.Cursor{CreatedAt: tenth.CreatedAt} // before all of that moment
	first := slices.IndexFunc(keys, func(k licensekey.LicenseKeyWithActivations) bool { return k.CreatedAt.Equal(tenth.CreatedAt) })
	elsewhere := licensekey.Cursor{CreatedAt: tenth.CreatedAt.In(elsewhere.Location()), ID: tenth.ID}
	for name, tt := range map[string]struct {
		req  licensekey.ListRequest
		want []uuid.UUID
	}{
		"after the tenth key":              {licensekey.ListRequest{After: tenth}, ids[10:]},
		"after it, in another time zone":   {licensekey.ListRequest{After: elsewhere}, ids[10:]},
		"after a place without a key":      {licensekey.ListRequest{After: moment}, ids[first:]},
		"after it, with an offset":         {licensekey.ListRequest{After: tenth, Offset: 3, Limit: 4}, ids[13:17]},
		"with a negative offset and limit": {licensekey.ListRequest{Offset: -3, Limit: -1}, ids},
		"with an offset behind the end":    {licensekey.ListRequest{Offset: len(ids) + 7}, nil},
		"after the last key":               {licensekey.ListRequest{After: keys[len(keys)-1].Cursor()}, nil},
	} {
		if page, err := s.List(t.Context(), tt.req); err != nil || !slices.Equal(idsOf(page), tt.want) {
			t.Errorf("List %s = %v, %v, want %v", name, idsOf(page), err, tt.want)
		}
	}
}

// testListLimit lists more license keys than fit a page without a limit.
func testListLimit(t *testing.T, s licensekey.ManagedStore) {
	keys := make([]licensekey.LicenseKeyWithActivations, licensekey.DefaultListLimit+5)
	for i := range keys {
		keys[i] = newKey(orgA, licensekey.NewKey(""), 0)
	}
	mustImport(t, s, len(keys), keys...)
	for _, limit := range []int{0, -1} {
		page, err := s.List(t.Context(), licensekey.ListRequest{Limit: limit})
		if want := inOrder(keys)[:licensekey.DefaultListLimit]; err != nil || !slices.Equal(idsOf(page), want) {
			t.Errorf("List with the limit %d = %d keys, %v, want the first %d", limit, len(page), err, len(want))
		}
	}
	wantListed(t, s, "all", licensekey.ListRequest{}, keys...)
}

// testListWhileChanging walks through pages while license keys come and go: also the
// one where a page has ended. Those that are there all along are listed once each.
func testListWhileChanging(t *testing.T, s licensekey.ManagedStore) {
	const n = 60
	var stay, leave []licensekey.LicenseKeyWithActivations
	at := func(i int) licensekey.LicenseKeyWithActivations {
		k := newKey(orgA, licensekey.NewKey(""), 0)
		k.CreatedAt = now.Add(time.Duration(i/3) * time.Second) // three at a time
		return k
	}
	for i := range n {
		stay, leave = append(stay, at(i)), append(leave, at(i))
	}
	mustImport(t, s, n, stay...)
	mustImport(t, s, n, leave...)
	leaves := make(map[uuid.UUID]bool)
	for _, k := range leave {
		leaves[k.ID] = true
	}
	deleted, seen := make(map[uuid.UUID]bool), make(map[uuid.UUID]int)
	remove := func(id uuid.UUID) {
		if !leaves[id] || deleted[id] {
			return
		}
		deleted[id] = true
		if err := s.Delete(t.Context(), id); err != nil {
			t.Fatalf("Delete = %v", err)
		}
	}
	req := licensekey.ListRequest{OrganizationIDs: []uuid.UUID{orgA}, Limit: 7}
	for page := range n {
		keys, err := s.List(t.Context(), req)
		if err != nil {
			t.Fatalf("List = %v", err)
		}
		if len(keys) == 0 {
			break
		}
		for _, k := range keys {
			if deleted[k.ID] {
				t.Errorf("page %d has the key %v, which is deleted", page, k.ID)
			}
			seen[k.ID]++
		}
		last := keys[len(keys)-1]
		remove(last.ID)            // where the page has ended
		remove(keys[0].ID)         // on the page
		remove(leave[n-1-page].ID) // on a later page, as a rule
		for _, i := range []int{0, page * 3, n - 1} {
			mustImport(t, s, 1, at(i))
		}
		req.After = last.Cursor()
	}
	for i, k := range stay {
		if seen[k.ID] != 1 {
			t.Errorf("key %d of %d, which was there all along, is listed %d times, want once", i, n, seen[k.ID])
		}
	}
	for id, times := range seen {
		if times > 1 {
			t.Errorf("the key %v is listed %d times, want at most once", id, times)
		}
	}
}

// testListSeats looks at the number of seats that are taken, in lists of different
// filters, after each change.
func testListSeats(t *testing.T, s licensekey.ManagedStore) {
	k, other := withLimit("KEY-000001", 5, 2), withLimit("KEY-000002", 9, 3)
	k.BenefitID = uuid.New()
	mustImport(t, s, 2, k, other)
	want := 2
	check := func(what string) {
		t.Helper()
		for filter, req := range map[string]licensekey.ListRequest{
			"none": {}, "organization": {OrganizationIDs: []uuid.UUID{orgA}}, "benefit": {BenefitIDs: []uuid.UUID{k.BenefitID}},
			"customer": {CustomerIDs: []uuid.UUID{k.CustomerID}}, "suffix": {KeySuffix: "000001"},
		} {
			for _, got := range walk(t, s, req, 10) {
				if wanted := map[uuid.UUID]int{k.ID: want, other.ID: 3}[got.ID]; got.Seats != wanted {
					t.Errorf("after %s List with the filter %q says that %d seats of %v are taken, want %d", what, filter, got.Seats, got.ID, wanted)
				}
			}
		}
	}
	check("Import")
	made := fromDevice(k, "laptop")
	wantActivated(t, s, made)
	want++
	check("Activate")
	wantSameID(t, s, fromDevice(k, "laptop"))
	check("Activate of the same device")
	taken := activation(k)
	taken.ActivationID = made.ActivationID
	wantActivateError(t, s, taken, licensekey.ErrExists)
	check("Activate that fails")
	wantDeactivated(t, s, deactivation(k, 0))
	want--
	check("Deactivate")
	wantNotFound(t, s, deactivation(k, 0))
	check("Deactivate that fails")
	if _, err := s.EndActivation(t.Context(), licensekey.EndActivationRequest{LicenseKeyID: k.ID, ActivationID: k.Activations[1].ID}); err != nil {
		t.Errorf("EndActivation = %v, want nil", err)
	}
	want--
	check("EndActivation")
	one := int64(1)
	if _, err := s.Update(t.Context(), licensekey.UpdateRequest{ID: k.ID, LimitActivations: &one, Now: now}); err != nil {
		t.Errorf("Update = %v, want nil", err)
	}
	wantCounts(t, s, validation(k), 1, 0)
	if _, err := s.Rotate(t.Context(), licensekey.RotateRequest{ID: k.ID, Key: "NEW-000001", Now: now}); err != nil {
		t.Errorf("Rotate = %v, want nil", err)
	}
	check("Update, Validate and Rotate")
}

func testAll(t *testing.T, s licensekey.ManagedStore) {
	want := make(map[uuid.UUID]licensekey.LicenseKeyWithActivations)
	for range licensekey.DefaultListLimit + 5 {
		k := newKey(orgA, licensekey.NewKey(""), 1)
		want[k.ID] = k
		mustImport(t, s, 1, k)
	}
	mustImport(t, s, 1, newKey(orgB, "ELSEWHERE", 0))
	req := licensekey.ListRequest{OrganizationIDs: []uuid.UUID{orgA}}
	deleted := false
	for k, err := range licensekey.All(t.Context(), s, req) {
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
	for range licensekey.All(t.Context(), s, licensekey.ListRequest{}) {
		break
	}
	for k, err := range licensekey.All(t.Context(), s, licensekey.ListRequest{OrganizationIDs: []uuid.UUID{orgB}, Offset: 5, Limit: -1}) {
		if err != nil || k.Key != "ELSEWHERE" {
			t.Errorf("All of another organization gave %s, %v, want its only key", asJSON(k), err)
		}
		deleted = false
	}
	if deleted {
		t.Error("All of another organization gave nothing, want its only key")
	}
}
