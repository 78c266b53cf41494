package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/internal/filled"
)

// TestActivator tests what [licensekey.Activator] promises, except durability. Run
// [TestStore] too if the store also ends and validates activations.
func TestActivator[S licensekey.Activator](t *testing.T, newStore Factory[S]) {
	runAll(t, as[licensekey.Activator](newStore), append([]test[licensekey.Activator]{
		{"Activate", testActivate},
		{"AsRequested", testActivateAsRequested},
		{"Rejected", testActivateRejected},
		{"Expiry", testActivateExpiry},
		{"NotFound", testActivateNotFound},
		{"OddKeys", testActivateOddKeys},
		{"TakenID", testActivateTakenID},
		{"CanceledContext", testActivateCanceled},
		{"ContextEndsMidway", testActivateEndsMidway},
		{"NothingShared", testActivateNothingShared},
		{"FiveSeats", testFiveSeats},
		{"OneSeat", testActivateOneSeat},
		{"Closed", testActivateClosed},
	}, sameTests...))
}

func testActivate(t *testing.T, newStore Factory[licensekey.Activator]) {
	k, other := withLimit("KEY-1", 2, 0), withLimit("KEY-2", 1, 0)
	s := newStore(t, []licensekey.LicenseKeyWithActivations{k, other})
	for range 2 {
		got := wantActivated(t, s, activation(k))
		if got.LicenseKey.ID != k.ID || got.LicenseKey.CustomerID != k.CustomerID || got.LicenseKey.Validations != 0 {
			t.Errorf("Activate returned the license key %s, want %s", asJSON(got.LicenseKey), asJSON(k.LicenseKey))
		}
	}
	wantActivateError(t, s, activation(k), licensekey.ErrActivationLimit)
	wantActivated(t, s, activation(other))
	wantActivateError(t, s, activation(other), licensekey.ErrActivationLimit)
}

// requested returns requests for activations of k that set every field, and one
// that leaves out what may be left out.
func requested(k licensekey.LicenseKeyWithActivations) []licensekey.ActivateRequest {
	var reqs []licensekey.ActivateRequest
	for _, object := range []string{
		`{"z":1.0,"a":1,"m":null}`, `{"big":12345678901234567890,"float":1e+300}`, `{"nul":"\u0000"}`,
		"{\"h\":\"<&>\u2028é🔑\"}", `{"deep":[[{"a":[1,2.5,true,"x"]}]]}`, `{}`,
	} {
		req := activation(k)
		req.Label = "a label of more than sixty-four letters, which some tables cut: é🔑 " + object
		req.Conditions, req.Meta = json.RawMessage(object), json.RawMessage(`{"meta":`+object+`}`)
		reqs = append(reqs, req)
	}
	blank := activation(k)
	blank.Label, blank.Now = "", elsewhere
	return append(reqs, blank)
}

func testActivateAsRequested(t *testing.T, newStore Factory[licensekey.Activator]) {
	k := withLimit("KEY-1", 100, 0)
	s := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	for _, req := range requested(k) {
		wantActivated(t, s, req)
	}
	for name, change := range map[string]func(*licensekey.ActivateRequest){
		"label with NUL":       func(r *licensekey.ActivateRequest) { r.Label = "a\x00" },
		"label not UTF-8":      func(r *licensekey.ActivateRequest) { r.Label = "\xff" },
		"meta no object":       func(r *licensekey.ActivateRequest) { r.Meta = json.RawMessage(`[]`) },
		"conditions no object": func(r *licensekey.ActivateRequest) { r.Conditions = json.RawMessage(`1`) },
		"no id":                func(r *licensekey.ActivateRequest) { r.ActivationID = uuid.Nil },
	} {
		req := activation(k)
		change(&req)
		if _, err := s.Activate(t.Context(), req); !errors.Is(err, licensekey.ErrInvalid) {
			t.Errorf("%s: Activate = %v, want ErrInvalid", name, err)
		}
	}
}

func testActivateRejected(t *testing.T, newStore Factory[licensekey.Activator]) {
	past, zero := now, int64(0)
	tests := []struct {
		name   string
		change func(*licensekey.LicenseKey)
		want   error
	}{
		{"revoked", func(k *licensekey.LicenseKey) { k.Status = licensekey.StatusRevoked }, licensekey.ErrNotGranted},
		{"disabled", func(k *licensekey.LicenseKey) { k.Status = licensekey.StatusDisabled }, licensekey.ErrNotGranted},
		{"expired", func(k *licensekey.LicenseKey) { k.ExpiresAt = &past }, licensekey.ErrExpired},
		{"revoked and expired", func(k *licensekey.LicenseKey) { k.Status, k.ExpiresAt = licensekey.StatusRevoked, &past }, licensekey.ErrNotGranted},
		{"expired without a limit", func(k *licensekey.LicenseKey) { k.LimitActivations, k.ExpiresAt = nil, &past }, licensekey.ErrExpired},
		{"no limit", func(k *licensekey.LicenseKey) { k.LimitActivations = nil }, licensekey.ErrNoActivations},
		{"limit 0", func(k *licensekey.LicenseKey) { k.LimitActivations = &zero }, licensekey.ErrNoActivations},
		{"full", func(k *licensekey.LicenseKey) {}, licensekey.ErrActivationLimit},
	}
	var keys []licensekey.LicenseKeyWithActivations
	for _, tt := range tests {
		k := withLimit(licensekey.Key(tt.name), 1, 1)
		tt.change(&k.LicenseKey)
		keys = append(keys, k)
	}
	s := newStore(t, keys)
	for i, tt := range tests {
		wantActivateError(t, s, activation(keys[i]), tt.want)
	}
}

// expiring has times of expiry with microseconds. A store that rounds them to
// anything longer is too early or too late.
var expiring = []time.Time{
	now.Add(time.Microsecond), now.Truncate(time.Second).Add(987654 * time.Microsecond), now.Truncate(time.Minute).Add(time.Minute - time.Microsecond),
}

func testActivateExpiry(t *testing.T, newStore Factory[licensekey.Activator]) {
	for _, expires := range expiring {
		k := withLimit("KEY-1", 1, 0)
		k.ExpiresAt = &expires
		s := newStore(t, []licensekey.LicenseKeyWithActivations{k})
		req := activation(k)
		req.Now = expires
		wantActivateError(t, s, req, licensekey.ErrExpired)
		req.Now = expires.Add(-time.Microsecond)
		wantActivated(t, s, req)
	}
}

func testActivateNotFound(t *testing.T, newStore Factory[licensekey.Activator]) {
	k := withLimit("KEY-1", 1, 0)
	s := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	req := activation(k)
	req.OrganizationID = orgB
	wantActivateError(t, s, req, licensekey.ErrNotFound)
	for _, key := range keysBut() {
		req := activation(k)
		req.Key = key
		wantActivateError(t, s, req, licensekey.ErrNotFound)
	}
	wantActivated(t, s, activation(k))
}

func testActivateOddKeys(t *testing.T, newStore Factory[licensekey.Activator]) {
	var keys []licensekey.LicenseKeyWithActivations
	for _, key := range oddKeys {
		keys = append(keys, withLimit(key, 1, 0))
	}
	// Both organizations have the same key strings.
	for _, key := range oddKeys {
		k := withLimit(key, 1, 0)
		k.OrganizationID, k.Customer.OrganizationID = orgB, orgB
		keys = append(keys, k)
	}
	s := newStore(t, keys)
	for _, k := range keys {
		if got := wantActivated(t, s, activation(k)); got.LicenseKey.ID != k.ID {
			t.Errorf("Activate(%q) found the license key %v, want %v", short(k.Key), got.LicenseKey.ID, k.ID)
		}
		wantActivateError(t, s, activation(k), licensekey.ErrActivationLimit)
	}
}

func testActivateTakenID(t *testing.T, newStore Factory[licensekey.Activator]) {
	k := withLimit("KEY-1", 3, 1)
	s := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	first := activation(k)
	wantActivated(t, s, first)
	again := first
	again.Label = "another"
	imported := activation(k)
	imported.ActivationID = k.Activations[0].ID
	for range 2 {
		wantActivateError(t, s, again, licensekey.ErrExists)
		wantActivateError(t, s, imported, licensekey.ErrExists)
	}
	// No seat was taken, and none is left after the third.
	wantActivated(t, s, activation(k))
	wantActivateError(t, s, again, licensekey.ErrExists)
	wantActivateError(t, s, activation(k), licensekey.ErrActivationLimit)
}

func testActivateCanceled(t *testing.T, newStore Factory[licensekey.Activator]) {
	k := withLimit("KEY-1", 1, 0)
	s := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	wantCanceled(t, "Activate", func() error { _, err := s.Activate(ctx, activation(k)); return err })
	wantActivated(t, s, activation(k))
}

func wantCanceled(t *testing.T, name string, call func() error) {
	t.Helper()
	if err := call(); !errors.Is(err, context.Canceled) {
		t.Errorf("%s with a canceled context = %v, want context.Canceled", name, err)
	}
}

func testActivateEndsMidway(t *testing.T, newStore Factory[licensekey.Activator]) {
	k := withLimit("KEY-1", midwayEnds+1, 0)
	s := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	reqs := make([]licensekey.ActivateRequest, midwayEnds+1)
	for i := range reqs {
		reqs[i] = activation(k)
	}
	midway{
		change: func(ctx context.Context, i int) error { _, err := s.Activate(ctx, reqs[i]); return err },
		made: func(i int) bool {
			_, err := s.Activate(t.Context(), reqs[i])
			if err != nil && !errors.Is(err, licensekey.ErrExists) {
				t.Errorf("second Activate with one activation id = %v, want nil or ErrExists", err)
			}
			return err != nil
		},
	}.test(t)
	wantActivateError(t, s, activation(k), licensekey.ErrActivationLimit)
}

func testActivateNothingShared(t *testing.T, newStore Factory[licensekey.Activator]) {
	k := filled.LicenseKey()
	limit := int64(4)
	k.LimitActivations = &limit
	s := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	var want string
	for i := range 2 {
		req := activation(k)
		req.Now, req.Meta, req.Conditions = k.CreatedAt, json.RawMessage(`{"a":1}`), json.RawMessage(`{"b":1}`)
		got := wantActivated(t, s, req)
		if i == 0 {
			want = string(asJSON(got.LicenseKey))
		} else if string(asJSON(got.LicenseKey)) != want {
			t.Errorf("after what Activate returned was overwritten, it returns\n%s\nwant\n%s", asJSON(got.LicenseKey), want)
		}
		scribble(got)
		scribble(req.Meta)
		scribble(req.Conditions)
	}
	req := activation(k)
	req.Now = k.CreatedAt
	wantActivateError(t, s, req, licensekey.ErrActivationLimit)
}

func testFiveSeats(t *testing.T, newStore Factory[licensekey.Activator]) {
	k := withLimit("KEY-1", 5, 0)
	fiveSeats(t, k, newStore(t, []licensekey.LicenseKeyWithActivations{k}))
}

// fiveSeats lets many callers compete for the five seats of k, through all of the
// handles.
func fiveSeats[S licensekey.Activator](t *testing.T, k licensekey.LicenseKeyWithActivations, handles ...S) {
	t.Helper()
	seated := 0
	for _, err := range together(callers, func(i int) error {
		_, err := handles[i%len(handles)].Activate(t.Context(), activation(k))
		return err
	}) {
		if err == nil {
			seated++
		} else if !errors.Is(err, licensekey.ErrActivationLimit) {
			t.Errorf("Activate = %v, want nil or ErrActivationLimit", err)
		}
	}
	if seated != 5 {
		t.Errorf("%d callers on a key with 5 seats got %d", callers, seated)
	}
}

// testActivateOneSeat lets a few callers compete for the only seat of a key, for one
// key after another.
func testActivateOneSeat(t *testing.T, newStore Factory[licensekey.Activator]) {
	keys := make([]licensekey.LicenseKeyWithActivations, races)
	for i := range keys {
		keys[i] = withLimit(licensekey.NewKey(""), 1, 0)
	}
	s := newStore(t, keys)
	rounds(func(round int) bool {
		wantOneSeat(t, few, func(int) error {
			_, err := s.Activate(t.Context(), activation(keys[round]))
			return err
		})
		return !t.Failed() && round+1 < races
	})
}

// wantOneSeat lets n callers compete for the one free seat of a key. Exactly one of
// them must get it.
func wantOneSeat(t *testing.T, n int, activate func(i int) error) {
	t.Helper()
	seated := 0
	for _, err := range together(n, activate) {
		if err == nil {
			seated++
		} else if !errors.Is(err, licensekey.ErrActivationLimit) {
			t.Errorf("Activate = %v, want nil or ErrActivationLimit", err)
		}
	}
	if seated != 1 {
		t.Errorf("%d callers on a key with one free seat got %d", n, seated)
	}
}

func testActivateClosed(t *testing.T, newStore Factory[licensekey.Activator]) {
	k := withLimit("KEY-1", 1, 0)
	s := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	miss := activation(k)
	miss.Key = "nope"
	wantClosed(t, s, map[string]func() error{
		"Activate":                   func() error { _, err := s.Activate(t.Context(), activation(k)); return err },
		"Activate of an unknown key": func() error { _, err := s.Activate(t.Context(), miss); return err },
	})
}
