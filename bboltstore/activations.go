package bboltstore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"iter"
	"math"
	"slices"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"github.com/licensekit/licensekey"
)

// activationRecord is the record of an activation, live or ended. Its bytes are
// gone when the transaction ends.
type activationRecord struct {
	key  []byte
	slot int // no other record of the license key has it
	json []byte
}

func activationKey(licenseKeyID, activationID uuid.UUID) []byte {
	return slices.Concat(licenseKeyID[:], activationID[:])
}

func putActivation(tx *bbolt.Tx, slot int, a licensekey.Activation) error {
	text, err := encode(a)
	if err != nil {
		return err
	}
	record := append(binary.AppendUvarint(nil, uint64(slot)), text...)
	return tx.Bucket(activationsBucket).Put(activationKey(a.LicenseKeyID, a.ID), record)
}

func parseActivation(key, record []byte) (activationRecord, error) {
	slot, size := binary.Uvarint(record)
	if size <= 0 || slot > math.MaxInt32 {
		return activationRecord{}, errors.New("decode a record: an activation has no slot")
	}
	return activationRecord{key, int(slot), record[size:]}, nil
}

// getActivation finds the record of an activation of a license key.
func getActivation(tx *bbolt.Tx, licenseKeyID, activationID uuid.UUID) (r activationRecord, found bool, err error) {
	key := activationKey(licenseKeyID, activationID)
	record := tx.Bucket(activationsBucket).Get(key)
	if record == nil {
		return r, false, nil
	}
	r, err = parseActivation(key, record)
	return r, err == nil, err
}

// allActivations yields the records of a license key's activations, live and
// ended. An error is the last thing that it yields.
func allActivations(tx *bbolt.Tx, licenseKeyID uuid.UUID) iter.Seq2[activationRecord, error] {
	return func(yield func(activationRecord, error) bool) {
		c := tx.Bucket(activationsBucket).Cursor()
		for key, record := c.Seek(licenseKeyID[:]); bytes.HasPrefix(key, licenseKeyID[:]); key, record = c.Next() {
			r, err := parseActivation(key, record)
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// seats is who has a license key's seats.
type seats struct {
	live  []int    // their slots
	ended [][]byte // the keys of their records
}

func getSeats(tx *bbolt.Tx, s state, licenseKeyID uuid.UUID) (seats, error) {
	var found seats
	for r, err := range allActivations(tx, licenseKeyID) {
		switch {
		case err != nil:
			return seats{}, err
		case s.ended.has(r.slot):
			found.ended = append(found.ended, bytes.Clone(r.key))
		default:
			found.live = append(found.live, r.slot)
		}
	}
	return found, nil
}

// free is the lowest slot that no live activation has.
func (s seats) free() int {
	slices.Sort(s.live)
	slot := 0
	for slot < len(s.live) && s.live[slot] == slot {
		slot++
	}
	return slot
}
