package jsonlines_test

import (
	"fmt"
	"strings"

	"github.com/licensekit/licensekey/jsonlines"
)

// A line needs the ids, the key and its status, and the customer's id.
func ExampleRead() {
	keys, err := jsonlines.Read(strings.NewReader(`
{"id":"1ce00000-0000-4000-8000-000000000001","created_at":"2025-07-01T09:00:00Z","organization_id":"0a0a0a0a-0000-4000-8000-00000000000a","key":"KEY-1","status":"granted","customer":{"id":"c0570000-0000-4000-8000-000000000001"}}
`))
	fmt.Println(len(keys), err)

	_, err = jsonlines.Read(strings.NewReader(`{"id":7}`))
	fmt.Println(err)
	// Output:
	// 1 <nil>
	// jsonlines: line 1: licensekey: invalid: id: must be a UUID
}
