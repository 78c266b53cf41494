package licensekey

import (
	"context"
	"net/http"
	"time"
)

// deactivate answers 204 without a body.
func deactivate(d Deactivator) operation {
	return operation{
		name:      "deactivate",
		component: "LicenseKeyDeactivate",
		call: func(ctx context.Context, body fields, now time.Time) (answer, error) {
			err := d.Deactivate(ctx, DeactivateRequest{
				OrganizationID: body.uuid("organization_id"),
				Key:            Key(body.text("key")),
				ActivationID:   body.uuid("activation_id"),
				Now:            now,
			})
			return answer{status: http.StatusNoContent}, err
		},
	}
}
