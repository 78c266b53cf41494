package licensekey

import (
	"net/http"
	"strings"
)

// defaultVersion is the API version of a request that asks for none.
const defaultVersion = "2026-04"

// setCommonHeaders sets what every answer carries. It replaces what a host's
// middleware has set, so that nothing is there twice.
func setCommonHeaders(h, request http.Header) {
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "private, no-store")
	version := request.Get("Polar-Version")
	if !isVersion(version) {
		version = defaultVersion
	}
	h.Set("Polar-Version", version)
	if _, ok := request["Origin"]; ok {
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Access-Control-Expose-Headers", "Polar-Version")
	}
}

// isVersion says whether s has the form YYYY-MM.
func isVersion(s string) bool {
	return len(s) == len("YYYY-MM") && s[4] == '-' && strings.Trim(s[:4]+s[5:], "0123456789") == ""
}

// isPreflight says whether a browser asks if it may send another request.
func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions &&
		r.Header.Get("Origin") != "" && r.Header.Get("Access-Control-Request-Method") != ""
}

// writePreflight lists what may be sent; comparing is the browser's part.
func writePreflight(w http.ResponseWriter, method string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Access-Control-Allow-Methods", method)
	h.Set("Access-Control-Allow-Headers", "Accept, Accept-Language, Authorization, Content-Language, Content-Type, Polar-Version")
	h.Set("Access-Control-Max-Age", "600")
	answer{http.StatusOK, []byte("OK")}.write(w)
}
