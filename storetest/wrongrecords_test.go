package storetest_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
)

// forgets makes activations of less than the request has.
func forgets(change func(*licensekey.ActivateRequest)) func(*wrapped) {
	return func(w *wrapped) {
		w.activate = func(ctx context.Context, req licensekey.ActivateRequest) (licensekey.Activated, error) {
			change(&req)
			return w.Store.Activate(ctx, req)
		}
	}
}

func keepsNoMeta(w *wrapped) {
	w.activate = func(ctx context.Context, req licensekey.ActivateRequest) (licensekey.Activated, error) {
		meta := req.Meta
		req.Meta = nil
		got, err := w.Store.Activate(ctx, req)
		if err == nil && meta != nil {
			got.Activation.Meta = bytes.Clone(meta)
		}
		return got, err
	}
}

func noNUL(w *wrapped) {
	w.activate = func(ctx context.Context, req licensekey.ActivateRequest) (licensekey.Activated, error) {
		if bytes.Contains(req.Meta, []byte(`\u0000`)) {
			return licensekey.Activated{}, errors.New("unsupported Unicode escape sequence")
		}
		return w.Store.Activate(ctx, req)
	}
}

func keepsExpiry(unit time.Duration) func(*wrapped) {
	return func(w *wrapped) {
		w.imports = func(k licensekey.LicenseKeyWithActivations) licensekey.LicenseKeyWithActivations {
			if k.ExpiresAt != nil {
				at := k.ExpiresAt.Truncate(unit)
				k.ExpiresAt = &at
			}
			return k
		}
	}
}

func comparesBytes(w *wrapped) {
	w.validate = func(ctx context.Context, req licensekey.ValidateRequest) (licensekey.Validated, error) {
		if a, ok := named(ctx, w, req); ok && string(a.Conditions) != "{}" && !bytes.Equal(a.Conditions, req.Conditions) {
			return licensekey.Validated{}, licensekey.ErrConditions
		}
		return w.Store.Validate(ctx, req)
	}
}

func ignoresConditions(w *wrapped) {
	w.validate = func(ctx context.Context, req licensekey.ValidateRequest) (licensekey.Validated, error) {
		if a, ok := named(ctx, w, req); ok {
			req.Conditions = a.Conditions
		}
		return w.Store.Validate(ctx, req)
	}
}

// named returns the activation that req names.
func named(ctx context.Context, w *wrapped, req licensekey.ValidateRequest) (licensekey.Activation, bool) {
	k, err := w.GetByKey(ctx, req.OrganizationID, req.Key)
	if err != nil || req.ActivationID == nil {
		return licensekey.Activation{}, false
	}
	i := slices.IndexFunc(k.Activations, func(a licensekey.Activation) bool { return a.ID == *req.ActivationID })
	if i < 0 {
		return licensekey.Activation{}, false
	}
	return k.Activations[i], true
}

func localTimes(w *wrapped) {
	w.validate = func(ctx context.Context, req licensekey.ValidateRequest) (licensekey.Validated, error) {
		got, err := w.Store.Validate(ctx, req)
		if err == nil {
			got.LicenseKey.CreatedAt = got.LicenseKey.CreatedAt.Local()
		}
		return got, err
	}
}

func forgetsAvatar(w *wrapped) {
	w.imports = func(k licensekey.LicenseKeyWithActivations) licensekey.LicenseKeyWithActivations {
		k.Customer.AvatarURL = nil
		return k
	}
}

// sharesGet has a cache and returns what is in it.
func sharesGet(w *wrapped) {
	var mu sync.Mutex
	cache := make(map[uuid.UUID]licensekey.LicenseKeyWithActivations)
	w.get = func(ctx context.Context, id uuid.UUID) (licensekey.LicenseKeyWithActivations, error) {
		mu.Lock()
		defer mu.Unlock()
		if k, ok := cache[id]; ok {
			return k, nil
		}
		k, err := w.Store.Get(ctx, id)
		if err == nil {
			cache[id] = k
		}
		return k, err
	}
}

func listsBackwards(w *wrapped) {
	w.list = func(ctx context.Context, req licensekey.ListRequest) ([]licensekey.Listed, error) {
		keys, err := w.Store.List(ctx, req)
		if len(keys) > 1 {
			slices.Reverse(keys[:len(keys)-1])
		}
		return keys, err
	}
}

func notModified(w *wrapped) {
	w.update = func(ctx context.Context, req licensekey.UpdateRequest) (licensekey.LicenseKey, error) {
		k, err := w.Store.Update(ctx, req)
		k.ModifiedAt = nil
		return k, err
	}
}

// twoStepDeactivate finds the license key by its key string, and the activation
// by the license key's id.
func twoStepDeactivate(w *wrapped) {
	w.deactivate = func(ctx context.Context, req licensekey.DeactivateRequest) error {
		found, err := w.GetByKey(ctx, req.OrganizationID, req.Key)
		if err != nil {
			return err
		}
		now, err := w.Get(ctx, found.ID)
		if err != nil {
			return err
		}
		req.Key = now.Key
		return w.Store.Deactivate(ctx, req)
	}
}
