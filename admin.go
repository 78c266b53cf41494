package licensekey

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/google/uuid"
)

// Admin is the host's side of a store: how license keys come into it and are
// looked after. The handlers never use it. Every method is atomic, durable when
// it returns nil, and safe for concurrent use; if ctx ends before a change is
// begun, nothing has changed. What a method takes and returns shares no memory
// with the store.
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
	// Update changes a license key and returns it as stored. It returns
	// ErrNotFound or ErrInvalid.
	Update(ctx context.Context, req UpdateRequest) (LicenseKey, error)
	// Rotate replaces the key string of a license key, which keeps everything
	// else, and returns it as stored: from then on only the new one is found. It
	// returns ErrNotFound, ErrRevoked for a revoked key, ErrExists or ErrInvalid.
	Rotate(ctx context.Context, req RotateRequest) (LicenseKey, error)
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

// DefaultListLimit is the page size of a [ListRequest] without a Limit.
const DefaultListLimit = 100

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

// CheckUpdate returns k as req changes it. Every store's Update calls it on the
// state that it changes. It returns ErrInvalid.
func CheckUpdate(req UpdateRequest, k LicenseKey) (LicenseKey, error) {
	k = k.Clone()
	if req.Status != nil {
		k.Status = *req.Status
	}
	if req.Usage != nil {
		k.Usage = *req.Usage
	}
	if req.LimitActivations != nil {
		k.LimitActivations = nilIfZero(*req.LimitActivations)
	}
	if req.LimitUsage != nil {
		k.LimitUsage = nilIfZero(*req.LimitUsage)
	}
	if req.ExpiresAt != nil {
		k.ExpiresAt = nil
		if !req.ExpiresAt.IsZero() {
			k.ExpiresAt = clonePointer(req.ExpiresAt)
		}
	}
	return modified(k, req.Now)
}

// RotateRequest gives a license key a new key string.
type RotateRequest struct {
	ID uuid.UUID
	// Key is the new key string. Empty means a new one from [NewKey] with
	// Prefix.
	Key    string
	Prefix string
	// Now is the time of the change. Zero means time.Now().
	Now time.Time
}

// CheckRotate returns k with its new key string. Every store's Rotate calls it
// on the state that it changes. It returns ErrRevoked or ErrInvalid.
func CheckRotate(req RotateRequest, k LicenseKey) (LicenseKey, error) {
	if k.Status == StatusRevoked {
		return LicenseKey{}, ErrRevoked
	}
	k = k.Clone()
	k.Key = req.Key
	if k.Key == "" {
		k.Key = NewKey(req.Prefix)
	}
	return modified(k, req.Now)
}

// modified returns k, changed at now, if it can be stored.
func modified(k LicenseKey, now time.Time) (LicenseKey, error) {
	if now.IsZero() {
		now = time.Now()
	}
	k.ModifiedAt = &now
	if err := checkLicenseKey(&k); err != nil {
		return LicenseKey{}, err
	}
	return k, nil
}
