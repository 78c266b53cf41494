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

// faultyStore fails each call, before or after it is applied.
type faultyStore struct {
	licensekey.Store
	before, after func(licensekey.DeactivateRequest) error
}

func (s faultyStore) Deactivate(ctx context.Context, req licensekey.DeactivateRequest) error {
	if s.before != nil {
		if err := s.before(req); err != nil {
			return err
		}
	}
	if err := s.Store.Deactivate(ctx, req); err != nil {
		return err
	}
	if s.after != nil {
		return s.after(req)
	}
	return nil
}

// TestStoreFails holds that a failure of the store, whatever it says, is one
// answer that tells nothing, and a log record without the key.
func TestStoreFails(t *testing.T) {
	t.Parallel()
	const key = `AAAA-"SECRET"-é-0001`
	fail := func(licensekey.DeactivateRequest) error { return errDisk }
	faults := map[string]faultyStore{
		"before applying": {before: fail},
		"after applying":  {after: fail},
		"with the key in the error": {before: func(r licensekey.DeactivateRequest) error {
			return fmt.Errorf("no row for key=%s (%q, %+q): %w", r.Key, r.Key, r.Key, errDisk)
		}},
		"with the request in the error": {before: func(r licensekey.DeactivateRequest) error {
			return fmt.Errorf("%v %+v %#v %s: %w", r, r, r, r, errDisk)
		}},
		"by a panic": {before: func(r licensekey.DeactivateRequest) error {
			panic("disk on fire at " + r.Key)
		}},
		"by a runtime error": {before: func(r licensekey.DeactivateRequest) error {
			return []error{errDisk}[len(r.Key)]
		}},
	}
	body := strings.Replace(goodBody, `"AAAA-ACTIVE-0001"`, `"AAAA-\"SECRET\"-é-0001"`, 1)
	for name, store := range faults {
		for _, format := range []string{"text", "json"} {
			k := seed(t)[0]
			k.Key = key
			mem := memstore.New()
			if _, err := mem.Import(t.Context(), []licensekey.LicenseKeyWithActivations{k}); err != nil {
				t.Fatal(err)
			}
			store.Store = mem
			var log bytes.Buffer
			h := licensekey.NewHandler(store, licensekey.Config{Logger: newLogger(format, &log)})
			wantAnswer(t, name, serve(h, newRequest("POST", licensekey.DeactivatePath, body)), 500, internalError)
			checkLog(t, name, log.String())

			// Applied or not, the same call tells the truth once the store works.
			want, wantBody := http.StatusNoContent, ""
			if store.after != nil {
				want, wantBody = http.StatusNotFound, notFoundBody
			}
			h = licensekey.NewHandler(mem, licensekey.Config{})
			wantAnswer(t, name+", then repaired", serve(h, newRequest("POST", licensekey.DeactivatePath, body)), want, wantBody)
		}
	}
}

func newLogger(format string, w *bytes.Buffer) *slog.Logger {
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, nil))
	}
	return slog.New(slog.NewTextHandler(w, nil))
}

func checkLog(t *testing.T, name, log string) {
	t.Helper()
	for _, want := range []string{"ERROR", "operation", "deactivate", activationA.String()} {
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

// TestAnswersAreNotLogged holds that nothing but a failure is logged.
func TestAnswersAreNotLogged(t *testing.T) {
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
	wantAnswer(t, "wrapped ErrNotFound", serve(h, newRequest("POST", "/", goodBody)), 404, notFoundBody)
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
	wantAnswer(t, "canceled request", serve(h, r.WithContext(ctx)), 500, internalError)
	if !strings.Contains(log.String(), "level=WARN") {
		t.Errorf("a canceled request was not logged as a warning:\n%s", &log)
	}
	wantAnswer(t, "the next request", serve(h, newRequest("POST", licensekey.DeactivatePath, goodBody)), 204, "")
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
		licensekey.DeactivateRequest{OrganizationID: orgA, Key: key}, k, &k,
		licensekey.LicenseKeyWithActivations{LicenseKey: k}, []licensekey.LicenseKey{k},
	} {
		var log bytes.Buffer
		newLogger("text", &log).Info("x", "v", v)
		if _, isSlice := v.([]licensekey.LicenseKey); !isSlice {
			newLogger("json", &log).Info("x", "v", v)
		}
		if text := fmt.Sprintf("%v %+v %#v %s", v, v, v, v) + log.String(); strings.Contains(text, "SECRET") {
			t.Errorf("%T shows its key: %s", v, text)
		}
	}
}
