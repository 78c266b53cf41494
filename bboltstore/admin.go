package bboltstore

import (
	"bytes"
	"context"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"github.com/licensekit/licensekey"
)

// Issue implements [licensekey.Admin].
func (s *Store) Issue(ctx context.Context, req licensekey.IssueRequest) (licensekey.LicenseKey, error) {
	k, err := licensekey.CheckIssue(req)
	if err != nil {
		return licensekey.LicenseKey{}, err
	}
	err = s.update(ctx, func(tx *bbolt.Tx) error {
		added, err := add(tx, licensekey.LicenseKeyWithActivations{LicenseKey: k})
		if err == nil && !added {
			err = licensekey.ErrExists
		}
		return err
	})
	if err != nil {
		return licensekey.LicenseKey{}, err
	}
	return k, nil
}

// Import implements [licensekey.Admin], in one transaction: it needs memory in
// proportion to what it adds.
func (s *Store) Import(ctx context.Context, keys []licensekey.LicenseKeyWithActivations) (added int, err error) {
	checked, err := licensekey.CheckImports(keys)
	if err != nil {
		return 0, err
	}
	err = s.update(ctx, func(tx *bbolt.Tx) error {
		for _, k := range checked {
			isNew, err := add(tx, k)
			if err != nil {
				return err
			}
			if isNew {
				added++
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return added, nil
}

// add writes the records of k and says whether it was new.
func add(tx *bbolt.Tx, k licensekey.LicenseKeyWithActivations) (bool, error) {
	keys, lookup := tx.Bucket(keysBucket), tx.Bucket(lookupBucket)
	at := lookupKey(k.OrganizationID, k.Key)
	if keys.Get(k.ID[:]) != nil || lookup.Get(at) != nil {
		return false, nil
	}
	if err := putLicenseKey(tx, k.LicenseKey); err != nil {
		return false, err
	}
	if err := lookup.Put(at, k.ID[:]); err != nil {
		return false, err
	}
	for _, a := range k.Activations {
		if err := putActivation(tx, a); err != nil {
			return false, err
		}
	}
	return true, nil
}

func putLicenseKey(tx *bbolt.Tx, k licensekey.LicenseKey) error {
	record, err := encode(k)
	if err != nil {
		return err
	}
	return tx.Bucket(keysBucket).Put(k.ID[:], record)
}

func putActivation(tx *bbolt.Tx, a licensekey.Activation) error {
	record, err := encode(a)
	if err != nil {
		return err
	}
	return tx.Bucket(activationsBucket).Put(activationKey(a.LicenseKeyID, a.ID), record)
}

func getLicenseKey(tx *bbolt.Tx, id uuid.UUID) (k licensekey.LicenseKey, err error) {
	record := tx.Bucket(keysBucket).Get(id[:])
	if record == nil {
		return k, licensekey.ErrNotFound
	}
	return k, decode(record, &k)
}

// Get implements [licensekey.Admin].
func (s *Store) Get(ctx context.Context, id uuid.UUID) (k licensekey.LicenseKeyWithActivations, err error) {
	err = s.view(ctx, func(tx *bbolt.Tx) error {
		k, err = load(tx, id)
		return err
	})
	return k, err
}

// GetByKey implements [licensekey.Admin].
func (s *Store) GetByKey(ctx context.Context, organizationID uuid.UUID, key string) (k licensekey.LicenseKeyWithActivations, err error) {
	err = s.view(ctx, func(tx *bbolt.Tx) error {
		id, err := findLicenseKey(tx, organizationID, key)
		if err != nil {
			return err
		}
		k, err = load(tx, id)
		return err
	})
	return k, err
}

// load reads a license key and its live activations.
func load(tx *bbolt.Tx, id uuid.UUID) (licensekey.LicenseKeyWithActivations, error) {
	var k licensekey.LicenseKeyWithActivations
	var err error
	if k.LicenseKey, err = getLicenseKey(tx, id); err != nil {
		return k, err
	}
	c := tx.Bucket(activationsBucket).Cursor()
	for at, record := c.Seek(id[:]); bytes.HasPrefix(at, id[:]); at, record = c.Next() {
		var a licensekey.Activation
		if err := decode(record, &a); err != nil {
			return k, err
		}
		k.Activations = append(k.Activations, a)
	}
	licensekey.SortActivations(k.Activations)
	return k, nil
}

// List implements [licensekey.Admin].
func (s *Store) List(ctx context.Context, req licensekey.ListRequest) (keys []licensekey.LicenseKey, err error) {
	err = s.view(ctx, func(tx *bbolt.Tx) error {
		c := tx.Bucket(keysBucket).Cursor()
		id, record := c.Seek(req.After[:])
		if bytes.Equal(id, req.After[:]) {
			id, record = c.Next()
		}
		for ; id != nil && len(keys) < req.PageSize(); id, record = c.Next() {
			var k licensekey.LicenseKey
			if err := decode(record, &k); err != nil {
				return err
			}
			if req.Matches(k) {
				keys = append(keys, k)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return keys, nil
}

// Delete implements [licensekey.Admin].
func (s *Store) Delete(ctx context.Context, id uuid.UUID) error {
	return s.update(ctx, func(tx *bbolt.Tx) error {
		k, err := load(tx, id)
		if err != nil {
			return err
		}
		for _, a := range k.Activations {
			if err := tx.Bucket(activationsBucket).Delete(activationKey(id, a.ID)); err != nil {
				return err
			}
		}
		if err := tx.Bucket(lookupBucket).Delete(lookupKey(k.OrganizationID, k.Key)); err != nil {
			return err
		}
		return tx.Bucket(keysBucket).Delete(id[:])
	})
}

// Update implements [licensekey.Admin].
func (s *Store) Update(ctx context.Context, req licensekey.UpdateRequest) (licensekey.LicenseKey, error) {
	return s.change(ctx, req.ID, func(k licensekey.LicenseKey) (licensekey.LicenseKey, error) {
		return licensekey.CheckUpdate(req, k)
	})
}

// Rotate implements [licensekey.Admin].
func (s *Store) Rotate(ctx context.Context, req licensekey.RotateRequest) (licensekey.LicenseKey, error) {
	return s.change(ctx, req.ID, func(k licensekey.LicenseKey) (licensekey.LicenseKey, error) {
		return licensekey.CheckRotate(req, k)
	})
}

// change replaces a license key by what check makes of it.
func (s *Store) change(ctx context.Context, id uuid.UUID,
	check func(licensekey.LicenseKey) (licensekey.LicenseKey, error)) (changed licensekey.LicenseKey, err error) {
	err = s.update(ctx, func(tx *bbolt.Tx) error {
		before, err := getLicenseKey(tx, id)
		if err != nil {
			return err
		}
		if changed, err = check(before); err != nil {
			return err
		}
		if changed.Key != before.Key {
			if err := moveLookup(tx, before, changed); err != nil {
				return err
			}
		}
		return putLicenseKey(tx, changed)
	})
	if err != nil {
		return licensekey.LicenseKey{}, err
	}
	return changed, nil
}

// moveLookup makes a license key be found by its new key string only.
func moveLookup(tx *bbolt.Tx, before, after licensekey.LicenseKey) error {
	lookup := tx.Bucket(lookupBucket)
	at := lookupKey(after.OrganizationID, after.Key)
	if lookup.Get(at) != nil {
		return licensekey.ErrExists
	}
	if err := lookup.Delete(lookupKey(before.OrganizationID, before.Key)); err != nil {
		return err
	}
	return lookup.Put(at, after.ID[:])
}
