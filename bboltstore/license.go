package bboltstore

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/rules"
)

// Deactivate implements [licensekey.Deactivator]. If it returns ErrNotFound, it
// costs a read transaction. It then waits for a commit only if that commit changes
// the same license key and is not yet synced.
func (s *Store) Deactivate(ctx context.Context, req licensekey.DeactivateRequest) error {
	return s.update(ctx, func(tx *bbolt.Tx, on *subjects) (apply func() error, err error) {
		return checkDeactivate(tx, on, req)
	})
}

// checkDeactivate decides on the state that tx sees.
func checkDeactivate(tx *bbolt.Tx, on *subjects, req licensekey.DeactivateRequest) (apply func() error, err error) {
	id, err := findLicenseKey(tx, on, req.OrganizationID, req.Key)
	if err != nil {
		return nil, err
	}
	if !hasRecord(tx, id, req.ActivationID) {
		return nil, licensekey.ErrNotFound
	}
	st, err := getState(tx, id)
	if err == nil && st.ended.has(req.ActivationID) {
		err = licensekey.ErrNotFound
	}
	return func() error { return endActivation(tx, id, req.ActivationID, st) }, err
}

// Activate implements [licensekey.Activator]. If it makes no activation, it costs a
// read transaction, and waits only where Deactivate waits with ErrNotFound. That is
// so too if it returns an activation again. If req.Same is set, it reads all live
// activations of the license key; to make an activation, it reads them twice.
func (s *Store) Activate(ctx context.Context, req licensekey.ActivateRequest) (result licensekey.Activated, err error) {
	var cache recordCache
	err = s.update(ctx, func(tx *bbolt.Tx, on *subjects) (apply func() error, err error) {
		result, apply, err = checkActivate(tx, on, req, &cache)
		return apply, err
	})
	if err != nil && !errors.Is(err, errUnchanged) {
		return licensekey.Activated{}, err
	}
	return result, nil
}

// checkActivate decides on the state that tx sees. It returns errUnchanged with the
// result if that is an activation which is there already.
func checkActivate(tx *bbolt.Tx, on *subjects, req licensekey.ActivateRequest, cache *recordCache) (result licensekey.Activated, apply func() error, err error) {
	k, st, err := findWithState(tx, on, req.OrganizationID, req.Key, cache)
	if err != nil {
		return result, nil, err
	}
	live, err := countLive(tx, k.ID, st)
	if err != nil {
		return result, nil, err
	}
	same, err := rules.Same(req, k, liveActivations(tx, k.ID, st))
	if err != nil {
		return result, nil, err
	}
	a, err := rules.Activate(req, k, rules.Seats{Live: live, Exists: isLive(tx, k.ID, req.ActivationID, st), Same: same})
	if err != nil {
		return result, nil, err
	}
	result = licensekey.Activated{Activation: a, LicenseKey: k}
	if same != nil {
		on.customer = k.CustomerID // the result shows it
		return result, nil, errUnchanged
	}
	return result, func() error { return addActivation(tx, a, st) }, nil
}

// Validate implements [licensekey.Validator]. If the validation fails, it costs a
// read transaction, and waits only where Deactivate waits with ErrNotFound.
func (s *Store) Validate(ctx context.Context, req licensekey.ValidateRequest) (result licensekey.Validated, err error) {
	var cache recordCache
	err = s.update(ctx, func(tx *bbolt.Tx, on *subjects) (apply func() error, err error) {
		result, apply, err = checkValidate(tx, on, req, &cache)
		return apply, err
	})
	if err != nil {
		return licensekey.Validated{}, err
	}
	return result, nil
}

// checkValidate decides on the state that tx sees.
func checkValidate(tx *bbolt.Tx, on *subjects, req licensekey.ValidateRequest, cache *recordCache) (result licensekey.Validated, apply func() error, err error) {
	k, st, err := findWithState(tx, on, req.OrganizationID, req.Key, cache)
	if err != nil {
		return result, nil, err
	}
	var activation *licensekey.Activation
	if req.ActivationID != nil && isLive(tx, k.ID, *req.ActivationID, st) {
		a, err := getActivation(tx, k.ID, *req.ActivationID)
		if err != nil {
			return result, nil, err
		}
		activation = &a
	}
	k, err = rules.Validate(req, k, activation)
	if err != nil {
		return result, nil, err
	}
	apply = func() error {
		st.copyFrom(k)
		return putState(tx, k.ID, st)
	}
	return licensekey.Validated{LicenseKey: k, Activation: activation}, apply, nil
}

func findLicenseKey(tx *bbolt.Tx, on *subjects, organizationID uuid.UUID, key licensekey.Key) (uuid.UUID, error) {
	lookup := lookupKey(organizationID, key)
	on.addLookup(lookup)
	id := tx.Bucket(lookupBucket).Get(lookup)
	if id == nil {
		return uuid.Nil, licensekey.ErrNotFound
	}
	found, err := uuid.FromBytes(id)
	on.id = found
	return found, err
}

func findWithState(tx *bbolt.Tx, on *subjects, organizationID uuid.UUID, key licensekey.Key, cache *recordCache) (licensekey.LicenseKey, state, error) {
	id, err := findLicenseKey(tx, on, organizationID, key)
	if err != nil {
		return licensekey.LicenseKey{}, state{}, err
	}
	return getLicenseKey(tx, id, cache)
}
