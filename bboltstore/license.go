package bboltstore

import (
	"context"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/rules"
)

// Deactivate implements [licensekey.Deactivator]. A miss costs a read
// transaction and does not wait for a change that is being made.
func (s *Store) Deactivate(ctx context.Context, req licensekey.DeactivateRequest) error {
	return s.update(ctx, func(tx *bbolt.Tx) (apply func() error, err error) {
		return checkDeactivate(tx, req)
	})
}

// checkDeactivate decides on the state that tx sees.
func checkDeactivate(tx *bbolt.Tx, req licensekey.DeactivateRequest) (apply func() error, err error) {
	id, err := findLicenseKey(tx, req.OrganizationID, req.Key)
	if err != nil {
		return nil, err
	}
	r, found, err := getActivation(tx, id, req.ActivationID)
	if err == nil && !found {
		err = licensekey.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	st, err := getState(tx, id)
	if err == nil && st.ended.has(r.slot) {
		err = licensekey.ErrNotFound
	}
	return func() error {
		st.ended = st.ended.with(r.slot)
		return putState(tx, id, st)
	}, err
}

// Activate implements [licensekey.Activator]. A refusal costs a read transaction
// and does not wait for a change that is being made.
func (s *Store) Activate(ctx context.Context, req licensekey.ActivateRequest) (result licensekey.Activated, err error) {
	var last lastRead
	err = s.update(ctx, func(tx *bbolt.Tx) (apply func() error, err error) {
		result, apply, err = checkActivate(tx, req, &last)
		return apply, err
	})
	if err != nil {
		return licensekey.Activated{}, err
	}
	return result, nil
}

// checkActivate decides on the state that tx sees.
func checkActivate(tx *bbolt.Tx, req licensekey.ActivateRequest, last *lastRead) (result licensekey.Activated, apply func() error, err error) {
	k, st, err := findWithState(tx, req.OrganizationID, req.Key, last)
	if err != nil {
		return result, nil, err
	}
	taken, err := getSeats(tx, st, k.ID)
	if err != nil {
		return result, nil, err
	}
	r, exists, err := getActivation(tx, k.ID, req.ActivationID)
	if err != nil {
		return result, nil, err
	}
	exists = exists && !st.ended.has(r.slot)
	a, err := rules.Activate(req, k, rules.Seats{Live: len(taken.live), Exists: exists})
	if err != nil {
		return result, nil, err
	}
	apply = func() error {
		if err := removeEnded(tx, k.ID, st, taken.ended); err != nil {
			return err
		}
		return putActivation(tx, taken.free(), a)
	}
	return licensekey.Activated{Activation: a, LicenseKey: k}, apply, nil
}

// removeEnded frees the slots of ended activations.
func removeEnded(tx *bbolt.Tx, licenseKeyID uuid.UUID, st state, ended [][]byte) error {
	if len(ended) == 0 {
		return nil
	}
	for _, key := range ended {
		if err := tx.Bucket(activationsBucket).Delete(key); err != nil {
			return err
		}
	}
	st.ended = nil
	return putState(tx, licenseKeyID, st)
}

// Validate implements [licensekey.Validator]. A refusal costs a read transaction
// and does not wait for a change that is being made.
func (s *Store) Validate(ctx context.Context, req licensekey.ValidateRequest) (result licensekey.Validated, err error) {
	var last lastRead
	err = s.update(ctx, func(tx *bbolt.Tx) (apply func() error, err error) {
		result, apply, err = checkValidate(tx, req, &last)
		return apply, err
	})
	if err != nil {
		return licensekey.Validated{}, err
	}
	return result, nil
}

// checkValidate decides on the state that tx sees.
func checkValidate(tx *bbolt.Tx, req licensekey.ValidateRequest, last *lastRead) (result licensekey.Validated, apply func() error, err error) {
	k, st, err := findWithState(tx, req.OrganizationID, req.Key, last)
	if err != nil {
		return result, nil, err
	}
	var activation *licensekey.Activation
	if req.ActivationID != nil {
		r, found, err := getActivation(tx, k.ID, *req.ActivationID)
		if err != nil {
			return result, nil, err
		}
		if found && !st.ended.has(r.slot) {
			activation = new(licensekey.Activation)
			if err := decode(r.json, activation); err != nil {
				return result, nil, err
			}
		}
	}
	k, err = rules.Validate(req, k, activation)
	if err != nil {
		return result, nil, err
	}
	apply = func() error {
		st.take(k)
		return putState(tx, k.ID, st)
	}
	return licensekey.Validated{LicenseKey: k, Activation: activation}, apply, nil
}

func findLicenseKey(tx *bbolt.Tx, organizationID uuid.UUID, key licensekey.Key) (uuid.UUID, error) {
	id := tx.Bucket(lookupBucket).Get(lookupKey(organizationID, key))
	if id == nil {
		return uuid.Nil, licensekey.ErrNotFound
	}
	return uuid.FromBytes(id)
}

func findWithState(tx *bbolt.Tx, organizationID uuid.UUID, key licensekey.Key, last *lastRead) (licensekey.LicenseKey, state, error) {
	id, err := findLicenseKey(tx, organizationID, key)
	if err != nil {
		return licensekey.LicenseKey{}, state{}, err
	}
	return getLicenseKey(tx, id, last)
}
