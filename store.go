package licensekey

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"
)

// Errors that stores return, possibly wrapped. Compare with [errors.Is].
var (
	// ErrNotFound says that the organization has no such license key, or the
	// key no such live activation.
	ErrNotFound = errors.New("licensekey: not found")
	// ErrExists says that there already is a license key with that id, or one
	// with that key string in its organization.
	ErrExists = errors.New("licensekey: license key exists")
	// ErrInvalid says that a license key cannot be stored as given. The error
	// that wraps it names the field, as the JSON form does.
	ErrInvalid = errors.New("invalid license key")
)

// Deactivator ends activations. It is all that [NewDeactivateHandler] needs: a
// host with its own tables implements this one method.
type Deactivator interface {
	// Deactivate ends the activation that req names: it is no longer live, and
	// its seat is free for the next activation. The key's status, expiry and
	// limits do not matter.
	//
	// It returns ErrNotFound if the organization has no license key with
	// exactly the bytes of req.Key, or that key no live activation with that
	// id. A key may be any string: one that the store cannot hold, because of
	// its length or its bytes, is not found.
	//
	// It is one atomic step, safe for concurrent use: of any number of
	// concurrent calls for one activation exactly one returns nil and the
	// others ErrNotFound. Once it returns nil the change is durable and every
	// later call sees it. If ctx ends before the change is committed, it
	// returns an error wrapping ctx.Err() and nothing has changed. After any
	// other error it is not known whether the change was made.
	Deactivate(ctx context.Context, req DeactivateRequest) error
}

// Store is what [NewHandler] serves. Before version 1 it gains a method with
// every endpoint that the package learns to answer.
type Store interface {
	Deactivator
}

// DeactivateRequest names an activation to end.
type DeactivateRequest struct {
	OrganizationID uuid.UUID
	Key            string // a secret: keep it out of errors and logs
	ActivationID   uuid.UUID
	// Now is the time of the request, for stores that keep when it happened.
	Now time.Time
}

// String names the request without its key.
func (r DeactivateRequest) String() string {
	return "deactivate " + r.ActivationID.String() + " of organization " + r.OrganizationID.String()
}

// GoString is String, so that no verb of fmt shows the key.
func (r DeactivateRequest) GoString() string { return r.String() }

// LogValue is String, so that no slog handler shows the key.
func (r DeactivateRequest) LogValue() slog.Value { return slog.StringValue(r.String()) }

// Admin is the host's side of a store: how license keys come into it and are
// looked after. The handlers never use it. Every method is atomic, durable when
// it returns nil, and safe for concurrent use; if ctx ends before a change is
// committed, nothing has changed. What a method takes and returns shares no
// memory with the store.
type Admin interface {
	// Issue adds a new license key and returns it as stored. It returns
	// ErrInvalid or ErrExists.
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
	GetByKey(ctx context.Context, organizationID uuid.UUID, key string) (LicenseKeyWithActivations, error)
	// List returns license keys in the order of their ids.
	List(ctx context.Context, req ListRequest) ([]LicenseKey, error)
	// Delete removes a license key and its activations. It returns ErrNotFound.
	Delete(ctx context.Context, id uuid.UUID) error
	// Close ends the use of the store. Later calls of any method but Close
	// return an error.
	Close() error
}

// ListRequest asks for a page of license keys.
type ListRequest struct {
	// After is the id that the page begins after: the last one of the page
	// before. Zero means the first page.
	After uuid.UUID
	// Limit is the largest number of keys to return. Zero means 100.
	Limit int
}

// DefaultListLimit is the page size of a [ListRequest] without a Limit.
const DefaultListLimit = 100

// PageSize returns the number of keys that r asks for.
func (r ListRequest) PageSize() int {
	if r.Limit <= 0 {
		return DefaultListLimit
	}
	return r.Limit
}
