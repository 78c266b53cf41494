package licensekey

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/licensekit/licensekey/schema"
)

// Paths that [NewHandler] answers.
const (
	DeactivatePath = "/v1/customer-portal/license-keys/deactivate"
	OpenAPIPath    = "/openapi.json" // if Config.OpenAPI
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
	routes := router{DeactivatePath: NewDeactivateHandler(store, cfg)}
	if cfg.OpenAPI {
		routes[OpenAPIPath] = resource{method: http.MethodGet, answer: documentAnswer}
	}
	return routes
}

// NewDeactivateHandler returns a handler that answers the deactivate endpoint
// on whatever path it is mounted, over d.
//
// It panics if d is nil.
func NewDeactivateHandler(d Deactivator, cfg Config) http.Handler {
	if d == nil {
		panic("licensekey: NewDeactivateHandler: deactivator is nil")
	}
	return newEndpoint(deactivate(d), cfg)
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
