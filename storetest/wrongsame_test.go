package storetest_test

import (
	"context"
	"errors"
	"iter"
	"runtime"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/rules"
)

// sameFaults are what a plain store can have wrong about ActivateRequest.Same.
type sameFaults struct {
	ignores    bool // takes a seat each time
	whenFull   bool // asks Same only if no seat is free
	whenFree   bool // asks Same only if a seat is free
	afterID    bool // looks for the id of the new activation first
	ended      bool // finds the activations that have ended too
	everywhere bool // finds the activations of other license keys too
	newest     bool // returns the newest
	anyState   bool // looks at neither status nor expiry of the license key
	modifies   bool // sets ModifiedAt of the license key
	relabels   bool // returns the label of the request
	refreshes  bool // returns the time of the request, and stores it
}

// find returns the activation that Activate returns again.
func (f sameFaults) find(db *database, req licensekey.ActivateRequest, r *record, k licensekey.LicenseKey, live int) (*licensekey.Activation, error) {
	_, taken := r.activations[req.ActivationID]
	free := k.LimitActivations != nil && int64(live) < *k.LimitActivations
	if f.ignores || f.whenFull && free || f.whenFree && !free || f.afterID && taken {
		return nil, nil
	}
	if f.newest && req.Same != nil {
		return newest(r, req.Same), nil
	}
	same, err := rules.Same(req, k, f.asked(db, r))
	if same != nil && f.relabels {
		same.Label = req.Label
	}
	return same, err
}

func newest(r *record, same func(licensekey.Activation) bool) (found *licensekey.Activation) {
	for _, a := range r.activations {
		if same(a) && (found == nil || found.CreatedAt.Before(a.CreatedAt)) {
			found = &a
		}
	}
	return found
}

// asked yields the activations that Same is asked about.
func (f sameFaults) asked(db *database, r *record) iter.Seq2[licensekey.Activation, error] {
	records := []*record{r}
	if f.everywhere {
		for _, other := range db.keys {
			records = append(records, other)
		}
	}
	return func(yield func(licensekey.Activation, error) bool) {
		for _, r := range records {
			all := r.ended
			if !f.ended {
				all = nil
			}
			for _, a := range r.activations {
				all = append(all[:len(all):len(all)], a)
			}
			for _, a := range all {
				if !yield(a, nil) {
					return
				}
			}
		}
	}
}

// again does what must not be done when an activation is returned again.
func (f sameFaults) again(req licensekey.ActivateRequest, r *record, got *licensekey.Activated) {
	if f.modifies {
		at := req.Now
		r.ModifiedAt, got.LicenseKey.ModifiedAt = &at, &at
	}
	if f.refreshes {
		got.Activation.CreatedAt = req.Now
		r.activations[got.Activation.ID] = got.Activation.Clone()
	}
}

// twoStepSame looks for the device in a step of its own.
func twoStepSame(w *wrapped) {
	w.activate = func(ctx context.Context, req licensekey.ActivateRequest) (licensekey.Activated, error) {
		none := req
		none.ActivationID = uuid.Nil // ErrInvalid, if Same is true of nothing
		got, err := w.Store.Activate(ctx, none)
		if !errors.Is(err, licensekey.ErrInvalid) || req.Same == nil {
			return got, err
		}
		req.Same = nil
		runtime.Gosched()
		return w.Store.Activate(ctx, req)
	}
}

// breaksOnPanic makes no more changes after a Same that panics.
func breaksOnPanic(w *wrapped) {
	w.activate = func(ctx context.Context, req licensekey.ActivateRequest) (licensekey.Activated, error) {
		if same := req.Same; same != nil {
			req.Same = func(a licensekey.Activation) bool {
				defer func() {
					if p := recover(); p != nil {
						go func() { _ = w.Store.Close() }()
						panic(p)
					}
				}()
				return same(a)
			}
		}
		return w.Store.Activate(ctx, req)
	}
}

// takesSeatFirst takes a seat for the new activation, and frees it again if it has
// found the device.
func takesSeatFirst(w *wrapped) {
	w.activate = func(ctx context.Context, req licensekey.ActivateRequest) (licensekey.Activated, error) {
		if req.Same == nil {
			return w.Store.Activate(ctx, req)
		}
		first := req
		first.Same = nil
		made, err := w.Store.Activate(ctx, first)
		if err != nil {
			return made, err
		}
		_ = w.Store.Deactivate(ctx, licensekey.DeactivateRequest{OrganizationID: req.OrganizationID, Key: req.Key, ActivationID: req.ActivationID})
		return w.Store.Activate(ctx, req)
	}
}
