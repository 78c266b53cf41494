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
	return s.update(ctx, func(tx *bbolt.Tx) (func() error, error) {
		at, err := findActivation(tx, req)
		return func() error { return tx.Bucket(activationsBucket).Delete(at) }, err
	})
}

// Activate implements [licensekey.Activator]. A refusal costs a read transaction
// and never waits for a change that is being made.
func (s *Store) Activate(ctx context.Context, req licensekey.ActivateRequest) (licensekey.Activated, error) {
	err := s.view(ctx, func(tx *bbolt.Tx) error {
		_, err := checkActivate(tx, req)
		return err
	})
	if err != nil {
		return licensekey.Activated{}, err
	}
	var result licensekey.Activated
	err = s.update(ctx, func(tx *bbolt.Tx) (func() error, error) {
		var err error
		result, err = checkActivate(tx, req)
		return func() error { return putActivation(tx, result.Activation) }, err
	})
	if err != nil {
		return licensekey.Activated{}, err
	}
	return result, nil
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
func (s *Store) Validate(ctx context.Context, req licensekey.ValidateRequest) (licensekey.Validated, error) {
	err := s.view(ctx, func(tx *bbolt.Tx) error {
		_, err := checkValidate(tx, req)
		return err
	})
	if err != nil {
		return licensekey.Validated{}, err
	}
	var result licensekey.Validated
	err = s.update(ctx, func(tx *bbolt.Tx) (func() error, error) {
		var err error
		result, err = checkValidate(tx, req)
		return func() error { return putLicenseKey(tx, result.LicenseKey) }, err
	})
	if err != nil {
		return licensekey.Validated{}, err
	}
	return result, nil
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
