package licensekey_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/memstore"
)

const internalError = `{"error":"InternalServerError","detail":"Internal Server Error"}`

var errDisk = errors.New("disk on fire")

// fault is what goes wrong in a store, given the request and its key.
type fault func(key string, req any) error

// faultyStore fails each call, before or after it is applied.
type faultyStore struct {
	licensekey.Store
	before, after fault
}

func (s faultyStore) Deactivate(ctx context.Context, req licensekey.DeactivateRequest) error {
	_, err := around(s, string(req.Key), req, func() (any, error) { return nil, s.Store.Deactivate(ctx, req) })
	return err
}

func (s faultyStore) Activate(ctx context.Context, req licensekey.ActivateRequest) (licensekey.Activated, error) {
	return around(s, string(req.Key), req, func() (licensekey.Activated, error) { return s.Store.Activate(ctx, req) })
}

func (s faultyStore) Validate(ctx context.Context, req licensekey.ValidateRequest) (licensekey.Validated, error) {
	return around(s, string(req.Key), req, func() (licensekey.Validated, error) { return s.Store.Validate(ctx, req) })
}

func around[T any](s faultyStore, key string, req any, call func() (T, error)) (result T, err error) {
	if s.before != nil {
		if err := s.before(key, req); err != nil {
			return result, err
		}
	}
	if result, err = call(); err == nil && s.after != nil {
		err = s.after(key, req)
	}
	return result, err
}

// brokenStore fails before it does anything.
var brokenStore = faultyStore{before: func(string, any) error { return errDisk }}

// TestStoreFails holds that a failure of the store, whatever it says, is one
// response that tells nothing, and a log record without the key.
func TestStoreFails(t *testing.T) {
	t.Parallel()
	fail := func(string, any) error { return errDisk }
	faults := map[string]faultyStore{
		"before applying": {before: fail},
		"after applying":  {after: fail},
		"with the key in the error": {before: func(key string, _ any) error {
			return fmt.Errorf("no row for key=%s (%q, %+q): %w", key, key, key, errDisk)
		}},
		"with the request in the error": {before: func(_ string, req any) error {
			return fmt.Errorf("%v %+v %#v %s: %w", req, req, req, req, errDisk)
		}},
		"by a panic":         {before: func(key string, _ any) error { panic("disk on fire at " + key) }},
		"by a runtime error": {before: func(key string, _ any) error { return []error{errDisk}[len(key)] }},
	}
	for name, store := range faults {
		for _, format := range []string{"text", "json"} {
			for operation, path := range map[string]string{
				"deactivate": licensekey.DeactivatePath, "activate": licensekey.ActivatePath, "validate": licensekey.ValidatePath,
			} {
				testFault(t, name+" on "+operation, store, format, operation, path)
			}
		}
	}
}

func testFault(t *testing.T, name string, store faultyStore, format, operation, path string) {
	t.Helper()
	k := seed(t)[0]
	k.Key = `AAAA-"SECRET"-é-0001`
	body := strings.Replace(goodBody, `"AAAA-ACTIVE-0001"`, `"AAAA-\"SECRET\"-é-0001","label":"box"`, 1)
	mem := memstore.New()
	if _, err := mem.Import(t.Context(), []licensekey.LicenseKeyWithActivations{k}); err != nil {
		t.Fatal(err)
	}
	store.Store = mem
	var log bytes.Buffer
	h := licensekey.NewHandler(store, licensekey.Config{Logger: newLogger(format, &log)})
	wantResponse(t, name, serve(h, newRequest("POST", path, body)), 500, internalError)
	checkLog(t, name, operation, log.String())

	got, err := mem.Get(t.Context(), k.ID)
	applied := len(got.Activations) != len(k.Activations) || got.Validations != k.Validations
	if err != nil || applied != (store.after != nil) {
		t.Errorf("%s: the change was made: %v, %v", name, applied, err)
	}
}

func newLogger(format string, w *bytes.Buffer) *slog.Logger {
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, nil))
	}
	return slog.New(slog.NewTextHandler(w, nil))
}

func checkLog(t *testing.T, name, operation, log string) {
	t.Helper()
	for _, want := range []string{"ERROR", "operation", operation, orgA.String()} {
		if !strings.Contains(log, want) {
			t.Errorf("%s: the log lacks %q:\n%s", name, want, log)
		}
	}
	if !strings.Contains(log, "disk on fire") && !strings.Contains(log, "index out of range") {
		t.Errorf("%s: the log lacks the error:\n%s", name, log)
	}
	if strings.Contains(log, "SECRET") {
		t.Errorf("%s: the log has the key:\n%s", name, log)
	}
}

// TestResponsesAreNotLogged holds that nothing but a failure is logged.
func TestResponsesAreNotLogged(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	h := licensekey.NewHandler(importSeed(t, memstore.New()), licensekey.Config{Logger: newLogger("text", &log)})
	for _, body := range []string{goodBody, goodBody, `{"key":"AAAA-ACTIVE-0001"}`, `{`, ``} {
		serve(h, newRequest("POST", licensekey.DeactivatePath, body))
	}
	if log.Len() > 0 {
		t.Errorf("204, 404 and 422 were logged:\n%s", &log)
	}
}

func TestWrappedSentinel(t *testing.T) {
	t.Parallel()
	h := licensekey.NewDeactivateHandler(deactivatorFunc(func(context.Context, licensekey.DeactivateRequest) error {
		return fmt.Errorf("table activations: %w", licensekey.ErrNotFound)
	}), licensekey.Config{})
	wantResponse(t, "wrapped ErrNotFound", serve(h, newRequest("POST", "/", goodBody)), 404, notFoundBody)
}

// TestClientGone holds that a request that ended by its context changes nothing
// and is no error of the server's.
func TestClientGone(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	h := licensekey.NewHandler(importSeed(t, memstore.New()), licensekey.Config{Logger: newLogger("text", &log)})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := newRequest("POST", licensekey.DeactivatePath, goodBody)
	wantResponse(t, "canceled request", serve(h, r.WithContext(ctx)), 500, internalError)
	if !strings.Contains(log.String(), "level=WARN") {
		t.Errorf("a canceled request was not logged as a warning:\n%s", &log)
	}
	wantResponse(t, "the next request", serve(h, newRequest("POST", licensekey.DeactivatePath, goodBody)), 204, "")
}

// TestAbort holds that a store may end the connection the way handlers do.
func TestAbort(t *testing.T) {
	t.Parallel()
	h := licensekey.NewDeactivateHandler(deactivatorFunc(func(context.Context, licensekey.DeactivateRequest) error {
		panic(http.ErrAbortHandler)
	}), licensekey.Config{})
	defer func() {
		if p := recover(); p != http.ErrAbortHandler {
			t.Errorf("the handler panicked with %v, want http.ErrAbortHandler", p)
		}
	}()
	serve(h, newRequest("POST", "/", goodBody))
}

// TestNoKeyInFmtOrLogs prints what holds a key in every way that logs do.
func TestNoKeyInFmtOrLogs(t *testing.T) {
	t.Parallel()
	const key = "AAAA-SECRET-0001"
	k := licensekey.LicenseKey{ID: orgA, Key: key}
	for _, v := range []any{
		licensekey.DeactivateRequest{OrganizationID: orgA, Key: key}, licensekey.ActivateRequest{Key: key},
		licensekey.ValidateRequest{Key: key}, licensekey.IssueRequest{Key: key}, licensekey.RotateRequest{Key: key}, k, &k,
		licensekey.Activated{LicenseKey: k}, licensekey.Validated{LicenseKey: k},
		licensekey.LicenseKeyWithActivations{LicenseKey: k}, []licensekey.LicenseKey{k},
	} {
		var log bytes.Buffer
		newLogger("text", &log).Info("x", "v", v)
		if _, ok := v.(slog.LogValuer); ok {
			newLogger("json", &log).Info("x", "v", v)
		}
		if text := fmt.Sprintf("%v %+v %#v %s", v, v, v, v) + log.String(); strings.Contains(text, "SECRET") {
			t.Errorf("%T shows its key: %s", v, text)
		}
	}
}
