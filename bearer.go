package licensekey

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey/internal/wire"
)

// authorize returns the organizations whose license keys the caller may act on.
// The error is a *wire.Error if the token is missing or not accepted.
func (e *endpoint) authorize(w http.ResponseWriter, r *http.Request) ([]uuid.UUID, error) {
	token, ok := wire.BearerToken(r.Header)
	if !ok {
		return nil, unauthorized(w)
	}
	organizations, err := e.cfg.Authorize(r.Context(), token)
	if errors.Is(err, ErrUnauthorized) {
		return nil, unauthorized(w)
	}
	if err != nil {
		return nil, fmt.Errorf("authorize: %w", err)
	}
	return organizations, nil
}

func unauthorized(w http.ResponseWriter) error {
	w.Header().Set("WWW-Authenticate", "Bearer")
	return wire.Unauthorized
}

// permit returns ErrNotFound if the body is about an organization that is not
// among those of the token.
func permit(organizations []uuid.UUID, body wire.Body) error {
	if !slices.Contains(organizations, body.UUID("organization_id")) {
		return ErrNotFound
	}
	return nil
}
