package bboltstore

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"
)

// CheckRecords returns what is wrong with the records of a database: whether
// each belongs to a license key, and each slot to one activation.
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
		k, _, err := getLicenseKey(tx, uuid.UUID(id), new(lastRead))
		if err != nil || !bytes.Equal(key, lookupKey(k.OrganizationID, k.Key)) {
			return wrong("the lookup of %x is not that of its key: %v", id, err)
		}
		return nil
	})
	errs = append(errs, err)
	err = keys.ForEach(func(id, _ []byte) error {
		found--
		return checkSlots(tx, uuid.UUID(id))
	})
	errs = append(errs, err)
	if found != 0 {
		errs = append(errs, fmt.Errorf("there are %d more lookups than license keys", found))
	}
	return errors.Join(errs...)
}

func checkSlots(tx *bbolt.Tx, id uuid.UUID) error {
	st, err := getState(tx, id)
	if err != nil {
		return err
	}
	var taken slots
	ended := 0
	for r, err := range allActivations(tx, id) {
		if err != nil {
			return err
		}
		if taken.has(r.slot) {
			return fmt.Errorf("two activations of %v have the slot %d", id, r.slot)
		}
		if taken = taken.with(r.slot); st.ended.has(r.slot) {
			ended++
		}
	}
	for slot := range 8 * len(st.ended) {
		if st.ended.has(slot) {
			ended--
		}
	}
	if ended != 0 {
		return fmt.Errorf("%v has ended activations without a record", id)
	}
	return nil
}
