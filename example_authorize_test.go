package licensekey_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/memstore"
)

// The endpoints for servers: a token for each organization. The table holds the
// SHA-256 of each token, so that looking one up tells nothing about its bytes.
func ExampleConfig_authorize() {
	organization := uuid.MustParse("0a0a0a0a-0000-4000-8000-00000000000a")
	tokens := map[[sha256.Size]byte]uuid.UUID{sha256.Sum256([]byte("token-of-a")): organization}
	h := licensekey.NewHandler(memstore.New(), licensekey.Config{
		Authorize: func(_ context.Context, token string) ([]uuid.UUID, error) {
			id, ok := tokens[sha256.Sum256([]byte(token))]
			if !ok {
				return nil, licensekey.ErrUnauthorized
			}
			return []uuid.UUID{id}, nil
		},
	})
	for _, token := range []string{"token-of-a", "another"} {
		body := fmt.Sprintf(`{"key":"UNKNOWN","organization_id":%q}`, organization)
		r := httptest.NewRequest("POST", licensekey.ServerValidatePath, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		fmt.Println(w.Code, http.StatusText(w.Code))
	}
	// Output:
	// 404 Not Found
	// 401 Unauthorized
}
