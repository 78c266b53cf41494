package licensekey

import "errors"

// Errors that stores return, possibly wrapped. Compare with [errors.Is].
var (
	// ErrNotFound says that the organization has no such license key, or the
	// key no such live activation.
	ErrNotFound = errors.New("licensekey: not found")
	// ErrNotGranted says that the license key is revoked or disabled.
	ErrNotGranted = errors.New("licensekey: license key is not granted")
	// ErrExpired says that the license key has expired.
	ErrExpired = errors.New("licensekey: license key has expired")
	// ErrNoActivations says that the license key takes no activations.
	ErrNoActivations = errors.New("licensekey: license key takes no activations")
	// ErrActivationLimit says that the license key has no free seat.
	ErrActivationLimit = errors.New("licensekey: activation limit reached")
	// ErrConditions says that a validation does not meet its activation's
	// conditions.
	ErrConditions = errors.New("licensekey: conditions not met")
	// ErrBenefit says that the license key is not of the given benefit.
	ErrBenefit = errors.New("licensekey: other benefit")
	// ErrCustomer says that the license key is not the given customer's.
	ErrCustomer = errors.New("licensekey: other customer")
	// ErrUsageLimit says that the license key has not so much usage left. It is
	// always wrapped in a *UsageLimitError.
	ErrUsageLimit = errors.New("licensekey: usage limit reached")
	// ErrUsageRange says that the usage would pass MaxUsage.
	ErrUsageRange = errors.New("licensekey: usage out of range")
	// ErrRevoked says that a revoked license key cannot be changed so.
	ErrRevoked = errors.New("licensekey: license key is revoked")
	// ErrExists says that there already is a license key with that id, or one
	// with that key string in its organization.
	ErrExists = errors.New("licensekey: license key exists")
	// ErrInvalid says that a license key cannot be stored as given. The error
	// that wraps it names the field, as the JSON form does.
	ErrInvalid = errors.New("invalid license key")
	// ErrUnauthorized is what [Config.Authorize] returns for a token that it
	// does not accept.
	ErrUnauthorized = errors.New("licensekey: unauthorized")
)
