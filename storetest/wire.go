package storetest

import (
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/internal/recorded"
)

// TestWire sends recorded requests to [licensekey.NewHandler] over the store and
// compares the responses with those that Polar's own server gave. It makes a new
// store for most requests that change something: several hundred, of which two
// are alive at once.
func TestWire[S licensekey.Store](t *testing.T, newStore Factory[S]) {
	for name, cases := range map[string][]recorded.Case{
		"Deactivate":       recorded.Deactivate(t),
		"ActivateValidate": recorded.ActivateValidate(t),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			recorded.Replay(t, cases, func() (addr string, stop func()) {
				life := &lifetime{TB: t}
				server := httptest.NewServer(licensekey.NewHandler(newStore(life, recorded.LicenseKeys(t)), recorded.Config(t)))
				return server.Listener.Addr().String(), func() {
					server.Close()
					life.end()
				}
			})
		})
	}
}

// lifetime is the testing.TB that a factory gets for a store that is needed only for
// a part of a test. end runs the cleanups of that store.
type lifetime struct {
	testing.TB
	cleanups []func()
}

// Cleanup implements [testing.TB].
func (l *lifetime) Cleanup(f func()) { l.cleanups = append(l.cleanups, f) }

func (l *lifetime) end() {
	for _, f := range slices.Backward(l.cleanups) {
		f()
	}
}
