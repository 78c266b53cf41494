package storetest_test

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/memstore"
)

// wrapped is a memstore with some methods of its own: those that are not nil.
type wrapped struct {
	*memstore.Store
	deactivate func(context.Context, licensekey.DeactivateRequest) error
	activate   func(context.Context, licensekey.ActivateRequest) (licensekey.Activated, error)
	validate   func(context.Context, licensekey.ValidateRequest) (licensekey.Validated, error)
	imports    func(licensekey.LicenseKeyWithActivations) licensekey.LicenseKeyWithActivations
	get        func(context.Context, uuid.UUID) (licensekey.LicenseKeyWithActivations, error)
	issue      func(context.Context, licensekey.IssueRequest) (licensekey.LicenseKey, error)
	list       func(context.Context, licensekey.ListRequest) ([]licensekey.Listed, error)
	count      func(context.Context, licensekey.ListRequest) (int, error)
	customer   func(context.Context, licensekey.UpdateCustomerRequest) (licensekey.Customer, error)
	update     func(context.Context, licensekey.UpdateRequest) (licensekey.LicenseKey, error)
	rotate     func(context.Context, licensekey.RotateRequest) (licensekey.LicenseKey, error)
	remove     func(context.Context, uuid.UUID) error
	end        func(context.Context, licensekey.EndActivationRequest) (licensekey.Activation, error)
	close      func() error
}

// wrong is the suite of a memstore of which change makes something wrong.
func wrong(change func(*wrapped)) func(*testing.T) {
	return managed(func(s *memstore.Store) *wrapped {
		w := &wrapped{
			Store: s, deactivate: s.Deactivate, activate: s.Activate, validate: s.Validate,
			get: s.Get, issue: s.Issue, list: s.List, count: s.Count, customer: s.UpdateCustomer, update: s.Update, rotate: s.Rotate, remove: s.Delete, end: s.EndActivation, close: s.Close,
			imports: func(k licensekey.LicenseKeyWithActivations) licensekey.LicenseKeyWithActivations { return k },
		}
		change(w)
		return w
	})
}

func (w *wrapped) Deactivate(ctx context.Context, req licensekey.DeactivateRequest) error {
	return w.deactivate(ctx, req)
}

func (w *wrapped) Activate(ctx context.Context, req licensekey.ActivateRequest) (licensekey.Activated, error) {
	return w.activate(ctx, req)
}

func (w *wrapped) Validate(ctx context.Context, req licensekey.ValidateRequest) (licensekey.Validated, error) {
	return w.validate(ctx, req)
}

func (w *wrapped) Import(ctx context.Context, keys []licensekey.LicenseKeyWithActivations) (int, error) {
	changed := make([]licensekey.LicenseKeyWithActivations, len(keys))
	for i, k := range keys {
		changed[i] = w.imports(k)
	}
	return w.Store.Import(ctx, changed)
}

func (w *wrapped) Get(ctx context.Context, id uuid.UUID) (licensekey.LicenseKeyWithActivations, error) {
	return w.get(ctx, id)
}

func (w *wrapped) List(ctx context.Context, req licensekey.ListRequest) ([]licensekey.Listed, error) {
	return w.list(ctx, req)
}

func (w *wrapped) Issue(ctx context.Context, req licensekey.IssueRequest) (licensekey.LicenseKey, error) {
	return w.issue(ctx, req)
}

func (w *wrapped) Count(ctx context.Context, req licensekey.ListRequest) (int, error) {
	return w.count(ctx, req)
}

func (w *wrapped) UpdateCustomer(ctx context.Context, req licensekey.UpdateCustomerRequest) (licensekey.Customer, error) {
	return w.customer(ctx, req)
}

func (w *wrapped) EndActivation(ctx context.Context, req licensekey.EndActivationRequest) (licensekey.Activation, error) {
	return w.end(ctx, req)
}

func (w *wrapped) Update(ctx context.Context, req licensekey.UpdateRequest) (licensekey.LicenseKey, error) {
	return w.update(ctx, req)
}

func (w *wrapped) Rotate(ctx context.Context, req licensekey.RotateRequest) (licensekey.LicenseKey, error) {
	return w.rotate(ctx, req)
}

func (w *wrapped) Delete(ctx context.Context, id uuid.UUID) error { return w.remove(ctx, id) }

func (w *wrapped) Close() error { return w.close() }
