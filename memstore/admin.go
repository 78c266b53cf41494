package memstore

import (
	"context"

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
	checked, err := rules.Imports(keys)
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
	if err != nil {
		return 0, err
	}
	return added, nil
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
	s.order.add(k.ID)
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
func (s *Store) GetByKey(ctx context.Context, organizationID uuid.UUID, key licensekey.Key) (k licensekey.LicenseKeyWithActivations, err error) {
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
	if err := s.update(ctx, func() error { s.order.sort(s.byID); return nil }); err != nil {
		return nil, err
	}
	err = s.read(ctx, func() error {
		for i, id := range s.order.after(req.After) {
			if i%checkEvery == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			e := s.byID[id]
			if e == nil || !req.Matches(e.licenseKey) {
				continue
			}
			keys = append(keys, e.licenseKey.Clone())
			if len(keys) == req.PageSize() {
				break
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return keys, nil
}

// checkEvery is after how many license keys a long call looks at its context.
const checkEvery = 1000

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

// change replaces a license key by what check makes of it.
func (s *Store) change(ctx context.Context, id uuid.UUID,
	check func(licensekey.LicenseKey) (licensekey.LicenseKey, error)) (changed licensekey.LicenseKey, err error) {
	err = s.update(ctx, func() error {
		e := s.byID[id]
		if e == nil {
			return licensekey.ErrNotFound
		}
		k, err := check(e.licenseKey)
		if err != nil {
			return err
		}
		before, after := lookup{k.OrganizationID, e.licenseKey.Key}, lookup{k.OrganizationID, k.Key}
		if other := s.byKey[after]; other != nil && other != e {
			return licensekey.ErrExists
		}
		delete(s.byKey, before)
		s.byKey[after] = e
		e.licenseKey = k
		changed = k.Clone()
		return nil
	})
	return changed, err
}
