package bboltstore

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"
)

// CheckRecords returns what is wrong with the records of a database: whether
// each belongs to a license key, the activations are as their number and the
// marks say, and the indexes have what the records say and nothing else.
func CheckRecords(tx *bbolt.Tx) error {
	var errs []error
	wrong := func(format string, args ...any) error {
		errs = append(errs, fmt.Errorf(format, args...))
		return nil
	}
	keys := tx.Bucket(keysBucket)
	for _, name := range [][]byte{statesBucket, recentBucket, activationsBucket} {
		err := tx.Bucket(name).ForEach(func(key, _ []byte) error {
			if keys.Get(key[:16]) == nil {
				return wrong("%s has a record of %x, which is no license key", name, key)
			}
			return nil
		})
		errs = append(errs, err)
	}
	found := 0
	err := tx.Bucket(lookupBucket).ForEach(func(key, id []byte) error {
		found++
		k, _, err := getLicenseKey(tx, uuid.UUID(id), new(recordCache))
		if err != nil || !bytes.Equal(key, lookupKey(k.OrganizationID, k.Key)) || !bytes.HasPrefix(keys.Get(id), key) {
			return wrong("the lookup of %x is not that of its key: %v", id, err)
		}
		return nil
	})
	errs = append(errs, err)
	err = keys.ForEach(func(id, _ []byte) error {
		found--
		return checkActivations(tx, uuid.UUID(id))
	})
	errs = append(errs, err)
	if found != 0 {
		errs = append(errs, fmt.Errorf("there are %d more lookups than license keys", found))
	}
	errs = append(errs, checkIndexes(tx))
	return errors.Join(errs...)
}

// checkIndexes makes the records of all indexes anew, from the JSON of the license
// keys and the customers, and compares.
func checkIndexes(tx *bbolt.Tx) error {
	want := make(map[string]bool) // bucket and key of an index record
	customers := make(map[string]bool)
	var errs []error
	err := tx.Bucket(keysBucket).ForEach(func(id, record []byte) error {
		k, _, err := getLicenseKey(tx, uuid.UUID(id), new(recordCache))
		if err != nil {
			return err
		}
		customers[string(k.CustomerID[:])] = true
		errs = append(errs, checkIndexed(licenseKeyIndexes, k.ID, record, headOfLicenseKey(k), want))
		return nil
	})
	errs = append(errs, err)
	err = tx.Bucket(customersBucket).ForEach(func(id, record []byte) error {
		c, err := getCustomer(tx, uuid.UUID(id))
		if err != nil {
			return err
		}
		if !customers[string(id)] {
			errs = append(errs, fmt.Errorf("customer %v has no license key", c.ID))
		}
		errs = append(errs, checkIndexed(customerIndexes, c.ID, record, headOfCustomer(c), want))
		return nil
	})
	errs = append(errs, err)
	for _, index := range append(licenseKeyIndexes[:len(licenseKeyIndexes):len(licenseKeyIndexes)], customerIndexes...) {
		err := tx.Bucket(index.bucket).ForEach(func(key, value []byte) error {
			record := string(index.bucket) + string(key)
			if !want[record] || len(value) != 0 {
				errs = append(errs, fmt.Errorf("%s has the record %x, which nothing has", index.bucket, key))
			}
			delete(want, record)
			return nil
		})
		errs = append(errs, err)
	}
	for record := range want {
		errs = append(errs, fmt.Errorf("an index lacks the record %q", record))
	}
	return errors.Join(errs...)
}

// checkIndexed checks that a record begins with its head, and adds its index records
// to want.
func checkIndexed(indexes []index, id uuid.UUID, record, head []byte, want map[string]bool) error {
	if !bytes.HasPrefix(record, head) {
		return fmt.Errorf("the record of %v does not begin with the head %x", id, head)
	}
	for _, index := range indexes {
		if key := index.key(head, id); key != nil {
			want[string(index.bucket)+string(key)] = true
		}
	}
	return nil
}

func checkActivations(tx *bbolt.Tx, id uuid.UUID) error {
	st, err := getState(tx, id)
	if err != nil {
		return err
	}
	marked := make(map[string]int)
	records := 0
	for key := range activationRecords(tx, id) {
		records++
		if activationID := uuid.UUID(key[16:]); st.ended.has(activationID) {
			marked[string(markOf(activationID))]++
		}
	}
	if n, err := countRecords(tx, id); err != nil || n != records {
		return fmt.Errorf("%v has %d records of activations, and their number is %d, %v", id, records, n, err)
	}
	for mark, n := range marked {
		if n != 1 {
			return fmt.Errorf("%v has %d activations with the mark %x", id, n, mark)
		}
	}
	if len(marked) != st.ended.len() {
		return fmt.Errorf("%v has %d marks of ended activations, and records of %d", id, st.ended.len(), len(marked))
	}
	return nil
}
