package storetest_test

import (
	"context"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/storetest"
)

// Devices is a store that ends activations, all in memory.
type Devices struct {
	mu   sync.Mutex
	live map[device]bool
}

// device is what a request names: an activation of a license key of an
// organization.
type device struct {
	organizationID uuid.UUID
	key            licensekey.Key
	activationID   uuid.UUID
}

// Deactivate implements [licensekey.Deactivator].
func (d *Devices) Deactivate(ctx context.Context, req licensekey.DeactivateRequest) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	named := device{req.OrganizationID, req.Key, req.ActivationID}
	if !d.live[named] {
		return licensekey.ErrNotFound
	}
	delete(d.live, named)
	return nil
}

// newDevices is the factory: it returns a new store that holds keys.
func newDevices(_ testing.TB, keys []licensekey.LicenseKeyWithActivations) *Devices {
	d := &Devices{live: make(map[device]bool)}
	for _, k := range keys {
		for _, a := range k.Activations {
			d.live[device{k.OrganizationID, k.Key, a.ID}] = true
		}
	}
	return d
}

// In a file of tests these three lines are all:
//
//	func TestDevices(t *testing.T) {
//		storetest.TestDeactivator(t, newDevices)
//	}
//
// A store that implements all of [licensekey.ManagedStore] calls [storetest.Run]
// instead. This example is a program, so it starts the test itself.
func Example() {
	all := func(_, _ string) (bool, error) { return true, nil }
	testing.Main(all, []testing.InternalTest{{
		Name: "TestDevices",
		F:    func(t *testing.T) { storetest.TestDeactivator(t, newDevices) },
	}}, nil, nil)
}
