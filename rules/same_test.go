package rules_test

import (
	"encoding/json"
	"errors"
	"iter"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/rules"
)

// yields yields activations, and then err if it is not nil.
func yields(activations []licensekey.Activation, err error) iter.Seq2[licensekey.Activation, error] {
	return func(yield func(licensekey.Activation, error) bool) {
		for _, a := range activations {
			if !yield(a, nil) {
				return
			}
		}
		if err != nil {
			yield(licensekey.Activation{}, err)
		}
	}
}

func labeled(label string, at time.Time) licensekey.Activation {
	return licensekey.Activation{ID: uuid.New(), Label: label, CreatedAt: at, Meta: json.RawMessage(`{}`)}
}

func TestSame(t *testing.T) {
	t.Parallel()
	k := licensekey.LicenseKey{Status: licensekey.StatusGranted, LimitActivations: pointer[int64](1)}
	live := []licensekey.Activation{
		labeled("a", frozen), labeled("b", frozen.Add(2)), labeled("b", frozen.Add(1)), labeled("b", frozen.Add(1)), labeled("c", frozen.Add(-1)),
	}
	oldest := live[2]
	if live[3].ID.String() < oldest.ID.String() {
		oldest = live[3]
	}
	same := func(a licensekey.Activation) bool { return a.Label == "b" }
	for range len(live) {
		live = append(live[1:], live[0])
		got, err := rules.Same(licensekey.ActivateRequest{Same: same, Now: frozen}, k, yields(live, nil))
		if err != nil || got == nil || got.ID != oldest.ID {
			t.Errorf("Same of %v = %v, %v, want %v", live, got, err, oldest.ID)
		}
	}
	none := func(licensekey.Activation) bool { return false }
	if got, err := rules.Same(licensekey.ActivateRequest{Same: none, Now: frozen}, k, yields(live, nil)); got != nil || err != nil {
		t.Errorf("Same that is true of nothing = %v, %v, want nil", got, err)
	}
	unreadable := errors.New("unreadable")
	if _, err := rules.Same(licensekey.ActivateRequest{Same: same, Now: frozen}, k, yields(live, unreadable)); err != unreadable {
		t.Errorf("Same of what cannot be read = %v, want the error of the iteration", err)
	}
	panics := func(licensekey.Activation) bool { panic("boom") }
	if _, err := rules.Same(licensekey.ActivateRequest{Same: panics, Now: frozen}, k, yields(live, nil)); err == nil || !strings.Contains(err.Error(), "boom") {
		t.Errorf("Same that panics = %v, want an error with the panic", err)
	}
}

// TestSameReadsNothing has requests for which the activations are not needed.
func TestSameReadsNothing(t *testing.T) {
	t.Parallel()
	unread := func(func(licensekey.Activation, error) bool) { t.Error("the activations were asked for") }
	is := func(licensekey.Activation) bool { return true }
	one, zero := pointer[int64](1), pointer[int64](0)
	for name, tt := range map[string]struct {
		same func(licensekey.Activation) bool
		key  licensekey.LicenseKey
	}{
		"no Same":        {nil, licensekey.LicenseKey{Status: licensekey.StatusGranted, LimitActivations: one}},
		"revoked":        {is, licensekey.LicenseKey{Status: licensekey.StatusRevoked, LimitActivations: one}},
		"expired":        {is, licensekey.LicenseKey{Status: licensekey.StatusGranted, LimitActivations: one, ExpiresAt: &frozen}},
		"no activations": {is, licensekey.LicenseKey{Status: licensekey.StatusGranted, LimitActivations: zero}},
	} {
		if got, err := rules.Same(licensekey.ActivateRequest{Same: tt.same, Now: frozen}, tt.key, unread); got != nil || err != nil {
			t.Errorf("%s: Same = %v, %v, want nil", name, got, err)
		}
	}
}

// TestActivateSame holds what comes before an activation that is there, and what
// does not.
func TestActivateSame(t *testing.T) {
	t.Parallel()
	a := labeled("laptop", frozen.Add(-time.Hour))
	seats := rules.Seats{Live: 5, Exists: true, Same: &a}
	req := licensekey.ActivateRequest{Label: "\xff", Now: frozen}
	for _, tt := range []struct {
		key  licensekey.LicenseKey
		want error
	}{
		{licensekey.LicenseKey{Status: licensekey.StatusGranted, LimitActivations: pointer[int64](1)}, nil},
		{licensekey.LicenseKey{Status: licensekey.StatusDisabled, LimitActivations: pointer[int64](1)}, licensekey.ErrNotGranted},
		{licensekey.LicenseKey{Status: licensekey.StatusGranted, LimitActivations: pointer[int64](1), ExpiresAt: &frozen}, licensekey.ErrExpired},
		{licensekey.LicenseKey{Status: licensekey.StatusGranted}, licensekey.ErrNoActivations},
	} {
		got, err := rules.Activate(req, tt.key, seats)
		if !errors.Is(err, tt.want) {
			t.Errorf("Activate(%v) = %v, want %v", tt.key, err, tt.want)
		}
		if tt.want == nil {
			if !reflect.DeepEqual(got, a) {
				t.Errorf("Activate = %+v, want %+v", got, a)
			}
			before := slices.Clone(a.Meta)
			got.Meta[0] = 'x'
			if !slices.Equal(a.Meta, before) {
				t.Error("Activate returned memory that it shares with Seats.Same")
			}
		}
	}
}
