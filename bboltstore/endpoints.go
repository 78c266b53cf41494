package bboltstore

import (
	"bytes"
	"context"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"github.com/licensekit/licensekey"
)

// Deactivate implements [licensekey.Deactivator]. A miss costs a read
// transaction and never waits for a change that is being made.
func (s *Store) Deactivate(ctx context.Context, req licensekey.DeactivateRequest) error {
	err := s.view(ctx, func(tx *bbolt.Tx) error {
		_, err := findActivation(tx, req)
		return err
	})
	if err != nil {
		return err
	}
	return s.update(ctx, func(tx *bbolt.Tx) error {
		at, err := findActivation(tx, req)
		if err != nil {
			return err
		}
		return tx.Bucket(activationsBucket).Delete(at)
	})
}

// Activate implements [licensekey.Activator]. A refusal costs a read transaction
// and never waits for a change that is being made.
func (s *Store) Activate(ctx context.Context, req licensekey.ActivateRequest) (activated licensekey.Activated, err error) {
	err = s.view(ctx, func(tx *bbolt.Tx) error {
		_, err := checkActivate(tx, req)
		return err
	})
	if err != nil {
		return licensekey.Activated{}, err
	}
	err = s.update(ctx, func(tx *bbolt.Tx) error {
		activated, err = checkActivate(tx, req)
		if err != nil {
			return err
		}
		return putActivation(tx, activated.Activation)
	})
	if err != nil {
		return licensekey.Activated{}, err
	}
	return activated, nil
}

// checkActivate decides on the state that tx sees.
func checkActivate(tx *bbolt.Tx, req licensekey.ActivateRequest) (licensekey.Activated, error) {
	id, err := findLicenseKey(tx, req.OrganizationID, req.Key)
	if err != nil {
		return licensekey.Activated{}, err
	}
	k, err := getLicenseKey(tx, id)
	if err != nil {
		return licensekey.Activated{}, err
	}
	a, err := licensekey.CheckActivate(req, k, countActivations(tx, id))
	if err != nil {
		return licensekey.Activated{}, err
	}
	return licensekey.Activated{Activation: a, LicenseKey: k}, nil
}

func countActivations(tx *bbolt.Tx, licenseKeyID uuid.UUID) (n int) {
	c := tx.Bucket(activationsBucket).Cursor()
	for at, _ := c.Seek(licenseKeyID[:]); bytes.HasPrefix(at, licenseKeyID[:]); at, _ = c.Next() {
		n++
	}
	return n
}

// Validate implements [licensekey.Validator]. A refusal costs a read transaction
// and never waits for a change that is being made.
func (s *Store) Validate(ctx context.Context, req licensekey.ValidateRequest) (validated licensekey.Validated, err error) {
	err = s.view(ctx, func(tx *bbolt.Tx) error {
		_, err := checkValidate(tx, req)
		return err
	})
	if err != nil {
		return licensekey.Validated{}, err
	}
	err = s.update(ctx, func(tx *bbolt.Tx) error {
		validated, err = checkValidate(tx, req)
		if err != nil {
			return err
		}
		return putLicenseKey(tx, validated.LicenseKey)
	})
	if err != nil {
		return licensekey.Validated{}, err
	}
	return validated, nil
}

// checkValidate decides on the state that tx sees.
func checkValidate(tx *bbolt.Tx, req licensekey.ValidateRequest) (licensekey.Validated, error) {
	id, err := findLicenseKey(tx, req.OrganizationID, req.Key)
	if err != nil {
		return licensekey.Validated{}, err
	}
	k, err := getLicenseKey(tx, id)
	if err != nil {
		return licensekey.Validated{}, err
	}
	var activation *licensekey.Activation
	if req.ActivationID != nil {
		if record := tx.Bucket(activationsBucket).Get(activationKey(id, *req.ActivationID)); record != nil {
			activation = new(licensekey.Activation)
			if err := decode(record, activation); err != nil {
				return licensekey.Validated{}, err
			}
		}
	}
	k, err = licensekey.CheckValidate(req, k, activation)
	if err != nil {
		return licensekey.Validated{}, err
	}
	return licensekey.Validated{LicenseKey: k, Activation: activation}, nil
}

// findActivation returns the record key of the live activation that req names.
func findActivation(tx *bbolt.Tx, req licensekey.DeactivateRequest) ([]byte, error) {
	id, err := findLicenseKey(tx, req.OrganizationID, req.Key)
	if err != nil {
		return nil, err
	}
	at := activationKey(id, req.ActivationID)
	if tx.Bucket(activationsBucket).Get(at) == nil {
		return nil, licensekey.ErrNotFound
	}
	return at, nil
}

func findLicenseKey(tx *bbolt.Tx, organizationID uuid.UUID, key string) (uuid.UUID, error) {
	id := tx.Bucket(lookupBucket).Get(lookupKey(organizationID, key))
	if id == nil {
		return uuid.Nil, licensekey.ErrNotFound
	}
	return uuid.FromBytes(id)
}
