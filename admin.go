package licensekey

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"time"

	"github.com/google/uuid"
)

// Admin is the management API of a store: how a host issues, imports and looks
// after license keys. A host is the program that embeds this package. The
// handlers never use Admin.
//
// Every method is atomic and safe for concurrent use. A change is durable when the
// method returns nil. If ctx ends before a change is begun, the method returns an
// error that wraps ctx.Err(), and nothing has changed. For a ctx that ends later,
// and for [ErrUnknown], see [Deactivator]. What a method takes and returns shares
// no memory with the store. Besides the errors named here, any method may return
// an error of the database.
type Admin interface {
	// Issue adds a new license key and returns it as stored. It returns
	// ErrInvalid if the key cannot be stored. It returns ErrExists if there is a
	// license key with that id, or if the organization has one with that key
	// string.
	Issue(ctx context.Context, req IssueRequest) (LicenseKey, error)
	// Import adds license keys with their ids, counters and live activations.
	// It adds all of them, or none if it returns an error. It skips keys that
	// are already there, by id or by organization and key string: those stay as
	// they are. added is the number of the others. It returns ErrInvalid if any
	// of the keys cannot be stored.
	Import(ctx context.Context, keys []LicenseKeyWithActivations) (added int, err error)
	// Get returns a license key and its live activations, oldest first. It
	// returns ErrNotFound if there is no license key with that id.
	Get(ctx context.Context, id uuid.UUID) (LicenseKeyWithActivations, error)
	// GetByKey does the same as Get. It finds the license key by its
	// organization and its exact key string.
	GetByKey(ctx context.Context, organizationID uuid.UUID, key Key) (LicenseKeyWithActivations, error)
	// List returns a page of license keys in the order of their ids. A page
	// without any keys means that there are no more.
	List(ctx context.Context, req ListRequest) ([]LicenseKey, error)
	// Update changes a license key, sets its ModifiedAt, and returns it as
	// stored. It returns ErrNotFound or ErrInvalid.
	Update(ctx context.Context, req UpdateRequest) (LicenseKey, error)
	// Rotate replaces the key string of a license key, sets its ModifiedAt, and
	// returns it as stored. Everything else stays as it is, activations too.
	// Once Rotate returns, the license key is found by the new key string only.
	// It returns ErrNotFound, ErrRevoked, ErrInvalid, or ErrExists if the
	// organization has another license key with that key string.
	Rotate(ctx context.Context, req RotateRequest) (LicenseKey, error)
	// EndActivation ends a live activation by its id and returns it as it was. Its
	// seat is free at once. It returns ErrNotFound if there is no such license key,
	// if the key has no such live activation, or if req names a customer and the key
	// is not that customer's: the owner is checked in the same step.
	EndActivation(ctx context.Context, req EndActivationRequest) (Activation, error)
	// Delete removes a license key and its activations. It returns ErrNotFound.
	Delete(ctx context.Context, id uuid.UUID) error
	// Check is the health check. It returns nil, or an error that says why the
	// store cannot make changes. It changes nothing.
	Check(ctx context.Context) error
}

// ManagedStore is a store with a management API. The stores of this module
// implement it.
type ManagedStore interface {
	Store
	Admin
}

// IssueRequest describes a license key to issue. Only OrganizationID is
// required.
type IssueRequest struct {
	OrganizationID uuid.UUID
	BenefitID      uuid.UUID
	// Customer is who gets the key. Its ID, CreatedAt and Type, if zero, are
	// set to a new id, Now and "individual". Its OrganizationID is always set to
	// that of the request.
	Customer Customer

	// Key is the key string. Empty means a new one from [NewKey] with Prefix.
	// It must not have control characters, or white space or anything invisible
	// at the ends.
	Key    Key `json:"-"`
	Prefix string
	// Status is the status of the new key. Empty means StatusGranted.
	Status Status

	LimitActivations int64     // 0: the key takes no activations
	LimitUsage       int64     // 0: usage has no limit
	ExpiresAt        time.Time // zero: never

	// Metadata is the host's own JSON object. Nil is {}.
	Metadata json.RawMessage

	// ID is the license key's id. Zero means a new one.
	ID uuid.UUID
	// Now is the time of issue. Zero means time.Now().
	Now time.Time
}

// WithDefaults returns r with every default filled in: ids, times and a random
// key. A store calls it once, before its transaction: the transaction may run its
// decision twice, and must come to the same license key both times.
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

// UpdateRequest changes the fields of a license key that are not nil here.
type UpdateRequest struct {
	ID     uuid.UUID
	Status *Status
	Usage  *int64
	// LimitActivations and LimitUsage mean what they mean in an [IssueRequest]:
	// with 0 the key takes no activations, and its usage has no limit. Live
	// activations beyond a lowered limit stay.
	LimitActivations *int64
	LimitUsage       *int64
	// ExpiresAt is the new time of expiry. The zero time means never.
	ExpiresAt *time.Time
	// Metadata replaces the host's own JSON object.
	Metadata json.RawMessage
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
	// Prefix. It must be as in IssueRequest.
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

// EndActivationRequest names an activation to end, without the key string.
type EndActivationRequest struct {
	LicenseKeyID uuid.UUID
	ActivationID uuid.UUID
	// CustomerID is who must own the license key. Zero means anyone.
	CustomerID uuid.UUID
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
	// After is the last id of the page before: the page begins after it. Zero
	// means the first page.
	After uuid.UUID
	// Limit is the largest number of keys to return. Zero or less means
	// DefaultListLimit.
	Limit int
	// List returns only keys with this OrganizationID, BenefitID, CustomerID
	// and Status. A zero value matches any key.
	OrganizationID uuid.UUID
	BenefitID      uuid.UUID
	CustomerID     uuid.UUID
	Status         Status
}

// Matches reports whether k has what r asks for, Limit and After aside.
func (r ListRequest) Matches(k LicenseKey) bool {
	return (r.OrganizationID == uuid.Nil || r.OrganizationID == k.OrganizationID) &&
		(r.BenefitID == uuid.Nil || r.BenefitID == k.BenefitID) &&
		(r.CustomerID == uuid.Nil || r.CustomerID == k.CustomerID) &&
		(r.Status == "" || r.Status == k.Status)
}

// PageSize returns the largest number of keys to return: Limit, or
// DefaultListLimit if Limit is zero or less.
func (r ListRequest) PageSize() int {
	if r.Limit <= 0 {
		return DefaultListLimit
	}
	return r.Limit
}

// All returns every license key of a store with its live activations, in the
// order of their ids, for an export. It reads one key after another. So each key
// is consistent, but the whole is not a snapshot if keys change meanwhile. The
// body of the loop may call the store. If All yields an error, it yields nothing
// after it.
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
