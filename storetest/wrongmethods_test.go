package storetest_test

import (
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"sync"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/rules"
)

// remembersActivations finds an activation that the memstore does not: one that
// has ended, or that of another key.
func remembersActivations(ended bool) func(*wrapped) {
	return func(w *wrapped) {
		var mu sync.Mutex
		known := make(map[uuid.UUID]licensekey.Activation)
		w.imports = func(k licensekey.LicenseKeyWithActivations) licensekey.LicenseKeyWithActivations {
			mu.Lock()
			defer mu.Unlock()
			for _, a := range k.Activations {
				a = a.Clone()
				a.LicenseKeyID = k.ID
				known[a.ID] = a
			}
			return k
		}
		w.activate = func(ctx context.Context, req licensekey.ActivateRequest) (licensekey.Activated, error) {
			got, err := w.Store.Activate(ctx, req)
			if err == nil {
				mu.Lock()
				defer mu.Unlock()
				known[req.ActivationID] = got.Activation.Clone()
			}
			return got, err
		}
		w.deactivate = func(ctx context.Context, req licensekey.DeactivateRequest) error {
			err := w.Store.Deactivate(ctx, req)
			if err == nil && !ended {
				mu.Lock()
				defer mu.Unlock()
				delete(known, req.ActivationID)
			}
			return err
		}
		w.validate = func(ctx context.Context, req licensekey.ValidateRequest) (licensekey.Validated, error) {
			got, err := w.Store.Validate(ctx, req)
			if !errors.Is(err, licensekey.ErrNotFound) || req.ActivationID == nil {
				return got, err
			}
			mu.Lock()
			a, ok := known[*req.ActivationID]
			mu.Unlock()
			if k, kerr := w.GetByKey(ctx, req.OrganizationID, req.Key); !ok || kerr != nil || ended && k.ID != a.LicenseKeyID {
				return got, err
			}
			req.ActivationID = nil
			got, err = w.Store.Validate(ctx, req)
			if err == nil {
				got.Activation = &a
			}
			return got, err
		}
	}
}

func endsTwice(w *wrapped) {
	w.deactivate = func(ctx context.Context, req licensekey.DeactivateRequest) error {
		if err := w.Store.Deactivate(ctx, req); !errors.Is(err, licensekey.ErrNotFound) {
			return err
		}
		return nil
	}
}

func endsUsableOnly(w *wrapped) {
	w.deactivate = func(ctx context.Context, req licensekey.DeactivateRequest) error {
		if k, err := w.GetByKey(ctx, req.OrganizationID, req.Key); err == nil && k.ExpiresAt != nil && !req.Now.Before(*k.ExpiresAt) {
			return licensekey.ErrExpired
		}
		return w.Store.Deactivate(ctx, req)
	}
}

func overwritesTaken(w *wrapped) {
	w.activate = func(ctx context.Context, req licensekey.ActivateRequest) (licensekey.Activated, error) {
		got, err := w.Store.Activate(ctx, req)
		if !errors.Is(err, licensekey.ErrExists) {
			return got, err
		}
		_ = w.Store.Deactivate(ctx, licensekey.DeactivateRequest{OrganizationID: req.OrganizationID, Key: req.Key, ActivationID: req.ActivationID})
		_, _ = w.Store.Activate(ctx, req)
		return got, err
	}
}

// readsKeys also finds the key that read makes of the one in a request.
func readsKeys(read func(string) string) func(*wrapped) {
	return func(w *wrapped) {
		w.deactivate = func(ctx context.Context, req licensekey.DeactivateRequest) error {
			err := w.Store.Deactivate(ctx, req)
			if errors.Is(err, licensekey.ErrNotFound) {
				req.Key = licensekey.Key(read(string(req.Key)))
				err = w.Store.Deactivate(ctx, req)
			}
			return err
		}
		w.activate = func(ctx context.Context, req licensekey.ActivateRequest) (licensekey.Activated, error) {
			got, err := w.Store.Activate(ctx, req)
			if errors.Is(err, licensekey.ErrNotFound) {
				req.Key = licensekey.Key(read(string(req.Key)))
				got, err = w.Store.Activate(ctx, req)
			}
			return got, err
		}
		w.validate = func(ctx context.Context, req licensekey.ValidateRequest) (licensekey.Validated, error) {
			got, err := w.Store.Validate(ctx, req)
			if errors.Is(err, licensekey.ErrNotFound) {
				req.Key = licensekey.Key(read(string(req.Key)))
				got, err = w.Store.Validate(ctx, req)
			}
			return got, err
		}
	}
}

func ignoresOrganization(w *wrapped) {
	var mu sync.Mutex
	known := make(map[uuid.UUID]bool)
	w.imports = func(k licensekey.LicenseKeyWithActivations) licensekey.LicenseKeyWithActivations {
		mu.Lock()
		defer mu.Unlock()
		known[k.OrganizationID] = true
		return k
	}
	// found is the organization that has the key.
	found := func(organizationID uuid.UUID, key licensekey.Key) uuid.UUID {
		mu.Lock()
		defer mu.Unlock()
		for other := range known {
			if _, err := w.GetByKey(context.Background(), other, key); err == nil && other != organizationID {
				return other
			}
		}
		return organizationID
	}
	w.deactivate = func(ctx context.Context, req licensekey.DeactivateRequest) error {
		err := w.Store.Deactivate(ctx, req)
		if errors.Is(err, licensekey.ErrNotFound) {
			req.OrganizationID = found(req.OrganizationID, req.Key)
			err = w.Store.Deactivate(ctx, req)
		}
		return err
	}
	w.activate = func(ctx context.Context, req licensekey.ActivateRequest) (licensekey.Activated, error) {
		req.OrganizationID = found(req.OrganizationID, req.Key)
		return w.Store.Activate(ctx, req)
	}
	w.validate = func(ctx context.Context, req licensekey.ValidateRequest) (licensekey.Validated, error) {
		req.OrganizationID = found(req.OrganizationID, req.Key)
		return w.Store.Validate(ctx, req)
	}
}

// indexesKeys takes no key that is over 8 KiB when it is compressed, as a B-tree
// of texts does.
func indexesKeys(w *wrapped) {
	w.imports = func(k licensekey.LicenseKeyWithActivations) licensekey.LicenseKeyWithActivations {
		var compressed bytes.Buffer
		f, _ := flate.NewWriter(&compressed, flate.BestSpeed)
		_, _ = f.Write([]byte(k.Key))
		_ = f.Close()
		if compressed.Len() > 8<<10 {
			k.Status = "too long"
		}
		return k
	}
}

func ownNotFound(w *wrapped) {
	w.deactivate = func(ctx context.Context, req licensekey.DeactivateRequest) error {
		if err := w.Store.Deactivate(ctx, req); errors.Is(err, licensekey.ErrNotFound) {
			return errors.New("no rows")
		}
		return nil
	}
}

func keepsOldKey(w *wrapped) {
	var mu sync.Mutex
	newer := make(map[licensekey.Key]licensekey.Key)
	w.rotate = func(ctx context.Context, req licensekey.RotateRequest) (licensekey.LicenseKey, error) {
		old, _ := w.Store.Get(ctx, req.ID)
		k, err := w.Store.Rotate(ctx, req)
		if err == nil {
			mu.Lock()
			defer mu.Unlock()
			newer[old.Key] = k.Key
		}
		return k, err
	}
	w.deactivate = func(ctx context.Context, req licensekey.DeactivateRequest) error {
		mu.Lock()
		defer mu.Unlock()
		if key, ok := newer[req.Key]; ok {
			req.Key = key
		}
		return w.Store.Deactivate(ctx, req)
	}
}

// twoStepLimit decides on what it has read, and then makes the activation even if
// another has taken the seat meanwhile.
func twoStepLimit(w *wrapped) {
	w.activate = func(ctx context.Context, req licensekey.ActivateRequest) (licensekey.Activated, error) {
		k, err := w.GetByKey(ctx, req.OrganizationID, req.Key)
		if err != nil {
			return licensekey.Activated{}, err
		}
		if _, err := rules.Activate(req, k.LicenseKey, rules.Seats{Live: len(k.Activations)}); err != nil {
			return licensekey.Activated{}, err
		}
		got, err := w.Store.Activate(ctx, req)
		if errors.Is(err, licensekey.ErrActivationLimit) {
			limit := *k.LimitActivations
			more := limit + 1
			_, _ = w.Store.Update(ctx, licensekey.UpdateRequest{ID: k.ID, LimitActivations: &more})
			got, err = w.Store.Activate(ctx, req)
			_, _ = w.Store.Update(ctx, licensekey.UpdateRequest{ID: k.ID, LimitActivations: &limit})
		}
		return got, err
	}
}

// countsRevoked grants a revoked key for the moment that it takes to count.
func countsRevoked(w *wrapped) {
	w.validate = func(ctx context.Context, req licensekey.ValidateRequest) (licensekey.Validated, error) {
		got, err := w.Store.Validate(ctx, req)
		if k, kerr := w.GetByKey(ctx, req.OrganizationID, req.Key); kerr == nil && k.Status == licensekey.StatusRevoked {
			granted, revoked := licensekey.StatusGranted, licensekey.StatusRevoked
			_, _ = w.Store.Update(ctx, licensekey.UpdateRequest{ID: k.ID, Status: &granted})
			_, _ = w.Store.Validate(ctx, req)
			_, _ = w.Store.Update(ctx, licensekey.UpdateRequest{ID: k.ID, Status: &revoked})
		}
		return got, err
	}
}

func ignoresContexts(w *wrapped) {
	w.deactivate = func(ctx context.Context, req licensekey.DeactivateRequest) error {
		return w.Store.Deactivate(context.WithoutCancel(ctx), req)
	}
	w.activate = func(ctx context.Context, req licensekey.ActivateRequest) (licensekey.Activated, error) {
		return w.Store.Activate(context.WithoutCancel(ctx), req)
	}
	w.validate = func(ctx context.Context, req licensekey.ValidateRequest) (licensekey.Validated, error) {
		return w.Store.Validate(context.WithoutCancel(ctx), req)
	}
}

// goesOn gives up waiting when ctx ends, and goes on with the change.
func goesOn(w *wrapped) {
	w.deactivate = func(ctx context.Context, req licensekey.DeactivateRequest) error {
		_, err := inBackground(ctx, func(ctx context.Context) (bool, error) { return true, w.Store.Deactivate(ctx, req) })
		return err
	}
	w.activate = func(ctx context.Context, req licensekey.ActivateRequest) (licensekey.Activated, error) {
		return inBackground(ctx, func(ctx context.Context) (licensekey.Activated, error) { return w.Store.Activate(ctx, req) })
	}
	w.validate = func(ctx context.Context, req licensekey.ValidateRequest) (licensekey.Validated, error) {
		return inBackground(ctx, func(ctx context.Context) (licensekey.Validated, error) { return w.Store.Validate(ctx, req) })
	}
}

func inBackground[T any](ctx context.Context, change func(context.Context) (T, error)) (got T, err error) {
	if err := ctx.Err(); err != nil {
		return got, err
	}
	done := make(chan struct{})
	var result T
	var resultErr error
	go func() {
		defer close(done)
		result, resultErr = change(context.WithoutCancel(ctx))
	}()
	select {
	case <-done:
		return result, resultErr
	case <-ctx.Done():
		return got, ctx.Err()
	}
}

// reportsContext looks at ctx once more when the change is made.
func reportsContext(w *wrapped) {
	w.deactivate = func(ctx context.Context, req licensekey.DeactivateRequest) error {
		return errors.Join(w.Store.Deactivate(ctx, req), ctx.Err())
	}
	w.activate = func(ctx context.Context, req licensekey.ActivateRequest) (licensekey.Activated, error) {
		got, err := w.Store.Activate(ctx, req)
		return got, errors.Join(err, ctx.Err())
	}
	w.validate = func(ctx context.Context, req licensekey.ValidateRequest) (licensekey.Validated, error) {
		got, err := w.Store.Validate(ctx, req)
		return got, errors.Join(err, ctx.Err())
	}
}

func neverCloses(w *wrapped) { w.close = func() error { return nil } }
