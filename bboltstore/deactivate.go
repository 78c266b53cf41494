package bboltstore

import (
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
