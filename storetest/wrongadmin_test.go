package storetest_test

import (
	"context"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
)

// endsForAnyone does not look at the owner.
func endsForAnyone(w *wrapped) {
	w.end = func(ctx context.Context, req licensekey.EndActivationRequest) (licensekey.Activation, error) {
		req.CustomerID = uuid.Nil
		return w.Store.EndActivation(ctx, req)
	}
}

// ownerInTwoSteps ends an activation and then looks whose it was.
func ownerInTwoSteps(w *wrapped) {
	w.end = func(ctx context.Context, req licensekey.EndActivationRequest) (licensekey.Activation, error) {
		owner := req.CustomerID
		req.CustomerID = uuid.Nil
		ended, err := w.Store.EndActivation(ctx, req)
		if k, gerr := w.Store.Get(ctx, req.LicenseKeyID); err == nil && gerr == nil && owner != uuid.Nil && k.CustomerID != owner {
			return licensekey.Activation{}, licensekey.ErrNotFound
		}
		return ended, err
	}
}

// endsNothing returns the activation and leaves it live.
func endsNothing(w *wrapped) {
	w.end = func(ctx context.Context, req licensekey.EndActivationRequest) (licensekey.Activation, error) {
		k, err := w.Store.Get(ctx, req.LicenseKeyID)
		if err != nil || req.CustomerID != uuid.Nil && req.CustomerID != k.CustomerID {
			return licensekey.Activation{}, licensekey.ErrNotFound
		}
		for _, a := range k.Activations {
			if a.ID == req.ActivationID {
				return a, nil
			}
		}
		return licensekey.Activation{}, licensekey.ErrNotFound
	}
}

// alwaysModified says that a license key was modified when nothing was.
func alwaysModified(w *wrapped) {
	w.update = func(ctx context.Context, req licensekey.UpdateRequest) (licensekey.LicenseKey, error) {
		k, err := w.Store.Update(ctx, req)
		if err == nil {
			k.ModifiedAt = &req.Now
		}
		return k, err
	}
}
