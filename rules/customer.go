package rules

import (
	"reflect"

	"github.com/licensekit/licensekey"
)

// UpdateCustomer returns the customer of req as it is to be stored in place of c. It
// has the ID, CreatedAt and OrganizationID of c, and all else from req; a Type that
// is "" becomes "individual". ModifiedAt is Now, or as it was if every value is as it
// was. UpdateCustomer returns ErrInvalid if the result cannot be stored. req must
// have its defaults: UpdateCustomer does not fill in Now.
func UpdateCustomer(req licensekey.UpdateCustomerRequest, c licensekey.Customer) (licensekey.Customer, error) {
	after := req.Customer
	after.ID, after.CreatedAt, after.OrganizationID = c.ID, c.CreatedAt, c.OrganizationID
	after.ModifiedAt = &req.Now
	if after.Type == "" {
		after.Type = licensekey.CustomerIndividual
	}
	after = after.Clone()
	if err := checkCustomer(&after); err != nil {
		return licensekey.Customer{}, err
	}
	if sameCustomer(c, after) {
		return c.Clone(), nil
	}
	return after, nil
}

// sameCustomer compares all but ModifiedAt. b must be as checkCustomer leaves it.
func sameCustomer(a, b licensekey.Customer) bool {
	a = a.Clone()
	if checkCustomer(&a) != nil {
		return false
	}
	a.ModifiedAt, b.ModifiedAt = nil, nil
	return reflect.DeepEqual(a, b)
}

// KnownCustomer returns a copy of k, a new license key, with the customer whom the
// store has under the id of k.Customer. All else that k.Customer has is dropped. It
// returns ErrInvalid if the two are not of one organization.
func KnownCustomer(k licensekey.LicenseKey, known licensekey.Customer) (licensekey.LicenseKey, error) {
	if known.OrganizationID != k.Customer.OrganizationID {
		return licensekey.LicenseKey{}, invalid("customer.id", "is the id of a customer of another organization")
	}
	k.Customer = known
	return k.Clone(), nil
}
