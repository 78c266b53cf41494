package licensekey

import (
	"errors"
	"fmt"
)

// Errors that stores return, possibly wrapped. Compare with [errors.Is]. Beside
// each stands the status and the detail that a client gets; any other error
// becomes a 500 that tells the client nothing.
var (
	// ErrNotFound is returned when the organization has no such license key, or
	// the key no such live activation. 404 "Not found".
	ErrNotFound = errors.New("licensekey: not found")
	// ErrNotGranted is returned when the license key is revoked or disabled.
	// Activate: 403 "License key is no longer active. This license key can not
	// be activated."; validate: 404 "License key is no longer active."
	ErrNotGranted = errors.New("licensekey: license key is not granted")
	// ErrExpired is returned when the license key has expired. Activate: 403,
	// validate: 404, both "License key has expired."
	ErrExpired = errors.New("licensekey: license key has expired")
	// ErrNoActivations is returned when the license key takes no activations.
	// 403 "This license key does not support activations. Use the /validate
	// endpoint instead to check license validity."
	ErrNoActivations = errors.New("licensekey: license key takes no activations")
	// ErrActivationLimit is returned when the license key has no free seat. 403
	// "License key activation limit already reached".
	ErrActivationLimit = errors.New("licensekey: activation limit reached")
	// ErrConditions is returned when a validation does not meet the conditions
	// of its activation. 404 "License key does not match required conditions".
	ErrConditions = errors.New("licensekey: conditions not met")
	// ErrBenefit is returned when the license key belongs to another benefit
	// than the given one. 404 "License key does not match given benefit."
	ErrBenefit = errors.New("licensekey: license key belongs to another benefit")
	// ErrCustomer is returned when the license key belongs to another customer
	// than the given one. 404 "License key does not match given user."
	ErrCustomer = errors.New("licensekey: license key belongs to another customer")
	// ErrUsageLimit is returned when the requested usage exceeds what is left.
	// Wrap it in a [UsageLimitError], which knows the figure. 400 "License key
	// only has N more usages."
	ErrUsageLimit = errors.New("licensekey: usage limit reached")
	// ErrUsageRange is returned when the usage would exceed [MaxUsage]. 400
	// "License key usage can not exceed 2147483647."
	ErrUsageRange = errors.New("licensekey: usage out of range")

	// ErrRevoked is returned when a revoked license key is rotated.
	ErrRevoked = errors.New("licensekey: license key is revoked")
	// ErrExists is returned when there already is a license key with that id,
	// or one with that key string in its organization, or when the license key
	// already has a live activation with the id of a new one. A client never
	// causes the last: it is a 500, and Config.NewID is to blame.
	ErrExists = errors.New("licensekey: already exists")
	// ErrInvalid is returned when something cannot be stored as given. The error
	// that wraps it names the field as the JSON form does.
	ErrInvalid = errors.New("licensekey: invalid")
	// ErrUnknown is returned when nobody knows whether the change was made, as
	// after a commit that failed halfway or a connection lost during it. An
	// error that wraps ErrUnknown wraps no error of package context. Ask again:
	// a deactivation that was made is then ErrNotFound, an activation with the
	// same id ErrExists. 500.
	ErrUnknown = errors.New("licensekey: it is not known whether the change was made")
	// ErrUnauthorized is what [Config.Authorize] returns for a token that it
	// does not accept. 401.
	ErrUnauthorized = errors.New("licensekey: unauthorized")
)

// MaxUsage is the largest usage that a license key can have, as in Polar.
const MaxUsage = 2147483647

// MaxValidations is where the count of a license key's validations stops: the
// largest integer that every JSON reader keeps exactly.
const MaxValidations = 1<<53 - 1

// UsageLimitError wraps [ErrUsageLimit] and says how much usage is left.
type UsageLimitError struct {
	// Remaining is how much usage is left. It is negative if the limit has been
	// lowered below the usage.
	Remaining int64
}

// Error says how much usage is left.
func (e *UsageLimitError) Error() string {
	return fmt.Sprintf("%v: %d left", ErrUsageLimit, e.Remaining)
}

// Unwrap returns ErrUsageLimit.
func (e *UsageLimitError) Unwrap() error { return ErrUsageLimit }
