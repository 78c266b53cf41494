package licensekey_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/licensekit/licensekey"
)

// logOfFailure returns the log of a deactivation with a key, by a store that
// fails with err.
func logOfFailure(t *testing.T, key, activationID string, err error) string {
	t.Helper()
	var log bytes.Buffer
	h := licensekey.NewDeactivateHandler(deactivatorFunc(func(context.Context, licensekey.DeactivateRequest) error {
		return err
	}), licensekey.Config{Logger: newLogger("text", &log)})
	body, _ := json.Marshal(map[string]string{"key": key, "organization_id": orgA.String(), "activation_id": activationID})
	wantResponse(t, string(body), serve(h, newRequest("POST", "/", string(body))), 500, internalError)
	return log.String()
}

// TestRedactedSpellings holds that a key is not in the log in any spelling of
// which Config.Logger speaks.
func TestRedactedSpellings(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"AAAA-Secret-0001", `a<b>&"c"/d e+é%`, strings.Repeat("Long key ", 100)} {
		asJSON, _ := json.Marshal(key)
		spellings := map[string]string{
			"plain": key, "upper": strings.ToUpper(key), "lower": strings.ToLower(key),
			"%q": strings.Trim(fmt.Sprintf("%q", key), `"`), "%+q": strings.Trim(fmt.Sprintf("%+q", key), `"`),
			"json": string(asJSON[1 : len(asJSON)-1]), "query": url.QueryEscape(key), "path": url.PathEscape(key),
			"%x": fmt.Sprintf("%x", key), "%X": fmt.Sprintf("%X", key), "% x": fmt.Sprintf("% x", key),
			"bytes":  strings.Trim(fmt.Sprint([]byte(key)), "[]"),
			"base64": base64.StdEncoding.EncodeToString([]byte(key)), "base64 of URLs": base64.RawURLEncoding.EncodeToString([]byte(key)),
		}
		for name, spelling := range spellings {
			log := logOfFailure(t, key, activationA.String(), errors.New("disk on fire at ("+spelling+") in sector 7"))
			if strings.Contains(log, strings.TrimRight(spelling, "=")) || !strings.Contains(log, "[license key]") || !strings.Contains(log, ") in sector 7") {
				t.Errorf("key %.40q in the error as %s: the log is %.400s", key, name, log)
			}
		}
	}
}

func TestRedactedAttribute(t *testing.T) {
	t.Parallel()
	for _, key := range []string{activationA.String(), strings.ToUpper(activationA.String()), "{" + activationA.String() + "}"} {
		log := logOfFailure(t, key, activationA.String(), errDisk)
		if strings.Contains(strings.ToLower(log), activationA.String()) || !strings.Contains(log, "disk on fire") {
			t.Errorf("key and activation id are both %s: the log is %s", key, log)
		}
	}
	if log := logOfFailure(t, "AAAA-SECRET", activationA.String(), errDisk); !strings.Contains(log, activationA.String()) {
		t.Errorf("the log lacks the activation id: %s", log)
	}
}

// TestKeysThatCannotBeRedacted holds that of an error that may have a very short
// or very long key only the types are logged.
func TestKeysThatCannotBeRedacted(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"e", "disk", strings.Repeat("k", 2000)} {
		log := logOfFailure(t, key, activationA.String(), fmt.Errorf("disk on fire at %s: %w", key, errDisk))
		if strings.Contains(log, "on fire") || !strings.Contains(log, "*fmt.wrapError *errors.errorString") || strings.Contains(log, "[license key]") {
			t.Errorf("key %.40s: the log is %.400s", key, log)
		}
	}
	if log := logOfFailure(t, "", activationA.String(), errDisk); !strings.Contains(log, "disk on fire") {
		t.Errorf("empty key: the log is %s", log)
	}
}
