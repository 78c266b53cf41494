package storetest

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/licensekit/licensekey"
)

// testSameEnded ends activations of a device, and activates on it again: it gets an
// activation that is live, or a new one.
func testSameEnded(t *testing.T, newStore Factory[licensekey.Store]) {
	k := withLimit("KEY-1", 3, 2)
	s := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	for i := range 2 {
		wantAgain(t, s, fromDevice(k, "device"), k.Activations[i])
		wantCounts(t, s, validation(k), int64(i+1), 0) // nothing else is counted
		wantDeactivated(t, s, deactivation(k, i))
	}
	for range 3 {
		req := fromDevice(k, "device")
		made := wantActivated(t, s, req)
		wantAgain(t, s, fromDevice(k, "device"), made.Activation)
		wantDeactivated(t, s, deactivationOf(req))
		wantNotFound(t, s, deactivationOf(req))
	}
	// All three seats are free again.
	for _, device := range []string{"a", "b", "c"} {
		wantActivated(t, s, fromDevice(k, device))
	}
	wantActivateError(t, s, fromDevice(k, "device"), licensekey.ErrActivationLimit)
}

// testSameWhileEnding ends the activation of a device while it activates again: once
// Deactivate has returned, no call gets what it has ended.
func testSameWhileEnding(t *testing.T, newStore Factory[licensekey.Store]) {
	k := withLimit("KEY-1", 1, 0)
	s := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	rounds(func(round int) bool {
		req := fromDevice(k, "laptop")
		wantActivated(t, s, req)
		var ended atomic.Bool
		for i, err := range together(few, func(i int) error {
			if i == 0 {
				defer ended.Store(true)
				return s.Deactivate(t.Context(), deactivationOf(req))
			}
			late := ended.Load()
			got, err := s.Activate(t.Context(), fromDevice(k, "laptop"))
			if err == nil && late && got.Activation.ID == req.ActivationID {
				return errors.New("an activation that had ended")
			}
			return err
		}) {
			if err != nil {
				t.Errorf("round %d: Deactivate or Activate by the same device (call %d) = %v", round, i, err)
			}
		}
		live := fromDevice(k, "laptop")
		live.ActivationID = wantSameID(t, s, live)
		wantDeactivated(t, s, deactivationOf(live))
		wantNotFound(t, s, deactivationOf(req))
		return !t.Failed()
	})
}
