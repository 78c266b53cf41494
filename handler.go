package licensekey

import (
	"net/http"

	"github.com/licensekit/licensekey/internal/wire"
	"github.com/licensekit/licensekey/schema"
)

// Paths that [NewHandler] serves. The license key is the credential there.
const (
	ActivatePath   = "/v1/customer-portal/license-keys/activate"
	ValidatePath   = "/v1/customer-portal/license-keys/validate"
	DeactivatePath = "/v1/customer-portal/license-keys/deactivate"
)

// Former paths of the same endpoints, which installed apps still use.
const (
	UsersActivatePath   = "/v1/users/license-keys/activate"
	UsersValidatePath   = "/v1/users/license-keys/validate"
	UsersDeactivatePath = "/v1/users/license-keys/deactivate"
)

// Paths that need a bearer token. [NewHandler] serves them if Config.Authorize
// is set.
const (
	ServerActivatePath   = "/v1/license-keys/activate"
	ServerValidatePath   = "/v1/license-keys/validate"
	ServerDeactivatePath = "/v1/license-keys/deactivate"
)

// OpenAPIPath is where [NewHandler] serves the OpenAPI document if
// Config.OpenAPI is set.
const OpenAPIPath = "/openapi.json"

// NewHandler returns a handler that serves every endpoint of this package over
// store, on the paths that Polar has. Any other path gets a 404 whose body has no
// "error" member, so that no client takes it for a missing license. The handler
// matches the full path: mount it at "/", at "/v1/", or under a prefix with
// [http.StripPrefix]. It is safe for concurrent use.
//
// NewHandler panics if store is nil.
func NewHandler(store Store, cfg Config) http.Handler {
	if store == nil {
		panic("licensekey: NewHandler: store is nil")
	}
	c := cfg.normalize()
	activate, validate, deactivate := activate(store, c), validate(store), deactivate(store)
	routes := map[string]http.Handler{
		ActivatePath:   newEndpoint(activate, c, false),
		ValidatePath:   newEndpoint(validate, c, false),
		DeactivatePath: newEndpoint(deactivate, c, false),
	}
	routes[UsersActivatePath] = routes[ActivatePath]
	routes[UsersValidatePath] = routes[ValidatePath]
	routes[UsersDeactivatePath] = routes[DeactivatePath]
	if c.Authorize != nil {
		routes[ServerActivatePath] = newEndpoint(activate, c, true)
		routes[ServerValidatePath] = newEndpoint(validate, c, true)
		routes[ServerDeactivatePath] = newEndpoint(deactivate, c, true)
	}
	if c.OpenAPI {
		routes[OpenAPIPath] = resource{method: http.MethodGet, version: c.Version, respond: documentResponse}
	}
	return router{routes, c.Version}
}

// NewActivateHandler returns a handler that serves the activate endpoint over a,
// on whatever path it is mounted. Requests need a bearer token if cfg.Authorize
// is set. The handler ignores cfg.OpenAPI. It is safe for concurrent use.
//
// NewActivateHandler panics if a is nil.
func NewActivateHandler(a Activator, cfg Config) http.Handler {
	if a == nil {
		panic("licensekey: NewActivateHandler: activator is nil")
	}
	c := cfg.normalize()
	return newEndpoint(activate(a, c), c, c.Authorize != nil)
}

// NewValidateHandler returns a handler that serves the validate endpoint over v,
// on whatever path it is mounted. Requests need a bearer token if cfg.Authorize
// is set. The handler ignores cfg.NewID, cfg.SameDevice and cfg.OpenAPI. It
// is safe for concurrent use.
//
// NewValidateHandler panics if v is nil.
func NewValidateHandler(v Validator, cfg Config) http.Handler {
	if v == nil {
		panic("licensekey: NewValidateHandler: validator is nil")
	}
	return newEndpoint(validate(v), cfg.normalize(), cfg.Authorize != nil)
}

// NewDeactivateHandler returns a handler that serves the deactivate endpoint
// over d, on whatever path it is mounted. Requests need a bearer token if
// cfg.Authorize is set. The handler ignores cfg.NewID, cfg.SameDevice and cfg.OpenAPI.
// It is safe for concurrent use.
//
// NewDeactivateHandler panics if d is nil.
func NewDeactivateHandler(d Deactivator, cfg Config) http.Handler {
	if d == nil {
		panic("licensekey: NewDeactivateHandler: deactivator is nil")
	}
	return newEndpoint(deactivate(d), cfg.normalize(), cfg.Authorize != nil)
}

// router holds a handler for each path.
type router struct {
	routes  map[string]http.Handler
	version string
}

func (rt router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h, ok := rt.routes[wire.Path(r.URL)]; ok {
		h.ServeHTTP(w, r)
		return
	}
	wire.SetCommonHeaders(w.Header(), r.Header, rt.version)
	wire.NotFoundPath.Write(w)
}

// resource serves a path that has one method. It also serves the CORS preflight,
// and rejects other methods.
type resource struct {
	method  string
	version string // the API version of a request that asks for none
	respond func(w http.ResponseWriter, r *http.Request) wire.Response
}

func (res resource) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	wire.SetCommonHeaders(h, r.Header, res.version)
	switch {
	case wire.IsPreflight(r):
		wire.WritePreflight(w, res.method)
	case r.Method != res.method:
		h.Set("Allow", res.method)
		wire.MethodNotAllowed.Write(w)
	default:
		res.respond(w, r).Write(w)
	}
}

func documentResponse(http.ResponseWriter, *http.Request) wire.Response {
	return wire.Response{Status: http.StatusOK, Body: schema.Document()}
}
