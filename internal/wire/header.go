package wire

import (
	"net/http"
	"net/url"
	"strings"
)

// SetCommonHeaders sets the headers that every response has. version is the API
// version of a request that asks for none. The headers replace those that a
// host's middleware has set, so that no header is there twice.
func SetCommonHeaders(h, request http.Header, version string) {
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "private, no-store")
	if asked := request.Get("Polar-Version"); isVersion(asked) {
		version = asked
	}
	h.Set("Polar-Version", version)
	if _, ok := request["Origin"]; ok {
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Access-Control-Expose-Headers", "Polar-Version")
	}
}

// isVersion reports whether s has the form YYYY-MM.
func isVersion(s string) bool {
	return len(s) == len("YYYY-MM") && s[4] == '-' && strings.Trim(s[:4]+s[5:], "0123456789") == ""
}

// IsPreflight reports whether r is a CORS preflight: the question of a browser
// whether it may send another request.
func IsPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions &&
		r.Header.Get("Origin") != "" && r.Header.Get("Access-Control-Request-Method") != ""
}

// WritePreflight writes the response to a preflight. It lists what may be sent. The
// browser compares that with its request.
func WritePreflight(w http.ResponseWriter, method string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Access-Control-Allow-Methods", method)
	h.Set("Access-Control-Allow-Headers", "Accept, Accept-Language, Authorization, Content-Language, Content-Type, Polar-Version")
	h.Set("Access-Control-Max-Age", "600")
	Response{http.StatusOK, []byte("OK")}.Write(w)
}

// Path returns the path of a request without a fragment. Clients should not send
// one, and net/http leaves it in the path.
func Path(u *url.URL) string {
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

// BearerToken returns the token of an Authorization header (RFC 6750).
func BearerToken(h http.Header) (string, bool) {
	scheme, token, _ := strings.Cut(h.Get("Authorization"), " ")
	token = strings.TrimLeft(token, " ")
	return token, strings.EqualFold(scheme, "Bearer") && token != ""
}
