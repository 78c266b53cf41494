package licensekey

import (
	"errors"
	"fmt"
)

// Errors that stores return, possibly wrapped. Compare with [errors.Is]. The
// comment of each has the status and the text that a client gets for it, if
// the handler has a response of its own for it. Any other error becomes a 500
// that tells the client nothing.
var (
	// ErrNotFound is returned when the organization has no such license key, or
	// when the key has no such live activation. 404 "Not found".
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
	// Return it as a [UsageLimitError], which holds the figure. 400 "License
	// key only has N more usages."
	ErrUsageLimit = errors.New("licensekey: usage limit reached")
	// ErrUsageRange is returned when the usage would exceed [MaxUsage]. 400
	// "License key usage can not exceed 2147483647."
	ErrUsageRange = errors.New("licensekey: usage out of range")

	// ErrRevoked is returned when a revoked license key is rotated.
	ErrRevoked = errors.New("licensekey: license key is revoked")
	// ErrExists is returned when there already is a license key with that id, or
	// when the organization already has one with that key string. It is also
	// returned when the license key already has a live activation with the id of
	// a new one. A client cannot cause that, because Config.NewID makes the id:
	// the response is 500.
	ErrExists = errors.New("licensekey: already exists")
	// ErrInvalid is returned when something cannot be stored as given. The error
	// that wraps it has the JSON name of the field.
	ErrInvalid = errors.New("licensekey: invalid")
	// ErrUnknown is returned when it is not known whether the change was made,
	// as after a commit that failed halfway, or a connection that was lost
	// during a commit. An error that wraps ErrUnknown wraps no error of package
	// context. To find out, make the same call again: if the first one was made,
	// a deactivation returns ErrNotFound, and an activation with the same id
	// returns ErrExists. 500.
	ErrUnknown = errors.New("licensekey: it is not known whether the change was made")
	// ErrUnauthorized is what [Config.Authorize] returns for a token that it
	// does not accept. 401.
	ErrUnauthorized = errors.New("licensekey: unauthorized")
)

// Errors that no store returns: an [Outcome] has them for responses that are made
// before the store is called. For a missing token, or one that is not accepted,
// it has [ErrUnauthorized].
var (
	// ErrMethodNotAllowed is the error of a request that is not a POST. 405.
	ErrMethodNotAllowed = errors.New("licensekey: method not allowed")
	// ErrBodyTooLarge is the error of a body larger than Config.BodyLimit. 413.
	ErrBodyTooLarge = errors.New("licensekey: body too large")
	// ErrUnreadableBody is the error of a body that did not arrive whole, that
	// is not UTF-8, that nests too deep, or that has an integer of too many
	// digits. 400.
	ErrUnreadableBody = errors.New("licensekey: unreadable body")
	// ErrInvalidRequest is the error of a body that is not what the endpoint
	// takes. The response lists what is wrong. 422.
	ErrInvalidRequest = errors.New("licensekey: invalid request")
)

// MaxUsage is the largest usage that a license key can have, as in Polar.
const MaxUsage = 2147483647

// MaxValidations is where the count of a license key's validations stops. It is
// the largest integer up to which every JSON reader reads integers exactly.
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
