package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
)

// issueDemoKey adds a license key with activations to a store without keys, and
// prints commands that try the API on it.
func issueDemoKey(ctx context.Context, s licensekey.ManagedStore, url string, stdout io.Writer) error {
	keys, err := s.List(ctx, licensekey.ListRequest{Limit: 1})
	if err != nil || len(keys) > 0 {
		return err
	}
	k, err := s.Issue(ctx, licensekey.IssueRequest{OrganizationID: uuid.New(), Prefix: "DEMO", LimitActivations: 3})
	if err != nil {
		return err
	}
	var laptop licensekey.Activated
	for _, label := range []string{"phone", "desktop", "laptop"} {
		laptop, err = s.Activate(ctx, licensekey.ActivateRequest{
			OrganizationID: k.OrganizationID, Key: k.Key, ActivationID: uuid.New(), Label: label, Now: time.Now(),
		})
		if err != nil {
			return err
		}
	}
	body, err := json.Marshal(map[string]any{
		"key": k.Key, "organization_id": k.OrganizationID, "activation_id": laptop.Activation.ID,
	})
	if err != nil {
		return err
	}
	curl := "curl -i " + url + licensekey.DeactivatePath + " -H 'Content-Type: application/json' -d "
	fmt.Fprintf(stdout, `There were no license keys, so here is one with three activations. In another terminal:

# 204: the activation ends and its seat is free
%[1]s'%[2]s'

# 404: again, and it is already gone
%[1]s'%[2]s'

# 422: a request that is not valid
%[1]s'{"key":"%[3]s"}'

`, curl, body, string(k.Key))
	return nil
}
