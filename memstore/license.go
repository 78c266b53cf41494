package memstore

import (
	"context"
	"iter"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/rules"
)

// Activate implements [licensekey.Activator].
func (s *Store) Activate(ctx context.Context, req licensekey.ActivateRequest) (activated licensekey.Activated, err error) {
	err = s.update(ctx, func() error {
		e := s.byKey[lookup{req.OrganizationID, req.Key}]
		if e == nil {
			return licensekey.ErrNotFound
		}
		k := e.current()
		_, exists := e.activations[req.ActivationID]
		same, err := rules.Same(req, k, e.live())
		if err != nil {
			return err
		}
		a, err := rules.Activate(req, k, rules.Seats{Live: len(e.activations), Exists: exists, Same: same})
		if err != nil {
			return err
		}
		if same == nil {
			e.activations[a.ID] = a
		}
		activated = licensekey.Activated{Activation: a.Clone(), LicenseKey: k.Clone()}
		return nil
	})
	return activated, err
}

// live yields the live activations.
func (e *entry) live() iter.Seq2[licensekey.Activation, error] {
	return func(yield func(licensekey.Activation, error) bool) {
		for _, a := range e.activations {
			if !yield(a, nil) {
				return
			}
		}
	}
}

// Validate implements [licensekey.Validator].
func (s *Store) Validate(ctx context.Context, req licensekey.ValidateRequest) (validated licensekey.Validated, err error) {
	err = s.update(ctx, func() error {
		e := s.byKey[lookup{req.OrganizationID, req.Key}]
		if e == nil {
			return licensekey.ErrNotFound
		}
		var activation *licensekey.Activation
		if req.ActivationID != nil {
			if a, ok := e.activations[*req.ActivationID]; ok {
				a = a.Clone()
				activation = &a
			}
		}
		k, err := rules.Validate(req, e.current(), activation)
		if err != nil {
			return err
		}
		e.set(k)
		validated = licensekey.Validated{LicenseKey: e.current().Clone(), Activation: activation}
		return nil
	})
	return validated, err
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
