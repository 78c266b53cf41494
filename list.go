package licensekey

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// DefaultListLimit is the page size of a [ListRequest] without a Limit.
const DefaultListLimit = 100

// ListRequest asks for a page of license keys. A license key must pass every
// filter. Of a filter with several values it must have one; an empty filter lets
// every license key pass.
type ListRequest struct {
	OrganizationIDs []uuid.UUID
	BenefitIDs      []uuid.UUID
	CustomerIDs     []uuid.UUID
	Statuses        []Status
	// Email is the customer's e-mail, without regard to upper and lower case.
	Email string
	// ExternalID is the customer's external id.
	ExternalID string
	// KeySuffix is the last six characters of the key string, as DisplayKey shows
	// them, or all of a shorter one.
	KeySuffix string

	// After is where the page before ended: the Cursor of its last license key.
	// The zero Cursor means the first page.
	After Cursor
	// Offset is how many license keys to leave out after that, for numbered pages.
	// Zero or less means none.
	Offset int
	// Limit is the largest number of license keys to return. Zero or less means
	// DefaultListLimit.
	Limit int
}

// Listed is a license key in a list.
type Listed struct {
	LicenseKey
	// Seats is how many of its seats are taken: the number of live activations.
	Seats int `json:"seats"`
}

// Cursor is a place in the order of lists.
type Cursor struct {
	CreatedAt time.Time
	ID        uuid.UUID
}

// Cursor returns the place of k in the order of lists.
func (k LicenseKey) Cursor() Cursor { return Cursor{k.CreatedAt, k.ID} }

// Compare returns -1 if c comes before d in the order of lists, 1 if it comes
// after d, and 0 if both are one place.
func (c Cursor) Compare(d Cursor) int {
	return cmp.Or(c.CreatedAt.Compare(d.CreatedAt), bytes.Compare(c.ID[:], d.ID[:]))
}

// IsZero reports whether c is the place before all license keys.
func (c Cursor) IsZero() bool { return c.ID == uuid.Nil && c.CreatedAt.IsZero() }

// Matches reports whether k passes the filters of r.
func (r ListRequest) Matches(k LicenseKey) bool {
	return oneOf(r.OrganizationIDs, k.OrganizationID) && oneOf(r.BenefitIDs, k.BenefitID) &&
		oneOf(r.CustomerIDs, k.CustomerID) && oneOf(r.Statuses, k.Status) &&
		(r.Email == "" || k.Customer.Email != nil && strings.EqualFold(r.Email, *k.Customer.Email)) &&
		(r.ExternalID == "" || k.Customer.ExternalID != nil && r.ExternalID == *k.Customer.ExternalID) &&
		(r.KeySuffix == "" || r.KeySuffix == k.KeySuffix())
}

func oneOf[T comparable](values []T, v T) bool {
	return len(values) == 0 || slices.Contains(values, v)
}

// PageSize returns the largest number of keys to return: Limit, or
// DefaultListLimit if Limit is zero or less.
func (r ListRequest) PageSize() int {
	if r.Limit <= 0 {
		return DefaultListLimit
	}
	return r.Limit
}

// All returns the license keys that pass the filters of req, with their live
// activations, in the order of lists, for an export. It begins after req.After and
// does not look at Offset and Limit. It reads one key after another. So each key
// is consistent, but the whole is not a snapshot if keys change meanwhile. The
// body of the loop may call the store. If All yields an error, it yields nothing
// after it.
func All(ctx context.Context, a Admin, req ListRequest) iter.Seq2[LicenseKeyWithActivations, error] {
	return func(yield func(LicenseKeyWithActivations, error) bool) {
		req.Offset, req.Limit = 0, 0
		for {
			page, err := a.List(ctx, req)
			if err != nil {
				yield(LicenseKeyWithActivations{}, err)
				return
			}
			for _, listed := range page {
				k, err := a.Get(ctx, listed.ID)
				if errors.Is(err, ErrNotFound) {
					continue // deleted since
				}
				if !yield(k, err) || err != nil {
					return
				}
			}
			if len(page) == 0 {
				return
			}
			req.After = page[len(page)-1].Cursor()
		}
	}
}
