package licensekey_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/memstore"
)

const (
	goodBody = `{"key":"AAAA-ACTIVE-0001","organization_id":"0a0a0a0a-0000-4000-8000-00000000000a",` +
		`"activation_id":"ac710000-0000-4000-8000-000000000011"}`
	notFoundBody = `{"error":"ResourceNotFound","detail":"Not found"}`
)

var (
	orgA        = uuid.MustParse("0a0a0a0a-0000-4000-8000-00000000000a")
	activationA = uuid.MustParse("ac710000-0000-4000-8000-000000000011")
	frozen      = time.Date(2026, 1, 15, 12, 0, 0, 123456000, time.UTC)
)

// deactivatorFunc is a store of one function.
type deactivatorFunc func(context.Context, licensekey.DeactivateRequest) error

func (f deactivatorFunc) Deactivate(ctx context.Context, req licensekey.DeactivateRequest) error {
	return f(ctx, req)
}

func newRequest(method, path, body string) *http.Request {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	return r
}

func serve(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func wantResponse(t *testing.T, what string, got *httptest.ResponseRecorder, status int, body string) {
	t.Helper()
	if got.Code != status || got.Body.String() != body {
		t.Errorf("%s: got %d %s\nwant %d %s", what, got.Code, got.Body, status, body)
	}
}

func TestMounting(t *testing.T) {
	t.Parallel()
	mux := func(pattern string, h http.Handler) http.Handler {
		m := http.NewServeMux()
		m.Handle(pattern, h)
		return m
	}
	mounts := []struct {
		name, path string
		mount      func(store licensekey.Store) http.Handler
	}{
		{"alone", licensekey.DeactivatePath, func(s licensekey.Store) http.Handler {
			return licensekey.NewHandler(s, licensekey.Config{})
		}},
		{"on a mux", licensekey.DeactivatePath, func(s licensekey.Store) http.Handler {
			return mux("/v1/", licensekey.NewHandler(s, licensekey.Config{}))
		}},
		{"under a prefix", "/licensing" + licensekey.DeactivatePath, func(s licensekey.Store) http.Handler {
			return mux("/licensing/", http.StripPrefix("/licensing", licensekey.NewHandler(s, licensekey.Config{})))
		}},
		{"one endpoint on a path of its own", "/seats/free", func(s licensekey.Store) http.Handler {
			return mux("POST /seats/free", licensekey.NewDeactivateHandler(s, licensekey.Config{}))
		}},
	}
	for _, m := range mounts {
		h := m.mount(importSeed(t, memstore.New()))
		wantResponse(t, m.name, serve(h, newRequest("POST", m.path, goodBody)), 204, "")
		wantResponse(t, m.name+", again", serve(h, newRequest("POST", m.path, goodBody)), 404, notFoundBody)
	}
}

// TestEndpointsAlone mounts each endpoint by itself.
func TestEndpointsAlone(t *testing.T) {
	t.Parallel()
	store := importSeed(t, memstore.New())
	body := strings.Replace(goodBody, `"key"`, `"label":"box","key"`, 1)
	for name, h := range map[string]http.Handler{
		`"label":"box"`:           licensekey.NewActivateHandler(store, licensekey.Config{}),
		`"activation":{"id":"ac7`: licensekey.NewValidateHandler(store, licensekey.Config{}),
	} {
		if got := serve(h, newRequest("POST", "/anywhere", body)); got.Code != 200 || !strings.Contains(got.Body.String(), name) {
			t.Errorf("sent %s: got %d %s, want 200 with %s", body, got.Code, got.Body, name)
		}
	}
}

// TestUsersPaths sends what installed apps send to the former paths.
func TestUsersPaths(t *testing.T) {
	t.Parallel()
	h := licensekey.NewHandler(importSeed(t, memstore.New()), licensekey.Config{Authorize: tokenOfOrgA})
	body := strings.Replace(goodBody, `"key"`, `"label":"Linux Activation","meta":{"pc_id":"5f70bf18"},"key"`, 1)
	for _, tt := range []struct {
		path   string
		status int
	}{{licensekey.UsersActivatePath, 200}, {licensekey.UsersValidatePath, 200}, {licensekey.UsersDeactivatePath, 204}} {
		if got := serve(h, newRequest("POST", tt.path, body)); got.Code != tt.status {
			t.Errorf("POST %s: got %d %s, want %d", tt.path, got.Code, got.Body, tt.status)
		}
	}
	wantResponse(t, "GET", serve(h, newRequest("GET", licensekey.UsersDeactivatePath, "")), 405, `{"detail":"Method Not Allowed"}`)
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	h := licensekey.NewHandler(memstore.New(), licensekey.Config{})
	const nowhere, method = `{"detail":"Not Found"}`, `{"detail":"Method Not Allowed"}`
	tests := []struct {
		method, path string
		status       int
		body, allow  string
	}{
		{"POST", licensekey.DeactivatePath, 404, notFoundBody, ""},
		{"POST", licensekey.DeactivatePath + "?a=b", 404, notFoundBody, ""},
		{"GET", licensekey.DeactivatePath, 405, method, "POST"},
		{"PUT", licensekey.DeactivatePath, 405, method, "POST"},
		{"OPTIONS", licensekey.DeactivatePath, 405, method, "POST"},
		{"POST", licensekey.DeactivatePath + "/", 404, nowhere, ""},
		{"POST", "/", 404, nowhere, ""},
		{"GET", "/", 404, nowhere, ""},
		{"GET", licensekey.OpenAPIPath, 404, nowhere, ""},
	}
	for _, tt := range tests {
		got := serve(h, newRequest(tt.method, tt.path, goodBody))
		wantResponse(t, tt.method+" "+tt.path, got, tt.status, tt.body)
		if allow := got.Header().Get("Allow"); allow != tt.allow {
			t.Errorf("%s %s: Allow is %q, want %q", tt.method, tt.path, allow, tt.allow)
		}
	}
}

// TestMiddleware puts the handler behind a host's middleware: its context values
// reach the store, and headers that both set are there once.
func TestMiddleware(t *testing.T) {
	t.Parallel()
	type tenant struct{}
	var seen any
	api := licensekey.NewDeactivateHandler(deactivatorFunc(func(ctx context.Context, _ licensekey.DeactivateRequest) error {
		seen = ctx.Value(tenant{})
		return nil
	}), licensekey.Config{})
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Cache-Control", "public")
		w.Header().Set("Access-Control-Allow-Origin", "https://host.example")
		w.Header().Set("X-Host", "kept")
		api.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), tenant{}, "acme")))
	})
	r := newRequest("POST", "/", goodBody)
	r.Header.Set("Origin", "https://shop.example")
	got := serve(h, r)
	wantResponse(t, "behind middleware", got, 204, "")
	if seen != "acme" {
		t.Errorf("the store saw the context value %v, want acme", seen)
	}
	want := map[string]string{
		"Content-Type": "application/json", "Cache-Control": "private, no-store", "X-Host": "kept",
		"Polar-Version": "2026-10", "Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Polar-Version",
	}
	for name, value := range want {
		if values := got.Header().Values(name); len(values) != 1 || values[0] != value {
			t.Errorf("header %s is %q, want %q once", name, values, value)
		}
	}
}

func TestRequestReachesStore(t *testing.T) {
	t.Parallel()
	var got licensekey.DeactivateRequest
	h := licensekey.NewDeactivateHandler(deactivatorFunc(func(_ context.Context, req licensekey.DeactivateRequest) error {
		got = req
		return nil
	}), licensekey.Config{Now: func() time.Time { return frozen }})
	body := `{"KEY":"evil","key":"first","key":" Ключ\u0041\ud83d\udd11 ","Key":"evil",` +
		`"organization_id":"{0A0A0A0A-0000-4000-8000-00000000000a}","activation_id":"ac710000000040008000000000000011"}`
	wantResponse(t, body, serve(h, newRequest("POST", "/", body)), 204, "")
	want := licensekey.DeactivateRequest{OrganizationID: orgA, Key: " КлючA🔑 ", ActivationID: activationA, Now: frozen}
	if got != want {
		t.Errorf("sent %s\nthe store got %v, key %q, at %v\nwant %v, key %q, at %v", body, got, string(got.Key), got.Now, want, string(want.Key), want.Now)
	}
}

func TestVersionHeader(t *testing.T) {
	t.Parallel()
	h := licensekey.NewHandler(memstore.New(), licensekey.Config{})
	configured := licensekey.NewHandler(memstore.New(), licensekey.Config{Version: "2025-07"})
	for sent, want := range map[string]string{
		"": "2026-10", "2025-01": "2025-01", "2031-12": "2031-12", "9999-99": "9999-99",
		"2026-4": "2026-10", "2026-04-01": "2026-10", "x": "2026-10", "2026.10": "2026-10", "-026-10": "2026-10", "202²-04": "2026-10",
	} {
		for _, path := range []string{licensekey.DeactivatePath, "/nowhere"} {
			r := newRequest("POST", path, "{}")
			r.Header.Set("Polar-Version", sent)
			if got := serve(h, r).Header().Get("Polar-Version"); got != want {
				t.Errorf("POST %s with Polar-Version %q: got %q, want %q", path, sent, got, want)
			}
			if got := serve(configured, r).Header().Get("Polar-Version"); sent == "" && got != "2025-07" {
				t.Errorf("POST %s without Polar-Version, configured 2025-07: got %q", path, got)
			}
		}
	}
}

func TestPreflight(t *testing.T) {
	t.Parallel()
	h := licensekey.NewHandler(memstore.New(), licensekey.Config{})
	r := newRequest("OPTIONS", licensekey.DeactivatePath, "")
	r.Header.Set("Origin", "https://shop.example")
	r.Header.Set("Access-Control-Request-Method", "POST")
	r.Header.Set("Access-Control-Request-Headers", "content-type, polar-version")
	got := serve(h, r)
	if got.Code != http.StatusOK {
		t.Errorf("preflight: got %d, want 200", got.Code)
	}
	for name, want := range map[string]string{
		"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "POST", "Access-Control-Max-Age": "600",
		"Access-Control-Allow-Headers":     "Accept, Accept-Language, Authorization, Content-Language, Content-Type, Polar-Version",
		"Access-Control-Allow-Credentials": "",
	} {
		if value := got.Header().Get(name); value != want {
			t.Errorf("preflight: %s is %q, want %q", name, value, want)
		}
	}
	r.URL.Path = "/nowhere"
	wantResponse(t, "preflight of an unknown path", serve(h, r), 404, `{"detail":"Not Found"}`)
}

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	const limit = 200
	tooLarge := `{"error":"RequestBodyTooLarge","detail":"Request body exceeded the maximum allowed size of 200 bytes."}`
	store := importSeed(t, memstore.New())
	h := licensekey.NewHandler(store, licensekey.Config{BodyLimit: limit})
	padded := func(size int) string { return goodBody + strings.Repeat(" ", size-len(goodBody)) }
	unknownLength := func(size int) *http.Request {
		r := newRequest("POST", licensekey.DeactivatePath, "")
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(padded(size))), -1
		return r
	}
	wantResponse(t, "201 bytes", serve(h, newRequest("POST", licensekey.DeactivatePath, padded(limit+1))), 413, tooLarge)
	wantResponse(t, "201 bytes of unknown length", serve(h, unknownLength(limit+1)), 413, tooLarge)
	wantResponse(t, "200 bytes of unknown length", serve(h, unknownLength(limit)), 204, "")
	wantResponse(t, "200 bytes", serve(h, newRequest("POST", licensekey.DeactivatePath, padded(limit))), 404, notFoundBody)

	byDefault := licensekey.NewHandler(store, licensekey.Config{})
	wantResponse(t, "128 KiB", serve(byDefault, newRequest("POST", licensekey.DeactivatePath, padded(128<<10))), 404, notFoundBody)
	if got := serve(byDefault, newRequest("POST", licensekey.DeactivatePath, padded(128<<10+1))); got.Code != 413 {
		t.Errorf("128 KiB and a byte: got %d, want 413", got.Code)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestUnreadableBody(t *testing.T) {
	t.Parallel()
	const unreadable = `{"detail":"There was an error parsing the body"}`
	h := licensekey.NewHandler(memstore.New(), licensekey.Config{})
	for name, body := range map[string]string{
		"invalid UTF-8": "{\"key\":\"\xff\"}",
		"deep nesting":  strings.Repeat("[", 301),
		"long integer":  strings.Repeat("9", 5000),
	} {
		wantResponse(t, name, serve(h, newRequest("POST", licensekey.DeactivatePath, body)), 400, unreadable)
	}
	text := newRequest("POST", licensekey.DeactivatePath, "\xff")
	text.Header.Set("Content-Type", "text/plain")
	wantResponse(t, "text that is no UTF-8", serve(h, text), 400, unreadable)
	cut := httptest.NewRequest("POST", licensekey.DeactivatePath, io.MultiReader(bytes.NewReader([]byte(goodBody)), brokenReader{}))
	wantResponse(t, "cut short", serve(h, cut), 400, unreadable)
}

func TestNilStorePanics(t *testing.T) {
	t.Parallel()
	for name, construct := range map[string]func(){
		"NewHandler":           func() { licensekey.NewHandler(nil, licensekey.Config{}) },
		"NewActivateHandler":   func() { licensekey.NewActivateHandler(nil, licensekey.Config{}) },
		"NewValidateHandler":   func() { licensekey.NewValidateHandler(nil, licensekey.Config{}) },
		"NewDeactivateHandler": func() { licensekey.NewDeactivateHandler(nil, licensekey.Config{}) },
	} {
		func() {
			defer func() {
				if p, _ := recover().(string); !strings.Contains(p, name) {
					t.Errorf("%s(nil) panicked with %q, want its name in it", name, p)
				}
			}()
			construct()
		}()
	}
}
