package rules_test

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/rules"
)

// What a store does inside the transaction of an activation: it has read the
// license key and counted its seats, and will write the activation.
func ExampleActivate() {
	limit := int64(1)
	k := licensekey.LicenseKey{ID: uuid.New(), Status: licensekey.StatusGranted, LimitActivations: &limit}
	req := licensekey.ActivateRequest{ActivationID: uuid.New(), Label: "laptop", Now: time.Now()}

	a, err := rules.Activate(req, k, rules.Seats{Live: 0})
	fmt.Println(a.Label, string(a.Meta), err)
	_, err = rules.Activate(req, k, rules.Seats{Live: 1})
	fmt.Println(err)
	// Output:
	// laptop {} <nil>
	// licensekey: activation limit reached
}
