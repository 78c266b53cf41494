package rules

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
)

// Issue returns the license key that req describes, as it is to be stored. req
// must come from req.WithDefaults. Issue returns ErrInvalid if the key cannot be
// stored.
func Issue(req licensekey.IssueRequest) (licensekey.LicenseKey, error) {
	if err := checkNewKey(req.Key); err != nil {
		return licensekey.LicenseKey{}, err
	}
	k := licensekey.LicenseKey{
		ID:               req.ID,
		CreatedAt:        req.Now,
		OrganizationID:   req.OrganizationID,
		BenefitID:        req.BenefitID,
		Customer:         req.Customer,
		Key:              req.Key,
		Status:           req.Status,
		LimitActivations: nilIfZero(req.LimitActivations),
		LimitUsage:       nilIfZero(req.LimitUsage),
		Metadata:         req.Metadata,
	}
	if !req.ExpiresAt.IsZero() {
		k.ExpiresAt = &req.ExpiresAt
	}
	checked, err := Import(licensekey.LicenseKeyWithActivations{LicenseKey: k})
	return checked.LicenseKey, err
}

// Import returns a copy of k as it is to be stored. Its times are in UTC and whole
// microseconds. Its JSON objects are compact and never nil. Import fills in what k
// leaves out: CustomerID and UserID; the organization, time of creation and type
// of the customer; and the license key id of each activation.
//
// It returns an error that wraps ErrInvalid, and has the JSON name of the field,
// if k cannot be stored. Importing what Import has returned changes nothing more.
func Import(k licensekey.LicenseKeyWithActivations) (licensekey.LicenseKeyWithActivations, error) {
	c := licensekey.LicenseKeyWithActivations{LicenseKey: k.Clone()}
	fillIn(&c.LicenseKey)
	relate(&c.LicenseKey)
	if err := checkLicenseKey(&c.LicenseKey); err != nil {
		return licensekey.LicenseKeyWithActivations{}, err
	}
	seen := make(map[uuid.UUID]bool, len(k.Activations))
	for i, a := range k.Activations {
		a = a.Clone()
		if a.LicenseKeyID == uuid.Nil {
			a.LicenseKeyID = c.ID
		}
		path := fmt.Sprintf("activations[%d].", i)
		if err := checkActivation(&a, c.ID, path); err != nil {
			return licensekey.LicenseKeyWithActivations{}, err
		}
		if seen[a.ID] {
			return licensekey.LicenseKeyWithActivations{}, invalid(path+"id", "is there twice")
		}
		seen[a.ID] = true
		c.Activations = append(c.Activations, a)
	}
	return c, nil
}

// lookEvery is the number of license keys after which Imports checks its ctx again.
const lookEvery = 1000

// Imports calls [Import] for every key. An error has the index of the key. If ctx
// ends first, Imports returns ctx.Err().
func Imports(ctx context.Context, keys []licensekey.LicenseKeyWithActivations) ([]licensekey.LicenseKeyWithActivations, error) {
	checked := make([]licensekey.LicenseKeyWithActivations, len(keys))
	for i, k := range keys {
		if i%lookEvery == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		var err error
		if checked[i], err = Import(k); err != nil {
			return nil, fmt.Errorf("license key %d: %w", i, err)
		}
	}
	return checked, nil
}

// fillIn sets the fields of k that follow from its other fields.
func fillIn(k *licensekey.LicenseKey) {
	if k.CustomerID == uuid.Nil {
		k.CustomerID = k.Customer.ID
	}
	if k.UserID == uuid.Nil {
		k.UserID = k.CustomerID
	}
	if k.Customer.OrganizationID == uuid.Nil {
		k.Customer.OrganizationID = k.OrganizationID
	}
	if k.Customer.CreatedAt.Truncate(time.Microsecond).IsZero() {
		k.Customer.CreatedAt = k.CreatedAt
	}
	if k.Customer.Type == "" {
		k.Customer.Type = licensekey.CustomerIndividual
	}
}

// Update returns a copy of k with the changes of req. If every value is as it was,
// the copy is k as it was, ModifiedAt too. It returns ErrInvalid if the result
// cannot be stored. req must have its defaults: Update does not fill in Now.
func Update(req licensekey.UpdateRequest, k licensekey.LicenseKey) (licensekey.LicenseKey, error) {
	before := k
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
		k.ExpiresAt = req.ExpiresAt
		if req.ExpiresAt.IsZero() {
			k.ExpiresAt = nil
		}
	}
	if req.Metadata != nil {
		k.Metadata = req.Metadata
	}
	return modified(before, k, req.Now)
}

// Rotate returns a copy of k with the new key string of req. If that is the key
// string of k, the copy is k as it was, ModifiedAt too. It returns ErrRevoked if k
// is revoked, or ErrInvalid if the result cannot be stored. req must have its
// defaults: Rotate does not fill in Key and Now.
func Rotate(req licensekey.RotateRequest, k licensekey.LicenseKey) (licensekey.LicenseKey, error) {
	if k.Status == licensekey.StatusRevoked {
		return licensekey.LicenseKey{}, licensekey.ErrRevoked
	}
	if req.Key != k.Key {
		if err := checkNewKey(req.Key); err != nil {
			return licensekey.LicenseKey{}, err
		}
	}
	before := k
	k.Key = req.Key
	return modified(before, k, req.Now)
}

// modified returns a copy of after, modified at now unless it equals before.
func modified(before, after licensekey.LicenseKey, now time.Time) (licensekey.LicenseKey, error) {
	after.ModifiedAt = &now
	after = after.Clone()
	if err := checkLicenseKey(&after); err != nil {
		return licensekey.LicenseKey{}, err
	}
	if sameValues(before, after) {
		return before.Clone(), nil
	}
	return after, nil
}

// sameValues compares what Update and Rotate may change.
func sameValues(a, b licensekey.LicenseKey) bool {
	return a.Key == b.Key && bytes.Equal(a.Metadata, b.Metadata) && a.Status == b.Status && a.Usage == b.Usage &&
		equalPointers(a.LimitActivations, b.LimitActivations) && equalPointers(a.LimitUsage, b.LimitUsage) &&
		(a.ExpiresAt == nil) == (b.ExpiresAt == nil) && (a.ExpiresAt == nil || a.ExpiresAt.Equal(*b.ExpiresAt))
}

func equalPointers(a, b *int64) bool {
	return (a == nil) == (b == nil) && (a == nil || *a == *b)
}

// EndActivation decides whether the owner that req names, if any, may end an
// activation of k. It returns ErrNotFound for a license key of anyone else.
func EndActivation(req licensekey.EndActivationRequest, k licensekey.LicenseKey) error {
	if req.CustomerID != uuid.Nil && req.CustomerID != k.CustomerID {
		return licensekey.ErrNotFound
	}
	return nil
}

func nilIfZero(n int64) *int64 {
	if n == 0 {
		return nil
	}
	return &n
}
