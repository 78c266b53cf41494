package bboltstore

import (
	"context"
	"runtime"

	"go.etcd.io/bbolt"

	"github.com/licensekit/licensekey"
)

// The sizes of what a record begins with, before its JSON.
const (
	LicenseKeyHeadSize = licenseKeyHeadSize
	CustomerHeadSize   = customerHeadSize
)

// DB lets tests reach the database under a store.
func DB(s *Store) *bbolt.DB { return s.db }

// DeactivateIn makes the change that Deactivate makes, in a transaction of its
// own: the baseline of benchmarks. ActivateIn and ValidateIn are alike.
func DeactivateIn(transact func(func(*bbolt.Tx) error) error, req licensekey.DeactivateRequest) error {
	return changeIn(transact, func(tx *bbolt.Tx, on *subjects) (func() error, error) { return checkDeactivate(tx, on, req) })
}

func ActivateIn(transact func(func(*bbolt.Tx) error) error, req licensekey.ActivateRequest) error {
	return changeIn(transact, func(tx *bbolt.Tx, on *subjects) (func() error, error) {
		_, apply, err := checkActivate(tx, on, req, new(recordCache))
		return apply, err
	})
}

func ValidateIn(transact func(func(*bbolt.Tx) error) error, req licensekey.ValidateRequest) error {
	return changeIn(transact, func(tx *bbolt.Tx, on *subjects) (func() error, error) {
		_, apply, err := checkValidate(tx, on, req, new(recordCache))
		return apply, err
	})
}

func changeIn(transact func(func(*bbolt.Tx) error) error, decide decision) error {
	return transact(func(tx *bbolt.Tx) error {
		apply, err := decide(tx, new(subjects))
		if err != nil {
			return err
		}
		return apply()
	})
}

// Change makes a change that no method makes.
func Change(s *Store, decide func(tx *bbolt.Tx) (func() error, error)) error {
	return s.update(context.Background(), func(tx *bbolt.Tx, _ *subjects) (func() error, error) { return decide(tx) })
}

// WaitQueued waits until that many changes are in the queue or being committed,
// and one of these has been begun.
func WaitQueued(s *Store, n int) {
	waitFor(s, func(w *writer) bool { return w.pending >= n && len(w.queue) < n })
}

// WaitClosing waits until Close has been called.
func WaitClosing(s *Store) { waitFor(s, func(w *writer) bool { return w.closed.Load() }) }

func waitFor(s *Store, is func(*writer) bool) {
	for {
		s.writer.mu.Lock()
		done := is(s.writer)
		s.writer.mu.Unlock()
		if done {
			return
		}
		runtime.Gosched()
	}
}

// MoveAll moves all recent states, which changes do in small parts.
func MoveAll(s *Store) error {
	return s.db.Update(func(tx *bbolt.Tx) error {
		for first := range byte(16) {
			if err := moveRecent(tx, first); err != nil {
				return err
			}
		}
		return nil
	})
}

// RewriteState reads a state and writes it again.
func RewriteState(record []byte) ([]byte, error) {
	s, err := parseState(record)
	return appendState(nil, s), err
}
