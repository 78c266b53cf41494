package licensekey

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/licensekit/licensekey/internal/wire"
)

// validate responds with 200, the license key and the activation.
func validate(v Validator) operation {
	return operation{
		name:      "validate",
		component: "LicenseKeyValidate",
		ids:       []string{"organization_id", "activation_id"},
		call: func(ctx context.Context, body wire.Body, now time.Time) (result, error) {
			validated, err := v.Validate(ctx, ValidateRequest{
				OrganizationID: body.UUID("organization_id"),
				Key:            Key(body.Text("key")),
				ActivationID:   body.OptionalUUID("activation_id"),
				BenefitID:      body.OptionalUUID("benefit_id"),
				CustomerID:     body.OptionalUUID("customer_id"),
				Conditions:     body.JSON("conditions"),
				IncrementUsage: body.Integer("increment_usage"),
				Now:            now,
			})
			var limit *UsageLimitError
			if errors.As(err, &limit) {
				return result{response: usageLimitResponse(limit.Remaining), err: err}, nil
			}
			if err != nil {
				return result{}, err
			}
			response, err := validatedResponse(validated)
			return result{response: response, licenseKeyID: validated.LicenseKey.ID}, err
		},
		errors: []errorResponse{
			{ErrNotFound, http.StatusNotFound, "ResourceNotFound", "Not found"},
			{ErrNotGranted, http.StatusNotFound, "ResourceNotFound", "License key is no longer active."},
			{ErrExpired, http.StatusNotFound, "ResourceNotFound", "License key has expired."},
			{ErrConditions, http.StatusNotFound, "ResourceNotFound", "License key does not match required conditions"},
			{ErrBenefit, http.StatusNotFound, "ResourceNotFound", "License key does not match given benefit."},
			{ErrCustomer, http.StatusNotFound, "ResourceNotFound", "License key does not match given user."},
			// For a store that does not say how much is left in a *UsageLimitError.
			{ErrUsageLimit, http.StatusBadRequest, "BadRequest", "License key usage limit already reached."},
			{ErrUsageRange, http.StatusBadRequest, "BadRequest", "License key usage can not exceed 2147483647."},
		},
	}
}

// usageLimitResponse returns the only error response of a store whose text
// contains a number.
func usageLimitResponse(remaining int64) wire.Response {
	return wire.Named(http.StatusBadRequest, "BadRequest", fmt.Sprintf("License key only has %d more usages.", remaining))
}

func validatedResponse(validated Validated) (wire.Response, error) {
	w := newResponseWriter()
	w.open()
	w.licenseKey(validated.LicenseKey)
	if a := validated.Activation; a != nil {
		w.object("activation", func() { w.activation(*a) })
	} else {
		w.null("activation")
	}
	w.close()
	return w.response()
}
