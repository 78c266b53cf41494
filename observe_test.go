package licensekey_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/memstore"
)

// observe sends requests to a handler, and returns the outcomes that it told.
func observe(store licensekey.Store, cfg licensekey.Config, requests ...*http.Request) []licensekey.Outcome {
	var outcomes []licensekey.Outcome
	cfg.Observe = func(_ context.Context, o licensekey.Outcome) { outcomes = append(outcomes, o) }
	h := licensekey.NewHandler(store, cfg)
	for _, r := range requests {
		serve(h, r)
	}
	return outcomes
}

// bodyFor returns a request body for a license key of organization A.
func bodyFor(key, members string) string {
	return fmt.Sprintf(`{"key":%q,"organization_id":%q%s}`, key, orgA, members)
}

// serverPaths are the paths of the operations that need a token.
var serverPaths = map[string]string{
	"activate": licensekey.ServerActivatePath, "validate": licensekey.ServerValidatePath, "deactivate": licensekey.ServerDeactivatePath,
}

var (
	keyA  = uuid.MustParse("1ce00000-0000-4000-8000-000000000001")
	newID = uuid.MustParse("ac710000-0000-4000-8000-00000000ffff")
)

// TestObserve sends one request for each status and reason of each operation.
func TestObserve(t *testing.T) {
	t.Parallel()
	const label, device, other = `,"label":"x"`, `,"activation_id":"ac710000-0000-4000-8000-000000000011"`,
		`,"activation_id":"ac710000-0000-4000-8000-0000000000d1"`
	const stranger = `,"benefit_id":"be000000-0000-4000-8000-000000000000"`
	otherID := uuid.MustParse("ac710000-0000-4000-8000-0000000000d1")
	tests := []struct {
		operation  string
		body       string
		status     int
		reason     string
		key        uuid.UUID
		activation uuid.UUID
	}{
		{"activate", bodyFor("AAAA-ACTIVE-0001", label), 200, "", keyA, newID},
		{"activate", bodyFor("NOPE", label), 404, "not_found", uuid.Nil, uuid.Nil},
		{"activate", bodyFor("AAAA-REVOKED-0006", label), 403, "not_granted", uuid.Nil, uuid.Nil},
		{"activate", bodyFor("AAAA-EXPIRED-0008", label), 403, "expired", uuid.Nil, uuid.Nil},
		{"activate", bodyFor("AAAA-NOACTIVATIONS-0010", label), 403, "no_activations", uuid.Nil, uuid.Nil},
		{"activate", bodyFor("AAAA-FULL-0012", label), 403, "activation_limit", uuid.Nil, uuid.Nil},
		{"validate", bodyFor("AAAA-ACTIVE-0001", ""), 200, "", keyA, uuid.Nil},
		{"validate", bodyFor("AAAA-ACTIVE-0001", device), 200, "", keyA, activationA},
		{"validate", bodyFor("NOPE", device), 404, "not_found", uuid.Nil, activationA},
		{"validate", bodyFor("AAAA-REVOKED-0006", ""), 404, "not_granted", uuid.Nil, uuid.Nil},
		{"validate", bodyFor("AAAA-EXPIRED-0008", ""), 404, "expired", uuid.Nil, uuid.Nil},
		{"validate", bodyFor("AAAA-CONDITIONS-0013", other), 404, "conditions", uuid.Nil, otherID},
		{"validate", bodyFor("AAAA-ACTIVE-0001", stranger), 404, "benefit", uuid.Nil, uuid.Nil},
		{"validate", bodyFor("AAAA-ACTIVE-0001", strings.Replace(stranger, "benefit", "customer", 1)), 404, "customer", uuid.Nil, uuid.Nil},
		{"validate", bodyFor("AAAA-USAGE-0014", `,"increment_usage":3`), 400, "usage_limit", uuid.Nil, uuid.Nil},
		{"validate", bodyFor("AAAA-USAGEHUGE-0017", `,"increment_usage":100`), 400, "usage_range", uuid.Nil, uuid.Nil},
		{"deactivate", bodyFor("AAAA-ACTIVE-0001", device), 204, "", uuid.Nil, activationA},
		{"deactivate", bodyFor("AAAA-ACTIVE-0001", other), 404, "not_found", uuid.Nil, otherID},
	}
	for _, tt := range tests {
		cfg := licensekey.Config{Now: func() time.Time { return frozen }, NewID: func() uuid.UUID { return newID }}
		what := tt.operation + " " + tt.body
		got := observe(importSeed(t, memstore.New()), cfg, newRequest("POST", "/v1/customer-portal/license-keys/"+tt.operation, tt.body))
		wantOutcome(t, what, got, licensekey.Outcome{
			Operation: tt.operation, Status: tt.status, OrganizationID: orgA, LicenseKeyID: tt.key, ActivationID: tt.activation,
		}, tt.reason)
	}
}

// wantOutcome holds that got is one outcome, want with the reason.
func wantOutcome(t *testing.T, what string, got []licensekey.Outcome, want licensekey.Outcome, reason string) {
	t.Helper()
	if len(got) != 1 {
		t.Errorf("%s: got %d outcomes, want 1: %+v", what, len(got), got)
		return
	}
	o := got[0]
	if label := licensekey.Reason(o.Err); label != reason || (o.Err == nil) != (reason == "") {
		t.Errorf("%s: got error %v with reason %q, want %q", what, o.Err, label, reason)
	}
	o.Err, o.Duration = nil, 0
	if o != want {
		t.Errorf("%s:\ngot  %+v\nwant %+v", what, o, want)
	}
}

// TestObserveBeforeStore holds that responses which are made before the store is
// called are observed, on every operation.
func TestObserveBeforeStore(t *testing.T) {
	t.Parallel()
	unreachable := faultyStore{before: func(string, any) error { panic("the store was called") }}
	tests := []struct {
		method, body, token string
		status              int
		err                 error
	}{
		{"GET", "", "token-a", 405, licensekey.ErrMethodNotAllowed},
		{"POST", goodBody, "", 401, licensekey.ErrUnauthorized},
		{"POST", goodBody, "x", 401, licensekey.ErrUnauthorized},
		{"POST", strings.Repeat(" ", 2000), "token-a", 413, licensekey.ErrBodyTooLarge},
		{"POST", strings.Repeat("[", 400), "token-a", 400, licensekey.ErrUnreadableBody},
		{"POST", "", "token-a", 422, licensekey.ErrInvalidRequest},
		{"POST", "{", "token-a", 422, licensekey.ErrInvalidRequest},
		{"POST", `{"key":1}`, "token-a", 422, licensekey.ErrInvalidRequest},
	}
	for operation, path := range serverPaths {
		for _, tt := range tests {
			r := newRequest(tt.method, path, tt.body)
			r.Header.Set("Authorization", "Bearer "+tt.token)
			what := fmt.Sprintf("%s %s %.20q with token %q", tt.method, path, tt.body, tt.token)
			got := observe(unreachable, licensekey.Config{Authorize: tokenOfOrgA, BodyLimit: 1000}, r)
			wantOutcome(t, what, got, licensekey.Outcome{Operation: operation, Status: tt.status}, licensekey.Reason(tt.err))
		}
	}
}

// TestObserveTokenOfAnotherOrganization holds that the outcome of a miss by the
// token has the ids of the request.
func TestObserveTokenOfAnotherOrganization(t *testing.T) {
	t.Parallel()
	orgB := uuid.MustParse("0b0b0b0b-0000-4000-8000-00000000000b")
	r := newRequest("POST", licensekey.ServerDeactivatePath, strings.Replace(goodBody, orgA.String(), orgB.String(), 1))
	r.Header.Set("Authorization", "Bearer token-a")
	wantOutcome(t, "a key of organization B", observe(memstore.New(), licensekey.Config{Authorize: tokenOfOrgA}, r), licensekey.Outcome{
		Operation: "deactivate", Status: 404, OrganizationID: orgB, ActivationID: activationA,
	}, "not_found")
}

// TestObserveNothing sends what is no request of an endpoint.
func TestObserveNothing(t *testing.T) {
	t.Parallel()
	preflight := newRequest("OPTIONS", licensekey.ActivatePath, "")
	preflight.Header.Set("Origin", "https://app.example")
	preflight.Header.Set("Access-Control-Request-Method", "POST")
	got := observe(memstore.New(), licensekey.Config{OpenAPI: true}, preflight,
		newRequest("POST", "/v1/other", goodBody), newRequest("GET", licensekey.OpenAPIPath, ""))
	if len(got) != 0 {
		t.Errorf("a preflight, another path and the document: got %+v, want no outcome", got)
	}
}

// TestObserveFailure holds that a failure of the store is observed with its own
// error, and that no verb of fmt shows the key or the token.
func TestObserveFailure(t *testing.T) {
	t.Parallel()
	const key, token = "AAAA-SECRET-0001", "token-SECRET"
	accept := func(context.Context, string) ([]uuid.UUID, error) { return []uuid.UUID{orgA}, nil }
	noLookup := func(_ context.Context, token string) ([]uuid.UUID, error) {
		return nil, fmt.Errorf("%s: %w", token, errDisk)
	}
	noRow := func(err error) fault {
		return func(key string, _ any) error { return fmt.Errorf("no row for %s: %w", key, err) }
	}
	tests := []struct {
		name      string
		fault     fault
		authorize func(context.Context, string) ([]uuid.UUID, error)
		status    int
		reason    string
		is        error
	}{
		{"an error", noRow(errDisk), accept, 500, "internal", errDisk},
		{"unknown", noRow(licensekey.ErrUnknown), accept, 500, "unknown", licensekey.ErrUnknown},
		{"exists", noRow(licensekey.ErrExists), accept, 500, "exists", licensekey.ErrExists},
		{"canceled", noRow(context.Canceled), accept, 500, "canceled", context.Canceled},
		{"timeout", noRow(context.DeadlineExceeded), accept, 500, "timeout", context.DeadlineExceeded},
		{"a wrapped miss", noRow(licensekey.ErrNotFound), accept, 404, "not_found", licensekey.ErrNotFound},
		{"a panic", func(key string, _ any) error { panic("disk on fire at " + key) }, accept, 500, "internal", nil},
		{"a failed lookup of the token", nil, noLookup, 500, "internal", errDisk},
	}
	for _, tt := range tests {
		for operation, path := range serverPaths {
			r := newRequest("POST", path, bodyFor(key, `,"label":"x","activation_id":"`+activationA.String()+`"`))
			r.Header.Set("Authorization", "Bearer "+token)
			cfg := licensekey.Config{Authorize: tt.authorize, Logger: newLogger("text", new(bytes.Buffer))}
			got := observe(faultyStore{memstore.New(), tt.fault, nil}, cfg, r)
			want := licensekey.Outcome{Operation: operation, Status: tt.status}
			if tt.fault != nil {
				want.OrganizationID = orgA
				if operation != "activate" {
					want.ActivationID = activationA
				}
			}
			what := tt.name + " on " + operation
			wantOutcome(t, what, got, want, tt.reason)
			if tt.is != nil && !errors.Is(got[0].Err, tt.is) {
				t.Errorf("%s: got %v, want an error that wraps %v", what, got[0].Err, tt.is)
			}
			err := got[0].Err
			text := fmt.Sprintf("%v %+v %#v %s %q %d %v %+v", err, err, err, err, err, err, got, fmt.Errorf("again: %w", err))
			if strings.Contains(text, "SECRET") {
				t.Errorf("%s: the error shows a secret:\n%s", what, text)
			}
		}
	}
}

// TestObserveIDEqualToKey holds that an id which is the license key is left out.
func TestObserveIDEqualToKey(t *testing.T) {
	t.Parallel()
	for _, spelling := range []string{activationA.String(), strings.ToUpper(activationA.String()), "{" + activationA.String() + "}"} {
		r := newRequest("POST", licensekey.DeactivatePath, strings.Replace(goodBody, "AAAA-ACTIVE-0001", spelling, 1))
		wantOutcome(t, "the activation id as key", observe(memstore.New(), licensekey.Config{}, r), licensekey.Outcome{
			Operation: "deactivate", Status: 404, OrganizationID: orgA,
		}, "not_found")
	}
}

// TestObserveAfterResponse holds that the response is written when Observe is
// called, with the context of the request, and that a panic of Observe changes
// nothing about the response.
func TestObserveAfterResponse(t *testing.T) {
	t.Parallel()
	type contextKey struct{}
	for _, p := range []any{nil, errDisk, "disk on fire at AAAA-ACTIVE-0001", http.ErrAbortHandler} {
		var log bytes.Buffer
		rec := &statusRecorder{}
		called := false
		h := licensekey.NewHandler(importSeed(t, memstore.New()), licensekey.Config{
			Logger: newLogger("text", &log),
			Observe: func(ctx context.Context, o licensekey.Outcome) {
				called = ctx.Value(contextKey{}) == "host" && rec.status == o.Status
				if p != nil {
					panic(p)
				}
			},
		})
		r := newRequest("POST", licensekey.DeactivatePath, goodBody)
		h.ServeHTTP(rec, r.WithContext(context.WithValue(t.Context(), contextKey{}, "host")))
		if !called || rec.status != 204 {
			t.Errorf("Observe panics with %v: called after the response is %v, status %d; want true, 204", p, called, rec.status)
		}
		if logged := strings.Contains(log.String(), "Observe panicked"); logged != (p != nil) || strings.Contains(log.String(), "AAAA") {
			t.Errorf("Observe panics with %v: the log is %q", p, &log)
		}
	}
}

// statusRecorder keeps the status that was written.
type statusRecorder struct {
	discard
	status int
}

func (w *statusRecorder) Header() http.Header {
	if w.header == nil {
		w.header = http.Header{}
	}
	return w.header
}

func (w *statusRecorder) WriteHeader(status int) { w.status = status }

// TestObserveAbort holds that a connection which the store ended has no outcome.
func TestObserveAbort(t *testing.T) {
	t.Parallel()
	abort := faultyStore{before: func(string, any) error { panic(http.ErrAbortHandler) }}
	h := licensekey.NewHandler(abort, licensekey.Config{Observe: func(_ context.Context, o licensekey.Outcome) {
		t.Errorf("got %+v, want no outcome", o)
	}})
	defer func() {
		if p := recover(); p != http.ErrAbortHandler {
			t.Errorf("the handler panicked with %v, want http.ErrAbortHandler", p)
		}
	}()
	serve(h, newRequest("POST", licensekey.DeactivatePath, goodBody))
}

// TestObserveDuration holds that Config.Now has no part in the duration.
func TestObserveDuration(t *testing.T) {
	t.Parallel()
	now := frozen
	backwards := func() time.Time { now = now.Add(-time.Hour); return now }
	for _, o := range observe(importSeed(t, memstore.New()), licensekey.Config{Now: backwards},
		newRequest("POST", licensekey.DeactivatePath, goodBody), newRequest("GET", licensekey.DeactivatePath, "")) {
		if o.Duration < 0 {
			t.Errorf("%+v: the duration is negative", o)
		}
	}
}
