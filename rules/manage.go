package rules

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
)

// Issue returns the license key that req describes, as it is to be stored. req
// must have its defaults. It returns ErrInvalid.
func Issue(req licensekey.IssueRequest) (licensekey.LicenseKey, error) {
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
	}
	if !req.ExpiresAt.IsZero() {
		k.ExpiresAt = &req.ExpiresAt
	}
	checked, err := Import(licensekey.LicenseKeyWithActivations{LicenseKey: k})
	return checked.LicenseKey, err
}

// Import returns a copy of k as it is to be stored. Times are in UTC and whole
// microseconds. JSON objects are compact and never nil. What k leaves out is
// filled in from the rest of k: the ids of its customer and user; the
// organization, time of creation and type of its customer; the license key id of
// its activations.
//
// It returns ErrInvalid, in an error that names the field as the JSON form does.
// Import of what it has returned changes nothing.
func Import(k licensekey.LicenseKeyWithActivations) (licensekey.LicenseKeyWithActivations, error) {
	c := licensekey.LicenseKeyWithActivations{LicenseKey: k.Clone()}
	fillIn(&c.LicenseKey)
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

// lookEvery is after how many license keys Imports looks at its context.
const lookEvery = 1000

// Imports is [Import] of every key. An error names the key's index. It returns
// ctx.Err() if ctx ends first.
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

// fillIn gives k the members that follow from its others.
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

// Update returns k as req changes it. req must have its defaults. It returns
// ErrInvalid.
func Update(req licensekey.UpdateRequest, k licensekey.LicenseKey) (licensekey.LicenseKey, error) {
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
	k.ModifiedAt = &req.Now
	k = k.Clone()
	if err := checkLicenseKey(&k); err != nil {
		return licensekey.LicenseKey{}, err
	}
	return k, nil
}

// Rotate returns k with its new key string. req must have its defaults. It
// returns ErrRevoked or ErrInvalid.
func Rotate(req licensekey.RotateRequest, k licensekey.LicenseKey) (licensekey.LicenseKey, error) {
	if k.Status == licensekey.StatusRevoked {
		return licensekey.LicenseKey{}, licensekey.ErrRevoked
	}
	k.Key = req.Key
	k.ModifiedAt = &req.Now
	k = k.Clone()
	if err := checkLicenseKey(&k); err != nil {
		return licensekey.LicenseKey{}, err
	}
	return k, nil
}

func nilIfZero(n int64) *int64 {
	if n == 0 {
		return nil
	}
	return &n
}
