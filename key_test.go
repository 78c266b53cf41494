package licensekey_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
)

// TestKeyRedactsItself shows values that hold a key in every way that a host may
// write them to a log.
func TestKeyRedactsItself(t *testing.T) {
	t.Parallel()
	const secret = "SECRET-1C285B2D"
	spelled := []string{secret, fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret), fmt.Sprintf("%d", []byte(secret)), fmt.Sprintf("% x", secret)}
	k := licensekey.LicenseKey{ID: uuid.New(), Key: secret}
	values := map[string]any{
		"Key":                       k.Key,
		"*Key":                      &k.Key,
		"LicenseKey":                k,
		"*LicenseKey":               &k,
		"LicenseKeyWithActivations": licensekey.LicenseKeyWithActivations{LicenseKey: k},
		"Activated":                 licensekey.Activated{LicenseKey: k},
		"*Activated":                &licensekey.Activated{LicenseKey: k},
		"Validated":                 licensekey.Validated{LicenseKey: k},
		"DeactivateRequest":         licensekey.DeactivateRequest{Key: secret},
		"ActivateRequest":           licensekey.ActivateRequest{Key: secret},
		"ValidateRequest":           &licensekey.ValidateRequest{Key: secret},
		"IssueRequest":              licensekey.IssueRequest{Key: secret},
		"RotateRequest":             licensekey.RotateRequest{Key: secret},
		"requests":                  []licensekey.DeactivateRequest{{Key: secret}},
		"requests by name":          map[string]any{"r": licensekey.ActivateRequest{Key: secret}},
	}
	lists := map[string]any{
		"keys":         []licensekey.Key{secret},
		"license keys": []licensekey.LicenseKey{k},
		"a struct":     struct{ LicenseKey licensekey.LicenseKey }{k},
		"a map":        map[licensekey.Key]licensekey.LicenseKey{secret: k},
	}
	for name, v := range values {
		wantNoKey(t, name, v, spelled, fmtTexts(v), slogTexts(v, true))
	}
	for name, v := range lists {
		wantNoKey(t, name, v, spelled, fmtTexts(v), slogTexts(v, false))
	}
}

func wantNoKey(t *testing.T, name string, v any, spelled []string, texts ...[]string) {
	t.Helper()
	for _, list := range texts {
		for _, text := range list {
			for _, secret := range spelled {
				if strings.Contains(text, secret) {
					t.Errorf("%s (%T) shows its key: %s", name, v, text)
				}
			}
		}
	}
}

// fmtTexts prints v with every verb but %p, which go vet rejects for a string.
func fmtTexts(v any) (texts []string) {
	for _, verb := range "vTtbcdoOqxXUeEfFgGs" {
		for _, flags := range []string{"", "+", "#", "10", "-", " ", ".3"} {
			texts = append(texts, fmt.Sprintf("%"+flags+string(verb), v))
		}
	}
	return texts
}

func slogTexts(v any, asJSON bool) []string {
	var text, object bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("x", "v", v)
	if asJSON {
		slog.New(slog.NewJSONHandler(&object, nil)).Info("x", "v", v)
	}
	return []string{text.String(), object.String()}
}

// TestKeyInJSON holds that JSON shows the key: it is Polar's form.
func TestKeyInJSON(t *testing.T) {
	t.Parallel()
	data, err := json.Marshal(licensekey.LicenseKey{Key: "KEY-1"})
	if err != nil || !strings.Contains(string(data), `"key":"KEY-1"`) {
		t.Errorf("json.Marshal of a license key = %s, %v, want its key in it", data, err)
	}
}
