package bboltstore

import (
	"bytes"
	"context"
	"errors"
	"reflect"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/rules"
)

// Issue implements [licensekey.Admin]. If the customer id is known, the license key
// gets the customer that is stored. If that customer is one of another organization,
// Issue returns ErrInvalid.
func (s *Store) Issue(ctx context.Context, req licensekey.IssueRequest) (issued licensekey.LicenseKey, err error) {
	k, err := rules.Issue(req.WithDefaults())
	if err != nil {
		return licensekey.LicenseKey{}, err
	}
	err = s.update(ctx, func(tx *bbolt.Tx, on *subjects) (func() error, error) {
		lookup := lookupKey(k.OrganizationID, k.Key)
		on.id, on.customer = k.ID, k.CustomerID
		on.addLookup(lookup)
		if exists(tx, k.ID, lookup) {
			return nil, licensekey.ErrExists
		}
		known := false
		if issued, known, err = withKnownCustomer(tx, k); err != nil {
			return nil, err
		}
		return func() error { return insertOne(tx, issued, !known) }, nil
	})
	if err != nil {
		return licensekey.LicenseKey{}, err
	}
	return issued, nil
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

// Delete implements [licensekey.Admin]. It decodes no JSON, so it can also delete a
// license key whose record is damaged.
func (s *Store) Delete(ctx context.Context, id uuid.UUID) error {
	return s.update(ctx, func(tx *bbolt.Tx, on *subjects) (func() error, error) {
		on.id = id
		record := tx.Bucket(keysBucket).Get(id[:])
		if record == nil {
			return nil, licensekey.ErrNotFound
		}
		head, _, err := splitRecord(id, record)
		if err != nil {
			return nil, err
		}
		head = bytes.Clone(head)
		on.customer = uuid.UUID(head.customerID())
		on.addLookup(head.lookup())
		return func() error { return remove(tx, id, head) }, nil
	})
}

// remove deletes the records of a license key, and its customer if no other license
// key has it.
func remove(tx *bbolt.Tx, id uuid.UUID, head licenseKeyHead) error {
	if err := removeActivations(tx, id); err != nil {
		return err
	}
	if err := tx.Bucket(lookupBucket).Delete(head.lookup()); err != nil {
		return err
	}
	if err := deleteState(tx, id); err != nil {
		return err
	}
	if err := reindex(tx, licenseKeyIndexes, id, head, nil); err != nil {
		return err
	}
	if err := tx.Bucket(keysBucket).Delete(id[:]); err != nil {
		return err
	}
	return removeCustomer(tx, uuid.UUID(head.customerID()))
}

func removeActivations(tx *bbolt.Tx, licenseKeyID uuid.UUID) error {
	keys := [][]byte{licenseKeyID[:]}
	for key := range activationRecords(tx, licenseKeyID) {
		keys = append(keys, bytes.Clone(key))
	}
	for _, key := range keys {
		if err := tx.Bucket(activationsBucket).Delete(key); err != nil {
			return err
		}
	}
	return nil
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
			on.customer = before.CustomerID // after shows it
			return nil, errUnchanged
		}
		if after.Key != before.Key {
			to := lookupKey(after.OrganizationID, after.Key)
			on.addLookup(lookupKey(before.OrganizationID, before.Key))
			on.addLookup(to)
			if tx.Bucket(lookupBucket).Get(to) != nil {
				return nil, licensekey.ErrExists
			}
		}
		return func() error { return putLicenseKey(tx, after, st) }, nil
	})
	if err != nil && !errors.Is(err, errUnchanged) {
		return licensekey.LicenseKey{}, err
	}
	return after, nil
}
