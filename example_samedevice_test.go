package licensekey_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/memstore"
)

// A device whose first response was lost asks again, and gets the same activation.
// This app sends an id of the device in meta.
func ExampleConfig_sameDevice() {
	store := memstore.New()
	k, err := store.Issue(context.Background(), licensekey.IssueRequest{OrganizationID: uuid.New(), LimitActivations: 1})
	if err != nil {
		log.Fatal(err)
	}
	server := httptest.NewServer(licensekey.NewHandler(store, licensekey.Config{
		SameDevice: licensekey.SameMeta("device_id"),
	}))
	defer server.Close()

	activate := func(device string) (id string) {
		body := fmt.Sprintf(`{"key":%q,"organization_id":%q,"label":"MacBook Pro","meta":{"device_id":%q}}`, string(k.Key), k.OrganizationID, device)
		resp, err := http.Post(server.URL+licensekey.ActivatePath, "application/json", strings.NewReader(body))
		if err != nil {
			log.Fatal(err)
		}
		defer resp.Body.Close()
		var response struct{ ID, Detail string }
		if err := json.NewDecoder(resp.Body).Decode(&response); err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s: %s %q\n", device, resp.Status, response.Detail)
		return response.ID
	}
	lost, again := activate("A1"), activate("A1")
	fmt.Println("the same activation:", lost == again)
	activate("B2")
	// Output:
	// A1: 200 OK ""
	// A1: 200 OK ""
	// the same activation: true
	// B2: 403 Forbidden "License key activation limit already reached"
}
