package bboltstore

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/rules"
)

// lookEvery is the number of records after which a long call checks again whether
// its ctx has ended.
const lookEvery = 1000

// Import implements [licensekey.Admin], in one transaction of its own. It needs
// memory in proportion to what it adds, and other changes wait until it ends. If ctx
// ends before the commit, nothing is added. If several keys in the input have the
// same id, or the same organization and key string, only the first of them is
// added. Of several customers with the same id, one that is stored already counts,
// and else the first; Import returns ErrInvalid if they are of several organizations.
func (s *Store) Import(ctx context.Context, keys []licensekey.LicenseKeyWithActivations) (added int, err error) {
	checked, err := rules.Imports(ctx, keys)
	if err != nil {
		return 0, err
	}
	err = s.updateAlone(ctx, func(tx *bbolt.Tx, on *subjects) (func() error, error) {
		on.all = true
		return func() error {
			found, err := unknown(ctx, tx, checked)
			if err != nil {
				return err
			}
			customers, err := unknownCustomers(ctx, tx, found)
			if err != nil {
				return err
			}
			added = len(found)
			return insert(ctx, tx, found, customers)
		}, nil
	})
	if err != nil {
		return 0, err
	}
	return added, nil
}

// look returns the error of ctx at every lookEvery-th record.
func look(ctx context.Context, i int) error {
	if i%lookEvery != 0 {
		return nil
	}
	return ctx.Err()
}

// exists reports whether there is a license key with that id or that lookup key.
func exists(tx *bbolt.Tx, id uuid.UUID, lookup []byte) bool {
	return tx.Bucket(keysBucket).Get(id[:]) != nil || tx.Bucket(lookupBucket).Get(lookup) != nil
}

// unknown returns those of keys that are not yet in the database. The result reuses
// the memory of keys.
func unknown(ctx context.Context, tx *bbolt.Tx, keys []licensekey.LicenseKeyWithActivations) ([]licensekey.LicenseKeyWithActivations, error) {
	found := keys[:0]
	ids := make(map[uuid.UUID]bool, len(keys))
	lookups := make(map[[lookupSize]byte]bool, len(keys))
	for i, k := range keys {
		if err := look(ctx, i); err != nil {
			return nil, err
		}
		lookup := lookupKey(k.OrganizationID, k.Key)
		if ids[k.ID] || lookups[[lookupSize]byte(lookup)] || exists(tx, k.ID, lookup) {
			continue
		}
		ids[k.ID], lookups[[lookupSize]byte(lookup)] = true, true
		found = append(found, k)
	}
	return found, nil
}

// unknownCustomers returns those customers of keys that are not yet in the database.
// It returns ErrInvalid if a license key cannot have the customer that is stored.
func unknownCustomers(ctx context.Context, tx *bbolt.Tx, keys []licensekey.LicenseKeyWithActivations) ([]licensekey.Customer, error) {
	var unknown []licensekey.Customer
	first := make(map[uuid.UUID]*licensekey.Customer, len(keys))
	for i, k := range keys {
		if err := look(ctx, i); err != nil {
			return nil, err
		}
		seen, ok := first[k.CustomerID]
		if !ok {
			known, stored, err := withKnownCustomer(tx, k.LicenseKey)
			if err != nil {
				return nil, fmt.Errorf("license key %v: %w", k.ID, err)
			}
			if !stored {
				unknown = append(unknown, k.Customer)
			}
			first[k.CustomerID] = &known.Customer
			continue
		}
		if _, err := rules.KnownCustomer(k.LicenseKey, *seen); err != nil {
			return nil, fmt.Errorf("license key %v: %w", k.ID, err)
		}
	}
	return unknown, nil
}

// insertOne writes the records of one license key that is not yet in the database,
// and of its customer if that one is not either.
func insertOne(tx *bbolt.Tx, k licensekey.LicenseKey, newCustomer bool) error {
	var customers []licensekey.Customer
	if newCustomer {
		customers = append(customers, k.Customer)
	}
	// An error of a ctx would fail the other changes of the commit too.
	return insert(context.Background(), tx, []licensekey.LicenseKeyWithActivations{{LicenseKey: k}}, customers)
}

// insert writes the records of license keys and customers that are not yet in the
// database. It writes them in the order of each bucket's keys: until a transaction
// ends, bbolt keeps all new records of a bucket in one sorted list, and in any other
// order each insertion would move half of the list.
func insert(ctx context.Context, tx *bbolt.Tx, keys []licensekey.LicenseKeyWithActivations, customers []licensekey.Customer) error {
	slices.SortFunc(keys, func(a, b licensekey.LicenseKeyWithActivations) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	records := make(newRecords)
	for i, k := range keys {
		if err := look(ctx, i); err != nil {
			return err
		}
		record, err := encodeLicenseKey(k.LicenseKey)
		if err != nil {
			return err
		}
		if err := tx.Bucket(keysBucket).Put(k.ID[:], record); err != nil {
			return err
		}
		if err := insertState(tx, k.LicenseKey); err != nil {
			return err
		}
		if err := insertActivations(tx, k); err != nil {
			return err
		}
		head := licenseKeyHead(record[:licenseKeyHeadSize])
		records.add(lookupBucket, head.lookup(), bytes.Clone(k.ID[:]))
		records.addIndexes(licenseKeyIndexes, k.ID, head)
	}
	for i, c := range customers {
		if err := look(ctx, i); err != nil {
			return err
		}
		record, err := encodeCustomer(c)
		if err != nil {
			return err
		}
		records.add(customersBucket, bytes.Clone(c.ID[:]), record)
		records.addIndexes(customerIndexes, c.ID, record[:customerHeadSize])
	}
	return records.put(ctx, tx)
}

// newRecords holds records to be written, by their buckets.
type newRecords map[string][]newRecord

type newRecord struct{ key, value []byte }

func (r newRecords) add(bucket, key, value []byte) {
	r[string(bucket)] = append(r[string(bucket)], newRecord{key, value})
}

func (r newRecords) addIndexes(indexes []index, id uuid.UUID, head []byte) {
	for _, index := range indexes {
		if key := index.key(head, id); key != nil {
			r.add(index.bucket, key, nil)
		}
	}
}

// put writes the records of each bucket in the order of their keys.
func (r newRecords) put(ctx context.Context, tx *bbolt.Tx) error {
	for name, records := range r {
		slices.SortFunc(records, func(a, b newRecord) int { return bytes.Compare(a.key, b.key) })
		bucket := tx.Bucket([]byte(name))
		for i, record := range records {
			if err := look(ctx, i); err != nil {
				return err
			}
			if err := bucket.Put(record.key, record.value); err != nil {
				return err
			}
		}
	}
	return nil
}

// insertState writes the state of a new license key, into the bucket of states that
// have not changed recently.
func insertState(tx *bbolt.Tx, k licensekey.LicenseKey) error {
	var st state
	if st.copyFrom(k); st.isZero() {
		return nil
	}
	return tx.Bucket(statesBucket).Put(k.ID[:], appendState(nil, st))
}

func insertActivations(tx *bbolt.Tx, k licensekey.LicenseKeyWithActivations) error {
	if len(k.Activations) == 0 {
		return nil
	}
	if err := addRecords(tx, k.ID, len(k.Activations)); err != nil {
		return err
	}
	slices.SortFunc(k.Activations, func(a, b licensekey.Activation) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	for _, a := range k.Activations {
		if err := putActivation(tx, a); err != nil {
			return err
		}
	}
	return nil
}
