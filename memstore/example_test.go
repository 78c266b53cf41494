package memstore_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/memstore"
)

// A unit test of an app issues a key, and lets the app activate it.
func ExampleNew() {
	ctx := context.Background()
	store := memstore.New()
	defer store.Close()

	organization := uuid.MustParse("0a0a0a0a-0000-4000-8000-00000000000a")
	k, err := store.Issue(ctx, licensekey.IssueRequest{OrganizationID: organization, Prefix: "MYAPP", LimitActivations: 1})
	if err != nil {
		log.Fatal(err)
	}
	for range 2 {
		_, err = store.Activate(ctx, licensekey.ActivateRequest{
			OrganizationID: organization, Key: k.Key, ActivationID: uuid.New(), Label: "laptop", Now: time.Now(),
		})
		fmt.Println(err)
	}
	// Output:
	// <nil>
	// licensekey: activation limit reached
}
