package licensekey_test

import (
	"bytes"
	"context"
	"fmt"
	"log"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/jsonlines"
	"github.com/licensekit/licensekey/memstore"
)

// An export of every license key, and its import into another store.
func ExampleAll() {
	ctx := context.Background()
	from, to := memstore.New(), memstore.New()
	for range 3 {
		if _, err := from.Issue(ctx, licensekey.IssueRequest{OrganizationID: uuid.New()}); err != nil {
			log.Fatal(err)
		}
	}
	var file bytes.Buffer
	for k, err := range licensekey.All(ctx, from, licensekey.ListRequest{}) {
		if err != nil {
			log.Fatal(err)
		}
		if err := jsonlines.Write(&file, k); err != nil {
			log.Fatal(err)
		}
	}
	keys, err := jsonlines.Read(&file)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(to.Import(ctx, keys))
	// Output: 3 <nil>
}
