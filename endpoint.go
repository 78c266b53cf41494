package licensekey

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey/internal/wire"
)

// operation is what differs between the endpoints.
type operation struct {
	name      string   // in logs and outcomes
	component string   // the request body's schema in the document
	ids       []string // the members of the body that logs may show
	// call makes the request from the validated body, hands it to the store,
	// and makes the response to a success.
	call func(ctx context.Context, body wire.Body, now time.Time) (result, error)
	// errors is the table from the errors of the store to error responses.
	// Clients match on their names and texts.
	errors []errorResponse
}

// result is the response that a call made, with what else is known after it.
type result struct {
	response     wire.Response
	err          error     // the store's, if the response is already the one to it
	licenseKeyID uuid.UUID // zero if the store does not tell
	activationID uuid.UUID // likewise
}

// errorResponse is what a client gets for an error of the store.
type errorResponse struct {
	err    error
	status int
	name   string
	detail string
}

// endpoint serves one operation: it checks access, decodes and validates the
// body, calls the store, and responds.
type endpoint struct {
	operation
	component *wire.Component
	responses []wire.Response // of the operation's errors, in their order
	cfg       config
	// bearer says whether the caller must send a bearer token. If not, the
	// license key is the credential.
	bearer bool
}

func newEndpoint(op operation, cfg config, bearer bool) http.Handler {
	e := &endpoint{operation: op, component: wire.Compile(op.component), cfg: cfg, bearer: bearer}
	for _, row := range op.errors {
		e.responses = append(e.responses, wire.Named(row.status, row.name, row.detail))
	}
	return e
}

// exchange is one request with its response, and what became known between them.
type exchange struct {
	body wire.Body // zero until it is validated
	result
}

// ServeHTTP responds to one request, and then tells Config.Observe.
func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	started := time.Now()
	wire.SetCommonHeaders(w.Header(), r.Header, e.cfg.Version)
	if wire.IsPreflight(r) {
		wire.WritePreflight(w, http.MethodPost)
		return
	}
	x := e.respond(w, r)
	x.response.Write(w)
	if e.cfg.Observe != nil {
		e.observe(r, x, started)
	}
}

// respond makes the response to one request. Every error becomes a response. So
// does a panic of the store, except http.ErrAbortHandler.
func (e *endpoint) respond(w http.ResponseWriter, r *http.Request) (x exchange) {
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler {
				panic(p)
			}
			x.err = &panicError{p, debug.Stack()}
			x.response = e.errorResponse(r, x.body, x.err)
		}
	}()
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		x.response, x.err = wire.MethodNotAllowed, ErrMethodNotAllowed
		return x
	}
	var err error
	x.result, err = e.serve(w, r, &x.body)
	if err != nil {
		x.err = err
		x.response = e.errorResponse(r, x.body, err)
	}
	return x
}

// serve sets body once it is validated, so that a failure after that can be
// logged with its ids and without its key.
func (e *endpoint) serve(w http.ResponseWriter, r *http.Request, body *wire.Body) (result, error) {
	permits := func(wire.Body) error { return nil }
	if e.bearer {
		organizations, err := e.authorize(w, r)
		if err != nil {
			return result{}, err
		}
		permits = func(body wire.Body) error { return permit(organizations, body) }
	}
	text, err := wire.ReadBody(w, r, e.cfg.BodyLimit)
	if err != nil {
		return result{}, err
	}
	if *body, err = e.component.Decode(r.Header.Get("Content-Type"), text); err != nil {
		return result{}, err
	}
	if err := permits(*body); err != nil {
		return result{}, err
	}
	return e.call(r.Context(), *body, e.cfg.Now())
}

// errorResponse returns the response to an error. A *wire.Error holds its own
// response. The operation's table has those of the store's sentinel errors. Any
// other error is logged, and gets the response that tells nothing.
func (e *endpoint) errorResponse(r *http.Request, body wire.Body, err error) wire.Response {
	for i, row := range e.errors {
		if errors.Is(err, row.err) {
			return e.responses[i]
		}
	}
	var own *wire.Error
	if errors.As(err, &own) {
		return own.Response
	}
	e.log(r, body, "licensekey: request failed", err)
	return wire.InternalServerError.Response
}

// panicError is a panic of the host's code.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v\n%s", e.value, e.stack) }
