package licensekey_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/memstore"
)

// A support desk: find a customer's license keys by e-mail, and free the seat of a
// device that is lost.
func ExampleAdmin_List() {
	ctx := context.Background()
	store := memstore.New()
	sellSomeKeys(ctx, store)

	// The customer writes the address as people do.
	found := licensekey.ListRequest{Email: "Ada@Example.com"}
	n, err := store.Count(ctx, found)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("license keys:", n)
	page, err := store.List(ctx, found)
	if err != nil {
		log.Fatal(err)
	}
	for _, k := range page {
		fmt.Println(k.DisplayKey(), "seats taken:", k.Seats, "of", *k.LimitActivations)
	}

	// Get has the activations. The customer names the one to end.
	k, err := store.Get(ctx, page[0].ID)
	if err != nil {
		log.Fatal(err)
	}
	ended, err := store.EndActivation(ctx, licensekey.EndActivationRequest{
		LicenseKeyID: k.ID, ActivationID: k.Activations[0].ID, CustomerID: k.CustomerID,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("ended:", ended.Label)
	page, err = store.List(ctx, licensekey.ListRequest{KeySuffix: "9F2C01"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(page[0].DisplayKey(), "seats taken:", page[0].Seats)
	// Output:
	// license keys: 2
	// ****-9F2C01 seats taken: 2 of 2
	// ****-9F2C02 seats taken: 0 of 5
	// ended: old laptop
	// ****-9F2C01 seats taken: 1
}

// sellSomeKeys issues two license keys to Ada and one to Bo, and takes two seats.
func sellSomeKeys(ctx context.Context, store licensekey.ManagedStore) {
	organization, sold := uuid.New(), time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)
	ada, bo := "ada@example.com", "bo@example.com"
	adaID := uuid.New()
	for i, req := range []licensekey.IssueRequest{
		{Key: "MYAPP-9F2C01", LimitActivations: 2, Customer: licensekey.Customer{ID: adaID, Email: &ada}},
		{Key: "MYAPP-9F2C02", LimitActivations: 5, Customer: licensekey.Customer{ID: adaID}}, // the store knows her
		{Key: "MYAPP-9F2C03", LimitActivations: 1, Customer: licensekey.Customer{Email: &bo}},
	} {
		req.OrganizationID, req.Now = organization, sold.AddDate(0, i, 0)
		if _, err := store.Issue(ctx, req); err != nil {
			log.Fatal(err)
		}
	}
	for i, label := range []string{"old laptop", "desktop"} {
		_, err := store.Activate(ctx, licensekey.ActivateRequest{
			OrganizationID: organization, Key: "MYAPP-9F2C01", ActivationID: uuid.New(), Label: label, Now: sold.AddDate(0, 0, i),
		})
		if err != nil {
			log.Fatal(err)
		}
	}
}
