package licensekey

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey/internal/wire"
)

// Outcome is what one request of an endpoint came to. [Config.Observe] gets it,
// once for each response: also for those that are made before the store is
// called (400, 401, 405, 413, 422), and for a 500 after a panic of the store.
//
// There is none for a path that NewHandler does not know, for a CORS preflight,
// or for the OpenAPI document: they are about no license key. There is none
// either if a panic with http.ErrAbortHandler ended the connection, because that
// makes no response.
//
// It holds neither the license key nor the token. An id that is equal to the
// license key is left zero.
type Outcome struct {
	// Operation is "activate", "validate" or "deactivate".
	Operation string
	// Status is the status of the response.
	Status int
	// Err is nil if the request succeeded. Otherwise it is the store's error, or
	// for responses that are made before the store is called, one of
	// ErrUnauthorized, ErrMethodNotAllowed, ErrBodyTooLarge, ErrUnreadableBody
	// and ErrInvalidRequest. Compare it with errors.Is, or label it with Reason.
	// Its text is redacted as that of Config.Logger. What it wraps is not.
	Err error
	// Duration is the time from the start of the handler until the response is
	// written. It includes reading the body. It is measured by the monotonic
	// clock, and Config.Now does not affect it.
	Duration time.Duration
	// OrganizationID is the one that the request named, zero if the body was not
	// valid or was not read.
	OrganizationID uuid.UUID
	// LicenseKeyID is the id of the stored license key. It is known after a
	// successful activation or validation, and otherwise zero.
	LicenseKeyID uuid.UUID
	// ActivationID is the id of the new activation, or else the one that the
	// request named, whether there is such an activation or not. It is zero if
	// there is neither.
	ActivationID uuid.UUID
}

// observe tells Config.Observe what x came to.
func (e *endpoint) observe(r *http.Request, x exchange, started time.Time) {
	defer func() {
		if p := recover(); p != nil {
			e.log(r, x.body, "licensekey: Observe panicked", &panicError{p, debug.Stack()})
		}
	}()
	o := Outcome{
		Operation:    e.name,
		Status:       x.response.Status,
		Err:          observedError(r, x.body, x.err),
		LicenseKeyID: x.licenseKeyID,
		ActivationID: x.activationID,
	}
	o.addIDs(e.ids, x.body)
	o.Duration = time.Since(started)
	e.cfg.Observe(r.Context(), o)
}

// addIDs adds the ids that the body names, and removes those that are equal to
// its license key.
func (o *Outcome) addIDs(names []string, body wire.Body) {
	if body.IsZero() {
		return
	}
	for _, name := range names {
		switch id := body.UUID(name); name {
		case "organization_id":
			o.OrganizationID = id
		case "activation_id":
			o.ActivationID = id
		}
	}
	key := keyOf(body)
	for _, id := range []*uuid.UUID{&o.OrganizationID, &o.LicenseKeyID, &o.ActivationID} {
		if key.is(*id) {
			*id = uuid.Nil
		}
	}
}

// observedError returns the error of an exchange as an Outcome has it.
func observedError(r *http.Request, body wire.Body, err error) error {
	var own *wire.Error
	switch {
	case err == nil || isSentinel(err):
		return err
	case errors.As(err, &own):
		return errorOfStatus[own.Response.Status]
	}
	return &redactedError{err, secretsOf(r, body)}
}

// errorOfStatus holds the error for each response of package wire.
var errorOfStatus = map[int]error{
	http.StatusBadRequest:            ErrUnreadableBody,
	http.StatusUnauthorized:          ErrUnauthorized,
	http.StatusRequestEntityTooLarge: ErrBodyTooLarge,
	http.StatusUnprocessableEntity:   ErrInvalidRequest,
}

// redactedError is an error whose text is redacted when somebody asks for it.
type redactedError struct {
	err     error
	secrets []secret
}

func (e *redactedError) Error() string { return redactError(e.err, e.secrets) }
func (e *redactedError) Unwrap() error { return e.err }

// Format implements [fmt.Formatter]: no verb shows the secrets.
func (e *redactedError) Format(f fmt.State, verb rune) {
	fmt.Fprintf(f, fmt.FormatString(f, verb), e.Error())
}
