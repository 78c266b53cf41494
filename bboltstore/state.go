package bboltstore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"time"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"github.com/licensekit/licensekey"
)

// state is what license calls change in a license key again and again.
type state struct {
	usage           int64
	validations     int64
	lastValidatedAt *time.Time
	modifiedAt      *time.Time
	ended           slots // of activations that have ended and still have a record
}

// take takes the fields of k that are kept in its state.
func (s *state) take(k licensekey.LicenseKey) {
	s.usage, s.validations, s.lastValidatedAt, s.modifiedAt = k.Usage, k.Validations, k.LastValidatedAt, k.ModifiedAt
}

// give sets the fields of k that are kept in its state.
func (s *state) give(k *licensekey.LicenseKey) {
	k.Usage, k.Validations, k.LastValidatedAt, k.ModifiedAt = s.usage, s.validations, s.lastValidatedAt, s.modifiedAt
}

func (s *state) isZero() bool {
	return s.usage == 0 && s.validations == 0 && s.lastValidatedAt == nil && s.modifiedAt == nil && len(s.ended) == 0
}

// movedEvery is after how many changes some of the recent states are moved to
// the others: those of a sixteenth of all ids, by their first four bits, so that
// each state is moved after at most 16 times as many changes. More make a commit
// write more pages, of more recent states; fewer leave less in common to the
// states that are moved together. Where ids are not random, more states are moved
// at once, and as many in all.
const movedEvery = 512

func getState(tx *bbolt.Tx, licenseKeyID uuid.UUID) (state, error) {
	record := tx.Bucket(recentBucket).Get(licenseKeyID[:])
	if record == nil {
		record = tx.Bucket(statesBucket).Get(licenseKeyID[:])
	}
	if record == nil {
		return state{}, nil
	}
	return parseState(record)
}

func putState(tx *bbolt.Tx, licenseKeyID uuid.UUID, s state) error {
	if s.isZero() {
		return deleteState(tx, licenseKeyID)
	}
	recent := tx.Bucket(recentBucket)
	if err := recent.Put(licenseKeyID[:], appendState(nil, s)); err != nil {
		return err
	}
	changes, err := recent.NextSequence()
	if err != nil || changes%movedEvery != 0 {
		return err
	}
	return moveRecent(tx, byte(changes/movedEvery%16))
}

// moveRecent moves the recent states of ids that begin with these four bits.
func moveRecent(tx *bbolt.Tx, first byte) error {
	recent, states := tx.Bucket(recentBucket), tx.Bucket(statesBucket)
	var moved [][]byte
	c := recent.Cursor()
	for id, record := c.Seek([]byte{first << 4}); id != nil && id[0]>>4 == first; id, record = c.Next() {
		if err := states.Put(id, record); err != nil {
			return err
		}
		moved = append(moved, bytes.Clone(id))
	}
	for _, id := range moved {
		if err := recent.Delete(id); err != nil {
			return err
		}
	}
	return nil
}

func deleteState(tx *bbolt.Tx, licenseKeyID uuid.UUID) error {
	if err := tx.Bucket(recentBucket).Delete(licenseKeyID[:]); err != nil {
		return err
	}
	return tx.Bucket(statesBucket).Delete(licenseKeyID[:])
}

// appendState writes four varints and then the bytes of ended. The times are as
// packTime has them; the second is written as its difference to the first, which
// it equals unless the host has changed the license key since.
func appendState(b []byte, s state) []byte {
	validated, modified := packTime(s.lastValidatedAt), packTime(s.modifiedAt)
	for _, n := range []int64{s.usage, s.validations, validated, modified - validated} {
		b = binary.AppendVarint(b, n)
	}
	return append(b, s.ended...)
}

func parseState(b []byte) (s state, err error) {
	var numbers [4]int64
	for i := range numbers {
		n, size := binary.Varint(b)
		if size <= 0 {
			return state{}, errors.New("decode a record: a state is cut short")
		}
		numbers[i], b = n, b[size:]
	}
	s.usage, s.validations = numbers[0], numbers[1]
	s.lastValidatedAt, s.modifiedAt = unpackTime(numbers[2]), unpackTime(numbers[2]+numbers[3])
	if len(b) > 0 {
		s.ended = bytes.Clone(b)
	}
	return s, nil
}

// packTime is the time in microseconds since 1970, doubled, plus one, so that 0
// is none. Stored times have whole microseconds.
func packTime(t *time.Time) int64 {
	if t == nil {
		return 0
	}
	return t.UnixMicro()<<1 | 1
}

func unpackTime(n int64) *time.Time {
	if n == 0 {
		return nil
	}
	t := time.UnixMicro(n >> 1).UTC()
	return &t
}

// slots is a set of slots, a bit for each.
type slots []byte

func (s slots) has(slot int) bool { return slot/8 < len(s) && s[slot/8]>>(slot%8)&1 == 1 }

// with returns a copy of s that has slot.
func (s slots) with(slot int) slots {
	c := make(slots, max(len(s), slot/8+1))
	copy(c, s)
	c[slot/8] |= 1 << (slot % 8)
	return c
}
