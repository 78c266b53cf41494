package bboltstore_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/bboltstore"
)

// TestDamagedRecord writes over the JSON of a license key: every method names the
// license key that it cannot read, others can be used, and it can be deleted.
func TestDamagedRecord(t *testing.T) {
	t.Parallel()
	f := newStore(t, nil)
	bad, good := oneKey(t, f), oneKey(t, f)
	k, err := f.GetByKey(t.Context(), org, bad.Key)
	if err != nil {
		t.Fatal(err)
	}
	err = bboltstore.DB(f.Store).Update(func(tx *bbolt.Tx) error {
		keys := tx.Bucket([]byte("licensekey.keys"))
		record := append([]byte{}, keys.Get(k.ID[:])[:bboltstore.LicenseKeyHeadSize]...)
		return keys.Put(k.ID[:], append(record, "{no JSON"...))
	})
	if err != nil {
		t.Fatal(err)
	}
	for method, call := range map[string]func(context.Context) error{
		"Get":      func(ctx context.Context) error { _, err := f.Get(ctx, k.ID); return err },
		"GetByKey": func(ctx context.Context) error { _, err := f.GetByKey(ctx, org, bad.Key); return err },
		"List":     func(ctx context.Context) error { _, err := f.List(ctx, licensekey.ListRequest{}); return err },
		"Update": func(ctx context.Context) error {
			_, err := f.Update(ctx, licensekey.UpdateRequest{ID: k.ID})
			return err
		},
		"Rotate": func(ctx context.Context) error {
			_, err := f.Rotate(ctx, licensekey.RotateRequest{ID: k.ID})
			return err
		},
		"Validate": func(ctx context.Context) error {
			_, err := f.Validate(ctx, licensekey.ValidateRequest{OrganizationID: org, Key: bad.Key, Now: time.Now()})
			return err
		},
	} {
		if err := call(t.Context()); err == nil || !strings.Contains(err.Error(), k.ID.String()) || strings.Contains(err.Error(), string(bad.Key)) {
			t.Errorf("%s of a damaged license key = %v, want an error with its id and without its key", method, err)
		}
	}
	if err := f.Deactivate(t.Context(), good); err != nil {
		t.Errorf("Deactivate of another license key = %v, want nil", err)
	}
	if err := f.Delete(t.Context(), k.ID); err != nil {
		t.Errorf("Delete of a damaged license key = %v, want nil", err)
	}
	if _, err := f.GetByKey(t.Context(), org, bad.Key); !errors.Is(err, licensekey.ErrNotFound) {
		t.Errorf("GetByKey of the deleted license key = %v, want ErrNotFound", err)
	}
	if keys, err := f.List(t.Context(), licensekey.ListRequest{}); err != nil || len(keys) != 1 {
		t.Errorf("List after that has %d keys, %v, want 1", len(keys), err)
	}
}

// activationIDs returns ids of which some begin with the same bytes, so that they
// share a mark.
func activationIDs(n, marks int) []uuid.UUID {
	ids := make([]uuid.UUID, n)
	for i := range ids {
		ids[i] = uuid.New()
		ids[i][0], ids[i][1] = 0xab, byte(i%marks)
	}
	return ids
}

// TestSharedMarks ends and makes activations whose ids begin with the same bytes,
// also one with the id of an ended one: what is live is what the calls said.
// Closing the store checks the records.
func TestSharedMarks(t *testing.T) {
	t.Parallel()
	k, f := largeKey(t, t.TempDir()+"/licenses.db", 0)
	limit := int64(100)
	if _, err := f.Update(t.Context(), licensekey.UpdateRequest{ID: k.ID, LimitActivations: &limit}); err != nil {
		t.Fatal(err)
	}
	ids := activationIDs(12, 5)
	live := make(map[uuid.UUID]bool)
	for step := range 300 {
		id := ids[step*step*5%len(ids)]
		if step%7 == 3 {
			id = ids[(step/7)%len(ids)]
		}
		end := licensekey.DeactivateRequest{OrganizationID: org, Key: k.Key, ActivationID: id}
		begin := licensekey.ActivateRequest{OrganizationID: org, Key: k.Key, ActivationID: id, Now: time.Now()}
		if live[id] {
			if _, err := f.Activate(t.Context(), begin); !errors.Is(err, licensekey.ErrExists) {
				t.Fatalf("step %d: Activate with the id of a live activation = %v, want ErrExists", step, err)
			}
			if err := f.Deactivate(t.Context(), end); err != nil {
				t.Fatalf("step %d: Deactivate = %v, want nil", step, err)
			}
			delete(live, id)
		} else {
			wantGone(t, f, end)
			if step%3 == 0 {
				continue // leave more to end
			}
			if _, err := f.Activate(t.Context(), begin); err != nil {
				t.Fatalf("step %d: Activate = %v, want nil", step, err)
			}
			live[id] = true
		}
		var want []uuid.UUID
		for id := range live {
			want = append(want, id)
		}
		wantLive(t, f, k.ID, want)
	}
}

// TestManyEnded ends many activations of one license key and makes none: the
// records of what has ended do not pile up.
func TestManyEnded(t *testing.T) {
	t.Parallel()
	k, f := largeKey(t, t.TempDir()+"/licenses.db", 200)
	var reqs []licensekey.DeactivateRequest
	for _, a := range k.Activations {
		reqs = append(reqs, licensekey.DeactivateRequest{OrganizationID: org, Key: k.Key, ActivationID: a.ID})
	}
	elapsed(t, 16, reqs, func(req licensekey.DeactivateRequest) error { return f.Deactivate(context.Background(), req) })
	wantLive(t, f, k.ID, nil)
	wantGone(t, f, reqs...)
	err := bboltstore.DB(f.Store).View(func(tx *bbolt.Tx) error {
		if n := tx.Bucket([]byte("licensekey.activations")).Stats().KeyN; n > 1+32 {
			t.Errorf("there are %d records for activations, want at most 33", n)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestListCanceled ends the context of a list, of which no key is in the page, and
// of a count, at each place where it is looked at.
func TestListCanceled(t *testing.T) {
	t.Parallel()
	f, _ := benchStore(t, 2_500)
	list := licensekey.ListRequest{Statuses: []licensekey.Status{licensekey.StatusRevoked}}
	for method, call := range map[string]func(context.Context) error{
		"List":  func(ctx context.Context) error { _, err := f.List(ctx, list); return err },
		"Count": func(ctx context.Context) error { _, err := f.Count(ctx, licensekey.ListRequest{}); return err },
	} {
		times := 0
		for ; ; times++ {
			err := call(&endsLater{t.Context(), times})
			if err == nil {
				break
			}
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("%s whose ctx ends when looked at for the %dth time = %v, want context.Canceled", method, times, err)
			}
		}
		if times < 3 {
			t.Errorf("%s of 2,500 keys looked at ctx %d times, want 3 or more", method, times)
		}
	}
}

// TestDamagedCustomer writes over the JSON of a customer: the methods that need it
// name the license key and the customer, and the last license key of the customer
// can be deleted, which deletes the customer.
func TestDamagedCustomer(t *testing.T) {
	t.Parallel()
	k := benchKey(time.Now())
	f := newStore(t, []licensekey.LicenseKeyWithActivations{k})
	err := bboltstore.DB(f.Store).Update(func(tx *bbolt.Tx) error {
		customers := tx.Bucket([]byte("licensekey.customers"))
		record := append([]byte{}, customers.Get(k.Customer.ID[:])[:bboltstore.CustomerHeadSize]...)
		return customers.Put(k.Customer.ID[:], append(record, "{no JSON"...))
	})
	if err != nil {
		t.Fatal(err)
	}
	for method, call := range map[string]func(context.Context) error{
		"Get": func(ctx context.Context) error { _, err := f.Get(ctx, k.ID); return err },
		"List": func(ctx context.Context) error {
			_, err := f.List(ctx, licensekey.ListRequest{Email: *k.Customer.Email})
			return err
		},
		"UpdateCustomer": func(ctx context.Context) error {
			_, err := f.UpdateCustomer(ctx, licensekey.UpdateCustomerRequest{Customer: k.Customer})
			return err
		},
		"Issue": func(ctx context.Context) error {
			_, err := f.Issue(ctx, licensekey.IssueRequest{OrganizationID: org, Customer: k.Customer})
			return err
		},
	} {
		if err := call(t.Context()); err == nil || errors.Is(err, licensekey.ErrNotFound) || !strings.Contains(err.Error(), k.Customer.ID.String()) {
			t.Errorf("%s with a damaged customer = %v, want an error with the customer's id", method, err)
		}
	}
	if n, err := f.Count(t.Context(), licensekey.ListRequest{CustomerIDs: []uuid.UUID{k.Customer.ID}}); err != nil || n != 1 {
		t.Errorf("Count of the customer's license keys = %d, %v, want 1", n, err)
	}
	if err := f.Delete(t.Context(), k.ID); err != nil {
		t.Errorf("Delete of the license key of a damaged customer = %v, want nil", err)
	}
	if _, err := f.UpdateCustomer(t.Context(), licensekey.UpdateCustomerRequest{Customer: k.Customer}); !errors.Is(err, licensekey.ErrNotFound) {
		t.Errorf("UpdateCustomer after that = %v, want ErrNotFound", err)
	}
}
