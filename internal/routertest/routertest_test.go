// Package routertest mounts the handler on other routers, behind a middleware
// of theirs and under a prefix. It is a module of its own so that these routers
// stay out of the go.mod of those who do not use them.
package routertest

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
	"github.com/gorilla/mux"
	"github.com/labstack/echo/v4"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/memstore"
)

// tenant is what the middleware of each router puts into the context.
type tenant struct{}

func onChi(api http.Handler) http.Handler {
	r := chi.NewRouter()
	r.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), tenant{}, "acme")))
		})
	})
	r.Get("/hello", hello)
	r.Mount("/licensing", http.StripPrefix("/licensing", api))
	return r
}

func onGin(api http.Handler) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.Use(func(c *gin.Context) {
		c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), tenant{}, "acme"))
	})
	r.GET("/hello", gin.WrapF(hello))
	r.Any("/licensing/*path", gin.WrapH(http.StripPrefix("/licensing", api)))
	return r
}

func onEcho(api http.Handler) http.Handler {
	e := echo.New()
	e.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			c.SetRequest(c.Request().WithContext(context.WithValue(c.Request().Context(), tenant{}, "acme")))
			return next(c)
		}
	})
	e.GET("/hello", echo.WrapHandler(http.HandlerFunc(hello)))
	e.Any("/licensing/*", echo.WrapHandler(http.StripPrefix("/licensing", api)))
	return e
}

func onGorilla(api http.Handler) http.Handler {
	r := mux.NewRouter()
	r.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), tenant{}, "acme")))
		})
	})
	r.HandleFunc("/hello", hello)
	r.PathPrefix("/licensing/").Handler(http.StripPrefix("/licensing", api))
	return r
}

func hello(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }

// watched fails the test for a request without the middleware's value.
type watched struct {
	licensekey.Store
	t *testing.T
}

func (s watched) check(ctx context.Context) {
	if got := ctx.Value(tenant{}); got != "acme" {
		s.t.Errorf("the store saw the context value %v, want acme", got)
	}
}

func (s watched) Activate(ctx context.Context, req licensekey.ActivateRequest) (licensekey.Activated, error) {
	s.check(ctx)
	return s.Store.Activate(ctx, req)
}

func (s watched) Validate(ctx context.Context, req licensekey.ValidateRequest) (licensekey.Validated, error) {
	s.check(ctx)
	return s.Store.Validate(ctx, req)
}

func (s watched) Deactivate(ctx context.Context, req licensekey.DeactivateRequest) error {
	s.check(ctx)
	return s.Store.Deactivate(ctx, req)
}

func TestRouters(t *testing.T) {
	t.Parallel()
	for name, mount := range map[string]func(http.Handler) http.Handler{
		"chi": onChi, "gin": onGin, "echo": onEcho, "gorilla": onGorilla,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := memstore.New()
			k, err := store.Issue(t.Context(), licensekey.IssueRequest{OrganizationID: uuid.New(), LimitActivations: 1})
			if err != nil {
				t.Fatal(err)
			}
			activation := uuid.New()
			ids := []uuid.UUID{activation, uuid.New()}
			newID := func() uuid.UUID {
				id := ids[0]
				ids = ids[1:]
				return id
			}
			api := licensekey.NewHandler(watched{store, t}, licensekey.Config{NewID: newID})
			testRoutes(t, mount(api), k, activation.String())
		})
	}
}

func testRoutes(t *testing.T, h http.Handler, k licensekey.LicenseKey, activation string) {
	t.Helper()
	body := `{"key":"` + string(k.Key) + `","organization_id":"` + k.OrganizationID.String() + `","label":"box","activation_id":"` + activation + `"}`
	steps := []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/hello", "", 200, "hello"},
		{"POST", "/licensing" + licensekey.ActivatePath, body, 200, activation},
		{"POST", "/licensing" + licensekey.ActivatePath, body, 403, "NotPermitted"},
		{"POST", "/licensing" + licensekey.ValidatePath, body, 200, string(k.Key)},
		{"POST", "/licensing" + licensekey.DeactivatePath, body, 204, ""},
		{"POST", "/licensing" + licensekey.DeactivatePath, body, 404, "ResourceNotFound"},
		{"POST", "/licensing" + licensekey.DeactivatePath, "{}", 422, "Field required"},
		{"GET", "/licensing" + licensekey.DeactivatePath, "", 405, "Method Not Allowed"},
		{"POST", "/licensing/nowhere", body, 404, `{"detail":"Not Found"}`},
		{"OPTIONS", "/licensing" + licensekey.DeactivatePath, "", 200, "OK"},
	}
	for _, step := range steps {
		r := httptest.NewRequest(step.method, step.path, strings.NewReader(step.body))
		r.Header.Set("Content-Type", "application/json")
		if step.method == http.MethodOptions {
			r.Header.Set("Origin", "https://shop.example")
			r.Header.Set("Access-Control-Request-Method", "POST")
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != step.status || !strings.Contains(w.Body.String(), step.want) {
			t.Errorf("%s %s %s: got %d %s, want %d with %q", step.method, step.path, step.body, w.Code, w.Body, step.status, step.want)
		}
		for header, values := range w.Header() {
			if len(values) > 1 && header != "Vary" {
				t.Errorf("%s %s: header %s is there %d times", step.method, step.path, header, len(values))
			}
		}
	}
}
