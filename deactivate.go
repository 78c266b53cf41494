package licensekey

import (
	"context"
	"net/http"
	"time"

	"github.com/licensekit/licensekey/internal/wire"
)

// deactivate responds with 204, without a body.
func deactivate(d Deactivator) operation {
	return operation{
		name:      "deactivate",
		component: "LicenseKeyDeactivate",
		ids:       []string{"organization_id", "activation_id"},
		call: func(ctx context.Context, body wire.Body, now time.Time) (result, error) {
			err := d.Deactivate(ctx, DeactivateRequest{
				OrganizationID: body.UUID("organization_id"),
				Key:            Key(body.Text("key")),
				ActivationID:   body.UUID("activation_id"),
				Now:            now,
			})
			return result{response: wire.Response{Status: http.StatusNoContent}}, err
		},
		errors: []errorResponse{
			{ErrNotFound, http.StatusNotFound, "ResourceNotFound", "Not found"},
		},
	}
}
