package licensekey

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/google/uuid"
)

// Deactivator ends activations. It is all that [NewDeactivateHandler] needs: a
// host with its own tables implements this one method.
type Deactivator interface {
	// Deactivate ends the activation that req names: it is no longer live, and
	// its seat is free for the next activation. The key's status, expiry and
	// limits do not matter.
	//
	// It returns ErrNotFound if the organization has no license key with
	// exactly the bytes of req.Key, or that key no live activation with that
	// id. A key may be any string: one that the store cannot hold, because of
	// its length or its bytes, is not found.
	//
	// It is one atomic step, safe for concurrent use: of any number of
	// concurrent calls for one activation exactly one returns nil and the
	// others ErrNotFound. Once it returns nil the change is durable and every
	// later call sees it. If ctx ends before the change is begun, it returns an
	// error wrapping ctx.Err() and nothing has changed; if ctx ends later, the
	// change is made whole or not at all, and the result says which. After
	// ErrUnknown, or an error that is none of this package's, it is not known
	// whether the change was made.
	//
	// ErrNotFound rests on durable state too: if another call's change, not yet
	// durable, is the reason for it, Deactivate waits until that change is
	// durable. A request that no change concerns waits for nothing.
	Deactivate(ctx context.Context, req DeactivateRequest) error
}

// Activator makes activations. It is all that [NewActivateHandler] needs.
type Activator interface {
	// Activate adds an activation to the license key that req names and returns
	// it with the key, as stored. It decides by rules.Activate on the state
	// that it changes.
	//
	// It returns ErrNotFound if the organization has no license key with
	// exactly the bytes of req.Key. Otherwise it returns, in this order,
	// ErrNotGranted, ErrExpired, ErrNoActivations, ErrExists if the key has a
	// live activation with req.ActivationID, ErrActivationLimit or ErrInvalid.
	//
	// It is one atomic step, safe for concurrent use: no number of concurrent
	// calls gives a key more live activations than its limit, and a seat that
	// Deactivate has freed is there for the next call. Otherwise its promises
	// are those of Deactivate: durable once it returns, and the same for ctx.
	Activate(ctx context.Context, req ActivateRequest) (Activated, error)
}

// Validator validates license keys. It is all that [NewValidateHandler] needs.
type Validator interface {
	// Validate checks that the license key that req names may be used, counts
	// the validation and adds to the usage, and returns the key as stored. It
	// decides by rules.Validate on the state that it changes. A validation that
	// fails changes nothing.
	//
	// It returns ErrNotFound if the organization has no license key with
	// exactly the bytes of req.Key. Otherwise it returns, in this order,
	// ErrNotGranted, ErrExpired, ErrNotFound for the activation, ErrConditions,
	// ErrBenefit, ErrCustomer, a *UsageLimitError, ErrUsageRange or ErrInvalid.
	//
	// It is one atomic step, safe for concurrent use: of any number of
	// concurrent calls each is counted, and the usage never passes its limit.
	// Otherwise its promises are those of Deactivate.
	Validate(ctx context.Context, req ValidateRequest) (Validated, error)
}

// Store is what [NewHandler] serves. Before version 1 it gains a method with
// every endpoint that the package learns to serve.
type Store interface {
	Deactivator
	Activator
	Validator
}

// DeactivateRequest names an activation to end.
type DeactivateRequest struct {
	OrganizationID uuid.UUID
	Key            Key `json:"-"`
	ActivationID   uuid.UUID
	// Now is the time of the request, for stores that keep when it happened.
	Now time.Time
}

// ActivateRequest describes an activation to make.
type ActivateRequest struct {
	OrganizationID uuid.UUID
	Key            Key `json:"-"`
	// ActivationID is the id of the new activation, a UUID of version 4.
	ActivationID uuid.UUID
	Label        string
	// Conditions and Meta are JSON objects, compact; nil is {}.
	Conditions json.RawMessage
	Meta       json.RawMessage
	// Now is the time of the request.
	Now time.Time
}

// Activated is a new activation with its license key.
type Activated struct {
	Activation Activation
	LicenseKey LicenseKey
}

// LogValue implements [slog.LogValuer]. It names the activation and its license
// key, without the key string.
func (a Activated) LogValue() slog.Value {
	return slog.GroupValue(slog.String("activation_id", a.Activation.ID.String()), slog.Any("license_key", a.LicenseKey))
}

// ValidateRequest describes a validation.
type ValidateRequest struct {
	OrganizationID uuid.UUID
	Key            Key `json:"-"`
	// ActivationID, BenefitID and CustomerID are what the license key must
	// match; nil is any.
	ActivationID *uuid.UUID
	BenefitID    *uuid.UUID
	CustomerID   *uuid.UUID
	// Conditions is a JSON object, which must equal the activation's conditions
	// if that has any; nil is {}.
	Conditions json.RawMessage
	// IncrementUsage is what to add to the usage, at least 0.
	IncrementUsage int64
	// Now is the time of the request.
	Now time.Time
}

// Validated is a license key after its validation, with the activation that the
// request named, if it did.
type Validated struct {
	LicenseKey LicenseKey
	Activation *Activation // nil if the request named none
}

// LogValue implements [slog.LogValuer]. It names the license key, without the
// key string.
func (v Validated) LogValue() slog.Value {
	return slog.GroupValue(slog.Any("license_key", v.LicenseKey))
}
