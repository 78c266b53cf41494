package licensekey

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// authorize asks the host whose license keys the request's token may be used
// on, or answers why it may not be used at all.
func (e *endpoint) authorize(w http.ResponseWriter, r *http.Request) (permits func(fields) bool, refused *answer) {
	token, ok := bearerToken(r.Header)
	if !ok {
		return nil, refuseToken(w)
	}
	organizations, err := e.cfg.Authorize(r.Context(), token)
	if errors.Is(err, ErrUnauthorized) {
		return nil, refuseToken(w)
	}
	if err != nil {
		return nil, refusal(e.fail(r, fields{}, fmt.Errorf("authorize: %w", err)))
	}
	return func(body fields) bool {
		return slices.Contains(organizations, body.uuid("organization_id"))
	}, nil
}

func refuseToken(w http.ResponseWriter) *answer {
	w.Header().Set("WWW-Authenticate", "Bearer")
	return &unauthorized
}

// bearerToken returns the token of an Authorization header (RFC 6750).
func bearerToken(h http.Header) (string, bool) {
	scheme, token, _ := strings.Cut(h.Get("Authorization"), " ")
	token = strings.TrimLeft(token, " ")
	return token, strings.EqualFold(scheme, "Bearer") && token != ""
}
