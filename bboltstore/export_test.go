package bboltstore

import (
	"context"
	"runtime"

	"go.etcd.io/bbolt"

	"github.com/licensekit/licensekey"
)

// DB lets tests reach the database under a store.
func DB(s *Store) *bbolt.DB { return s.db }

// DeactivateIn makes the change that Deactivate makes, in a transaction of its
// own: the baseline of benchmarks.
func DeactivateIn(transact func(func(*bbolt.Tx) error) error, req licensekey.DeactivateRequest) error {
	return transact(func(tx *bbolt.Tx) error {
		at, err := findActivation(tx, req)
		if err != nil {
			return err
		}
		return tx.Bucket(activationsBucket).Delete(at)
	})
}

// Change makes a change that no method makes.
func Change(s *Store, decide decision) error { return s.update(context.Background(), decide) }

// WaitQueued waits until that many changes are in the queue or being committed.
func WaitQueued(s *Store, n int) {
	for s.writer.waiting() < n {
		runtime.Gosched()
	}
}

func (w *writer) waiting() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.pending
}
