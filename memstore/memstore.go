// Package memstore is a license key store in memory: for unit tests, and for
// programs that keep license keys only while they run.
package memstore

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
)

var errClosed = errors.New("memstore: closed")

// Store keeps license keys in memory. It is safe for concurrent use. It is not
// durable: everything is lost when the process ends.
type Store struct {
	mu     sync.RWMutex
	closed bool
	byID   map[uuid.UUID]*entry
	byKey  map[lookup]*entry

	customers customers

	// The license keys in the order of lists: all, and those that pass a filter.
	all            order
	byOrganization index[uuid.UUID]
	byBenefit      index[uuid.UUID]
	bySuffix       index[string]
}

// lookup is what identifies a license key in a request.
type lookup struct {
	organizationID uuid.UUID
	key            licensekey.Key
}

// entry is a license key. Its id, time of creation and key string never change:
// Rotate makes another entry.
type entry struct {
	licenseKey  licensekey.LicenseKey // without its customer
	customer    *customer
	activations map[uuid.UUID]licensekey.Activation
	removed     bool
}

// current returns the license key with its customer as now stored. It shares memory
// with the store.
func (e *entry) current() licensekey.LicenseKey {
	k := e.licenseKey
	k.Customer = e.customer.Customer
	return k
}

// set replaces all of the license key but its customer.
func (e *entry) set(k licensekey.LicenseKey) {
	k.Customer = licensekey.Customer{}
	e.licenseKey = k
}

var (
	_ licensekey.ManagedStore = (*Store)(nil)
	_ io.Closer               = (*Store)(nil)
)

// New returns an empty store. It need not be closed.
func New() *Store {
	return &Store{
		byID:           make(map[uuid.UUID]*entry),
		byKey:          make(map[lookup]*entry),
		customers:      newCustomers(),
		byOrganization: make(index[uuid.UUID]),
		byBenefit:      make(index[uuid.UUID]),
		bySuffix:       make(index[string]),
	}
}

// read runs f, which must change nothing, while no change is made. It returns an
// error instead if ctx has ended or the store is closed.
func (s *Store) read(ctx context.Context, f func() error) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.do(ctx, f)
}

// update does the same as read for an f that makes a change.
func (s *Store) update(ctx context.Context, f func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.do(ctx, f)
}

func (s *Store) do(ctx context.Context, f func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.closed {
		return errClosed
	}
	return f()
}

// Check implements [licensekey.Admin]. It returns nil until the store is closed.
func (s *Store) Check(ctx context.Context) error {
	return s.read(ctx, func() error { return nil })
}

// Close closes the store. Later calls of any method but Close return an error.
// Close always returns nil.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}
