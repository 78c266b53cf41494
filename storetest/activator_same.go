package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
)

// sameTests are the tests of ActivateRequest.Same that need only an Activator.
var sameTests = []test[licensekey.Activator]{
	{"Same", testSame},
	{"SameAsStored", testSameAsStored},
	{"SameOldest", testSameOldest},
	{"SameFirst", testSameFirst},
	{"SameRejected", testSameRejected},
	{"SameOtherKeys", testSameOtherKeys},
	{"SameNothingShared", testSameNothingShared},
	{"SameCanceledContext", testSameCanceled},
	{"SamePanics", testSamePanics},
	{"SameTogether", testSameTogether},
	{"SameOneSeat", testSameOneSeat},
}

// fromDevice returns a request for an activation of k by the device with that
// label. It is the same device as that of any live activation with the label.
func fromDevice(k licensekey.LicenseKeyWithActivations, label string) licensekey.ActivateRequest {
	req := activation(k)
	req.Label = label
	req.Same = func(a licensekey.Activation) bool { return a.Label == label }
	return req
}

// wantAgain makes a call of which the result must be an activation that is there.
func wantAgain(t testing.TB, s licensekey.Activator, req licensekey.ActivateRequest, want licensekey.Activation) licensekey.Activated {
	t.Helper()
	want.Conditions, want.Meta = orEmpty(want.Conditions), orEmpty(want.Meta)
	got, err := s.Activate(context.Background(), req)
	if err != nil || string(asJSON(got.Activation)) != string(asJSON(want)) || got.LicenseKey.Key != req.Key {
		t.Errorf("Activate(%q) by the same device\ngot  %s of the key %q, %v\nwant %s", short(req.Key), asJSON(got.Activation), short(got.LicenseKey.Key), err, asJSON(want))
	}
	checkTimes(t, "Activate", got)
	return got
}

// testSame activates again and again on one device, on a key that has a free seat
// and then none.
func testSame(t *testing.T, newStore Factory[licensekey.Activator]) {
	k := withLimit("KEY-1", 2, 0)
	s := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	first := wantActivated(t, s, fromDevice(k, "laptop"))
	for i := range 3 {
		again := fromDevice(k, "laptop")
		again.Conditions, again.Meta = json.RawMessage(`{"n":2}`), json.RawMessage(`{"n":2}`)
		again.Now = now.Add(time.Duration(i+1) * time.Minute)
		got := wantAgain(t, s, again, first.Activation)
		if string(asJSON(got.LicenseKey)) != string(asJSON(first.LicenseKey)) {
			t.Errorf("Activate by the same device changed the license key to\n%s\nfrom\n%s", asJSON(got.LicenseKey), asJSON(first.LicenseKey))
		}
	}
	second := wantActivated(t, s, fromDevice(k, "phone"))
	wantActivateError(t, s, fromDevice(k, "tablet"), licensekey.ErrActivationLimit)
	wantAgain(t, s, fromDevice(k, "laptop"), first.Activation)
	wantAgain(t, s, fromDevice(k, "phone"), second.Activation)
	// Without Same, a device is like any other.
	wantActivateError(t, s, activation(k), licensekey.ErrActivationLimit)
}

// testSameAsStored finds activations that the store began with. Same gets them as
// they are stored, and only them.
func testSameAsStored(t *testing.T, newStore Factory[licensekey.Activator]) {
	k := withLimit("KEY-1", 3, 3)
	modified := now.Add(-time.Minute)
	k.Activations[1].Label, k.Activations[1].ModifiedAt = "phone", &modified
	k.Activations[1].Conditions, k.Activations[1].Meta = json.RawMessage(`{"z":1.0,"a":"é<&>"}`), json.RawMessage(`{"big":12345678901234567890}`)
	s := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	wantAgain(t, s, fromDevice(k, "phone"), k.Activations[1])

	var mu sync.Mutex
	var asked []string
	req := activation(k)
	req.Same = func(a licensekey.Activation) bool {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, string(asJSON(a)))
		return false
	}
	wantActivateError(t, s, req, licensekey.ErrActivationLimit)
	var want []string
	for _, a := range k.Activations {
		a.Conditions = orEmpty(a.Conditions)
		want = append(want, string(asJSON(a)))
	}
	slices.Sort(asked)
	slices.Sort(want)
	if got := slices.Compact(asked); !slices.Equal(got, want) {
		t.Errorf("Same was asked about\n%s\nwant\n%s", got, want)
	}
}

// testSameOldest has several activations of one device.
func testSameOldest(t *testing.T, newStore Factory[licensekey.Activator]) {
	k := withLimit("KEY-1", 9, 8)
	for i := range k.Activations {
		k.Activations[i].CreatedAt = k.CreatedAt.Add(time.Duration(i%4) * time.Microsecond)
	}
	k.Activations[0].Label, k.Activations[4].Label = "another", "another"
	s := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	licensekey.SortActivations(k.Activations)
	// The two oldest are of another device, and the next two were made at once.
	for range 3 {
		wantAgain(t, s, fromDevice(k, "another"), k.Activations[0])
		wantAgain(t, s, fromDevice(k, "device"), k.Activations[2])
	}
	older := fromDevice(k, "new device")
	older.Now = k.CreatedAt.Add(-time.Hour)
	wantActivated(t, s, older)
	older.ActivationID, older.Same = uuid.New(), func(licensekey.Activation) bool { return true }
	made := licensekey.Activation{
		ID: wantSameID(t, s, fromDevice(k, "new device")), LicenseKeyID: k.ID, Label: "new device", CreatedAt: older.Now,
	}
	wantAgain(t, s, older, made)
}

// wantSameID makes a call that must succeed, and returns the id of the activation.
func wantSameID(t testing.TB, s licensekey.Activator, req licensekey.ActivateRequest) uuid.UUID {
	t.Helper()
	got, err := s.Activate(context.Background(), req)
	if err != nil {
		t.Errorf("Activate(%q) by the same device = %v, want nil", short(req.Key), err)
	}
	return got.Activation.ID
}

// testSameFirst tests that an activation of the same device comes before the errors
// that only a new one can have.
func testSameFirst(t *testing.T, newStore Factory[licensekey.Activator]) {
	k := withLimit("KEY-1", 2, 4) // more activations than seats: the limit was lowered
	k.Activations[2].Label = "phone"
	s := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	taken, other, badLabel := fromDevice(k, "phone"), fromDevice(k, "phone"), fromDevice(k, "phone")
	taken.ActivationID, other.ActivationID, badLabel.Label = k.Activations[2].ID, k.Activations[0].ID, "a\x00"
	for range 2 {
		wantAgain(t, s, fromDevice(k, "phone"), k.Activations[2])
		wantAgain(t, s, taken, k.Activations[2])
		wantAgain(t, s, other, k.Activations[2])
		wantAgain(t, s, badLabel, k.Activations[2])
	}
	wantActivateError(t, s, fromDevice(k, "tablet"), licensekey.ErrActivationLimit)
	taken.Same = func(licensekey.Activation) bool { return false }
	wantActivateError(t, s, taken, licensekey.ErrExists)
}

// testSameRejected tests that the errors of a key that takes no activations come
// first.
func testSameRejected(t *testing.T, newStore Factory[licensekey.Activator]) {
	past, zero := now, int64(0)
	for want, change := range map[error]func(*licensekey.LicenseKey){
		licensekey.ErrNotGranted:    func(k *licensekey.LicenseKey) { k.Status = licensekey.StatusRevoked },
		licensekey.ErrExpired:       func(k *licensekey.LicenseKey) { k.ExpiresAt = &past },
		licensekey.ErrNoActivations: func(k *licensekey.LicenseKey) { k.LimitActivations = &zero },
	} {
		k := withLimit("KEY-1", 2, 1)
		change(&k.LicenseKey)
		s := newStore(t, []licensekey.LicenseKeyWithActivations{k})
		wantActivateError(t, s, fromDevice(k, "device"), want)
	}
}

// testSameOtherKeys has the same device on other keys: with another key string, and
// with the same key string in another organization.
func testSameOtherKeys(t *testing.T, newStore Factory[licensekey.Activator]) {
	k, other, foreign := withLimit("KEY-1", 1, 0), withLimit("KEY-2", 1, 1), withLimit("KEY-1", 1, 1)
	foreign.OrganizationID, foreign.Customer.OrganizationID = orgB, orgB
	s := newStore(t, []licensekey.LicenseKeyWithActivations{k, other, foreign})
	mine := wantActivated(t, s, fromDevice(k, "device")).Activation
	wantAgain(t, s, fromDevice(k, "device"), mine)
	wantAgain(t, s, fromDevice(other, "device"), other.Activations[0])
	wantAgain(t, s, fromDevice(foreign, "device"), foreign.Activations[0])
	for _, key := range keysBut() {
		unknown := fromDevice(k, "device")
		unknown.Key = key
		wantActivateError(t, s, unknown, licensekey.ErrNotFound)
	}
}

func testSameNothingShared(t *testing.T, newStore Factory[licensekey.Activator]) {
	k := withLimit("KEY-1", 1, 0)
	s := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	req := fromDevice(k, "laptop")
	req.Conditions, req.Meta = json.RawMessage(`{"b":1}`), json.RawMessage(`{"a":1}`)
	first := wantActivated(t, s, req)
	want, wantKey := first.Activation.Clone(), string(asJSON(first.LicenseKey))
	scribble(first)
	for range 3 {
		got := wantAgain(t, s, fromDevice(k, "laptop"), want)
		if string(asJSON(got.LicenseKey)) != wantKey {
			t.Errorf("after what Activate returned was overwritten, it returns\n%s\nwant\n%s", asJSON(got.LicenseKey), wantKey)
		}
		scribble(got)
	}
}

func testSameCanceled(t *testing.T, newStore Factory[licensekey.Activator]) {
	k := withLimit("KEY-1", 1, 1)
	s := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	wantCanceled(t, "Activate by the same device", func() error { _, err := s.Activate(ctx, fromDevice(k, "device")); return err })
	wantAgain(t, s, fromDevice(k, "device"), k.Activations[0])
}

// testSamePanics calls Activate with a Same that panics, alone and beside other
// callers. Only the call that has it fails.
func testSamePanics(t *testing.T, newStore Factory[licensekey.Activator]) {
	k, other := withLimit("KEY-1", 2, 1), withLimit("KEY-2", callers, 1)
	s := newStore(t, []licensekey.LicenseKeyWithActivations{k, other})
	fails := func() (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("panic: %v", p)
			}
		}()
		req := activation(k)
		req.Same = func(licensekey.Activation) bool { panic("boom") }
		_, err = s.Activate(t.Context(), req)
		return err
	}
	if err := fails(); err == nil {
		t.Errorf("Activate with a Same that panics = nil, want an error or the panic")
	}
	for i, err := range together(callers, func(i int) error {
		if i%2 == 0 {
			return fails()
		}
		_, err := s.Activate(t.Context(), activation(other))
		return err
	}) {
		if failed := err != nil; failed != (i%2 == 0) {
			t.Errorf("Activate = %v, while the Same of other calls panics; its own panics: %v", err, i%2 == 0)
		}
	}
	wantAgain(t, s, fromDevice(k, "device"), k.Activations[0])
	wantActivated(t, s, activation(k))
	wantActivateError(t, s, activation(k), licensekey.ErrActivationLimit)
}

func testSameTogether(t *testing.T, newStore Factory[licensekey.Activator]) {
	k := withLimit("KEY-1", 1, 0)
	sameTogether(t, k, callers, newStore(t, []licensekey.LicenseKeyWithActivations{k}))
}

// testSameOneSeat lets a few callers of one device compete for the only seat of a
// key, for one key after another.
func testSameOneSeat(t *testing.T, newStore Factory[licensekey.Activator]) {
	keys := make([]licensekey.LicenseKeyWithActivations, races)
	for i := range keys {
		keys[i] = withLimit(licensekey.NewKey(""), 1, 0)
	}
	s := newStore(t, keys)
	rounds(func(round int) bool {
		sameTogether(t, keys[round], few, s)
		return !t.Failed() && round+1 < races
	})
}

// sameTogether lets n callers of one device activate k, which has one free seat,
// through all of the handles. All must get the same activation.
func sameTogether[S licensekey.Activator](t *testing.T, k licensekey.LicenseKeyWithActivations, n int, handles ...S) {
	t.Helper()
	got := make([]licensekey.Activated, n)
	for i, err := range together(n, func(i int) (err error) {
		got[i], err = handles[i%len(handles)].Activate(t.Context(), fromDevice(k, "laptop"))
		return err
	}) {
		if err != nil || string(asJSON(got[i].Activation)) != string(asJSON(got[0].Activation)) {
			t.Errorf("%d callers of one device: call %d got %s, %v, and call 0 got %s", n, i, asJSON(got[i].Activation), err, asJSON(got[0].Activation))
		}
	}
	for _, s := range handles {
		if _, err := s.Activate(t.Context(), fromDevice(k, "phone")); !errors.Is(err, licensekey.ErrActivationLimit) {
			t.Errorf("Activate by another device = %v, want ErrActivationLimit", err)
		}
		wantAgain(t, s, fromDevice(k, "laptop"), got[0].Activation)
	}
}
