package memstore_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/memstore"
	"github.com/licensekit/licensekey/storetest"
)

var org = uuid.MustParse("0a0a0a0a-0000-4000-8000-00000000000a")

func newStore(t testing.TB, keys []licensekey.LicenseKeyWithActivations) *memstore.Store {
	store := memstore.New()
	if added, err := store.Import(t.Context(), keys); err != nil || added != len(keys) {
		t.Fatalf("Import of %d keys = %d, %v", len(keys), added, err)
	}
	return store
}

func TestStore(t *testing.T) { t.Parallel(); storetest.Run(t, newStore) }

func BenchmarkDeactivator(b *testing.B) { storetest.BenchmarkDeactivator(b, newStore) }

func TestClosed(t *testing.T) {
	t.Parallel()
	store := memstore.New()
	for range 2 {
		if err := store.Close(); err != nil {
			t.Errorf("Close = %v, want nil", err)
		}
	}
	ctx := t.Context()
	calls := map[string]func() error{
		"Deactivate": func() error { return store.Deactivate(ctx, licensekey.DeactivateRequest{}) },
		"Activate":   func() error { _, err := store.Activate(ctx, licensekey.ActivateRequest{}); return err },
		"Validate":   func() error { _, err := store.Validate(ctx, licensekey.ValidateRequest{}); return err },
		"Issue":      func() error { _, err := store.Issue(ctx, licensekey.IssueRequest{OrganizationID: org}); return err },
		"Import":     func() error { _, err := store.Import(ctx, nil); return err },
		"Get":        func() error { _, err := store.Get(ctx, org); return err },
		"GetByKey":   func() error { _, err := store.GetByKey(ctx, org, "KEY"); return err },
		"List":       func() error { _, err := store.List(ctx, licensekey.ListRequest{}); return err },
		"Count":      func() error { _, err := store.Count(ctx, licensekey.ListRequest{}); return err },
		"UpdateCustomer": func() error {
			_, err := store.UpdateCustomer(ctx, licensekey.UpdateCustomerRequest{})
			return err
		},
		"EndActivation": func() error {
			_, err := store.EndActivation(ctx, licensekey.EndActivationRequest{})
			return err
		},
		"Update": func() error { _, err := store.Update(ctx, licensekey.UpdateRequest{}); return err },
		"Rotate": func() error { _, err := store.Rotate(ctx, licensekey.RotateRequest{}); return err },
		"Delete": func() error { return store.Delete(ctx, org) },
		"Check":  func() error { return store.Check(ctx) },
	}
	for name, call := range calls {
		if err := call(); err == nil || errors.Is(err, licensekey.ErrNotFound) {
			t.Errorf("%s after Close = %v, want another error than ErrNotFound", name, err)
		}
	}
}

// TestListOrder issues and deletes keys between lists: each shows what is there,
// once, in order.
func TestListOrder(t *testing.T) {
	t.Parallel()
	store, now := memstore.New(), time.Now().Truncate(time.Second)
	want := make(map[uuid.UUID]bool)
	ids := make([]uuid.UUID, 40)
	for i := range ids {
		ids[i] = uuid.New()
	}
	for step := range 400 {
		id := ids[step*step*7%len(ids)]
		if want[id] {
			if err := store.Delete(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			delete(want, id)
		} else {
			if _, err := store.Issue(t.Context(), licensekey.IssueRequest{ID: id, OrganizationID: org, Now: now.Add(time.Duration(step%5) * time.Second)}); err != nil {
				t.Fatal(err)
			}
			want[id] = true
		}
		if step%3 == 0 {
			continue
		}
		keys, err := store.List(t.Context(), licensekey.ListRequest{})
		if err != nil || len(keys) != len(want) {
			t.Fatalf("step %d: List has %d keys, %v, want %d", step, len(keys), err, len(want))
		}
		for i, k := range keys {
			if !want[k.ID] || i > 0 && keys[i-1].Cursor().Compare(k.Cursor()) >= 0 {
				t.Fatalf("step %d: List has %v at %d, after %v", step, k.ID, i, keys[max(i-1, 0)].ID)
			}
		}
	}
}

// endsLater is a context that ends when its error has been asked for that often.
type endsLater struct {
	context.Context
	left int
}

func (c *endsLater) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// TestCanceledMidway ends the context of an import and of a list at each place
// where it is looked at: nothing of the import is left.
func TestCanceledMidway(t *testing.T) {
	t.Parallel()
	const n = 2_500
	keys := make([]licensekey.LicenseKeyWithActivations, n)
	for i := range keys {
		keys[i] = licensekey.LicenseKeyWithActivations{LicenseKey: licensekey.LicenseKey{
			ID: uuid.New(), CreatedAt: time.Now(), OrganizationID: org, Key: licensekey.NewKey(""), Status: licensekey.StatusGranted,
			Customer: licensekey.Customer{ID: uuid.New()},
		}}
	}
	store := memstore.New()
	list := licensekey.ListRequest{Limit: 1, Statuses: []licensekey.Status{licensekey.StatusRevoked}} // looks at all
	times := 0
	for ; ; times++ {
		added, err := store.Import(&endsLater{t.Context(), times}, keys)
		if err == nil {
			break
		}
		if listed, lerr := store.List(t.Context(), licensekey.ListRequest{}); !errors.Is(err, context.Canceled) || added != 0 || lerr != nil || len(listed) != 0 {
			t.Fatalf("Import that ends when ctx is looked at for the %dth time = %d, %v; then List has %d keys, %v", times, added, err, len(listed), lerr)
		}
	}
	if times < 2*3 {
		t.Errorf("Import of %d keys looked at ctx %d times, want 6 or more", n, times)
	}
	for i := range 4 {
		if _, err := store.List(&endsLater{t.Context(), i}, list); !errors.Is(err, context.Canceled) {
			t.Errorf("List of %d keys whose ctx ends when looked at for the %dth time = %v, want context.Canceled", n, i, err)
		}
	}
}
