package memstore

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/rules"
)

// Issue implements [licensekey.Admin].
func (s *Store) Issue(ctx context.Context, req licensekey.IssueRequest) (licensekey.LicenseKey, error) {
	k, err := rules.Issue(req.WithDefaults())
	if err != nil {
		return licensekey.LicenseKey{}, err
	}
	err = s.update(ctx, func() error {
		added, err := s.add(licensekey.LicenseKeyWithActivations{LicenseKey: k})
		if err == nil && added == nil {
			err = licensekey.ErrExists
		}
		if err == nil {
			k = added.current().Clone()
		}
		return err
	})
	if err != nil {
		return licensekey.LicenseKey{}, err
	}
	return k, nil
}

// lookEvery is the number of license keys after which a long call checks again
// whether its ctx has ended.
const lookEvery = 1000

// look returns the error of ctx at every lookEvery-th license key.
func look(ctx context.Context, i int) error {
	if i%lookEvery != 0 {
		return nil
	}
	return ctx.Err()
}

// Import implements [licensekey.Admin]. If ctx ends before Import returns, nothing
// is added. If several keys in the input have the same id, or the same organization
// and key string, only the first of them is added.
func (s *Store) Import(ctx context.Context, keys []licensekey.LicenseKeyWithActivations) (added int, err error) {
	checked, err := rules.Imports(ctx, keys)
	if err != nil {
		return 0, err
	}
	var entries []*entry
	err = s.update(ctx, func() error {
		for i, k := range checked {
			e, err := s.add(k)
			if err != nil {
				err = fmt.Errorf("license key %d: %w", i, err)
			} else {
				err = look(ctx, i)
			}
			if e != nil {
				entries = append(entries, e)
			}
			if err != nil {
				s.remove(entries...)
				entries = nil
				return err
			}
		}
		return nil
	})
	return len(entries), err
}

// add adds k and returns its entry, or nil if k is already there. It returns
// ErrInvalid if the customer cannot have k. The caller must not use k afterwards.
func (s *Store) add(k licensekey.LicenseKeyWithActivations) (*entry, error) {
	if s.byID[k.ID] != nil || s.byKey[lookup{k.OrganizationID, k.Key}] != nil {
		return nil, nil
	}
	known, err := s.customers.known(k.LicenseKey)
	if err != nil {
		return nil, err
	}
	activations := make(map[uuid.UUID]licensekey.Activation)
	for _, a := range k.Activations {
		activations[a.ID] = a
	}
	return s.put(known, activations), nil
}

// put adds k and returns its entry.
func (s *Store) put(k licensekey.LicenseKey, activations map[uuid.UUID]licensekey.Activation) *entry {
	e := &entry{customer: s.customers.of(k.Customer), activations: activations}
	e.set(k)
	s.byID[k.ID] = e
	s.byKey[lookup{k.OrganizationID, k.Key}] = e
	s.all.add(e)
	s.byOrganization.add(k.OrganizationID, e)
	s.byBenefit.add(k.BenefitID, e)
	s.bySuffix.add(k.KeySuffix(), e)
	e.customer.keys.add(e)
	return e
}

// remove removes license keys, and the customers that have no others.
func (s *Store) remove(entries ...*entry) {
	for _, e := range entries {
		s.take(e)
		s.customers.release(e.customer)
	}
}

// take removes a license key, and leaves its customer.
func (s *Store) take(e *entry) {
	k := e.licenseKey
	e.removed = true
	delete(s.byID, k.ID)
	delete(s.byKey, lookup{k.OrganizationID, k.Key})
	s.all.remove()
	s.byOrganization.remove(k.OrganizationID)
	s.byBenefit.remove(k.BenefitID)
	s.bySuffix.remove(k.KeySuffix())
	e.customer.keys.remove()
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
func (s *Store) GetByKey(ctx context.Context, organizationID uuid.UUID, key licensekey.Key) (k licensekey.LicenseKeyWithActivations, err error) {
	err = s.read(ctx, func() error {
		k, err = s.byKey[lookup{organizationID, key}].export()
		return err
	})
	return k, err
}

// export returns a copy of what e holds, or ErrNotFound if e is nil.
func (e *entry) export() (licensekey.LicenseKeyWithActivations, error) {
	if e == nil {
		return licensekey.LicenseKeyWithActivations{}, licensekey.ErrNotFound
	}
	k := licensekey.LicenseKeyWithActivations{LicenseKey: e.current().Clone()}
	for _, a := range e.activations {
		k.Activations = append(k.Activations, a.Clone())
	}
	licensekey.SortActivations(k.Activations)
	return k, nil
}

// Delete implements [licensekey.Admin].
func (s *Store) Delete(ctx context.Context, id uuid.UUID) error {
	return s.update(ctx, func() error {
		e := s.byID[id]
		if e == nil {
			return licensekey.ErrNotFound
		}
		s.remove(e)
		return nil
	})
}

// Update implements [licensekey.Admin].
func (s *Store) Update(ctx context.Context, req licensekey.UpdateRequest) (licensekey.LicenseKey, error) {
	req = req.WithDefaults()
	return s.change(ctx, req.ID, func(k licensekey.LicenseKey) (licensekey.LicenseKey, error) {
		return rules.Update(req, k)
	})
}

// Rotate implements [licensekey.Admin].
func (s *Store) Rotate(ctx context.Context, req licensekey.RotateRequest) (licensekey.LicenseKey, error) {
	req = req.WithDefaults()
	return s.change(ctx, req.ID, func(k licensekey.LicenseKey) (licensekey.LicenseKey, error) {
		return rules.Rotate(req, k)
	})
}

// EndActivation implements [licensekey.Admin].
func (s *Store) EndActivation(ctx context.Context, req licensekey.EndActivationRequest) (ended licensekey.Activation, err error) {
	err = s.update(ctx, func() error {
		e := s.byID[req.LicenseKeyID]
		if e == nil {
			return licensekey.ErrNotFound
		}
		if err := rules.EndActivation(req, e.licenseKey); err != nil {
			return err
		}
		a, ok := e.activations[req.ActivationID]
		if !ok {
			return licensekey.ErrNotFound
		}
		delete(e.activations, req.ActivationID)
		ended = a
		return nil
	})
	return ended, err
}

// change replaces a license key by the result of check.
func (s *Store) change(ctx context.Context, id uuid.UUID,
	check func(licensekey.LicenseKey) (licensekey.LicenseKey, error)) (changed licensekey.LicenseKey, err error) {
	err = s.update(ctx, func() error {
		e := s.byID[id]
		if e == nil {
			return licensekey.ErrNotFound
		}
		k, err := check(e.current())
		if err != nil {
			return err
		}
		if other := s.byKey[lookup{k.OrganizationID, k.Key}]; other != nil && other != e {
			return licensekey.ErrExists
		}
		if k.Key != e.licenseKey.Key {
			s.take(e)
			e = s.put(k, e.activations)
		}
		e.set(k)
		changed = e.current().Clone()
		return nil
	})
	return changed, err
}
