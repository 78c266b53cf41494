package rules_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/internal/filled"
	"github.com/licensekit/licensekey/rules"
)

// TestKeyStrings holds which key strings can be imported, and which can be given to
// a new customer.
func TestKeyStrings(t *testing.T) {
	t.Parallel()
	tests := []struct {
		key               licensekey.Key
		canImport, canNew bool
	}{
		{"K", true, true},
		{"ключ-鍵-🔑", true, true},
		{"a key", true, true},
		{"K\u00a0\u200b\u2011K", true, true},
		{" KEY", true, false},
		{"KEY ", true, false},
		{"KEY\u2028", true, false},
		{"", false, false},
		{"  ", false, false},
		{"\xff", false, false},
		{"KE\x00Y", false, false},
		{"KEY\r\n", false, false},
		{"KE\tY", false, false},
		{"KE\x7fY", false, false},
		{"KE\u0085Y", false, false},
		{"KEY\u00a0", false, false},
		{"\u3000KEY", false, false},
		{"KEY\u200b", false, false},
		{"\ufeffKEY", false, false},
	}
	// A key string that is there already may stay.
	padded := filled.LicenseKey().LicenseKey
	padded.Key = " KEY "
	if _, err := rules.Rotate(licensekey.RotateRequest{ID: padded.ID, Key: padded.Key}.WithDefaults(), padded); err != nil {
		t.Errorf("Rotate to the same key string = %v, want nil", err)
	}
	for _, tt := range tests {
		k := filled.LicenseKey()
		k.Key = tt.key
		_, importErr := rules.Import(k)
		_, updateErr := rules.Update(licensekey.UpdateRequest{ID: k.ID}.WithDefaults(), k.LicenseKey)
		issueErr, rotateErr := issue(tt.key), rotate(tt.key)
		for _, got := range []struct {
			name string
			err  error
			want bool
		}{{"Import", importErr, tt.canImport}, {"Update", updateErr, tt.canImport}, {"Issue", issueErr, tt.canNew}, {"Rotate", rotateErr, tt.canNew}} {
			if (got.err == nil) != got.want || got.err != nil && !errors.Is(got.err, licensekey.ErrInvalid) {
				t.Errorf("%s with the key %q = %v, want it accepted: %v", got.name, string(tt.key), got.err, got.want)
			}
			if got.err != nil && strings.Contains(got.err.Error(), "KEY") {
				t.Errorf("%s with the key %q = %v, which shows the key", got.name, string(tt.key), got.err)
			}
		}
	}
}

// issue asks rules.Issue for a key string. Defaults are filled in without it,
// because an empty one would become random.
func issue(key licensekey.Key) error {
	req := licensekey.IssueRequest{OrganizationID: uuid.New()}.WithDefaults()
	req.Key = key
	_, err := rules.Issue(req)
	return err
}

func rotate(key licensekey.Key) error {
	k := filled.LicenseKey().LicenseKey
	req := licensekey.RotateRequest{ID: k.ID}.WithDefaults()
	req.Key = key
	_, err := rules.Rotate(req, k)
	return err
}
