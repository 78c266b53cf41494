package licensekey_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/memstore"
)

// observed is a store that tells what its calls came to. It wraps any store.
type observed struct{ licensekey.Store }

func (s observed) Activate(ctx context.Context, req licensekey.ActivateRequest) (licensekey.Activated, error) {
	activated, err := s.Store.Activate(ctx, req)
	switch {
	case err == nil:
		fmt.Println("activated", activated.Activation.Label)
	case errors.Is(err, licensekey.ErrActivationLimit):
		fmt.Println("no seat for", req.Label)
	}
	return activated, err
}

// A host that wants to know of activations wraps the store that it mounts.
func ExampleStore_wrapped() {
	ctx := context.Background()
	store := memstore.New()
	k, err := store.Issue(ctx, licensekey.IssueRequest{OrganizationID: uuid.New(), LimitActivations: 1})
	if err != nil {
		log.Fatal(err)
	}
	s := observed{store} // mount it with licensekey.NewHandler(s, licensekey.Config{})
	for _, label := range []string{"laptop", "phone"} {
		_, err := s.Activate(ctx, licensekey.ActivateRequest{
			OrganizationID: k.OrganizationID, Key: k.Key, ActivationID: uuid.New(), Label: label, Now: time.Now(),
		})
		fmt.Println(err)
	}
	// Output:
	// activated laptop
	// <nil>
	// no seat for phone
	// licensekey: activation limit reached
}
