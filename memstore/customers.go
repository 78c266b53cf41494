package memstore

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/internal/casefold"
	"github.com/licensekit/licensekey/rules"
)

// customers are the customers of the license keys of a store, each kept once.
type customers struct {
	byID         map[uuid.UUID]*customer
	byEmail      map[string][]*customer // by the e-mail as casefold makes it
	byExternalID map[string][]*customer
}

type customer struct {
	licensekey.Customer
	keys order // its license keys
}

func newCustomers() customers {
	return customers{
		byID:         make(map[uuid.UUID]*customer),
		byEmail:      make(map[string][]*customer),
		byExternalID: make(map[string][]*customer),
	}
}

// known returns k with the customer whom the store has under that id, if there is
// one. It returns ErrInvalid if that is a customer of another organization.
func (cs *customers) known(k licensekey.LicenseKey) (licensekey.LicenseKey, error) {
	c := cs.byID[k.CustomerID]
	if c == nil {
		return k, nil
	}
	return rules.KnownCustomer(k, c.Customer)
}

// of returns the customer whom the store has under the id of c, and adds c if there
// is none.
func (cs *customers) of(c licensekey.Customer) *customer {
	kept := cs.byID[c.ID]
	if kept == nil {
		kept = &customer{Customer: c}
		cs.byID[c.ID] = kept
		cs.index(kept)
	}
	return kept
}

// release removes a customer without license keys.
func (cs *customers) release(c *customer) {
	if c.keys.live == 0 {
		delete(cs.byID, c.ID)
		cs.unindex(c)
	}
}

func (cs *customers) index(c *customer) {
	if c.Email != nil {
		put(cs.byEmail, casefold.Fold(*c.Email), c)
	}
	if c.ExternalID != nil {
		put(cs.byExternalID, *c.ExternalID, c)
	}
}

func (cs *customers) unindex(c *customer) {
	if c.Email != nil {
		drop(cs.byEmail, casefold.Fold(*c.Email), c)
	}
	if c.ExternalID != nil {
		drop(cs.byExternalID, *c.ExternalID, c)
	}
}

func put(texts map[string][]*customer, text string, c *customer) {
	texts[text] = append(texts[text], c)
}

func drop(texts map[string][]*customer, text string, c *customer) {
	texts[text] = slices.DeleteFunc(texts[text], func(other *customer) bool { return other == c })
	if len(texts[text]) == 0 {
		delete(texts, text)
	}
}

// keysOf returns the license keys of customers.
func keysOf(found []*customer) []*order {
	var orders []*order
	for _, c := range found {
		orders = append(orders, &c.keys)
	}
	return orders
}

// withIDs returns the customers with one of the ids, each once.
func (cs *customers) withIDs(ids []uuid.UUID) (found []*customer) {
	for _, id := range ids {
		if c := cs.byID[id]; c != nil && !slices.Contains(found, c) {
			found = append(found, c)
		}
	}
	return found
}

// UpdateCustomer implements [licensekey.Admin].
func (s *Store) UpdateCustomer(ctx context.Context, req licensekey.UpdateCustomerRequest) (updated licensekey.Customer, err error) {
	req = req.WithDefaults()
	err = s.update(ctx, func() error {
		c := s.customers.byID[req.Customer.ID]
		if c == nil {
			return licensekey.ErrNotFound
		}
		after, err := rules.UpdateCustomer(req, c.Customer)
		if err != nil {
			return err
		}
		s.customers.unindex(c)
		c.Customer = after
		s.customers.index(c)
		updated = after.Clone()
		return nil
	})
	return updated, err
}
