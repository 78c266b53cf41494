package storetest

import (
	"net/http/httptest"
	"testing"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/internal/recorded"
)

// TestWire sends recorded requests to [licensekey.NewHandler] over the store and
// compares the responses with those that Polar's own server gave. It makes a new
// store for most requests that change something, several hundred in all.
func TestWire[S licensekey.Store](t *testing.T, newStore Factory[S]) {
	for name, cases := range map[string][]recorded.Case{
		"Deactivate":       recorded.Deactivate(t),
		"ActivateValidate": recorded.ActivateValidate(t),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			recorded.Replay(t, cases, func() (addr string, stop func()) {
				server := httptest.NewServer(licensekey.NewHandler(newStore(t, recorded.LicenseKeys(t)), recorded.Config(t)))
				return server.Listener.Addr().String(), server.Close
			})
		})
	}
}
