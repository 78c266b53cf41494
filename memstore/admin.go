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
	var ids []uuid.UUID
	err = s.update(ctx, func() error {
		for i, k := range checked {
			if err := look(ctx, i); err != nil {
				for _, id := range ids {
					s.remove(id)
				}
				ids = nil
				return err
			}
			if s.add(k) {
				ids = append(ids, k.ID)
			}
		}
		return nil
	})
	return len(ids), err
}

// add adds k, and reports whether it was new. The caller must not use k afterwards.
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
	s.order.add(k.ID)
	return true
}

// remove deletes a license key, and reports whether it was there.
func (s *Store) remove(id uuid.UUID) bool {
	e := s.byID[id]
	if e == nil {
		return false
	}
	delete(s.byID, id)
	delete(s.byKey, lookup{e.licenseKey.OrganizationID, e.licenseKey.Key})
	s.order.remove()
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

// export returns a copy of what e holds, or ErrNotFound if e is nil.
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
	// update and not read: s.order may have to be brought up to date.
	err = s.update(ctx, func() error {
		for i, id := range s.order.after(req.After, s.has) {
			if err := look(ctx, i); err != nil {
				return err
			}
			e := s.byID[id]
			if e == nil {
				continue // deleted
			}
			if req.Matches(e.licenseKey) {
				keys = append(keys, e.licenseKey.Clone())
			}
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

func (s *Store) has(id uuid.UUID) bool { return s.byID[id] != nil }

// Delete implements [licensekey.Admin].
func (s *Store) Delete(ctx context.Context, id uuid.UUID) error {
	return s.update(ctx, func() error {
		if !s.remove(id) {
			return licensekey.ErrNotFound
		}
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
