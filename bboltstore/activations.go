package bboltstore

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"iter"
	"slices"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"github.com/licensekit/licensekey"
)

func activationKey(licenseKeyID, activationID uuid.UUID) []byte {
	return slices.Concat(licenseKeyID[:], activationID[:])
}

// hasRecord reports whether an activation of a license key has a record. The
// activation may have ended.
func hasRecord(tx *bbolt.Tx, licenseKeyID, activationID uuid.UUID) bool {
	return tx.Bucket(activationsBucket).Get(activationKey(licenseKeyID, activationID)) != nil
}

// getActivation reads the record of an activation, live or ended. There must be
// one.
func getActivation(tx *bbolt.Tx, licenseKeyID, activationID uuid.UUID) (licensekey.Activation, error) {
	key := activationKey(licenseKeyID, activationID)
	return decodeActivation(key, tx.Bucket(activationsBucket).Get(key))
}

func decodeActivation(key, record []byte) (a licensekey.Activation, err error) {
	if err := decode(record, &a); err != nil {
		return a, fmt.Errorf("license key %v: activation %v: %w", uuid.UUID(key[:16]), uuid.UUID(key[16:]), err)
	}
	return a, nil
}

// putActivation writes a record. The caller counts it with addRecords.
func putActivation(tx *bbolt.Tx, a licensekey.Activation) error {
	text, err := encode(a)
	if err != nil {
		return err
	}
	return tx.Bucket(activationsBucket).Put(activationKey(a.LicenseKeyID, a.ID), text)
}

// activationRecords yields the keys and values of the records of a license key's
// activations, live and ended. Both are valid until the transaction ends.
func activationRecords(tx *bbolt.Tx, licenseKeyID uuid.UUID) iter.Seq2[[]byte, []byte] {
	return func(yield func(key, record []byte) bool) {
		c := tx.Bucket(activationsBucket).Cursor()
		for key, record := c.Seek(licenseKeyID[:]); bytes.HasPrefix(key, licenseKeyID[:]); key, record = c.Next() {
			if len(key) == len(licenseKeyID) {
				continue // the record with the number of records
			}
			if !yield(key, record) {
				return
			}
		}
	}
}

// liveActivations yields the live activations of a license key, by id, or an error
// for one whose record cannot be read.
func liveActivations(tx *bbolt.Tx, licenseKeyID uuid.UUID, st state) iter.Seq2[licensekey.Activation, error] {
	return func(yield func(licensekey.Activation, error) bool) {
		for key, record := range activationRecords(tx, licenseKeyID) {
			if st.ended.has(uuid.UUID(key[16:])) {
				continue
			}
			if !yield(decodeActivation(key, record)) {
				return
			}
		}
	}
}

// countRecords returns how many activations of a license key have a record.
func countRecords(tx *bbolt.Tx, licenseKeyID uuid.UUID) (int, error) {
	record := tx.Bucket(activationsBucket).Get(licenseKeyID[:])
	if record == nil {
		return 0, nil
	}
	n, size := binary.Uvarint(record)
	if size != len(record) || n == 0 || n > 1<<31 {
		return 0, fmt.Errorf("license key %v: the number of its activations cannot be read", licenseKeyID)
	}
	return int(n), nil
}

// addRecords changes the number of records by n.
func addRecords(tx *bbolt.Tx, licenseKeyID uuid.UUID, n int) error {
	count, err := countRecords(tx, licenseKeyID)
	if err != nil {
		return err
	}
	if count += n; count <= 0 {
		return tx.Bucket(activationsBucket).Delete(licenseKeyID[:])
	}
	return tx.Bucket(activationsBucket).Put(licenseKeyID[:], binary.AppendUvarint(nil, uint64(count)))
}

// countLive returns how many activations of a license key are live.
func countLive(tx *bbolt.Tx, licenseKeyID uuid.UUID, st state) (int, error) {
	records, err := countRecords(tx, licenseKeyID)
	if err == nil && records < st.ended.len() {
		err = fmt.Errorf("license key %v: more of its activations have ended than there are", licenseKeyID)
	}
	return records - st.ended.len(), err
}

// isLive reports whether a license key has a live activation with that id.
func isLive(tx *bbolt.Tx, licenseKeyID, activationID uuid.UUID, st state) bool {
	return !st.ended.has(activationID) && hasRecord(tx, licenseKeyID, activationID)
}

// endActivation ends a live activation. It marks the record of the activation as
// ended, or deletes it if another record would have the same mark.
func endActivation(tx *bbolt.Tx, licenseKeyID, activationID uuid.UUID, st state) error {
	if sharesMark(tx, licenseKeyID, activationID) {
		if err := tx.Bucket(activationsBucket).Delete(activationKey(licenseKeyID, activationID)); err != nil {
			return err
		}
		return addRecords(tx, licenseKeyID, -1)
	}
	st.ended = st.ended.with(activationID)
	if st.ended.len() >= maxEnded {
		if err := deleteEnded(tx, licenseKeyID, st.ended); err != nil {
			return err
		}
		if err := addRecords(tx, licenseKeyID, -st.ended.len()); err != nil {
			return err
		}
		st.ended = nil
	}
	return putState(tx, licenseKeyID, st)
}

// sharesMark reports whether another record of the license key would have the same
// mark.
func sharesMark(tx *bbolt.Tx, licenseKeyID, activationID uuid.UUID) bool {
	prefix := slices.Concat(licenseKeyID[:], markOf(activationID))
	c := tx.Bucket(activationsBucket).Cursor()
	c.Seek(prefix)
	second, _ := c.Next()
	return bytes.HasPrefix(second, prefix)
}

// deleteEnded deletes the records of ended activations.
func deleteEnded(tx *bbolt.Tx, licenseKeyID uuid.UUID, ended marks) error {
	activations := tx.Bucket(activationsBucket)
	for mark := range slices.Chunk(ended, markSize) {
		prefix := slices.Concat(licenseKeyID[:], mark)
		key, _ := activations.Cursor().Seek(prefix)
		if !bytes.HasPrefix(key, prefix) {
			return fmt.Errorf("license key %v: an ended activation has no record", licenseKeyID)
		}
		if err := activations.Delete(bytes.Clone(key)); err != nil {
			return err
		}
	}
	return nil
}

// addActivation writes the record of a new activation, and deletes the records of
// those that have ended.
func addActivation(tx *bbolt.Tx, a licensekey.Activation, st state) error {
	ended := st.ended
	if err := deleteEnded(tx, a.LicenseKeyID, ended); err != nil {
		return err
	}
	if ended.len() > 0 {
		st.ended = nil
		if err := putState(tx, a.LicenseKeyID, st); err != nil {
			return err
		}
	}
	if err := addRecords(tx, a.LicenseKeyID, 1-ended.len()); err != nil {
		return err
	}
	return putActivation(tx, a)
}
