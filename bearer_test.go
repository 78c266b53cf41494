package licensekey_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/memstore"
)

// tokenOfOrgA accepts one token, for one organization.
func tokenOfOrgA(_ context.Context, token string) ([]uuid.UUID, error) {
	switch token {
	case "token-a":
		return []uuid.UUID{orgA}, nil
	case "token-broken":
		return nil, errors.New("no connection for token-broken")
	case "token-panic":
		panic("no connection for token-panic")
	}
	return nil, fmt.Errorf("lookup: %w", licensekey.ErrUnauthorized)
}

const unauthorizedBody = `{"error":"Unauthorized","detail":"Unauthorized"}`

func TestServerRoutesNeedAuthorize(t *testing.T) {
	t.Parallel()
	h := licensekey.NewHandler(memstore.New(), licensekey.Config{})
	for _, path := range []string{licensekey.ServerActivatePath, licensekey.ServerValidatePath, licensekey.ServerDeactivatePath} {
		wantResponse(t, "POST "+path, serve(h, newRequest("POST", path, goodBody)), 404, `{"detail":"Not Found"}`)
	}
}

func TestBearerToken(t *testing.T) {
	t.Parallel()
	tests := []struct {
		authorization string
		status        int
	}{
		{"Bearer token-a", 204}, {"bearer token-a", 204}, {"BEARER  token-a", 204},
		{"", 401}, {"Bearer", 401}, {"Bearer ", 401}, {"Bearer x", 401}, {"token-a", 401}, {"Basic token-a", 401}, {"Bearer token-a x", 401},
		{"Bearer,token-a", 401}, {"Bearer token-broken", 500}, {"Bearer token-panic", 500},
	}
	for _, tt := range tests {
		var log bytes.Buffer
		h := licensekey.NewHandler(importSeed(t, memstore.New()), licensekey.Config{Authorize: tokenOfOrgA, Logger: newLogger("text", &log)})
		r := newRequest("POST", licensekey.ServerDeactivatePath, goodBody)
		r.Header.Set("Authorization", tt.authorization)
		body := map[int]string{401: unauthorizedBody, 500: internalError}[tt.status]
		got := serve(h, r)
		wantResponse(t, tt.authorization, got, tt.status, body)
		if challenge := got.Header().Get("WWW-Authenticate"); (challenge == "Bearer") != (tt.status == 401) {
			t.Errorf("%s: WWW-Authenticate is %q", tt.authorization, challenge)
		}
		if strings.Contains(log.String(), "token-") {
			t.Errorf("%s: the log has the token: %s", tt.authorization, &log)
		}
	}
}

// TestTokenOfAnotherOrganization holds that a token finds the keys of its own
// organizations only, and that the rest of the request does not matter before.
func TestTokenOfAnotherOrganization(t *testing.T) {
	t.Parallel()
	store := importSeed(t, memstore.New())
	h := licensekey.NewHandler(store, licensekey.Config{Authorize: tokenOfOrgA})
	send := func(token, path, body string) *http.Request {
		r := newRequest("POST", path, body)
		r.Header.Set("Authorization", "Bearer "+token)
		return r
	}
	ofOrgB := `{"key":"SHARED-KEY","organization_id":"0b0b0b0b-0000-4000-8000-00000000000b","label":"x",` +
		`"activation_id":"ac710000-0000-4000-8000-000000000051"}`
	for _, path := range []string{licensekey.ServerActivatePath, licensekey.ServerValidatePath, licensekey.ServerDeactivatePath} {
		wantResponse(t, "another organization on "+path, serve(h, send("token-a", path, ofOrgB)), 404, notFoundBody)
		wantResponse(t, "an unknown token on "+path, serve(h, send("x", path, "{")), 401, unauthorizedBody)
		if got := serve(h, send("token-a", path, "{}")); got.Code != 422 {
			t.Errorf("an empty body on %s: got %d %s, want 422", path, got.Code, got.Body)
		}
	}
	// On the public path the same request needs no token.
	wantResponse(t, "public", serve(h, newRequest("POST", licensekey.DeactivatePath, ofOrgB)), 204, "")
	ofOrgA := `{"key":"AAAA-ACTIVE-0001","organization_id":"0a0a0a0a-0000-4000-8000-00000000000a","label":"x"}`
	if got := serve(h, send("token-a", licensekey.ServerActivatePath, ofOrgA)); got.Code != 200 {
		t.Errorf("activate with a token: got %d %s, want 200", got.Code, got.Body)
	}
	if got := serve(h, send("token-a", licensekey.ServerValidatePath, ofOrgA)); got.Code != 200 {
		t.Errorf("validate with a token: got %d %s, want 200", got.Code, got.Body)
	}
}

// TestAuthorizeOfOneEndpoint holds that a handler of one endpoint asks for a
// token if Authorize is set.
func TestAuthorizeOfOneEndpoint(t *testing.T) {
	t.Parallel()
	cfg := licensekey.Config{Authorize: tokenOfOrgA}
	body := strings.Replace(goodBody, `"key"`, `"label":"x","key"`, 1)
	for name, newHandler := range map[string]func(fullStore) http.Handler{
		"activate":   func(s fullStore) http.Handler { return licensekey.NewActivateHandler(s, cfg) },
		"validate":   func(s fullStore) http.Handler { return licensekey.NewValidateHandler(s, cfg) },
		"deactivate": func(s fullStore) http.Handler { return licensekey.NewDeactivateHandler(s, cfg) },
	} {
		h := newHandler(importSeed(t, memstore.New()))
		wantResponse(t, name+" without a token", serve(h, newRequest("POST", "/", body)), 401, unauthorizedBody)
		r := newRequest("POST", "/", body)
		r.Header.Set("Authorization", "Bearer token-a")
		if got := serve(h, r); got.Code != 200 && got.Code != 204 {
			t.Errorf("%s with a token: got %d %s, want 200 or 204", name, got.Code, got.Body)
		}
		other := newRequest("POST", "/", strings.Replace(body, "0a0a0a0a", "0b0b0b0b", 1))
		other.Header.Set("Authorization", "Bearer token-a")
		wantResponse(t, name+" of another organization", serve(h, other), 404, notFoundBody)
	}
}
