package licensekey

import (
	"context"
	"net/http"
	"time"

	"github.com/licensekit/licensekey/internal/jsonvalue"
)

// activate answers 200 with the activation and its license key.
func activate(a Activator, cfg Config) operation {
	newID := cfg.withDefaults().NewID
	return operation{
		name:      "activate",
		component: "LicenseKeyActivate",
		call: func(ctx context.Context, body fields, now time.Time) (answer, error) {
			activated, err := a.Activate(ctx, ActivateRequest{
				OrganizationID: body.uuid("organization_id"),
				Key:            Key(body.text("key")),
				ActivationID:   newID(),
				Label:          body.text("label"),
				Conditions:     body.json("conditions"),
				Meta:           body.json("meta"),
				Now:            now,
			})
			if err != nil {
				return answer{}, err
			}
			object := activationRead(activated.Activation)
			object.Members = append(object.Members,
				jsonvalue.Member{Name: "license_key", Value: licenseKeyRead(activated.LicenseKey)})
			return answer{http.StatusOK, jsonvalue.Append(make([]byte, 0, answerSize), object)}, nil
		},
	}
}
