package licensekey

import (
	"context"
	"errors"
)

// Reason returns a label for err, for metrics and logs. Labels are lower case
// words joined by underscores. They never change, and later versions only add to
// them:
//
//	""                  nil
//	not_found           ErrNotFound
//	not_granted         ErrNotGranted
//	expired             ErrExpired
//	no_activations      ErrNoActivations
//	activation_limit    ErrActivationLimit
//	conditions          ErrConditions
//	benefit             ErrBenefit
//	customer            ErrCustomer
//	usage_limit         ErrUsageLimit, *UsageLimitError
//	usage_range         ErrUsageRange
//	revoked             ErrRevoked
//	exists              ErrExists
//	invalid             ErrInvalid
//	unknown             ErrUnknown
//	unauthorized        ErrUnauthorized
//	method_not_allowed  ErrMethodNotAllowed
//	body_too_large      ErrBodyTooLarge
//	unreadable_body     ErrUnreadableBody
//	invalid_request     ErrInvalidRequest
//	canceled            context.Canceled: most often the client is gone
//	timeout             context.DeadlineExceeded
//	internal            any other error, and a panic
//
// An error that wraps several of them gets the label that comes first here.
func Reason(err error) string {
	if err == nil {
		return ""
	}
	for _, row := range reasons {
		if errors.Is(err, row.err) {
			return row.label
		}
	}
	return "internal"
}

var reasons = []struct {
	err   error
	label string
}{
	{ErrNotFound, "not_found"},
	{ErrNotGranted, "not_granted"},
	{ErrExpired, "expired"},
	{ErrNoActivations, "no_activations"},
	{ErrActivationLimit, "activation_limit"},
	{ErrConditions, "conditions"},
	{ErrBenefit, "benefit"},
	{ErrCustomer, "customer"},
	{ErrUsageLimit, "usage_limit"},
	{ErrUsageRange, "usage_range"},
	{ErrRevoked, "revoked"},
	{ErrExists, "exists"},
	{ErrInvalid, "invalid"},
	{ErrUnknown, "unknown"},
	{ErrUnauthorized, "unauthorized"},
	{ErrMethodNotAllowed, "method_not_allowed"},
	{ErrBodyTooLarge, "body_too_large"},
	{ErrUnreadableBody, "unreadable_body"},
	{ErrInvalidRequest, "invalid_request"},
	{context.Canceled, "canceled"},
	{context.DeadlineExceeded, "timeout"},
}

// isSentinel reports whether err is an error of the table itself, not one that
// wraps it. Its text is known, and has no secrets.
func isSentinel(err error) bool {
	for _, row := range reasons {
		if err == row.err {
			return true
		}
	}
	return false
}
