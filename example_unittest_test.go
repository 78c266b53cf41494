package licensekey_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/memstore"
)

// signOut is the code under test: an app that frees its seat.
func signOut(baseURL, key string, organization, activation uuid.UUID) (int, error) {
	body := fmt.Sprintf(`{"key":%q,"organization_id":%q,"activation_id":%q}`, key, organization, activation)
	resp, err := http.Post(baseURL+licensekey.DeactivatePath, "application/json", strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}

// The body of a unit test of an app: the API over a memory store.
func Example_unitTest() {
	ctx := context.Background()
	store := memstore.New()
	k, err := store.Issue(ctx, licensekey.IssueRequest{OrganizationID: uuid.New(), LimitActivations: 1})
	if err != nil {
		log.Fatal(err)
	}
	laptop, err := store.Activate(ctx, licensekey.ActivateRequest{
		OrganizationID: k.OrganizationID, Key: k.Key, ActivationID: uuid.New(), Label: "laptop", Now: time.Now(),
	})
	if err != nil {
		log.Fatal(err)
	}
	server := httptest.NewServer(licensekey.NewHandler(store, licensekey.Config{}))
	defer server.Close()

	fmt.Println(signOut(server.URL, string(k.Key), k.OrganizationID, laptop.Activation.ID))
	left, err := store.Get(ctx, k.ID)
	fmt.Println(len(left.Activations), err)
	// Output:
	// 204 <nil>
	// 0 <nil>
}
