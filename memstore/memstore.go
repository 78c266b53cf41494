// Package memstore is a license key store in memory: for unit tests, and for
// programs that keep license keys only while they run.
package memstore

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
)

var errClosed = errors.New("memstore: closed")

// Store keeps license keys in memory. It is safe for concurrent use. Nothing
// outlives the process: its durability is that of its memory.
type Store struct {
	mu     sync.RWMutex
	closed bool
	byID   map[uuid.UUID]*entry
	byKey  map[lookup]*entry
}

// lookup is what a request finds a license key by.
type lookup struct {
	organizationID uuid.UUID
	key            string
}

type entry struct {
	licenseKey  licensekey.LicenseKey
	activations map[uuid.UUID]licensekey.Activation
}

var (
	_ licensekey.Store = (*Store)(nil)
	_ licensekey.Admin = (*Store)(nil)
)

// New returns an empty store.
func New() *Store {
	return &Store{byID: make(map[uuid.UUID]*entry), byKey: make(map[lookup]*entry)}
}

// read runs f while nothing changes, unless ctx has ended or the store is
// closed. update does the same for a change.
func (s *Store) read(ctx context.Context, f func() error) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.do(ctx, f)
}

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

// Deactivate implements [licensekey.Deactivator].
func (s *Store) Deactivate(ctx context.Context, req licensekey.DeactivateRequest) error {
	return s.update(ctx, func() error {
		e := s.byKey[lookup{req.OrganizationID, req.Key}]
		if e == nil {
			return licensekey.ErrNotFound
		}
		if _, ok := e.activations[req.ActivationID]; !ok {
			return licensekey.ErrNotFound
		}
		delete(e.activations, req.ActivationID)
		return nil
	})
}

// Issue implements [licensekey.Admin].
func (s *Store) Issue(ctx context.Context, req licensekey.IssueRequest) (licensekey.LicenseKey, error) {
	k, err := licensekey.CheckIssue(req)
	if err != nil {
		return licensekey.LicenseKey{}, err
	}
	err = s.update(ctx, func() error {
		if !s.add(licensekey.LicenseKeyWithActivations{LicenseKey: k.Clone()}) {
			return licensekey.ErrExists
		}
		return nil
	})
	if err != nil {
		return licensekey.LicenseKey{}, err
	}
	return k, nil
}

// Import implements [licensekey.Admin].
func (s *Store) Import(ctx context.Context, keys []licensekey.LicenseKeyWithActivations) (added int, err error) {
	checked, err := licensekey.CheckImports(keys)
	if err != nil {
		return 0, err
	}
	err = s.update(ctx, func() error {
		for _, k := range checked {
			if s.add(k) {
				added++
			}
		}
		return nil
	})
	return added, err
}

// add keeps k, which the caller gives away, and says whether it was new.
func (s *Store) add(k licensekey.LicenseKeyWithActivations) bool {
	at := lookup{k.OrganizationID, k.Key}
	if s.byID[k.ID] != nil || s.byKey[at] != nil {
		return false
	}
	e := &entry{licenseKey: k.LicenseKey, activations: make(map[uuid.UUID]licensekey.Activation)}
	for _, a := range k.Activations {
		e.activations[a.ID] = a
	}
	s.byID[k.ID] = e
	s.byKey[at] = e
	return true
}

// Get implements [licensekey.Admin].
func (s *Store) Get(ctx context.Context, id uuid.UUID) (k licensekey.LicenseKeyWithActivations, err error) {
	err = s.read(ctx, func() error {
		k, err = s.byID[id].export()
		return err
	})
	return k, err
}

// GetByKey implements [licensekey.Admin].
func (s *Store) GetByKey(ctx context.Context, organizationID uuid.UUID, key string) (k licensekey.LicenseKeyWithActivations, err error) {
	err = s.read(ctx, func() error {
		k, err = s.byKey[lookup{organizationID, key}].export()
		return err
	})
	return k, err
}

// export returns a copy of what e holds; a nil e is a key that is not there.
func (e *entry) export() (licensekey.LicenseKeyWithActivations, error) {
	if e == nil {
		return licensekey.LicenseKeyWithActivations{}, licensekey.ErrNotFound
	}
	k := licensekey.LicenseKeyWithActivations{LicenseKey: e.licenseKey.Clone()}
	for _, a := range e.activations {
		k.Activations = append(k.Activations, a.Clone())
	}
	licensekey.SortActivations(k.Activations)
	return k, nil
}

// List implements [licensekey.Admin].
func (s *Store) List(ctx context.Context, req licensekey.ListRequest) (keys []licensekey.LicenseKey, err error) {
	err = s.read(ctx, func() error {
		ids := slices.SortedFunc(maps.Keys(s.byID), compareIDs)
		first, found := slices.BinarySearchFunc(ids, req.After, compareIDs)
		if found {
			first++
		}
		ids = ids[first:]
		for _, id := range ids[:min(req.PageSize(), len(ids))] {
			keys = append(keys, s.byID[id].licenseKey.Clone())
		}
		return nil
	})
	return keys, err
}

func compareIDs(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }

// Delete implements [licensekey.Admin].
func (s *Store) Delete(ctx context.Context, id uuid.UUID) error {
	return s.update(ctx, func() error {
		e := s.byID[id]
		if e == nil {
			return licensekey.ErrNotFound
		}
		delete(s.byID, id)
		delete(s.byKey, lookup{e.licenseKey.OrganizationID, e.licenseKey.Key})
		return nil
	})
}

// Close implements [licensekey.Admin].
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}
