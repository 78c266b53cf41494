package licensekey

import (
	"context"
	"encoding/json"
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
	// they are. added is the number of the others. The customer of an added key
	// stays as it is too, if the store has one with that id. Import returns
	// ErrInvalid if any of the keys cannot be stored, or has the id of a customer
	// of another organization.
	Import(ctx context.Context, keys []LicenseKeyWithActivations) (added int, err error)
	// Get returns a license key and its live activations, oldest first. It
	// returns ErrNotFound if there is no license key with that id.
	Get(ctx context.Context, id uuid.UUID) (LicenseKeyWithActivations, error)
	// GetByKey does the same as Get. It finds the license key by its
	// organization and its exact key string.
	GetByKey(ctx context.Context, organizationID uuid.UUID, key Key) (LicenseKeyWithActivations, error)
	// List returns a page of license keys, oldest first: in the order of
	// CreatedAt, and of one moment in that of the ids. A page without any keys
	// means that there are no more. A filter costs what it returns, not what it
	// leaves out.
	List(ctx context.Context, req ListRequest) ([]Listed, error)
	// Count returns how many license keys List would return without After,
	// Offset and Limit.
	Count(ctx context.Context, req ListRequest) (int, error)
	// Update changes a license key and returns it as stored. It sets ModifiedAt
	// only if a value changes. It returns ErrNotFound or ErrInvalid.
	Update(ctx context.Context, req UpdateRequest) (LicenseKey, error)
	// Rotate replaces the key string of a license key and returns it as stored. It
	// sets ModifiedAt unless the key string is the same. Everything else stays as it is, activations too.
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
	// UpdateCustomer replaces a customer, whom a store keeps once: every license
	// key of the customer shows the change. It returns the customer as stored and
	// sets ModifiedAt only if a value changes. CreatedAt and OrganizationID stay as
	// they are. It returns ErrNotFound if no license key has that customer, or
	// ErrInvalid.
	UpdateCustomer(ctx context.Context, req UpdateCustomerRequest) (Customer, error)
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
	// Customer is who gets the key. If the organization has a customer with its ID,
	// that customer gets the key and stays as it is: the other fields are ignored,
	// once they have been checked. The id of a customer of another organization is
	// ErrInvalid. Of a new customer, ID, CreatedAt and Type, if zero, are set to a
	// new id, Now and "individual". OrganizationID is always set to that of the
	// request.
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

// UpdateCustomerRequest replaces the customer that has Customer.ID.
type UpdateCustomerRequest struct {
	// Customer has the new values of all fields but ID, CreatedAt, ModifiedAt and
	// OrganizationID. A field that is nil becomes null, as for a customer who asks to
	// be forgotten. A Type that is "" becomes "individual".
	Customer Customer
	// Now is the time of the change. Zero means time.Now().
	Now time.Time
}

// WithDefaults returns r with Now filled in. See [IssueRequest.WithDefaults].
func (r UpdateCustomerRequest) WithDefaults() UpdateCustomerRequest {
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
