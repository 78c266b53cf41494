package storetest_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/memstore"
	"github.com/licensekit/licensekey/rules"
)

// plain is a handle on a database of maps. It is right without faults.
type plain struct {
	db *database
	faults
	own  sync.Mutex // of this handle
	seen sync.Map   // activations by id, of this handle
}

// faults are what a plain store can have wrong.
type faults struct {
	twoSteps     bool // decides in one critical section and writes in another
	lockOfHandle bool // with twoSteps: a lock that only its own handle knows
	remembers    bool // in each handle, the activations that it has found
	shares       bool // memory, with those who pass and get it
	takesTakenID bool
	oneSeatMore  bool
	countsErrors bool // of validations of keys that are revoked or expired
	keepsSeats   bool // of activations that have ended
	ignoresUsage bool
	noExpiry     bool
	same         sameFaults
}

type database struct {
	mu   sync.Mutex
	keys map[lookup]*record
}

type lookup struct {
	organizationID uuid.UUID
	key            licensekey.Key
}

type record struct {
	licensekey.LicenseKey
	activations map[uuid.UUID]licensekey.Activation
	ended       []licensekey.Activation
}

func newPlain(keys []licensekey.LicenseKeyWithActivations, f faults) *plain {
	db := &database{keys: make(map[lookup]*record)}
	for _, k := range keys {
		r := &record{LicenseKey: k.LicenseKey.Clone(), activations: make(map[uuid.UUID]licensekey.Activation)}
		for _, a := range k.Activations {
			if a.Conditions == nil {
				a.Conditions = []byte("{}")
			}
			r.activations[a.ID] = a.Clone()
		}
		db.keys[lookup{k.OrganizationID, k.Key}] = r
	}
	return &plain{db: db, faults: f}
}

// do decides on what the database holds, and writes.
func (s *plain) do(ctx context.Context, organizationID uuid.UUID, key licensekey.Key, decide func(*record) error, write func(*record)) error {
	if s.lockOfHandle {
		s.own.Lock()
		defer s.own.Unlock()
	}
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	r := s.db.keys[lookup{organizationID, key}]
	if r == nil {
		return licensekey.ErrNotFound
	}
	if err := decide(r); err != nil {
		return err
	}
	if s.twoSteps {
		s.db.mu.Unlock()
		runtime.Gosched()
		s.db.mu.Lock()
	}
	write(r)
	return nil
}

func (s *plain) Deactivate(ctx context.Context, req licensekey.DeactivateRequest) error {
	return s.do(ctx, req.OrganizationID, req.Key, func(r *record) error {
		if _, ok := r.activations[req.ActivationID]; !ok {
			return licensekey.ErrNotFound
		}
		return nil
	}, func(r *record) {
		r.ended = append(r.ended, r.activations[req.ActivationID])
		delete(r.activations, req.ActivationID)
		s.seen.Delete(req.ActivationID)
	})
}

func (s *plain) Activate(ctx context.Context, req licensekey.ActivateRequest) (got licensekey.Activated, err error) {
	again := false
	err = s.do(ctx, req.OrganizationID, req.Key, func(r *record) error {
		seats := rules.Seats{Live: len(r.activations)}
		_, seats.Exists = r.activations[req.ActivationID]
		seats.Exists = seats.Exists && !s.takesTakenID
		if s.oneSeatMore {
			seats.Live--
		}
		if s.keepsSeats {
			seats.Live += len(r.ended)
		}
		k := r.LicenseKey
		if s.noExpiry {
			k.ExpiresAt = nil
		}
		if s.same.anyState && req.Same != nil {
			k.Status, k.ExpiresAt = licensekey.StatusGranted, nil
		}
		if seats.Same, err = s.same.find(s.db, req, r, k, seats.Live); err != nil {
			return err
		}
		got.Activation, err = rules.Activate(req, k, seats)
		if s.shares && seats.Same != nil {
			got.Activation = *seats.Same
		}
		again = seats.Same != nil
		got.LicenseKey = r.LicenseKey
		if !s.shares {
			got.LicenseKey = got.LicenseKey.Clone()
		}
		return err
	}, func(r *record) {
		if again && !s.twoSteps {
			s.same.again(req, r, &got)
			return
		}
		r.activations[got.Activation.ID] = got.Activation
		if !s.shares {
			r.activations[got.Activation.ID] = got.Activation.Clone()
		}
	})
	if err != nil {
		return licensekey.Activated{}, err
	}
	return got, nil
}

func (s *plain) Validate(ctx context.Context, req licensekey.ValidateRequest) (got licensekey.Validated, err error) {
	var after licensekey.LicenseKey
	err = s.do(ctx, req.OrganizationID, req.Key, func(r *record) error {
		if req.ActivationID != nil {
			if a, ok := r.activations[*req.ActivationID]; ok {
				if !s.shares {
					a = a.Clone()
				}
				got.Activation = &a
			}
		}
		if seen, ok := s.remembered(req.ActivationID); ok {
			got.Activation = &seen
		}
		if s.remembers && got.Activation != nil {
			s.seen.Store(got.Activation.ID, got.Activation.Clone())
		}
		k := r.LicenseKey
		if s.ignoresUsage {
			k.LimitUsage = nil
		}
		after, err = rules.Validate(req, k, got.Activation)
		if s.countsErrors && (errors.Is(err, licensekey.ErrNotGranted) || errors.Is(err, licensekey.ErrExpired)) {
			r.Validations++
		}
		after.LimitUsage = r.LimitUsage
		return err
	}, func(r *record) {
		r.LicenseKey = after
		got.LicenseKey = after
		if !s.shares {
			got.LicenseKey = after.Clone()
		}
	})
	if err != nil {
		return licensekey.Validated{}, err
	}
	return got, nil
}

// remembered returns an activation that this handle has found before.
func (s *plain) remembered(id *uuid.UUID) (licensekey.Activation, bool) {
	if id == nil {
		return licensekey.Activation{}, false
	}
	a, ok := s.seen.Load(*id)
	if !ok {
		return licensekey.Activation{}, false
	}
	return a.(licensekey.Activation).Clone(), true
}

// lazy makes changes in memory and writes them to a disk: at once, or those of
// one method when it is closed. Its disk is a memstore: what is not there does
// not outlive a crash.
type lazy struct {
	licensekey.Store
	disk    *memstore.Store
	late    string
	pending []func() error
}

// openLazy reads what is on a disk.
func openLazy(t testing.TB, disk *memstore.Store, late string) *lazy {
	t.Helper()
	var keys []licensekey.LicenseKeyWithActivations
	for k, err := range licensekey.All(t.Context(), disk, licensekey.ListRequest{}) {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, k)
	}
	memory := memstore.New()
	if _, err := memory.Import(t.Context(), slices.Clone(keys)); err != nil {
		t.Fatal(err)
	}
	return &lazy{Store: memory, disk: disk, late: late}
}

func (s *lazy) write(method string, err error, change func() error) error {
	if err == nil && method == s.late {
		s.pending = append(s.pending, change)
		return nil
	}
	if err == nil {
		return change()
	}
	return err
}

func (s *lazy) Deactivate(ctx context.Context, req licensekey.DeactivateRequest) error {
	return s.write("Deactivate", s.Store.Deactivate(ctx, req), func() error { return s.disk.Deactivate(ctx, req) })
}

func (s *lazy) Activate(ctx context.Context, req licensekey.ActivateRequest) (licensekey.Activated, error) {
	got, err := s.Store.Activate(ctx, req)
	return got, s.write("Activate", err, func() error { _, err := s.disk.Activate(ctx, req); return err })
}

func (s *lazy) Validate(ctx context.Context, req licensekey.ValidateRequest) (licensekey.Validated, error) {
	got, err := s.Store.Validate(ctx, req)
	return got, s.write("Validate", err, func() error { _, err := s.disk.Validate(ctx, req); return err })
}

// Close writes what is late.
func (s *lazy) Close() error {
	for _, change := range s.pending {
		if err := change(); err != nil {
			return err
		}
	}
	return nil
}
