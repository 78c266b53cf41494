package storetest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
)

var (
	orgA = uuid.MustParse("0a0a0a0a-0000-4000-8000-00000000000a")
	orgB = uuid.MustParse("0b0b0b0b-0000-4000-8000-00000000000b")
	// now is the time of every request, unless the test is about times.
	now = time.Date(2026, 1, 15, 12, 0, 0, 123456000, time.UTC)
	// elsewhere is the same time in another time zone, with nanoseconds, which
	// are not stored.
	elsewhere = now.Add(789).In(time.FixedZone("elsewhere", 3*60*60))
)

// newKey returns a granted license key with that many live activations. They take
// all of its seats.
func newKey(organizationID uuid.UUID, key licensekey.Key, activations int) licensekey.LicenseKeyWithActivations {
	limit := int64(activations)
	k := licensekey.LicenseKeyWithActivations{LicenseKey: licensekey.LicenseKey{
		ID:               uuid.New(),
		CreatedAt:        now.Add(-time.Hour),
		OrganizationID:   organizationID,
		Key:              key,
		Status:           licensekey.StatusGranted,
		LimitActivations: &limit,
	}}
	k.Customer = licensekey.Customer{ID: uuid.New(), OrganizationID: organizationID, CreatedAt: k.CreatedAt, Type: licensekey.CustomerIndividual}
	k.CustomerID, k.UserID = k.Customer.ID, k.Customer.ID
	for i := range activations {
		k.Activations = append(k.Activations, licensekey.Activation{
			ID:           uuid.New(),
			LicenseKeyID: k.ID,
			Label:        "device",
			Meta:         json.RawMessage(`{"n":1,"f":1.0}`),
			CreatedAt:    k.CreatedAt.Add(time.Duration(i) * time.Second),
		})
	}
	return k
}

// withLimit returns a license key with that many seats, some of them taken.
func withLimit(key licensekey.Key, limit int64, taken int) licensekey.LicenseKeyWithActivations {
	k := newKey(orgA, key, taken)
	k.LimitActivations = &limit
	return k
}

// oddKeys are different keys that can be stored. Stores might confuse some of them,
// or have no room for them.
var oddKeys = []licensekey.Key{
	"KEY", "key", "Key", " KEY", "KEY ", "  KEY", "K EY", "\u2028KEY", "KEY\u2029",
	"\u00e9", "e\u0301", "\u212b", "\u00c5", "ключ-鍵-🔑", "K\ufeffEY", "K\u200bEY", "K\u00a0EY", "\uffff",
	`\`, `"`, "'", "%", "_", "*", "KEY*", "a/b", "' OR 1=1 --",
	repeated(255), repeated(256), repeated(64 << 10), repeated(64<<10) + "y",
	random(64 << 10), random(64<<10) + "y",
}

func repeated(n int) licensekey.Key { return licensekey.Key(strings.Repeat("x", n)) }

// random returns a key of n characters that does not compress well. It is the same
// on each call.
func random(n int) licensekey.Key {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	r := rand.New(rand.NewPCG(1, 2))
	key := make([]byte, n)
	for i := range key {
		key[i] = letters[r.IntN(len(letters))]
	}
	return licensekey.Key(key)
}

// keysBut returns keys that differ from KEY-1. A store that holds KEY-1 must not find
// it by any of them. Some cannot be stored, but requests can contain them. The
// handler rejects NUL and invalid UTF-8, but a store may have other callers.
func keysBut() []licensekey.Key {
	return slices.Concat([]licensekey.Key{
		"\x00", "KEY-1\x00", "KEY-1\x00KEY", "\xff", "KEY-1\xff", "\xed\xa0\x80", "\xc3(",
		"", " ", "\x01\x1f\x7f", "\ufeffKEY-1", "\u200bKEY-1",
		"KEY-", "KEY-11", "key-1", "Key-1", "KEY-1 ", " KEY-1", "\tKEY-1", "KEY-1\n", "KEY-1\r\n", "\u00a0KEY-1", "KEY\u20101", "%", "KEY__",
	}, oddKeys)
}

// activation returns a request for a new activation of k.
func activation(k licensekey.LicenseKeyWithActivations) licensekey.ActivateRequest {
	return licensekey.ActivateRequest{
		OrganizationID: k.OrganizationID,
		Key:            k.Key,
		ActivationID:   uuid.New(),
		Label:          "laptop",
		Now:            now,
	}
}

// validation returns a request that validates k.
func validation(k licensekey.LicenseKeyWithActivations) licensekey.ValidateRequest {
	return licensekey.ValidateRequest{OrganizationID: k.OrganizationID, Key: k.Key, Now: now}
}

// deactivation returns the request that ends the i-th activation of k.
func deactivation(k licensekey.LicenseKeyWithActivations, i int) licensekey.DeactivateRequest {
	return licensekey.DeactivateRequest{
		OrganizationID: k.OrganizationID,
		Key:            k.Key,
		ActivationID:   k.Activations[i].ID,
		Now:            now,
	}
}

// deactivationOf returns the request that ends what req has made.
func deactivationOf(req licensekey.ActivateRequest) licensekey.DeactivateRequest {
	return licensekey.DeactivateRequest{OrganizationID: req.OrganizationID, Key: req.Key, ActivationID: req.ActivationID, Now: now}
}

// wantDeactivated ends an activation that must be live.
func wantDeactivated(t testing.TB, d licensekey.Deactivator, req licensekey.DeactivateRequest) {
	t.Helper()
	if err := d.Deactivate(context.Background(), req); err != nil {
		t.Errorf("Deactivate(%s) = %v, want nil", describe(req), err)
	}
}

// wantNotFound tries to end an activation that must not exist.
func wantNotFound(t testing.TB, d licensekey.Deactivator, req licensekey.DeactivateRequest) {
	t.Helper()
	if err := d.Deactivate(context.Background(), req); !errors.Is(err, licensekey.ErrNotFound) {
		t.Errorf("Deactivate(%s) = %v, want ErrNotFound", describe(req), err)
	}
}

// wantActivated makes an activation, which must succeed, and compares the result
// with the request. It returns the result.
func wantActivated(t testing.TB, s licensekey.Activator, req licensekey.ActivateRequest) licensekey.Activated {
	t.Helper()
	got, err := s.Activate(context.Background(), req)
	if err != nil {
		t.Errorf("Activate(%q, %v) = %v, want nil", short(req.Key), req.ActivationID, err)
		return got
	}
	want := licensekey.Activation{
		ID: req.ActivationID, LicenseKeyID: got.LicenseKey.ID, Label: req.Label, Conditions: orEmpty(req.Conditions), Meta: orEmpty(req.Meta),
		CreatedAt: req.Now.UTC().Truncate(time.Microsecond),
	}
	if string(asJSON(got.Activation)) != string(asJSON(want)) || got.LicenseKey.Key != req.Key {
		t.Errorf("Activate(%q)\ngot  %s of the key %q\nwant %s", short(req.Key), asJSON(got.Activation), short(got.LicenseKey.Key), asJSON(want))
	}
	checkTimes(t, "Activate", got)
	return got
}

func orEmpty(object json.RawMessage) json.RawMessage {
	if object == nil {
		return json.RawMessage("{}")
	}
	return object
}

func wantActivateError(t testing.TB, s licensekey.Activator, req licensekey.ActivateRequest, want error) {
	t.Helper()
	if got, err := s.Activate(context.Background(), req); !errors.Is(err, want) {
		t.Errorf("Activate(%q, %v) = %v, %v, want %v", short(req.Key), req.ActivationID, got.Activation.ID, err, want)
	}
}

// wantCounts validates a license key and compares its counts afterwards. It returns
// the result of Validate.
func wantCounts(t testing.TB, v licensekey.Validator, req licensekey.ValidateRequest, validations, usage int64) licensekey.Validated {
	t.Helper()
	got, err := v.Validate(context.Background(), req)
	k := got.LicenseKey
	if err != nil || k.Validations != validations || k.Usage != usage || k.Key != req.Key || k.OrganizationID != req.OrganizationID {
		t.Errorf("Validate(%q, +%d) = %d validations, usage %d of the key %q, %v, want %d, %d of that key", short(req.Key), req.IncrementUsage,
			k.Validations, k.Usage, short(k.Key), err, validations, usage)
	}
	if err == nil && (got.Activation == nil) != (req.ActivationID == nil) {
		t.Errorf("Validate(%q, activation %v) = activation %v, want the one that the request names", short(req.Key), req.ActivationID, got.Activation)
	}
	checkTimes(t, "Validate", got)
	return got
}

func wantValidateError(t testing.TB, v licensekey.Validator, req licensekey.ValidateRequest, want error) {
	t.Helper()
	if _, err := v.Validate(context.Background(), req); !errors.Is(err, want) {
		t.Errorf("Validate(%q, activation %v, +%d) = %v, want %v", short(req.Key), req.ActivationID, req.IncrementUsage, err, want)
	}
}

// wantClosed closes a store that is an io.Closer and calls its methods. Each must
// return an error, and not ErrNotFound, which would tell a client something false
// about a key.
func wantClosed(t *testing.T, store any, calls map[string]func() error) {
	t.Helper()
	closer, ok := store.(io.Closer)
	if !ok {
		t.Skip("the store is no io.Closer")
	}
	if err := closer.Close(); err != nil {
		t.Fatalf("Close = %v, want nil", err)
	}
	for name, call := range calls {
		if err := call(); err == nil || errors.Is(err, licensekey.ErrNotFound) {
			t.Errorf("%s after Close = %v, want an error that is not ErrNotFound", name, err)
		}
	}
}

// describe returns the text of a request, with its key string: the keys of this
// package are not secret.
func describe(req licensekey.DeactivateRequest) string {
	return fmt.Sprintf("organization %v, key %q, activation %v", req.OrganizationID, short(req.Key), req.ActivationID)
}

// short returns the beginning of a key string. A Key itself prints redacted.
func short(key licensekey.Key) string {
	if len(key) > 40 {
		return string(key[:40]) + "…"
	}
	return string(key)
}

// asJSON returns v as JSON, with the key string.
func asJSON(v any) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return []byte(err.Error())
	}
	return bytes.TrimSpace(buf.Bytes())
}
