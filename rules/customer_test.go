package rules_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/internal/filled"
	"github.com/licensekit/licensekey/rules"
)

func TestUpdateCustomer(t *testing.T) {
	t.Parallel()
	stored := filled.LicenseKey().Customer
	empty := licensekey.Customer{
		ID: stored.ID, CreatedAt: stored.CreatedAt, OrganizationID: stored.OrganizationID, ModifiedAt: &frozen,
		Type: licensekey.CustomerIndividual, Metadata: json.RawMessage("{}"),
	}
	// The id, the time of creation and the organization are not the request's to change.
	erased := licensekey.Customer{ID: uuid.New(), CreatedAt: frozen, OrganizationID: uuid.New(), ModifiedAt: pointer(frozen.Add(time.Hour))}
	renamed, want := stored.Clone(), stored.Clone()
	renamed.Name, renamed.Metadata = pointer("Ada"), json.RawMessage(`{ "plan" : 1.0 }`)
	want.Name, want.Metadata, want.ModifiedAt = pointer("Ada"), json.RawMessage(`{"plan":1.0}`), &frozen
	for name, tt := range map[string]struct{ after, want licensekey.Customer }{
		"erased":  {erased, empty},
		"renamed": {renamed, want},
	} {
		before := tt.after.Clone()
		req := licensekey.UpdateCustomerRequest{Customer: tt.after, Now: frozen.In(time.FixedZone("", 3600)).Add(1)}
		got, err := rules.UpdateCustomer(req, stored)
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: UpdateCustomer(%+v) = %+v, %v\nwant %+v", name, tt.after, got, err, tt.want)
		}
		if !reflect.DeepEqual(tt.after, before) || !reflect.DeepEqual(stored, filled.LicenseKey().Customer) {
			t.Errorf("%s: UpdateCustomer has changed what it was given", name)
		}
	}
}

// TestUpdateCustomerFields changes one field after another: each is a change. A
// request that changes none leaves ModifiedAt as it was.
func TestUpdateCustomerFields(t *testing.T) {
	t.Parallel()
	stored := filled.LicenseKey().Customer
	same := stored.Clone()
	same.Metadata = json.RawMessage(" " + string(same.Metadata) + " ")
	same.DeletedAt = pointer(same.DeletedAt.In(time.FixedZone("", 3600)).Add(999))
	same.ModifiedAt = nil
	got, err := rules.UpdateCustomer(licensekey.UpdateCustomerRequest{Customer: same, Now: frozen}, stored)
	if err != nil || !reflect.DeepEqual(got, stored) {
		t.Errorf("UpdateCustomer to the same values = %+v, %v\nwant %+v", got, err, stored)
	}
	keeps := map[string]bool{"ID": true, "CreatedAt": true, "OrganizationID": true, "ModifiedAt": true}
	for i := range reflect.TypeFor[licensekey.Customer]().NumField() {
		field := reflect.TypeFor[licensekey.Customer]().Field(i)
		changed := stored.Clone()
		reflect.ValueOf(&changed).Elem().Field(i).SetZero()
		got, err := rules.UpdateCustomer(licensekey.UpdateCustomerRequest{Customer: changed, Now: frozen}, stored)
		if err != nil || got.ModifiedAt.Equal(frozen) == keeps[field.Name] {
			t.Errorf("UpdateCustomer without %s is modified at %v, %v; want a change: %v", field.Name, got.ModifiedAt, err, !keeps[field.Name])
		}
	}
}

func TestUpdateCustomerRejects(t *testing.T) {
	t.Parallel()
	stored, broken := filled.LicenseKey().Customer, "Ren\xe9"
	tests := []struct {
		field  string
		change func(*licensekey.UpdateCustomerRequest)
	}{
		{"type", func(r *licensekey.UpdateCustomerRequest) { r.Customer.Type = "crowd" }},
		{"email", func(r *licensekey.UpdateCustomerRequest) { r.Customer.Email = &broken }},
		{"tax_id[0]", func(r *licensekey.UpdateCustomerRequest) { r.Customer.TaxID[0] = "a\x00" }},
		{"billing_address.country", func(r *licensekey.UpdateCustomerRequest) { r.Customer.BillingAddress.Country = broken }},
		{"metadata", func(r *licensekey.UpdateCustomerRequest) { r.Customer.Metadata = json.RawMessage("[]") }},
		{"deleted_at", func(r *licensekey.UpdateCustomerRequest) { r.Customer.DeletedAt = pointer(frozen.AddDate(8000, 0, 0)) }},
		{"modified_at", func(r *licensekey.UpdateCustomerRequest) { r.Now = frozen.AddDate(8000, 0, 0) }},
	}
	for _, tt := range tests {
		req := licensekey.UpdateCustomerRequest{Customer: stored.Clone(), Now: frozen}
		tt.change(&req)
		got, err := rules.UpdateCustomer(req, stored)
		if !errors.Is(err, licensekey.ErrInvalid) || !strings.Contains(err.Error(), "customer."+tt.field+": ") || got.ID != uuid.Nil {
			t.Errorf("UpdateCustomer with another %s = %+v, %v, want ErrInvalid for it", tt.field, got, err)
		}
	}
}

func TestKnownCustomer(t *testing.T) {
	t.Parallel()
	known := filled.LicenseKey().Customer
	k := licensekey.LicenseKey{OrganizationID: known.OrganizationID, CustomerID: known.ID,
		Customer: licensekey.Customer{ID: known.ID, OrganizationID: known.OrganizationID, Name: pointer("someone")}}
	got, err := rules.KnownCustomer(k, known)
	if err != nil || !reflect.DeepEqual(got.Customer, known) || got.Customer.Name == known.Name {
		t.Errorf("KnownCustomer = %+v, %v\nwant a copy of %+v", got.Customer, err, known)
	}
	k.Customer.OrganizationID = uuid.New()
	if _, err := rules.KnownCustomer(k, known); !errors.Is(err, licensekey.ErrInvalid) {
		t.Errorf("KnownCustomer of another organization = %v, want ErrInvalid", err)
	}
}
