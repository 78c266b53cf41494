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
	// exactly the bytes of req.Key, or if that key has no live activation with
	// that id. A key may be any string. If the store cannot hold a string,
	// because of its length or its bytes, no license key has it.
	//
	// It is one atomic step, safe for concurrent use. Of any number of
	// concurrent calls for one activation, exactly one returns nil and the
	// others return ErrNotFound. Once it returns nil, the change is durable and
	// every later call sees it. If ctx ends before the change is begun, it
	// returns an error that wraps ctx.Err(), and nothing has changed. If ctx
	// ends later, the change is made whole or not at all, and the result says
	// which. After ErrUnknown, or an error that is not one of this package, it
	// is not known whether the change was made.
	//
	// ErrNotFound rests on durable state too. If its reason is a change by
	// another call that is not yet durable, Deactivate first waits until that
	// change is durable. Any other ErrNotFound waits for no change.
	Deactivate(ctx context.Context, req DeactivateRequest) error
}

// Activator makes activations. It is all that [NewActivateHandler] needs.
type Activator interface {
	// Activate adds an activation to the license key that req names, and
	// returns both as stored. It calls rules.Activate to decide, on the state
	// that it changes. If req.Same is true of a live activation of that key, it
	// returns this activation instead, also when no seat is free, and changes
	// nothing.
	//
	// It returns ErrNotFound if the organization has no license key with
	// exactly the bytes of req.Key. Otherwise it returns, in this order,
	// ErrNotGranted, ErrExpired, ErrNoActivations, ErrExists if the key has a
	// live activation with req.ActivationID, ErrActivationLimit or ErrInvalid.
	// The last three are only for a new activation.
	//
	// It is one atomic step, safe for concurrent use: no number of concurrent
	// calls gives a key more live activations than its limit, and the next call
	// can take a seat that Deactivate has freed. Otherwise it makes the promises
	// of Deactivate: its results rest on durable state, and ctx means the same.
	Activate(ctx context.Context, req ActivateRequest) (Activated, error)
}

// Validator validates license keys. It is all that [NewValidateHandler] needs.
type Validator interface {
	// Validate checks that the license key that req names may be used. It counts
	// the validation, adds req.IncrementUsage to the usage, and returns the key
	// as stored. It calls rules.Validate to decide, on the state that it
	// changes. A validation that fails changes nothing.
	//
	// It returns ErrNotFound if the organization has no license key with
	// exactly the bytes of req.Key. Otherwise it returns, in this order,
	// ErrNotGranted, ErrExpired, ErrNotFound if the key has no live activation
	// with req.ActivationID, ErrConditions, ErrBenefit, ErrCustomer, a
	// *UsageLimitError, ErrUsageRange or ErrInvalid.
	//
	// It is one atomic step, safe for concurrent use: every one of any number of
	// concurrent calls is counted, and the usage never exceeds its limit.
	// Otherwise it makes the promises of Deactivate.
	Validate(ctx context.Context, req ValidateRequest) (Validated, error)
}

// Store is all that [NewHandler] needs: a store for every endpoint. Before version
// 1 it gains a method with every endpoint that is added to this package.
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
	// Conditions and Meta are compact JSON objects. Nil means {}.
	Conditions json.RawMessage
	Meta       json.RawMessage
	// Now is the time of the request.
	Now time.Time
	// Same says whether a live activation of the license key is that of the
	// device that asks. If it is, Activate returns it again, as it is stored, and
	// takes no second seat. Of several it returns the oldest, by CreatedAt and
	// then by id. So a device gets its activation back whose response was lost.
	// Nil means that every activation is a new one. See Config.SameDevice.
	//
	// Activate calls Same inside its transaction, maybe several times for one
	// activation, and maybe from another goroutine. Same must be quick. It must
	// give the same result for the same activation, must not change what its
	// argument points to, and must not call the store. If it panics, Activate
	// returns an error or lets the panic pass, and nothing has changed.
	Same func(Activation) bool `json:"-"`
}

// Activated is an activation with its license key. If ActivateRequest.Same was true
// of the activation, its id is not that of the request.
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
	// The license key must have a live activation with ActivationID, and must
	// belong to BenefitID and CustomerID. Nil asks for nothing.
	ActivationID *uuid.UUID
	BenefitID    *uuid.UUID
	CustomerID   *uuid.UUID
	// Conditions is a compact JSON object. Nil means {}. It must equal the
	// conditions of the activation, unless the activation has none.
	Conditions json.RawMessage
	// IncrementUsage is added to the usage. It must not be negative.
	IncrementUsage int64
	// Now is the time of the request.
	Now time.Time
}

// Validated is a license key after its validation, with the activation if the
// request named one.
type Validated struct {
	LicenseKey LicenseKey
	Activation *Activation // nil if the request named none
}

// LogValue implements [slog.LogValuer]. It names the license key, without the
// key string.
func (v Validated) LogValue() slog.Value {
	return slog.GroupValue(slog.Any("license_key", v.LicenseKey))
}
