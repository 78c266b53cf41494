// Package rules holds the decisions about license keys: may this request be
// granted, and what is stored then. Every store calls them inside its own
// transaction, on the state that the transaction changes.
//
// The functions are pure. They look at their arguments only, change none of them
// and share no memory with what they return, so a store may run a decision twice.
// Times, ids and random keys come in the request: the handler fills them in for
// activations and validations, and a store calls WithDefaults on the requests of
// [licensekey.Admin] before its transaction.
package rules

import (
	"time"

	"github.com/licensekit/licensekey"
)

// Seats is what [Activate] needs to know of the live activations of a license
// key.
type Seats struct {
	// Live is how many there are.
	Live int
	// Exists is whether one of them has the id of the new activation.
	Exists bool
}

// Activate decides whether k takes the activation that req describes, and
// returns the activation as it is to be stored. In this order it returns
// ErrNotGranted, ErrExpired, ErrNoActivations, ErrExists, ErrActivationLimit or
// ErrInvalid.
func Activate(req licensekey.ActivateRequest, k licensekey.LicenseKey, seats Seats) (licensekey.Activation, error) {
	if err := usable(k, req.Now); err != nil {
		return licensekey.Activation{}, err
	}
	if k.LimitActivations == nil || *k.LimitActivations == 0 {
		return licensekey.Activation{}, licensekey.ErrNoActivations
	}
	if seats.Exists {
		return licensekey.Activation{}, licensekey.ErrExists
	}
	if int64(seats.Live) >= *k.LimitActivations {
		return licensekey.Activation{}, licensekey.ErrActivationLimit
	}
	a := licensekey.Activation{
		ID:           req.ActivationID,
		LicenseKeyID: k.ID,
		Label:        req.Label,
		Conditions:   req.Conditions,
		Meta:         req.Meta,
		CreatedAt:    req.Now,
	}.Clone()
	if err := checkID(namedID{"activation.id", a.ID}); err != nil {
		return licensekey.Activation{}, err
	}
	if err := checkActivation(&a, k.ID, "activation."); err != nil {
		return licensekey.Activation{}, err
	}
	return a, nil
}

// Validate decides whether k passes the validation that req describes, and
// returns k as it is to be stored: counted, used and modified. a is the live
// activation that req names; nil means that there is none, or that req names
// none. In this order it returns ErrNotGranted, ErrExpired, ErrNotFound for the
// activation, ErrConditions, ErrBenefit, ErrCustomer, a *UsageLimitError,
// ErrUsageRange, or ErrInvalid. If the conditions of a cannot be read, it returns
// an error that is none of these.
//
// The count of validations stops at [licensekey.MaxValidations].
func Validate(req licensekey.ValidateRequest, k licensekey.LicenseKey, a *licensekey.Activation) (licensekey.LicenseKey, error) {
	if err := usable(k, req.Now); err != nil {
		return licensekey.LicenseKey{}, err
	}
	if err := matches(req, k, a); err != nil {
		return licensekey.LicenseKey{}, err
	}
	if err := checkUsage(req.IncrementUsage, k); err != nil {
		return licensekey.LicenseKey{}, err
	}
	lastValidated, modified := req.Now, req.Now
	if err := normalizeTimes([]namedTime{{"now", &lastValidated}, {"now", &modified}}); err != nil {
		return licensekey.LicenseKey{}, err
	}
	k = k.Clone()
	k.Validations = min(k.Validations+1, licensekey.MaxValidations)
	k.Usage += req.IncrementUsage
	k.LastValidatedAt, k.ModifiedAt = &lastValidated, &modified
	return k, nil
}

// usable is what activations and validations have in common.
func usable(k licensekey.LicenseKey, now time.Time) error {
	if k.Status != licensekey.StatusGranted {
		return licensekey.ErrNotGranted
	}
	if k.ExpiresAt != nil && !now.Before(*k.ExpiresAt) {
		return licensekey.ErrExpired
	}
	return nil
}

// matches compares k and a with what a validation asks for.
func matches(req licensekey.ValidateRequest, k licensekey.LicenseKey, a *licensekey.Activation) error {
	if req.ActivationID != nil {
		if a == nil {
			return licensekey.ErrNotFound
		}
		met, err := conditionsMet(a.Conditions, req.Conditions)
		if err != nil {
			return err
		}
		if !met {
			return licensekey.ErrConditions
		}
	}
	if req.BenefitID != nil && *req.BenefitID != k.BenefitID {
		return licensekey.ErrBenefit
	}
	if req.CustomerID != nil && *req.CustomerID != k.CustomerID {
		return licensekey.ErrCustomer
	}
	return nil
}

func checkUsage(increment int64, k licensekey.LicenseKey) error {
	if increment < 0 {
		return invalid("increment_usage", "must not be negative")
	}
	if k.LimitUsage != nil && *k.LimitUsage > 0 && increment > 0 {
		if remaining := *k.LimitUsage - k.Usage; increment > remaining {
			return &licensekey.UsageLimitError{Remaining: remaining}
		}
	}
	if increment > 0 && increment > licensekey.MaxUsage-k.Usage {
		return licensekey.ErrUsageRange
	}
	return nil
}
