// Package rules holds the decisions about license keys: whether a request may be
// granted, and what is stored if it is. Every store calls them inside its own
// transaction, on the state that the transaction changes.
//
// The functions are pure and safe for concurrent use. They depend on their
// arguments only, and change none of them. What they return shares no memory with
// the arguments. So a store may run a decision twice. Times, ids and random keys
// come in the request: the handler fills them in for activations and validations,
// and a store calls WithDefaults on the requests of [licensekey.Admin] before its
// transaction.
package rules

import (
	"time"

	"github.com/licensekit/licensekey"
)

// Seats is what [Activate] needs to know of the live activations of a license
// key.
type Seats struct {
	// Live is the number of live activations.
	Live int
	// Exists says whether one of them has the id of the new activation.
	Exists bool
	// Same is the one that [Same] has found, or nil.
	Same *licensekey.Activation
}

// Activate decides whether k takes the activation that req describes, and
// returns the activation as it is to be stored. In this order it returns
// ErrNotGranted, ErrExpired, ErrNoActivations, ErrExists, ErrActivationLimit or
// ErrInvalid.
//
// If k takes activations and seats.Same is not nil, Activate returns a copy of that
// activation instead. It is stored already: the store then changes nothing.
func Activate(req licensekey.ActivateRequest, k licensekey.LicenseKey, seats Seats) (licensekey.Activation, error) {
	if err := takesActivations(k, req.Now); err != nil {
		return licensekey.Activation{}, err
	}
	if seats.Same != nil {
		return seats.Same.Clone(), nil
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
// returns k as it is to be stored: with one validation more, the new usage, and
// new times of validation and modification. a is the live activation that req
// names, or nil if there is none or req names none. In this order Validate returns
// ErrNotGranted, ErrExpired, ErrNotFound if req names an activation and a is nil,
// ErrConditions, ErrBenefit, ErrCustomer, a *UsageLimitError, ErrUsageRange, or
// ErrInvalid. If the conditions of a cannot be read, it returns an error that is
// none of these.
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

// takesActivations returns ErrNotGranted, ErrExpired or ErrNoActivations if k takes
// no activations, however many seats are free.
func takesActivations(k licensekey.LicenseKey, now time.Time) error {
	if err := usable(k, now); err != nil {
		return err
	}
	if k.LimitActivations == nil || *k.LimitActivations == 0 {
		return licensekey.ErrNoActivations
	}
	return nil
}

// usable returns ErrNotGranted or ErrExpired if k takes neither activations nor
// validations.
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
