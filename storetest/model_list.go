package storetest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
)

// someone returns one of a few customers, with random values.
func (m *model) someone() licensekey.Customer {
	c := licensekey.Customer{ID: m.customers[m.IntN(len(m.customers))]}
	if m.IntN(4) > 0 {
		email := m.email()
		c.Email = &email
	}
	if m.IntN(2) == 0 {
		external := fmt.Sprint("ext-", m.IntN(3))
		c.ExternalID = &external
	}
	return c
}

// email returns one of a few e-mails, some of which differ only in case.
func (m *model) email() string {
	return []string{"ada@example.com", "Ada@Example.com", "bo@example.com", "straße@example.com", "STRAẞE@example.com"}[m.IntN(5)]
}

// find returns the customer with that id as now stored, or nil.
func (m *model) find(id uuid.UUID) *licensekey.Customer {
	for _, k := range m.keys {
		if k.CustomerID == id {
			return &k.Customer
		}
	}
	return nil
}

// issuedTo returns the customer who has got the last of the license keys, which req
// has issued.
func (m *model) issuedTo(req licensekey.IssueRequest) licensekey.Customer {
	c := req.Customer
	c.CreatedAt, c.OrganizationID, c.Type, c.Metadata = req.Now, m.organization, licensekey.CustomerIndividual, []byte("{}")
	k := m.keys[len(m.keys)-1]
	if known := m.find(req.Customer.ID); known != &k.Customer {
		c = *known
	}
	k.Customer = c.Clone()
	return c
}

func (m *model) updateCustomer(s licensekey.ManagedStore) (what, got, want string) {
	req := licensekey.UpdateCustomerRequest{Customer: m.someone(), Now: m.now}
	updated, err := s.UpdateCustomer(context.Background(), req)
	what, got = fmt.Sprintf("update the customer to %s", asJSON(req.Customer)), result(err, "%s", asJSON(updated))
	known := m.find(req.Customer.ID)
	if known == nil {
		return what, got, licensekey.ErrNotFound.Error()
	}
	after := known.Clone()
	after.Email, after.ExternalID = req.Customer.Email, req.Customer.ExternalID
	if string(asJSON(after)) != string(asJSON(*known)) {
		at := m.now
		after.ModifiedAt = &at
	}
	for _, k := range m.keys {
		if k.CustomerID == after.ID {
			k.Customer = after
		}
	}
	return what, got, string(asJSON(after))
}

// list lists and counts with random filters. The other callers have license keys of
// other organizations.
func (m *model) list(s licensekey.ManagedStore) (what, got, want string) {
	req := licensekey.ListRequest{OrganizationIDs: []uuid.UUID{m.organization}, Offset: m.IntN(3), Limit: 1 + m.IntN(20)}
	k := m.keys[m.IntN(len(m.keys))]
	if m.IntN(3) == 0 {
		req.CustomerIDs = m.customers[m.IntN(len(m.customers)):]
	}
	if m.IntN(3) == 0 {
		req.Statuses = []licensekey.Status{licensekey.StatusDisabled, k.Status}
	}
	switch m.IntN(5) {
	case 0:
		req.Email = strings.ToUpper(m.email())
	case 1:
		req.ExternalID = fmt.Sprint("ext-", m.IntN(3))
	case 2:
		req.KeySuffix = k.KeySuffix()
	}
	if m.IntN(2) == 0 {
		req.After = licensekey.Cursor{CreatedAt: k.CreatedAt, ID: k.ID}
	}
	page, err := s.List(context.Background(), req)
	got = result(err, "%s", seatsOf(page))
	n, err := s.Count(context.Background(), req)
	got += result(err, " of %d", n)
	found, all := m.listed(req)
	return fmt.Sprintf("list %s", asJSON(req)), got, fmt.Sprintf("%s of %d", seatsOf(found), all)
}

// listed returns what List and Count must return.
func (m *model) listed(req licensekey.ListRequest) (page []licensekey.Listed, all int) {
	sorted := slices.SortedFunc(slices.Values(m.keys), func(a, b *modelKey) int { return compareAt(a, b.CreatedAt, b.ID) })
	skip := req.Offset
	for _, k := range sorted {
		email, external := k.Customer.Email, k.Customer.ExternalID
		switch {
		case len(req.CustomerIDs) > 0 && !slices.Contains(req.CustomerIDs, k.CustomerID),
			len(req.Statuses) > 0 && !slices.Contains(req.Statuses, k.Status),
			req.Email != "" && (email == nil || !strings.EqualFold(*email, req.Email)),
			req.ExternalID != "" && (external == nil || *external != req.ExternalID),
			req.KeySuffix != "" && string(k.Key[max(0, len(k.Key)-6):]) != req.KeySuffix:
			continue
		}
		all++
		switch {
		case req.After != licensekey.Cursor{} && compareAt(k, req.After.CreatedAt, req.After.ID) <= 0:
		case skip > 0:
			skip--
		case len(page) < req.Limit:
			page = append(page, licensekey.Listed{LicenseKey: k.LicenseKey, Seats: len(k.activations)})
		}
	}
	return page, all
}

func compareAt(k *modelKey, at time.Time, id uuid.UUID) int {
	if c := k.CreatedAt.Compare(at); c != 0 {
		return c
	}
	return bytes.Compare(k.ID[:], id[:])
}

// seatsOf returns the license keys of a page, with the numbers of seats taken.
func seatsOf(page []licensekey.Listed) (seats []string) {
	for _, k := range page {
		seats = append(seats, fmt.Sprintf("%s %d", asJSON(k.LicenseKey), k.Seats))
	}
	return seats
}
