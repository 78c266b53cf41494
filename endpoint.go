package licensekey

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/licensekit/licensekey/internal/jsonvalue"
	"github.com/licensekit/licensekey/schema"
)

// operation is what one endpoint does; everything else is the same for all.
type operation struct {
	name      string // in logs, and in the table of refusals
	component string // the request body's schema in the document
	// call makes the request from the validated body, hands it to the store,
	// and makes the answer of a success.
	call func(ctx context.Context, body fields, now time.Time) (answer, error)
}

// endpoint takes a request through decode, validate, call and map.
type endpoint struct {
	operation
	schema *schema.Component
	cfg    Config
	// bearer is whether the caller must show a token. Else the license key is
	// the credential.
	bearer bool
}

func newEndpoint(op operation, cfg Config, bearer bool) http.Handler {
	component, err := schema.Compile(op.component)
	if err != nil {
		panic(fmt.Sprintf("licensekey: the embedded document is broken: %v", err))
	}
	e := &endpoint{operation: op, schema: component, cfg: cfg.withDefaults(), bearer: bearer}
	return resource{method: http.MethodPost, answer: e.answer}
}

// answer serves one request. Whatever goes wrong, a panic of the store
// included, becomes an answer.
func (e *endpoint) answer(w http.ResponseWriter, r *http.Request) (a answer) {
	var body fields
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler {
				panic(p)
			}
			a = e.fail(r, body, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
		}
	}()
	var permits func(fields) bool
	if e.bearer {
		var refused *answer
		if permits, refused = e.authorize(w, r); refused != nil {
			return *refused
		}
	}
	object, refused := e.decode(w, r)
	if refused != nil {
		return *refused
	}
	body = fields{object}
	if e.bearer && !permits(body) {
		return e.refuse(r, body, ErrNotFound)
	}
	a, err := e.call(r.Context(), body, e.cfg.Now())
	if err != nil {
		return e.refuse(r, body, err)
	}
	return a
}

// decode reads the body and validates it.
func (e *endpoint) decode(w http.ResponseWriter, r *http.Request) (*jsonvalue.Object, *answer) {
	object, refused := readBody(w, r, e.cfg.BodyLimit)
	if refused != nil {
		return nil, refused
	}
	violations, err := e.schema.Check(object)
	if err != nil {
		a := e.fail(r, fields{object}, err)
		return nil, &a
	}
	if len(violations) > 0 {
		a := unprocessable(violations...)
		return nil, &a
	}
	return object, nil
}

// refuse maps an error of the store to the operation's answer for it.
func (e *endpoint) refuse(r *http.Request, body fields, err error) answer {
	for _, refusal := range refusals {
		if refusal.operation == e.name && errors.Is(err, refusal.err) {
			return refusal.answer
		}
	}
	return e.fail(r, body, err)
}

// fail logs an unexpected error and returns the answer that tells nothing.
func (e *endpoint) fail(r *http.Request, body fields, err error) answer {
	level := slog.LevelError
	if r.Context().Err() != nil {
		level = slog.LevelWarn // the client is gone, or the host's deadline passed
	}
	token, _ := bearerToken(r.Header)
	text := redact(err.Error(), token, "[token]")
	attrs := []slog.Attr{slog.String("operation", e.name)}
	if body.Object != nil {
		text = redact(text, body.text("key"), "[license key]")
		attrs = append(attrs,
			slog.String("organization_id", body.text("organization_id")),
			slog.String("activation_id", body.text("activation_id")))
	}
	attrs = append(attrs, slog.String("error", text))
	e.cfg.logger().LogAttrs(r.Context(), level, "licensekey: request failed", attrs...)
	return internalServerError
}

// redact replaces a secret in a text that the host's code made, in the spellings
// that fmt's verbs give it.
func redact(text, secret, replacement string) string {
	if secret == "" {
		return text
	}
	var spellings []string
	for _, quoted := range []string{strconv.Quote(secret), strconv.QuoteToASCII(secret), `"` + secret + `"`} {
		spellings = append(spellings, quoted[1:len(quoted)-1], replacement)
	}
	return strings.NewReplacer(spellings...).Replace(text)
}
