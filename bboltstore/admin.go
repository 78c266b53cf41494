package bboltstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"

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
	err = s.update(ctx, func(tx *bbolt.Tx, on *subjects) (func() error, error) {
		lookup := lookupKey(k.OrganizationID, k.Key)
		on.id = k.ID
		on.addLookup(lookup)
		if exists(tx, k.ID, lookup) {
			return nil, licensekey.ErrExists
		}
		return func() error {
			// WithoutCancel: an error here would fail the other changes of the
			// commit too.
			return insert(context.WithoutCancel(ctx), tx, []licensekey.LicenseKeyWithActivations{{LicenseKey: k}})
		}, nil
	})
	if err != nil {
		return licensekey.LicenseKey{}, err
	}
	return k, nil
}

// recordCache holds the record of a license key that was read last, and the license
// key decoded from it. A change is decided twice, mostly on the same record, and
// decoding the record is most of the work.
type recordCache struct {
	record []byte
	k      licensekey.LicenseKey
}

func (c *recordCache) decode(id uuid.UUID, record []byte) error {
	if bytes.Equal(record, c.record) {
		return nil
	}
	_, text, err := splitRecord(id, record)
	if err != nil {
		return err
	}
	var k licensekey.LicenseKey
	if err := decode(text, &k); err != nil {
		return fmt.Errorf("license key %v: %w", id, err)
	}
	*c = recordCache{bytes.Clone(record), k}
	return nil
}

// getLicenseKey reads a license key from its record and its state.
func getLicenseKey(tx *bbolt.Tx, id uuid.UUID, cache *recordCache) (licensekey.LicenseKey, state, error) {
	record := tx.Bucket(keysBucket).Get(id[:])
	if record == nil {
		return licensekey.LicenseKey{}, state{}, licensekey.ErrNotFound
	}
	if err := cache.decode(id, record); err != nil {
		return licensekey.LicenseKey{}, state{}, err
	}
	st, err := getState(tx, id)
	k := cache.k
	st.applyTo(&k)
	return k, st, err
}

// Get implements [licensekey.Admin]. It may show a change whose sync is not yet
// complete. Before it returns ErrNotFound, it waits until every change that this
// rests on is synced.
func (s *Store) Get(ctx context.Context, id uuid.UUID) (k licensekey.LicenseKeyWithActivations, err error) {
	err = s.decide(ctx, func(tx *bbolt.Tx, on *subjects) error {
		on.id = id
		k, err = load(tx, id)
		return err
	})
	return k, err
}

// GetByKey implements [licensekey.Admin]. It waits as Get does.
func (s *Store) GetByKey(ctx context.Context, organizationID uuid.UUID, key licensekey.Key) (k licensekey.LicenseKeyWithActivations, err error) {
	err = s.decide(ctx, func(tx *bbolt.Tx, on *subjects) error {
		id, err := findLicenseKey(tx, on, organizationID, key)
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
	licenseKey, st, err := getLicenseKey(tx, id, new(recordCache))
	if err != nil {
		return k, err
	}
	k.LicenseKey = licenseKey
	for a, err := range liveActivations(tx, id, st) {
		if err != nil {
			return licensekey.LicenseKeyWithActivations{}, err
		}
		k.Activations = append(k.Activations, a)
	}
	licensekey.SortActivations(k.Activations)
	return k, nil
}

// List implements [licensekey.Admin]. It may show a change whose sync is not yet
// complete. It decodes every license key after req.After, also those that the
// request does not ask for, until the page is full. If a record cannot be read, the
// error has the id of its license key.
//
// All of this takes place in one read transaction. See [Store.Backup] for what has
// to wait for it.
func (s *Store) List(ctx context.Context, req licensekey.ListRequest) (keys []licensekey.LicenseKey, err error) {
	err = s.view(ctx, func(tx *bbolt.Tx) error {
		c := tx.Bucket(keysBucket).Cursor()
		id, _ := c.Seek(req.After[:])
		if bytes.Equal(id, req.After[:]) {
			id, _ = c.Next()
		}
		for i := 0; id != nil && len(keys) < req.PageSize(); i++ {
			if err := look(ctx, i); err != nil {
				return err
			}
			k, _, err := getLicenseKey(tx, uuid.UUID(id), new(recordCache))
			if err != nil {
				return err
			}
			if req.Matches(k) {
				keys = append(keys, k)
			}
			id, _ = c.Next()
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return keys, nil
}

// Delete implements [licensekey.Admin]. It decodes no JSON, so it can also delete a
// license key whose record is damaged.
func (s *Store) Delete(ctx context.Context, id uuid.UUID) error {
	return s.update(ctx, func(tx *bbolt.Tx, on *subjects) (func() error, error) {
		on.id = id
		record := tx.Bucket(keysBucket).Get(id[:])
		if record == nil {
			return nil, licensekey.ErrNotFound
		}
		lookup, _, err := splitRecord(id, record)
		lookup = bytes.Clone(lookup)
		on.addLookup(lookup)
		return func() error { return remove(tx, id, lookup) }, err
	})
}

// remove deletes the records of a license key.
func remove(tx *bbolt.Tx, id uuid.UUID, lookup []byte) error {
	activations := tx.Bucket(activationsBucket)
	var keys [][]byte
	for key := range activationRecords(tx, id) {
		keys = append(keys, bytes.Clone(key))
	}
	for _, key := range append(keys, id[:]) {
		if err := activations.Delete(key); err != nil {
			return err
		}
	}
	if err := tx.Bucket(lookupBucket).Delete(lookup); err != nil {
		return err
	}
	if err := deleteState(tx, id); err != nil {
		return err
	}
	return tx.Bucket(keysBucket).Delete(id[:])
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

// EndActivation implements [licensekey.Admin].
func (s *Store) EndActivation(ctx context.Context, req licensekey.EndActivationRequest) (ended licensekey.Activation, err error) {
	var cache recordCache
	err = s.update(ctx, func(tx *bbolt.Tx, on *subjects) (func() error, error) {
		on.id = req.LicenseKeyID
		k, st, err := getLicenseKey(tx, req.LicenseKeyID, &cache)
		if err != nil {
			return nil, err
		}
		if err := rules.EndActivation(req, k); err != nil {
			return nil, err
		}
		if !isLive(tx, k.ID, req.ActivationID, st) {
			return nil, licensekey.ErrNotFound
		}
		if ended, err = getActivation(tx, k.ID, req.ActivationID); err != nil {
			return nil, err
		}
		return func() error { return endActivation(tx, k.ID, req.ActivationID, st) }, nil
	})
	if err != nil {
		return licensekey.Activation{}, err
	}
	return ended, nil
}

// errSame ends a decision that changes nothing and is no error of the caller.
var errSame = errors.New("nothing changes")

// change replaces a license key by the result of check. If that is the license key
// as it was, nothing is written.
func (s *Store) change(ctx context.Context, id uuid.UUID,
	check func(licensekey.LicenseKey) (licensekey.LicenseKey, error)) (licensekey.LicenseKey, error) {
	var after licensekey.LicenseKey
	var cache recordCache
	err := s.update(ctx, func(tx *bbolt.Tx, on *subjects) (func() error, error) {
		on.id = id
		before, st, err := getLicenseKey(tx, id, &cache)
		if err != nil {
			return nil, err
		}
		if after, err = check(before); err != nil {
			return nil, err
		}
		if reflect.DeepEqual(after, before) {
			return nil, errSame
		}
		if after.Key == before.Key {
			return func() error { return putLicenseKey(tx, after, st) }, nil
		}
		from, to := lookupKey(before.OrganizationID, before.Key), lookupKey(after.OrganizationID, after.Key)
		on.addLookup(from)
		on.addLookup(to)
		if tx.Bucket(lookupBucket).Get(to) != nil {
			return nil, licensekey.ErrExists
		}
		return func() error { return moveLicenseKey(tx, after, st, from, to) }, nil
	})
	if err != nil && !errors.Is(err, errSame) {
		return licensekey.LicenseKey{}, err
	}
	return after, nil
}

// moveLicenseKey writes the record and the state of k. It replaces the lookup key
// from, by which k was found, by the lookup key to.
func moveLicenseKey(tx *bbolt.Tx, k licensekey.LicenseKey, st state, from, to []byte) error {
	lookup := tx.Bucket(lookupBucket)
	if err := lookup.Delete(from); err != nil {
		return err
	}
	if err := lookup.Put(to, k.ID[:]); err != nil {
		return err
	}
	return putLicenseKey(tx, k, st)
}

// putLicenseKey writes the record and the state of k.
func putLicenseKey(tx *bbolt.Tx, k licensekey.LicenseKey, st state) error {
	st.copyFrom(k)
	if err := putState(tx, k.ID, st); err != nil {
		return err
	}
	record, err := encodeLicenseKey(k)
	if err != nil {
		return err
	}
	return tx.Bucket(keysBucket).Put(k.ID[:], record)
}
