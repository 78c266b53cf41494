package jsonlines_test

import (
	"fmt"
	"strings"

	"github.com/licensekit/licensekey/jsonlines"
)

// A line needs the ids, the key and its status, the customer's id, and the
// activations, even if there are none.
func ExampleRead() {
	keys, err := jsonlines.Read(strings.NewReader(`
{"id":"1ce00000-0000-4000-8000-000000000001","created_at":"2025-07-01T09:00:00Z","organization_id":"0a0a0a0a-0000-4000-8000-00000000000a","key":"KEY-1","status":"granted","customer":{"id":"c0570000-0000-4000-8000-000000000001"},"activations":[]}
`))
	fmt.Println(len(keys), err)

	_, err = jsonlines.Read(strings.NewReader(`{"id":"1ce00000-0000-4000-8000-000000000001","created_at":"2025-07-01T09:00:00Z"}`))
	fmt.Println(err)
	// Output:
	// 1 <nil>
	// jsonlines: line 1: organization_id: is missing; GET /v1/license-keys/{id} of Polar's API has it
}
