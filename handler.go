package licensekey

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/licensekit/licensekey/schema"
)

// Paths that [NewHandler] answers.
const (
	ActivatePath   = "/v1/customer-portal/license-keys/activate"
	ValidatePath   = "/v1/customer-portal/license-keys/validate"
	DeactivatePath = "/v1/customer-portal/license-keys/deactivate"

	// For servers, if Config.Authorize.
	ServerActivatePath   = "/v1/license-keys/activate"
	ServerValidatePath   = "/v1/license-keys/validate"
	ServerDeactivatePath = "/v1/license-keys/deactivate"

	OpenAPIPath = "/openapi.json" // if Config.OpenAPI
)

// NewHandler returns a handler that answers every endpoint of the package on
// its Polar path, over store, and any other path with a 404 that no client
// takes for a missing license. It matches the full path: mount it at "/", at
// "/v1/", or under a prefix with [http.StripPrefix].
//
// It panics if store is nil.
func NewHandler(store Store, cfg Config) http.Handler {
	if store == nil {
		panic("licensekey: NewHandler: store is nil")
	}
	routes := router{
		ActivatePath:   NewActivateHandler(store, cfg),
		ValidatePath:   NewValidateHandler(store, cfg),
		DeactivatePath: NewDeactivateHandler(store, cfg),
	}
	if cfg.Authorize != nil {
		routes[ServerActivatePath] = newEndpoint(activate(store, cfg), cfg, true)
		routes[ServerValidatePath] = newEndpoint(validate(store), cfg, true)
		routes[ServerDeactivatePath] = newEndpoint(deactivate(store), cfg, true)
	}
	if cfg.OpenAPI {
		routes[OpenAPIPath] = resource{method: http.MethodGet, answer: documentAnswer}
	}
	return routes
}

// NewActivateHandler returns a handler that answers the activate endpoint on
// whatever path it is mounted, over a.
//
// It panics if a is nil.
func NewActivateHandler(a Activator, cfg Config) http.Handler {
	if a == nil {
		panic("licensekey: NewActivateHandler: activator is nil")
	}
	return newEndpoint(activate(a, cfg), cfg, false)
}

// NewValidateHandler returns a handler that answers the validate endpoint on
// whatever path it is mounted, over v.
//
// It panics if v is nil.
func NewValidateHandler(v Validator, cfg Config) http.Handler {
	if v == nil {
		panic("licensekey: NewValidateHandler: validator is nil")
	}
	return newEndpoint(validate(v), cfg, false)
}

// NewDeactivateHandler returns a handler that answers the deactivate endpoint
// on whatever path it is mounted, over d.
//
// It panics if d is nil.
func NewDeactivateHandler(d Deactivator, cfg Config) http.Handler {
	if d == nil {
		panic("licensekey: NewDeactivateHandler: deactivator is nil")
	}
	return newEndpoint(deactivate(d), cfg, false)
}

// router holds a handler for each path.
type router map[string]http.Handler

func (routes router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h, ok := routes[requestPath(r.URL)]; ok {
		h.ServeHTTP(w, r)
		return
	}
	setCommonHeaders(w.Header(), r.Header)
	notFoundPath.write(w)
}

// requestPath returns the path of a request without a fragment. Clients should
// not send one, and net/http leaves it in the path.
func requestPath(u *url.URL) string {
	raw, _, found := strings.Cut(u.RawPath, "#")
	if !found {
		return u.Path
	}
	path, err := url.PathUnescape(raw)
	if err != nil {
		return u.Path
	}
	return path
}

// resource is a path that takes one method: it answers a CORS preflight and
// refuses other methods.
type resource struct {
	method string
	answer func(w http.ResponseWriter, r *http.Request) answer
}

func (res resource) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	setCommonHeaders(h, r.Header)
	switch {
	case isPreflight(r):
		writePreflight(w, res.method)
	case r.Method != res.method:
		h.Set("Allow", res.method)
		methodNotAllowed.write(w)
	default:
		res.answer(w, r).write(w)
	}
}

func documentAnswer(http.ResponseWriter, *http.Request) answer {
	return answer{status: http.StatusOK, body: schema.Document()}
}
