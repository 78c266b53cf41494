package licensekey

import (
	"context"
	"net/http"
	"time"

	"github.com/licensekit/licensekey/internal/wire"
)

// activate responds with 200, the activation and its license key.
func activate(a Activator, cfg config) operation {
	return operation{
		name:      "activate",
		component: "LicenseKeyActivate",
		ids:       []string{"organization_id"},
		call: func(ctx context.Context, body wire.Body, now time.Time) (wire.Response, error) {
			req := ActivateRequest{
				OrganizationID: body.UUID("organization_id"),
				Key:            Key(body.Text("key")),
				ActivationID:   cfg.NewID(),
				Label:          body.Text("label"),
				Conditions:     body.JSON("conditions"),
				Meta:           body.JSON("meta"),
				Now:            now,
			}
			req.Same = cfg.same(req)
			activated, err := a.Activate(ctx, req)
			if err != nil {
				return wire.Response{}, err
			}
			return activatedResponse(activated)
		},
		errors: []errorResponse{
			{ErrNotFound, http.StatusNotFound, "ResourceNotFound", "Not found"},
			{ErrNotGranted, http.StatusForbidden, "NotPermitted",
				"License key is no longer active. This license key can not be activated."},
			{ErrExpired, http.StatusForbidden, "NotPermitted", "License key has expired."},
			{ErrNoActivations, http.StatusForbidden, "NotPermitted",
				"This license key does not support activations. Use the /validate endpoint instead to check license validity."},
			{ErrActivationLimit, http.StatusForbidden, "NotPermitted", "License key activation limit already reached"},
		},
	}
}

func activatedResponse(activated Activated) (wire.Response, error) {
	w := newResponseWriter()
	w.open()
	w.activation(activated.Activation)
	w.object("license_key", func() { w.licenseKey(activated.LicenseKey) })
	w.close()
	return w.response()
}
