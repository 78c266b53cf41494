package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/internal/filled"
)

// ofCustomer returns license keys of one customer, in whom every field is set.
func ofCustomer(keys ...licensekey.Key) (made []licensekey.LicenseKeyWithActivations) {
	c := filled.LicenseKey().Customer
	for _, key := range keys {
		k := newKey(c.OrganizationID, key, 1)
		k.Customer, k.CustomerID, k.UserID = c.Clone(), c.ID, c.ID
		made = append(made, k)
	}
	return made
}

// wantCustomer looks at the customer in everything that returns a license key, by
// reading it, by validating it and by listing it.
func wantCustomer(t *testing.T, s licensekey.ManagedStore, what string, k licensekey.LicenseKeyWithActivations, want licensekey.Customer) {
	t.Helper()
	listed, err := s.List(t.Context(), licensekey.ListRequest{CustomerIDs: []uuid.UUID{k.CustomerID}, KeySuffix: k.KeySuffix()})
	if err != nil || len(listed) != 1 {
		t.Fatalf("%s: List = %d keys, %v, want 1", what, len(listed), err)
	}
	k.Customer = want
	wantStored(t, s, k)
	validated, err := s.Validate(t.Context(), validation(k))
	if err != nil {
		t.Errorf("%s: Validate = %v, want nil", what, err)
	}
	again, err := s.Activate(t.Context(), fromDevice(k, "device"))
	if err != nil {
		t.Errorf("%s: Activate on the same device = %v, want nil", what, err)
	}
	usage := validated.LicenseKey.Usage
	updated, err := s.Update(t.Context(), licensekey.UpdateRequest{ID: k.ID, Usage: &usage, Now: now})
	if err != nil {
		t.Errorf("%s: Update = %v, want nil", what, err)
	}
	stored, err := s.Get(t.Context(), k.ID)
	if err != nil {
		t.Errorf("%s: Get = %v, want nil", what, err)
	}
	for method, got := range map[string]licensekey.LicenseKey{
		"List": listed[0].LicenseKey, "Validate": validated.LicenseKey, "Activate": again.LicenseKey, "Update": updated, "Get after all": stored.LicenseKey,
	} {
		if string(asJSON(got.Customer)) != string(asJSON(want)) {
			t.Errorf("%s: %s shows the customer\n%s\nwant\n%s", what, method, asJSON(got.Customer), asJSON(want))
		}
	}
}

func testUpdateCustomer(t *testing.T, s licensekey.ManagedStore) {
	keys, other := ofCustomer("KEY-1", "KEY-2"), newKey(filled.LicenseKey().OrganizationID, "OTHER", 1)
	mustImport(t, s, 3, append(keys, other)...)
	was := keys[0].Customer.Clone()
	email, external := "Ädä@example.com", "EXT-2"
	req := licensekey.UpdateCustomerRequest{Customer: was.Clone(), Now: elsewhere}
	req.Customer.Email, req.Customer.ExternalID, req.Customer.TaxID = &email, &external, []string{"1"}
	// These are not the request's to change.
	req.Customer.CreatedAt, req.Customer.OrganizationID, req.Customer.ModifiedAt = now.Add(time.Hour), orgB, nil
	want := was.Clone()
	want.Email, want.ExternalID, want.TaxID, want.ModifiedAt = &email, &external, []string{"1"}, &now
	got, err := s.UpdateCustomer(t.Context(), req)
	if err != nil || string(asJSON(got)) != string(asJSON(want)) {
		t.Errorf("UpdateCustomer = \n%s, %v, want\n%s", asJSON(got), err, asJSON(want))
	}
	checkTimes(t, "UpdateCustomer", got)
	listed := []licensekey.LicenseKeyWithActivations{keys[0], keys[1]}
	wantListed(t, s, "the new e-mail", licensekey.ListRequest{Email: "äDÄ@EXAMPLE.com"}, listed...)
	wantListed(t, s, "the new external id", licensekey.ListRequest{ExternalID: external}, listed...)
	wantListed(t, s, "the old e-mail", licensekey.ListRequest{Email: *was.Email})
	wantListed(t, s, "the old external id", licensekey.ListRequest{ExternalID: *was.ExternalID})
	for _, k := range keys {
		wantCustomer(t, s, "after UpdateCustomer", k, want)
	}
	wantStored(t, s, other)
}

// testEraseCustomer updates a customer to one who has an id and nothing else.
func testEraseCustomer(t *testing.T, s licensekey.ManagedStore) {
	keys := ofCustomer("KEY-1", "KEY-2")
	mustImport(t, s, 2, keys...)
	was := keys[0].Customer
	want := licensekey.Customer{
		ID: was.ID, CreatedAt: was.CreatedAt, ModifiedAt: &now, OrganizationID: was.OrganizationID,
		Type: licensekey.CustomerIndividual, Metadata: []byte("{}"),
	}
	got, err := s.UpdateCustomer(t.Context(), licensekey.UpdateCustomerRequest{Customer: licensekey.Customer{ID: was.ID}, Now: now})
	if err != nil || string(asJSON(got)) != string(asJSON(want)) {
		t.Errorf("UpdateCustomer to nothing = \n%s, %v, want\n%s", asJSON(got), err, asJSON(want))
	}
	wantListed(t, s, "the erased e-mail", licensekey.ListRequest{Email: *was.Email})
	wantListed(t, s, "the erased external id", licensekey.ListRequest{ExternalID: *was.ExternalID})
	for _, k := range keys {
		wantCustomer(t, s, "after the erasure", k, want)
	}
}

// testUpdateCustomerNothing makes updates that change nothing: to the values that
// the customer has, of an unknown customer, and to what cannot be stored.
func testUpdateCustomerNothing(t *testing.T, s licensekey.ManagedStore) {
	k := ofCustomer("KEY-1")[0]
	mustImport(t, s, 1, k)
	later := now.Add(time.Hour)
	same := k.Customer.Clone()
	same.ModifiedAt = nil
	got, err := s.UpdateCustomer(t.Context(), licensekey.UpdateCustomerRequest{Customer: same, Now: later})
	if err != nil || string(asJSON(got)) != string(asJSON(k.Customer)) {
		t.Errorf("UpdateCustomer to the same values = \n%s, %v, want\n%s", asJSON(got), err, asJSON(k.Customer))
	}
	wantStored(t, s, k)
	name, broken, far := "someone", "Ren\xe9", now.AddDate(9000, 0, 0)
	for what, tt := range map[string]struct {
		change func(*licensekey.UpdateCustomerRequest)
		want   error
	}{
		"an unknown customer":        {func(r *licensekey.UpdateCustomerRequest) { r.Customer.ID = uuid.New() }, licensekey.ErrNotFound},
		"no customer":                {func(r *licensekey.UpdateCustomerRequest) { r.Customer.ID = uuid.Nil }, licensekey.ErrNotFound},
		"a customer by a key's id":   {func(r *licensekey.UpdateCustomerRequest) { r.Customer.ID = k.ID }, licensekey.ErrNotFound},
		"a type that is unknown":     {func(r *licensekey.UpdateCustomerRequest) { r.Customer.Type = "crowd" }, licensekey.ErrInvalid},
		"an e-mail that is no text":  {func(r *licensekey.UpdateCustomerRequest) { r.Customer.Email = &broken }, licensekey.ErrInvalid},
		"metadata that is no object": {func(r *licensekey.UpdateCustomerRequest) { r.Customer.Metadata = []byte("[]") }, licensekey.ErrInvalid},
		"a time far away":            {func(r *licensekey.UpdateCustomerRequest) { r.Customer.DeletedAt = &far }, licensekey.ErrInvalid},
		"a change far away":          {func(r *licensekey.UpdateCustomerRequest) { r.Now = far }, licensekey.ErrInvalid},
	} {
		req := licensekey.UpdateCustomerRequest{Customer: k.Customer.Clone(), Now: later}
		req.Customer.Name = &name
		tt.change(&req)
		if got, err := s.UpdateCustomer(t.Context(), req); !errors.Is(err, tt.want) || got.ID != uuid.Nil {
			t.Errorf("UpdateCustomer of %s = %v, %v, want %v", what, got.ID, err, tt.want)
		}
		wantStored(t, s, k)
	}
}

// testIssueToCustomer issues license keys to a customer who has one.
func testIssueToCustomer(t *testing.T, s licensekey.ManagedStore) {
	first := ofCustomer("KEY-1")[0]
	known, name := first.Customer, "someone else"
	mustImport(t, s, 1, first)
	for what, c := range map[string]licensekey.Customer{
		"nothing but the id": {ID: known.ID},
		"other values":       {ID: known.ID, Name: &name, Type: licensekey.CustomerIndividual, Metadata: []byte(`{"a":1}`), CreatedAt: now},
	} {
		issued, err := s.Issue(t.Context(), licensekey.IssueRequest{OrganizationID: first.OrganizationID, Customer: c, LimitActivations: 1})
		if err != nil || issued.CustomerID != known.ID || string(asJSON(issued.Customer)) != string(asJSON(known)) {
			t.Errorf("Issue to a known customer with %s = \n%s, %v, want the customer\n%s", what, asJSON(issued), err, asJSON(known))
		}
		wantCustomer(t, s, "issued with "+what, licensekey.LicenseKeyWithActivations{LicenseKey: issued}, known)
	}
	wantStored(t, s, first)
	elsewhere := licensekey.IssueRequest{OrganizationID: orgB, Customer: licensekey.Customer{ID: known.ID}}
	if _, err := s.Issue(t.Context(), elsewhere); !errors.Is(err, licensekey.ErrInvalid) {
		t.Errorf("Issue to a customer of another organization = %v, want ErrInvalid", err)
	}
	wantListed(t, s, "the other organization", licensekey.ListRequest{OrganizationIDs: []uuid.UUID{orgB}})
}

// testImportCustomer imports license keys of a customer with several states: the
// first one that the store has got stays.
func testImportCustomer(t *testing.T, s licensekey.ManagedStore) {
	keys := ofCustomer("KEY-1", "KEY-2", "KEY-3")
	for i, name := range []string{"first", "second", "third"} {
		keys[i].Customer.Name = &name
	}
	mustImport(t, s, 2, keys[0], keys[1])
	mustImport(t, s, 1, keys[2])
	for _, k := range keys {
		wantCustomer(t, s, "imported", k, keys[0].Customer)
	}
	// A license key that is skipped brings no customer.
	skipped := keys[0]
	skipped.Customer = licensekey.Customer{ID: uuid.New()}
	skipped.CustomerID = skipped.Customer.ID
	mustImport(t, s, 0, skipped)
	wantNoCustomer(t, s, skipped.CustomerID)
}

// testImportForeignCustomer imports license keys of two organizations with one
// customer id, together and one after the other. Nothing of such an import stays.
func testImportForeignCustomer(t *testing.T, s licensekey.ManagedStore) {
	stored, fresh := ofCustomer("KEY-1")[0], newKey(orgA, "KEY-2", 1)
	mustImport(t, s, 1, stored)
	foreign, twin := newKey(orgB, "KEY-3", 0), newKey(orgB, "KEY-4", 0)
	foreign.CustomerID, foreign.Customer.ID = stored.CustomerID, stored.CustomerID
	twin.CustomerID, twin.Customer.ID = fresh.CustomerID, fresh.CustomerID
	for what, keys := range map[string][]licensekey.LicenseKeyWithActivations{
		"who is stored": {fresh, foreign}, "who comes with it": {fresh, twin},
	} {
		if added, err := s.Import(t.Context(), keys); added != 0 || !errors.Is(err, licensekey.ErrInvalid) {
			t.Errorf("Import with a customer of another organization %s = %d, %v, want 0, ErrInvalid", what, added, err)
		}
		wantListed(t, s, "after the error", licensekey.ListRequest{}, stored)
		wantNoCustomer(t, s, fresh.CustomerID)
	}
	wantStored(t, s, stored)
}

// testUpdateCustomerRace updates a customer while the customer's license keys are
// validated, changed and issued. None of these calls brings back what was before.
func testUpdateCustomerRace(t *testing.T, s licensekey.ManagedStore) {
	k := ofCustomer("KEY-1")[0]
	mustImport(t, s, 1, k)
	rounds(func(round int) bool {
		req := licensekey.UpdateCustomerRequest{Customer: licensekey.Customer{ID: k.CustomerID}, Now: now}
		name := fmt.Sprint("name ", round)
		req.Customer.Name = &name
		for i, err := range together(few, func(i int) (err error) {
			usage := int64(round)
			switch i {
			case 0:
				_, err = s.UpdateCustomer(t.Context(), req)
			case 1:
				_, err = s.Update(t.Context(), licensekey.UpdateRequest{ID: k.ID, Usage: &usage, Now: now})
			case 2:
				var issued licensekey.LicenseKey
				issued, err = s.Issue(t.Context(), licensekey.IssueRequest{OrganizationID: k.OrganizationID, Customer: k.Customer})
				err = errors.Join(err, s.Delete(t.Context(), issued.ID))
			default:
				_, err = s.Validate(t.Context(), validation(k))
			}
			return err
		}) {
			if err != nil {
				t.Errorf("round %d: call %d = %v, want nil", round, i, err)
			}
		}
		got, err := s.Get(t.Context(), k.ID)
		if err != nil || got.Customer.Name == nil || *got.Customer.Name != name {
			t.Errorf("round %d: after UpdateCustomer to the name %q Get shows the customer %s, %v", round, name, asJSON(got.Customer), err)
		}
		return !t.Failed() && round < 300
	})
}

func wantNoCustomer(t *testing.T, s licensekey.Admin, id uuid.UUID) {
	t.Helper()
	_, err := s.UpdateCustomer(t.Context(), licensekey.UpdateCustomerRequest{Customer: licensekey.Customer{ID: id}, Now: now})
	if !errors.Is(err, licensekey.ErrNotFound) {
		t.Errorf("UpdateCustomer of a customer without license keys = %v, want ErrNotFound", err)
	}
}

// testDeleteCustomer deletes the license keys of a customer: the customer goes with
// the last one.
func testDeleteCustomer(t *testing.T, s licensekey.ManagedStore) {
	keys := ofCustomer("KEY-1", "KEY-2")
	mustImport(t, s, 2, keys...)
	if err := s.Delete(t.Context(), keys[0].ID); err != nil {
		t.Fatalf("Delete = %v", err)
	}
	wantStored(t, s, keys[1])
	wantListed(t, s, "the e-mail", licensekey.ListRequest{Email: *keys[1].Customer.Email}, keys[1])
	if err := s.Delete(t.Context(), keys[1].ID); err != nil {
		t.Fatalf("Delete = %v", err)
	}
	wantNoCustomer(t, s, keys[1].CustomerID)
	name := "another"
	again := ofCustomer("KEY-3")[0]
	again.Customer.Name = &name
	mustImport(t, s, 1, again)
	wantStored(t, s, again)
}

// testCustomerNotShared overwrites what it has passed to UpdateCustomer and what it
// has got, and looks at the stored customer.
func testCustomerNotShared(t *testing.T, s licensekey.ManagedStore) {
	keys := ofCustomer("KEY-1", "KEY-2")
	mustImport(t, s, 2, keys...)
	name := "Ada"
	for range 2 { // the second time nothing changes
		req := licensekey.UpdateCustomerRequest{Customer: keys[0].Customer.Clone(), Now: now}
		req.Customer.Name = &name
		got, err := s.UpdateCustomer(t.Context(), req)
		if err != nil {
			t.Fatalf("UpdateCustomer = %v", err)
		}
		want := got.Clone()
		scribble(&req)
		scribble(&got)
		for _, k := range keys {
			k.Customer = want
			wantStored(t, s, k)
		}
		name = "Ada"
	}
	// What one license key shows of the customer shares no memory with another.
	first, err := s.Get(t.Context(), keys[0].ID)
	if err != nil {
		t.Fatalf("Get = %v", err)
	}
	second, err := s.Get(t.Context(), keys[1].ID)
	if err != nil {
		t.Fatalf("Get = %v", err)
	}
	want := asJSON(second)
	scribble(first)
	if got := asJSON(second); string(got) != string(want) {
		t.Errorf("the customer of one license key shares memory with that of another: \n%s\nwant\n%s", got, want)
	}
}
