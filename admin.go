package licensekey

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/google/uuid"
)

// Admin is the management API of a store: how a host issues, imports and looks
// after license keys. A host is the program that embeds this package. The
// handlers never use Admin.
//
// Every method is atomic, durable when it returns nil, and safe for concurrent
// use. If ctx ends before a change is begun, nothing has changed; for later ends
// and for [ErrUnknown] see [Deactivator]. What a method takes and returns shares
// no memory with the store. Any method may also return an error of the database.
type Admin interface {
	// Issue adds a new license key and returns it as stored. It returns
	// ErrInvalid, or ErrExists if the id is known or the organization has the
	// key string.
	Issue(ctx context.Context, req IssueRequest) (LicenseKey, error)
	// Import adds license keys with their ids, counters and live activations,
	// all or none. Keys that are already there, by id or by organization and
	// key string, are left alone; added counts the others. It returns
	// ErrInvalid.
	Import(ctx context.Context, keys []LicenseKeyWithActivations) (added int, err error)
	// Get returns a license key and its live activations, oldest first. It
	// returns ErrNotFound.
	Get(ctx context.Context, id uuid.UUID) (LicenseKeyWithActivations, error)
	// GetByKey is Get by the organization and the exact key string.
	GetByKey(ctx context.Context, organizationID uuid.UUID, key Key) (LicenseKeyWithActivations, error)
	// List returns a page of license keys in the order of their ids.
	List(ctx context.Context, req ListRequest) ([]LicenseKey, error)
	// Update changes a license key and returns it as stored. It returns
	// ErrNotFound or ErrInvalid.
	Update(ctx context.Context, req UpdateRequest) (LicenseKey, error)
	// Rotate replaces the key string of a license key, which keeps everything
	// else, and returns it as stored. Once it returns, only the new key string
	// is found. It returns ErrNotFound, ErrRevoked, ErrExists or ErrInvalid.
	Rotate(ctx context.Context, req RotateRequest) (LicenseKey, error)
	// Delete removes a license key and its activations. It returns ErrNotFound.
	Delete(ctx context.Context, id uuid.UUID) error
	// Check is the health check: it returns nil, or why the store cannot make
	// changes. It changes nothing.
	Check(ctx context.Context) error
}

// ManagedStore is a store with its management API, as the stores of this module
// are.
type ManagedStore interface {
	Store
	Admin
}

// IssueRequest describes a license key to issue. Only OrganizationID is
// required.
type IssueRequest struct {
	OrganizationID uuid.UUID
	BenefitID      uuid.UUID
	// Customer is who gets the key. Its zero ID, CreatedAt and Type are set to
	// a new id, Now and "individual", its OrganizationID to the request's.
	Customer Customer

	// Key is the key string. Empty means a new one from [NewKey] with Prefix.
	Key    Key `json:"-"`
	Prefix string
	// Status is StatusGranted if empty.
	Status Status

	LimitActivations int64     // 0: the key takes no activations
	LimitUsage       int64     // 0: usage has no limit
	ExpiresAt        time.Time // zero: never

	// ID is the license key's id. Zero means a new one.
	ID uuid.UUID
	// Now is the time of issue. Zero means time.Now().
	Now time.Time
}

// WithDefaults returns r with every default filled in: ids, times, a random key.
// A store calls it once, before its transaction, so that a decision may run twice
// and come to the same license key.
func (r IssueRequest) WithDefaults() IssueRequest {
	r.ID = orNew(r.ID)
	r.Now = orNow(r.Now)
	r.Key = orNewKey(r.Key, r.Prefix)
	if r.Status == "" {
		r.Status = StatusGranted
	}
	r.Customer.ID = orNew(r.Customer.ID)
	r.Customer.OrganizationID = r.OrganizationID
	if r.Customer.CreatedAt.IsZero() {
		r.Customer.CreatedAt = r.Now
	}
	if r.Customer.Type == "" {
		r.Customer.Type = CustomerIndividual
	}
	return r
}

// UpdateRequest changes fields of a license key: those that are not nil.
type UpdateRequest struct {
	ID     uuid.UUID
	Status *Status
	Usage  *int64
	// LimitActivations and LimitUsage of 0 take the limit away, as for
	// [IssueRequest]. Live activations beyond a lowered limit stay.
	LimitActivations *int64
	LimitUsage       *int64
	// ExpiresAt of the zero time means never.
	ExpiresAt *time.Time
	// Now is the time of the change. Zero means time.Now().
	Now time.Time
}

// WithDefaults returns r with Now filled in. See [IssueRequest.WithDefaults].
func (r UpdateRequest) WithDefaults() UpdateRequest {
	r.Now = orNow(r.Now)
	return r
}

// RotateRequest gives a license key a new key string.
type RotateRequest struct {
	ID uuid.UUID
	// Key is the new key string. Empty means a new one from [NewKey] with
	// Prefix.
	Key    Key `json:"-"`
	Prefix string
	// Now is the time of the change. Zero means time.Now().
	Now time.Time
}

// WithDefaults returns r with Key and Now filled in. See
// [IssueRequest.WithDefaults].
func (r RotateRequest) WithDefaults() RotateRequest {
	r.Key = orNewKey(r.Key, r.Prefix)
	r.Now = orNow(r.Now)
	return r
}

func orNew(id uuid.UUID) uuid.UUID {
	if id == uuid.Nil {
		return uuid.New()
	}
	return id
}

func orNow(t time.Time) time.Time {
	if t.IsZero() {
		return time.Now()
	}
	return t
}

func orNewKey(k Key, prefix string) Key {
	if k == "" {
		return NewKey(prefix)
	}
	return k
}

// DefaultListLimit is the page size of a [ListRequest] without a Limit.
const DefaultListLimit = 100

// ListRequest asks for a page of license keys.
type ListRequest struct {
	// After is the id that the page begins after: the last one of the page
	// before. Zero means the first page.
	After uuid.UUID
	// Limit is the largest number of keys to return. Zero or less means
	// DefaultListLimit.
	Limit int
	// OrganizationID, BenefitID, CustomerID and Status are what the keys must
	// have; zero values are any.
	OrganizationID uuid.UUID
	BenefitID      uuid.UUID
	CustomerID     uuid.UUID
	Status         Status
}

// Matches says whether k has what r asks for.
func (r ListRequest) Matches(k LicenseKey) bool {
	return (r.OrganizationID == uuid.Nil || r.OrganizationID == k.OrganizationID) &&
		(r.BenefitID == uuid.Nil || r.BenefitID == k.BenefitID) &&
		(r.CustomerID == uuid.Nil || r.CustomerID == k.CustomerID) &&
		(r.Status == "" || r.Status == k.Status)
}

// PageSize returns the number of keys that r asks for.
func (r ListRequest) PageSize() int {
	if r.Limit <= 0 {
		return DefaultListLimit
	}
	return r.Limit
}

// All returns every license key of a store with its live activations, in the
// order of their ids, for an export. Each key is consistent; the whole is no
// snapshot if keys change meanwhile. The loop may call the store. An error is
// the last thing that it yields.
func All(ctx context.Context, a Admin) iter.Seq2[LicenseKeyWithActivations, error] {
	return func(yield func(LicenseKeyWithActivations, error) bool) {
		for after := uuid.Nil; ; {
			page, err := a.List(ctx, ListRequest{After: after})
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
			after = page[len(page)-1].ID
		}
	}
}
