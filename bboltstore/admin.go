package bboltstore

import (
	"bytes"
	"context"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/rules"
)

// Issue implements [licensekey.Admin].
func (s *Store) Issue(ctx context.Context, req licensekey.IssueRequest) (licensekey.LicenseKey, error) {
	k, err := rules.Issue(req.WithDefaults())
	if err != nil {
		return licensekey.LicenseKey{}, err
	}
	err = s.update(ctx, func(tx *bbolt.Tx) (func() error, error) {
		if exists(tx, k) {
			return nil, licensekey.ErrExists
		}
		return func() error { return put(tx, k) }, nil
	})
	if err != nil {
		return licensekey.LicenseKey{}, err
	}
	return k, nil
}

// exists says whether there is a license key with the id of k, or with its key
// string in its organization.
func exists(tx *bbolt.Tx, k licensekey.LicenseKey) bool {
	return tx.Bucket(keysBucket).Get(k.ID[:]) != nil ||
		tx.Bucket(lookupBucket).Get(lookupKey(k.OrganizationID, k.Key)) != nil
}

// put writes the records of a license key without activations.
func put(tx *bbolt.Tx, k licensekey.LicenseKey) error {
	if err := tx.Bucket(lookupBucket).Put(lookupKey(k.OrganizationID, k.Key), k.ID[:]); err != nil {
		return err
	}
	return putLicenseKey(tx, k, state{})
}

// putLicenseKey writes k, and what of it is kept in its state.
func putLicenseKey(tx *bbolt.Tx, k licensekey.LicenseKey, st state) error {
	st.take(k)
	if err := putState(tx, k.ID, st); err != nil {
		return err
	}
	var none state
	none.give(&k)
	record, err := encode(k)
	if err != nil {
		return err
	}
	return tx.Bucket(keysBucket).Put(k.ID[:], record)
}

// lastRead is the record of a license key that was read last, and what it holds.
// A change is decided twice, mostly on the same record, and decoding it is most
// of a decision.
type lastRead struct {
	record []byte
	k      licensekey.LicenseKey
}

func (l *lastRead) decode(record []byte) error {
	if bytes.Equal(record, l.record) {
		return nil
	}
	var k licensekey.LicenseKey
	if err := decode(record, &k); err != nil {
		return err
	}
	*l = lastRead{bytes.Clone(record), k}
	return nil
}

// getLicenseKey reads a license key from its record and its state.
func getLicenseKey(tx *bbolt.Tx, id uuid.UUID, last *lastRead) (licensekey.LicenseKey, state, error) {
	record := tx.Bucket(keysBucket).Get(id[:])
	if record == nil {
		return licensekey.LicenseKey{}, state{}, licensekey.ErrNotFound
	}
	if err := last.decode(record); err != nil {
		return licensekey.LicenseKey{}, state{}, err
	}
	st, err := getState(tx, id)
	k := last.k
	st.give(&k)
	return k, st, err
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
func (s *Store) GetByKey(ctx context.Context, organizationID uuid.UUID, key licensekey.Key) (k licensekey.LicenseKeyWithActivations, err error) {
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
	var st state
	var err error
	if k.LicenseKey, st, err = getLicenseKey(tx, id, new(lastRead)); err != nil {
		return k, err
	}
	for r, err := range allActivations(tx, id) {
		if err != nil {
			return k, err
		}
		if st.ended.has(r.slot) {
			continue
		}
		var a licensekey.Activation
		if err := decode(r.json, &a); err != nil {
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
		id, _ := c.Seek(req.After[:])
		if bytes.Equal(id, req.After[:]) {
			id, _ = c.Next()
		}
		for ; id != nil && len(keys) < req.PageSize(); id, _ = c.Next() {
			k, _, err := getLicenseKey(tx, uuid.UUID(id), new(lastRead))
			if err != nil {
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
	var last lastRead
	return s.update(ctx, func(tx *bbolt.Tx) (func() error, error) {
		k, _, err := getLicenseKey(tx, id, &last)
		return func() error { return remove(tx, k) }, err
	})
}

// remove deletes the records of a license key.
func remove(tx *bbolt.Tx, k licensekey.LicenseKey) error {
	var activations [][]byte
	for r, err := range allActivations(tx, k.ID) {
		if err != nil {
			return err
		}
		activations = append(activations, bytes.Clone(r.key))
	}
	for _, key := range activations {
		if err := tx.Bucket(activationsBucket).Delete(key); err != nil {
			return err
		}
	}
	if err := tx.Bucket(lookupBucket).Delete(lookupKey(k.OrganizationID, k.Key)); err != nil {
		return err
	}
	if err := deleteState(tx, k.ID); err != nil {
		return err
	}
	return tx.Bucket(keysBucket).Delete(k.ID[:])
}

// Update implements [licensekey.Admin].
func (s *Store) Update(ctx context.Context, req licensekey.UpdateRequest) (licensekey.LicenseKey, error) {
	req = req.WithDefaults()
	return s.change(ctx, req.ID, func(k licensekey.LicenseKey) (licensekey.LicenseKey, error) {
		return rules.Update(req, k)
	})
}

// Rotate implements [licensekey.Admin].
func (s *Store) Rotate(ctx context.Context, req licensekey.RotateRequest) (licensekey.LicenseKey, error) {
	req = req.WithDefaults()
	return s.change(ctx, req.ID, func(k licensekey.LicenseKey) (licensekey.LicenseKey, error) {
		return rules.Rotate(req, k)
	})
}

// change replaces a license key by what check makes of it.
func (s *Store) change(ctx context.Context, id uuid.UUID,
	check func(licensekey.LicenseKey) (licensekey.LicenseKey, error)) (licensekey.LicenseKey, error) {
	var after licensekey.LicenseKey
	var last lastRead
	err := s.update(ctx, func(tx *bbolt.Tx) (func() error, error) {
		before, st, err := getLicenseKey(tx, id, &last)
		if err != nil {
			return nil, err
		}
		if after, err = check(before); err != nil {
			return nil, err
		}
		if after.Key != before.Key && tx.Bucket(lookupBucket).Get(lookupKey(after.OrganizationID, after.Key)) != nil {
			return nil, licensekey.ErrExists
		}
		return func() error { return replace(tx, before, after, st) }, nil
	})
	if err != nil {
		return licensekey.LicenseKey{}, err
	}
	return after, nil
}

// replace writes a license key again, to be found by its new key string only.
func replace(tx *bbolt.Tx, before, after licensekey.LicenseKey, st state) error {
	lookup := tx.Bucket(lookupBucket)
	if err := lookup.Delete(lookupKey(before.OrganizationID, before.Key)); err != nil {
		return err
	}
	if err := lookup.Put(lookupKey(after.OrganizationID, after.Key), after.ID[:]); err != nil {
		return err
	}
	return putLicenseKey(tx, after, st)
}
