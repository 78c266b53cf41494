package bboltstore_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
)

// Few values, so that license keys share them, and so that filters that combine them
// find some.
var (
	listOrgs      = ids(3)
	listBenefits  = append(ids(2), uuid.Nil)
	listCustomers = ids(12) // each of the organization with the same index, modulo 3
	listStatuses  = []licensekey.Status{licensekey.StatusGranted, licensekey.StatusRevoked, licensekey.StatusDisabled}
	// K is the Kelvin sign, which is k in another case.
	listEmails   = []string{"ada@example.com", "ADA@Example.com", "k@example.com", "\u212a@example.com", "ſ@example.com", "s@example.com", ""}
	listExternal = []string{"1", "2", "A", "a", ""}
	listSuffixes = []string{"ABCDEF", "123456", "ÄÖÜäöü", "6789AB"}
	listTimes    = []time.Time{
		time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC), time.Date(2026, 1, 2, 3, 4, 5, 7000, time.UTC),
		time.Date(1969, 12, 31, 23, 59, 59, 999999000, time.UTC), time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC),
	}
)

func ids(n int) (ids []uuid.UUID) {
	for range n {
		ids = append(ids, uuid.New())
	}
	return ids
}

func pick[T any](r *rand.Rand, values []T) T { return values[r.IntN(len(values))] }

// some returns none, one or more of values, and sometimes another one.
func some[T any](r *rand.Rand, values []T, other T) (some []T) {
	for r.IntN(3) == 0 {
		some = append(some, pick(r, append(values[:len(values):len(values)], other)))
	}
	return some
}

// listModel holds what a store must have: a plain list of license keys.
type listModel struct {
	file
	r    *rand.Rand
	keys []licensekey.LicenseKeyWithActivations
}

func (m *listModel) customer() licensekey.Customer {
	n := m.r.IntN(len(listCustomers))
	c := licensekey.Customer{ID: listCustomers[n], OrganizationID: listOrgs[n%len(listOrgs)]}
	if email := pick(m.r, listEmails); email != "" || m.r.IntN(2) == 0 {
		c.Email = &email
	}
	if externalID := pick(m.r, listExternal); externalID != "" || m.r.IntN(2) == 0 {
		c.ExternalID = &externalID
	}
	return c
}

func (m *listModel) newKey() licensekey.Key {
	if m.r.IntN(8) == 0 {
		return licensekey.NewKey("")[:1+m.r.IntN(6)] // six characters or fewer; there may be one
	}
	return licensekey.NewKey("") + licensekey.Key(pick(m.r, listSuffixes))
}

// known returns k with the customer that the other license keys of that customer
// have.
func (m *listModel) known(k licensekey.LicenseKeyWithActivations) licensekey.LicenseKeyWithActivations {
	for _, other := range m.keys {
		if other.CustomerID == k.CustomerID {
			k.Customer = other.Customer
		}
	}
	return k
}

// step makes a random change.
func (m *listModel) step(t *testing.T) (string, error) {
	ctx := t.Context()
	at := m.r.IntN(len(m.keys) + 1)
	if at == len(m.keys) || m.r.IntN(4) == 0 {
		if m.r.IntN(2) == 0 {
			return "Issue", m.issue(ctx)
		}
		return "Import", m.importSome(ctx)
	}
	k := &m.keys[at]
	var err error
	switch m.r.IntN(8) {
	case 0, 1:
		err = m.Delete(ctx, k.ID)
		m.keys = slices.Delete(m.keys, at, at+1)
		return "Delete", err
	case 2:
		status := pick(m.r, listStatuses)
		k.LicenseKey, err = m.Update(ctx, licensekey.UpdateRequest{ID: k.ID, Status: &status})
		return "Update", err
	case 3:
		after, err := m.Rotate(ctx, licensekey.RotateRequest{ID: k.ID, Key: m.newKey()})
		if errors.Is(err, licensekey.ErrRevoked) || errors.Is(err, licensekey.ErrExists) {
			return "Rotate", nil
		}
		k.LicenseKey = after
		return "Rotate", err
	case 4, 5:
		return "UpdateCustomer", m.updateCustomer(ctx)
	case 6:
		if len(k.Activations) == 0 {
			return "nothing", nil
		}
		req := licensekey.EndActivationRequest{LicenseKeyID: k.ID, ActivationID: k.Activations[0].ID}
		k.Activations = k.Activations[1:]
		_, err := m.EndActivation(ctx, req)
		return "EndActivation", err
	default:
		after, err := m.Validate(ctx, licensekey.ValidateRequest{OrganizationID: k.OrganizationID, Key: k.Key, Now: time.Now()})
		if errors.Is(err, licensekey.ErrNotGranted) {
			return "Validate", nil
		}
		k.LicenseKey = after.LicenseKey
		return "Validate", err
	}
}

func (m *listModel) issue(ctx context.Context) error {
	c := m.customer()
	k, err := m.Issue(ctx, licensekey.IssueRequest{
		OrganizationID: c.OrganizationID, BenefitID: pick(m.r, listBenefits), Customer: c, Key: m.newKey(),
		Status: pick(m.r, listStatuses), Now: pick(m.r, listTimes),
	})
	if errors.Is(err, licensekey.ErrExists) {
		return nil
	}
	m.keys = append(m.keys, licensekey.LicenseKeyWithActivations{LicenseKey: k})
	return err
}

func (m *listModel) importSome(ctx context.Context) error {
	var batch []licensekey.LicenseKeyWithActivations
	for range m.r.IntN(5) {
		c := m.customer()
		k := licensekey.LicenseKeyWithActivations{LicenseKey: licensekey.LicenseKey{
			ID: uuid.New(), OrganizationID: c.OrganizationID, BenefitID: pick(m.r, listBenefits), Customer: c, CustomerID: c.ID,
			Key: licensekey.NewKey("") + licensekey.Key(pick(m.r, listSuffixes)), Status: pick(m.r, listStatuses), CreatedAt: pick(m.r, listTimes),
		}}
		for range m.r.IntN(3) {
			k.Activations = append(k.Activations, licensekey.Activation{ID: uuid.New(), CreatedAt: time.Now()})
		}
		batch = append(batch, k)
	}
	added, err := m.Import(ctx, batch)
	if err == nil && added != len(batch) {
		err = fmt.Errorf("added %d of %d", added, len(batch))
	}
	for _, k := range batch {
		m.keys = append(m.keys, m.known(k))
	}
	return err
}

func (m *listModel) updateCustomer(ctx context.Context) error {
	after, err := m.UpdateCustomer(ctx, licensekey.UpdateCustomerRequest{Customer: m.customer()})
	if errors.Is(err, licensekey.ErrNotFound) {
		return nil
	}
	for i := range m.keys {
		if m.keys[i].CustomerID == after.ID {
			m.keys[i].Customer = after
		}
	}
	return err
}

// request returns a random request.
func (m *listModel) request() licensekey.ListRequest {
	req := licensekey.ListRequest{
		OrganizationIDs: some(m.r, listOrgs, uuid.New()), BenefitIDs: some(m.r, listBenefits, uuid.New()),
		CustomerIDs: some(m.r, listCustomers, uuid.New()), Statuses: some(m.r, listStatuses, "gone"),
		Offset: m.r.IntN(12) - 6, Limit: m.r.IntN(20) - 5,
	}
	if m.r.IntN(4) == 0 {
		req.Email = pick(m.r, listEmails)
	}
	if m.r.IntN(4) == 0 {
		req.ExternalID = pick(m.r, listExternal)
	}
	if m.r.IntN(4) == 0 {
		req.KeySuffix = pick(m.r, listSuffixes)
	}
	if m.r.IntN(2) == 0 && len(m.keys) > 0 {
		req.After = pick(m.r, m.keys).Cursor()
		switch m.r.IntN(4) {
		case 0:
			req.After.CreatedAt = req.After.CreatedAt.Add(time.Duration(m.r.IntN(2000) - 1000))
		case 1:
			req.After.ID = uuid.New()
		}
	}
	return req
}

// want returns what List and Count must return.
func (m *listModel) want(req licensekey.ListRequest) (page []licensekey.LicenseKeyWithActivations, count int) {
	for _, k := range m.keys {
		if !req.Matches(k.LicenseKey) {
			continue
		}
		count++
		if req.After.IsZero() || k.Cursor().Compare(req.After) > 0 {
			page = append(page, k)
		}
	}
	slices.SortFunc(page, func(a, b licensekey.LicenseKeyWithActivations) int { return a.Cursor().Compare(b.Cursor()) })
	page = page[min(max(req.Offset, 0), len(page)):]
	return page[:min(req.PageSize(), len(page))], count
}

func (m *listModel) check(t *testing.T, req licensekey.ListRequest) {
	t.Helper()
	want, wantCount := m.want(req)
	got, err := m.List(t.Context(), req)
	if err != nil || len(got) != len(want) {
		t.Fatalf("List of %+v = %d license keys, %v, want %d", req, len(got), err, len(want))
	}
	for i, k := range got {
		if k.ID != want[i].ID || k.Seats != len(want[i].Activations) {
			t.Fatalf("List of %+v has at %d %v with %d seats taken, want %v with %d", req, i, k.ID, k.Seats, want[i].ID, len(want[i].Activations))
		}
		if k.Status != want[i].Status || !reflect.DeepEqual(k.Customer.Email, want[i].Customer.Email) ||
			!reflect.DeepEqual(k.Customer.ExternalID, want[i].Customer.ExternalID) {
			t.Fatalf("List of %+v has at %d %+v, want %+v", req, i, k, want[i])
		}
		if stored, err := m.Get(t.Context(), k.ID); err != nil || !reflect.DeepEqual(k.LicenseKey, stored.LicenseKey) {
			t.Fatalf("List of %+v has at %d %+v, and Get = %+v, %v", req, i, k, stored.LicenseKey, err)
		}
	}
	if count, err := m.Count(t.Context(), req); err != nil || count != wantCount {
		t.Fatalf("Count of %+v = %d, %v, want %d", req, count, err, wantCount)
	}
}

// TestListModel makes random changes, and compares List and Count with a plain list
// that is searched from end to end. Closing the store checks the indexes.
func TestListModel(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			m := &listModel{file: newStore(t, nil), r: rand.New(rand.NewPCG(seed, 4))}
			for range 40 {
				for range 5 {
					if name, err := m.step(t); err != nil {
						t.Fatalf("%s = %v", name, err)
					}
				}
				m.check(t, licensekey.ListRequest{})
				for range 20 {
					m.check(t, m.request())
				}
			}
		})
	}
}
