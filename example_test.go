package licensekey_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/memstore"
)

// The handler on a mux that the program already has, over a store with one
// license key.
func ExampleNewHandler() {
	store := memstore.New()
	organization := uuid.MustParse("0a0a0a0a-0000-4000-8000-00000000000a")
	k, err := store.Issue(context.Background(), licensekey.IssueRequest{OrganizationID: organization, Prefix: "MYAPP"})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello") })
	mux.Handle("/v1/", licensekey.NewHandler(store, licensekey.Config{}))

	server := httptest.NewServer(mux)
	defer server.Close()
	for _, key := range []string{string(k.Key), "MYAPP-UNKNOWN"} {
		body := fmt.Sprintf(`{"key":%q,"organization_id":%q}`, key, organization)
		resp, err := http.Post(server.URL+licensekey.ValidatePath, "application/json", strings.NewReader(body))
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(resp.StatusCode)
		resp.Body.Close()
	}
	// Output:
	// 200
	// 404
}
