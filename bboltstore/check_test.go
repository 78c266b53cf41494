package bboltstore

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"
)

// CheckRecords returns what is wrong with the records of a database: whether
// each belongs to a license key, and the activations are as their number and the
// marks say.
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
	return errors.Join(errs...)
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
