package licensekey

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/licensekit/licensekey/internal/jsonvalue"
)

// validate answers 200 with the license key and the activation.
func validate(v Validator) operation {
	return operation{
		name:      "validate",
		component: "LicenseKeyValidate",
		call: func(ctx context.Context, body fields, now time.Time) (answer, error) {
			validated, err := v.Validate(ctx, ValidateRequest{
				OrganizationID: body.uuid("organization_id"),
				Key:            Key(body.text("key")),
				ActivationID:   body.optionalUUID("activation_id"),
				BenefitID:      body.optionalUUID("benefit_id"),
				CustomerID:     body.optionalUUID("customer_id"),
				Conditions:     body.json("conditions"),
				IncrementUsage: body.natural("increment_usage"),
				Now:            now,
			})
			var limit *UsageLimitError
			if errors.As(err, &limit) {
				return usageLimit(limit.Remaining), nil
			}
			if err != nil {
				return answer{}, err
			}
			object := licenseKeyRead(validated.LicenseKey)
			activation := jsonvalue.Member{Name: "activation"}
			if validated.Activation != nil {
				activation.Value = activationRead(*validated.Activation)
			}
			object.Members = append(object.Members, activation)
			return answer{http.StatusOK, jsonvalue.Append(make([]byte, 0, answerSize), object)}, nil
		},
	}
}

// usageLimit is the one refusal whose text has a figure in it.
func usageLimit(remaining int64) answer {
	return named(http.StatusBadRequest, "BadRequest", fmt.Sprintf("License key only has %d more usages.", remaining))
}
