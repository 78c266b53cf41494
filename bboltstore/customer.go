package bboltstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/internal/casefold"
	"github.com/licensekit/licensekey/rules"
)

// customerHead is what the record of a customer begins with: the hashes of the
// e-mail and the external id, or noHash.
type customerHead []byte

const customerHeadSize = 2 * hashSize

func (h customerHead) email() []byte      { return h[:hashSize] }
func (h customerHead) externalID() []byte { return h[hashSize:customerHeadSize] }

func headOfCustomer(c licensekey.Customer) customerHead {
	email, externalID := noHash, noHash
	if c.Email != nil {
		email = hash(casefold.Fold(*c.Email))
	}
	if c.ExternalID != nil {
		externalID = hash(*c.ExternalID)
	}
	return slices.Concat(email, externalID)
}

func encodeCustomer(c licensekey.Customer) ([]byte, error) {
	text, err := encode(c)
	if err != nil {
		return nil, err
	}
	return append(headOfCustomer(c), text...), nil
}

// decodeCustomer reads a record, which is nil if there is none.
func decodeCustomer(id uuid.UUID, record []byte) (c licensekey.Customer, err error) {
	if len(record) < customerHeadSize {
		return c, fmt.Errorf("customer %v: the record is missing or cut short", id)
	}
	if err := decode(record[customerHeadSize:], &c); err != nil {
		return c, fmt.Errorf("customer %v: %w", id, err)
	}
	return c, nil
}

// getCustomer reads a customer, or returns ErrNotFound.
func getCustomer(tx *bbolt.Tx, id uuid.UUID) (licensekey.Customer, error) {
	record := tx.Bucket(customersBucket).Get(id[:])
	if record == nil {
		return licensekey.Customer{}, licensekey.ErrNotFound
	}
	return decodeCustomer(id, record)
}

// putCustomer writes the record and the index records of a customer, who may be
// new.
func putCustomer(tx *bbolt.Tx, c licensekey.Customer) error {
	record, err := encodeCustomer(c)
	if err != nil {
		return err
	}
	var before []byte
	if old := tx.Bucket(customersBucket).Get(c.ID[:]); len(old) >= customerHeadSize {
		before = old[:customerHeadSize]
	}
	if err := reindex(tx, customerIndexes, c.ID, before, record[:customerHeadSize]); err != nil {
		return err
	}
	return tx.Bucket(customersBucket).Put(c.ID[:], record)
}

// removeCustomer deletes a customer, unless a license key has it. It decodes no
// JSON.
func removeCustomer(tx *bbolt.Tx, id uuid.UUID) error {
	if has(tx, byCustomerBucket, id[:]) {
		return nil
	}
	record := tx.Bucket(customersBucket).Get(id[:])
	if len(record) < customerHeadSize {
		return fmt.Errorf("customer %v: the record is missing or cut short", id)
	}
	if err := reindex(tx, customerIndexes, id, record[:customerHeadSize], nil); err != nil {
		return err
	}
	return tx.Bucket(customersBucket).Delete(id[:])
}

// withKnownCustomer returns k, a new license key, with the customer that is stored
// under its customer id. If there is none, it returns k as it is, and false.
func withKnownCustomer(tx *bbolt.Tx, k licensekey.LicenseKey) (licensekey.LicenseKey, bool, error) {
	known, err := getCustomer(tx, k.CustomerID)
	if errors.Is(err, licensekey.ErrNotFound) {
		return k, false, nil
	}
	if err != nil {
		return k, false, err
	}
	k, err = rules.KnownCustomer(k, known)
	return k, true, err
}

// UpdateCustomer implements [licensekey.Admin]. It writes one record, and index
// records if the e-mail or the external id changes.
func (s *Store) UpdateCustomer(ctx context.Context, req licensekey.UpdateCustomerRequest) (after licensekey.Customer, err error) {
	req = req.WithDefaults()
	err = s.update(ctx, func(tx *bbolt.Tx, on *subjects) (func() error, error) {
		on.customer = req.Customer.ID
		before, err := getCustomer(tx, req.Customer.ID)
		if err != nil {
			return nil, err
		}
		if after, err = rules.UpdateCustomer(req, before); err != nil {
			return nil, err
		}
		if reflect.DeepEqual(after, before) {
			return nil, errUnchanged
		}
		return func() error { return putCustomer(tx, after) }, nil
	})
	if err != nil && !errors.Is(err, errUnchanged) {
		return licensekey.Customer{}, err
	}
	return after, nil
}

// findCustomers returns the ids of the customers that have the e-mail and the
// external id of req, where it asks for one, and one of its customer ids, if it has
// any.
func findCustomers(ctx context.Context, tx *bbolt.Tx, req licensekey.ListRequest) (ids [][]byte, err error) {
	bucket, value := byEmailBucket, hash(casefold.Fold(req.Email))
	if req.ExternalID != "" {
		bucket, value = byExternalIDBucket, hash(req.ExternalID)
	}
	wanted := licensekey.ListRequest{CustomerIDs: req.CustomerIDs, Email: req.Email, ExternalID: req.ExternalID}
	c := tx.Bucket(bucket).Cursor()
	i := 0
	for key, _ := c.Seek(value); bytes.HasPrefix(key, value); key, _ = c.Next() {
		if err := look(ctx, i); err != nil {
			return nil, err
		}
		i++
		id := key[hashSize:]
		customer, err := decodeCustomer(uuid.UUID(id), tx.Bucket(customersBucket).Get(id))
		if err != nil {
			return nil, err
		}
		if wanted.Matches(licensekey.LicenseKey{CustomerID: uuid.UUID(id), Customer: customer}) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}
