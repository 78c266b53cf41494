package bboltstore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"github.com/licensekit/licensekey"
)

// state holds what validations and deactivations change in a license key.
type state struct {
	usage           int64
	validations     int64
	lastValidatedAt *time.Time
	modifiedAt      *time.Time
	ended           marks // the activations that have ended and still have a record
}

// copyFrom copies the fields of k that are kept in its state.
func (s *state) copyFrom(k licensekey.LicenseKey) {
	s.usage, s.validations, s.lastValidatedAt, s.modifiedAt = k.Usage, k.Validations, k.LastValidatedAt, k.ModifiedAt
}

// applyTo sets the fields of k that are kept in its state.
func (s *state) applyTo(k *licensekey.LicenseKey) {
	k.Usage, k.Validations, k.LastValidatedAt, k.ModifiedAt = s.usage, s.validations, s.lastValidatedAt, s.modifiedAt
}

func (s *state) isZero() bool {
	return s.usage == 0 && s.validations == 0 && s.lastValidatedAt == nil && s.modifiedAt == nil && len(s.ended) == 0
}

// Every flushEvery changes, the recent states of one sixteenth of the ids, by their
// first four bits, are moved to the states bucket. So each state is moved after at
// most 16 * flushEvery changes. With a larger number, a commit writes more pages of
// recent states. With a smaller one, fewer of the states that are moved together
// share a page. If ids are not random, more states may be moved at once, but not
// more in all.
const flushEvery = 512

func getState(tx *bbolt.Tx, licenseKeyID uuid.UUID) (state, error) {
	record := tx.Bucket(recentBucket).Get(licenseKeyID[:])
	if record == nil {
		record = tx.Bucket(statesBucket).Get(licenseKeyID[:])
	}
	if record == nil {
		return state{}, nil
	}
	s, err := parseState(record)
	if err != nil {
		return state{}, fmt.Errorf("license key %v: %w", licenseKeyID, err)
	}
	return s, nil
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
	if err != nil || changes%flushEvery != 0 {
		return err
	}
	return moveRecent(tx, byte(changes/flushEvery%16))
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

// appendState writes four varints and then the bytes of ended. The times are in the
// form of packTime. The second is written as its difference from the first: they
// are equal unless the host has changed the license key since the last validation.
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
	if len(b)%markSize != 0 {
		return state{}, errors.New("decode a record: a mark is cut short")
	}
	if len(b) > 0 {
		s.ended = bytes.Clone(b)
	}
	return s, nil
}

// packTime returns the time in microseconds since 1970, doubled, plus one. 0 means
// that there is no time. Stored times have whole microseconds.
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

// marks identifies activations by the first markSize bytes of their ids. See
// formatVersion.
type marks []byte

const (
	markSize = 2
	// When a license key has maxEnded marks, the records of its ended activations
	// are deleted.
	maxEnded = 32
)

func markOf(activationID uuid.UUID) []byte { return activationID[:markSize] }

func (m marks) len() int { return len(m) / markSize }

func (m marks) has(activationID uuid.UUID) bool {
	for mark := range slices.Chunk(m, markSize) {
		if bytes.Equal(mark, markOf(activationID)) {
			return true
		}
	}
	return false
}

// with returns a copy of m that has the mark of an activation.
func (m marks) with(activationID uuid.UUID) marks {
	return slices.Concat(m, markOf(activationID))
}
