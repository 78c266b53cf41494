package storetest

import (
	"errors"
	"testing"

	"github.com/licensekit/licensekey"
)

// TestShared tests two stores on one database, as two processes would use them. Both
// must see the same seats of a license key, the same ended activations and the same
// count of validations. A store fails if it relies on a cache or a lock that only
// one process has. open opens a second store on the database of the first. It calls
// t.Fatal if it fails, and releases what it has opened with t.Cleanup.
func TestShared[S licensekey.Store](t *testing.T, newStore Factory[S], open func(testing.TB, S) S) {
	handles := func(t *testing.T, k licensekey.LicenseKeyWithActivations) []licensekey.Store {
		first := newStore(t, []licensekey.LicenseKeyWithActivations{k})
		return []licensekey.Store{first, open(t, first)}
	}
	tests := map[string]func(t *testing.T){
		"MadeAndEnded": func(t *testing.T) {
			k := withLimit("KEY-1", 1, 0)
			madeAndEnded(t, k, handles(t, k))
		},
		"FiveSeats": func(t *testing.T) {
			k := withLimit("KEY-1", 5, 0)
			fiveSeats(t, k, handles(t, k)...)
		},
		"OneSeat": func(t *testing.T) {
			k := withLimit("KEY-1", 1, 0)
			oneSeat(t, k, handles(t, k)...)
		},
		"SameDevice": func(t *testing.T) {
			k := withLimit("KEY-1", 1, 0)
			sameTogether(t, k, callers, handles(t, k)...)
		},
		"OneActivation": func(t *testing.T) {
			k := newKey(orgA, "KEY-1", races)
			oneActivation(t, k, handles(t, k)...)
		},
		"ManyActivations": func(t *testing.T) {
			k := newKey(orgA, "KEY-1", callers)
			manyActivations(t, k, handles(t, k)...)
		},
		"Validations": func(t *testing.T) {
			k := newKey(orgA, "KEY-1", 0)
			manyValidations(t, k, handles(t, k)...)
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t)
		})
	}
}

// madeAndEnded makes activations through one handle, and validates and ends them
// through the other.
func madeAndEnded(t *testing.T, k licensekey.LicenseKeyWithActivations, handles []licensekey.Store) {
	t.Helper()
	for i := range 4 {
		one, other := handles[i%2], handles[(i+1)%2]
		req := activation(k)
		wantActivated(t, one, req)
		wantCounts(t, other, validationOf(req), int64(2*i+1), 0)
		wantCounts(t, one, validationOf(req), int64(2*i+2), 0)
		wantActivateError(t, other, activation(k), licensekey.ErrActivationLimit)
		wantDeactivated(t, other, deactivationOf(req))
		for _, s := range handles {
			wantValidateError(t, s, validationOf(req), licensekey.ErrNotFound)
			wantNotFound(t, s, deactivationOf(req))
		}
	}
}

// races is the number of activations, or of license keys, for the races that use up
// one of them in each round.
const races = 1000

// oneActivation lets many callers end the first activation of k at once, through all
// of the handles. Then a few callers do the same with each of the others, up to the
// last.
func oneActivation[S licensekey.Deactivator](t *testing.T, k licensekey.LicenseKeyWithActivations, handles ...S) {
	t.Helper()
	last := len(k.Activations) - 1
	rounds(func(round int) bool {
		n := few
		if round == 0 {
			n = callers
		}
		done := 0
		for _, err := range together(n, func(i int) error {
			return handles[i%len(handles)].Deactivate(t.Context(), deactivation(k, round))
		}) {
			if err == nil {
				done++
			} else if !errors.Is(err, licensekey.ErrNotFound) {
				t.Errorf("Deactivate = %v, want nil or ErrNotFound", err)
			}
		}
		if done != 1 {
			t.Errorf("round %d: %d callers on one activation: %d got nil, want 1", round, n, done)
		}
		return !t.Failed() && round+1 < last
	})
	wantDeactivated(t, handles[0], deactivation(k, last))
}

// manyActivations lets many callers each end another activation of k, through all of
// the handles.
func manyActivations[S licensekey.Deactivator](t *testing.T, k licensekey.LicenseKeyWithActivations, handles ...S) {
	t.Helper()
	for i, err := range together(callers, func(i int) error {
		return handles[i%len(handles)].Deactivate(t.Context(), deactivation(k, i))
	}) {
		if err != nil {
			t.Errorf("%d callers on as many activations of one key: call %d = %v, want nil", callers, i, err)
		}
	}
	for i := range callers {
		wantNotFound(t, handles[i%len(handles)], deactivation(k, i))
	}
}

// manyValidations lets a few callers validate k many times, through all of the
// handles. Every validation must be counted.
func manyValidations[S licensekey.Validator](t *testing.T, k licensekey.LicenseKeyWithActivations, handles ...S) {
	t.Helper()
	validations, usage := int64(0), int64(0)
	rounds(func(int) bool {
		for i, err := range together(few, func(i int) error {
			req := validation(k)
			req.IncrementUsage = int64(i)
			_, err := handles[i%len(handles)].Validate(t.Context(), req)
			return err
		}) {
			if err != nil {
				t.Errorf("Validate(+%d) = %v, want nil", i, err)
			}
			validations, usage = validations+1, usage+int64(i)
		}
		return !t.Failed()
	})
	for i, s := range handles {
		wantCounts(t, s, validation(k), validations+int64(i)+1, usage)
	}
}
