package bboltstore_test

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"testing"
	"unsafe"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/bboltstore"
)

// waits is a context that says when somebody waits for its end.
type waits struct {
	context.Context
	once    sync.Once
	waiting chan struct{}
}

func newWaits(ctx context.Context) *waits { return &waits{Context: ctx, waiting: make(chan struct{})} }

func (c *waits) Done() <-chan struct{} {
	c.once.Do(func() { close(c.waiting) })
	return c.Context.Done()
}

// wantWaiting waits until a call with the context c waits for something.
func (c *waits) wantWaiting(t *testing.T, result <-chan error) {
	t.Helper()
	select {
	case <-c.waiting:
	case err := <-result:
		t.Fatalf("while the sync is under way: got %v, want nothing", err)
	}
}

// metaLock is the lock that bbolt holds while it writes a meta page, and lets go
// of before it syncs it. It does not export it.
func metaLock(t *testing.T, db *bbolt.DB) *sync.Mutex {
	t.Helper()
	field := reflect.ValueOf(db).Elem().FieldByName("metalock")
	if field.Type() != reflect.TypeFor[sync.Mutex]() {
		t.Fatal("bbolt no longer writes meta pages under DB.metalock")
	}
	return (*sync.Mutex)(unsafe.Pointer(field.UnsafeAddr()))
}

// unsynced makes a change and returns when its commit can be read and its last
// sync is still to come. After release, result has the change's error.
func unsynced(t *testing.T, f file, change func() error) (release func(), result chan error) {
	t.Helper()
	db := bboltstore.DB(f.Store)
	lock := metaLock(t, db)
	written, released := make(chan struct{}), make(chan struct{})
	var once sync.Once
	intercept(t, db, func(write writeAt) writeAt {
		return func(p []byte, off int64) (int, error) {
			n, err := write(p, off)
			if isMeta(db, off) {
				once.Do(func() {
					lock.Unlock()
					close(written)
					<-released
					lock.Lock()
				})
			}
			return n, err
		}
	})
	result = make(chan error, 1)
	go func() { result <- change() }()
	<-written
	release = sync.OnceFunc(func() { close(released) })
	t.Cleanup(release)
	return release, result
}

// TestErrorsRestOnSyncedCommits makes changes whose commits can be read and are
// not synced: an error that rests on one comes after the sync, and one that does
// not waits for nothing.
func TestErrorsRestOnSyncedCommits(t *testing.T) {
	t.Parallel()
	type key struct {
		licensekey.DeactivateRequest
		id       uuid.UUID
		customer licensekey.Customer
	}
	type call func(ctx context.Context, f file, k key) error
	activate := func(ctx context.Context, f file, k key) error {
		_, err := f.Activate(ctx, licensekey.ActivateRequest{OrganizationID: org, Key: k.Key, ActivationID: uuid.New(), Now: k.Now})
		return err
	}
	again := func(ctx context.Context, f file, k key) error {
		_, err := f.Activate(ctx, licensekey.ActivateRequest{
			OrganizationID: org, Key: k.Key, ActivationID: uuid.New(), Now: k.Now, Label: "laptop", Same: sameLabel("laptop"),
		})
		return err
	}
	deactivate := func(ctx context.Context, f file, k key) error { return f.Deactivate(ctx, k.DeactivateRequest) }
	issue := func(ctx context.Context, f file, _ key) error {
		_, err := f.Issue(ctx, licensekey.IssueRequest{OrganizationID: org, Key: "NEW"})
		return err
	}
	importNew := func(ctx context.Context, f file, k key) error {
		fresh := benchKey(k.Now)
		fresh.Key = "NEW"
		_, err := f.Import(ctx, []licensekey.LicenseKeyWithActivations{fresh})
		return err
	}
	rotate := func(ctx context.Context, f file, k key) error {
		_, err := f.Rotate(ctx, licensekey.RotateRequest{ID: k.id, Key: "NEW"})
		return err
	}
	remove := func(ctx context.Context, f file, k key) error { return f.Delete(ctx, k.id) }
	get := func(ctx context.Context, f file, k key) error { _, err := f.Get(ctx, k.id); return err }
	getByKey := func(ctx context.Context, f file, k key) error { _, err := f.GetByKey(ctx, org, k.Key); return err }
	seats := int64(2)
	update := func(ctx context.Context, f file, k key) error {
		_, err := f.Update(ctx, licensekey.UpdateRequest{ID: k.id, LimitActivations: &seats})
		return err
	}
	updateCustomer := func(ctx context.Context, f file, k key) error {
		email := "ada@example.com"
		k.customer.Email = &email
		_, err := f.UpdateCustomer(ctx, licensekey.UpdateCustomerRequest{Customer: k.customer})
		return err
	}
	customer := licensekey.Customer{ID: uuid.New()}
	issueTo := func(organization uuid.UUID) call {
		return func(ctx context.Context, f file, _ key) error {
			_, err := f.Issue(ctx, licensekey.IssueRequest{OrganizationID: organization, Customer: customer})
			return err
		}
	}
	tests := []struct {
		name        string
		change      call
		asked       call
		want        error
		concernsAll bool
	}{
		{"deactivate twice", deactivate, deactivate, licensekey.ErrNotFound, false},
		{"last seat", activate, activate, licensekey.ErrActivationLimit, false},
		{"same device", again, again, nil, false},
		{"deactivate with the old key string", rotate, deactivate, licensekey.ErrNotFound, false},
		{"issue a key string that was given", rotate, issue, licensekey.ErrExists, false},
		{"issue twice", issue, issue, licensekey.ErrExists, false},
		{"rotate to an issued key string", issue, rotate, licensekey.ErrExists, false},
		{"issue what was imported", importNew, issue, licensekey.ErrExists, true},
		{"deactivate of a deleted key", remove, deactivate, licensekey.ErrNotFound, false},
		{"get by the key string of a deleted key", remove, getByKey, licensekey.ErrNotFound, false},
		{"get a deleted key", remove, get, licensekey.ErrNotFound, false},
		{"update the customer of a deleted key", remove, updateCustomer, licensekey.ErrNotFound, false},
		{"update a customer twice", updateCustomer, updateCustomer, nil, false},
		{"a license key that shows its customer", updateCustomer, update, nil, false},
		{"issue to the customer of another organization", issueTo(org), issueTo(uuid.New()), licensekey.ErrInvalid, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newStore(t, nil)
			k, other := key{DeactivateRequest: oneKey(t, f)}, oneKey(t, f)
			stored, err := f.GetByKey(t.Context(), org, k.Key)
			if err != nil {
				t.Fatal(err)
			}
			k.id, k.customer = stored.ID, stored.Customer
			if err := update(t.Context(), f, k); err != nil {
				t.Fatal(err)
			}
			release, changed := unsynced(t, f, func() error { return tt.change(context.Background(), f, k) })

			// A miss that nothing under way concerns waits for nothing.
			other.ActivationID = uuid.New()
			if !tt.concernsAll {
				if err := f.Deactivate(t.Context(), other); !errors.Is(err, licensekey.ErrNotFound) {
					t.Errorf("a miss that does not rest on the commit = %v, want ErrNotFound", err)
				}
			}
			// One that does can be canceled while it waits.
			canceled, cancel := context.WithCancel(context.Background())
			ctx := newWaits(canceled)
			asked := make(chan error, 1)
			go func() { asked <- tt.asked(ctx, f, k) }()
			ctx.wantWaiting(t, asked)
			cancel()
			if err := <-asked; !errors.Is(err, context.Canceled) {
				t.Errorf("canceled while the sync is under way: got %v, want context.Canceled", err)
			}
			// And comes after the sync.
			ctx = newWaits(context.Background())
			go func() { asked <- tt.asked(ctx, f, k) }()
			ctx.wantWaiting(t, asked)
			release()
			if err := <-changed; err != nil {
				t.Errorf("the change = %v, want nil", err)
			}
			if err := <-asked; !errors.Is(err, tt.want) {
				t.Errorf("after the sync: got %v, want %v", err, tt.want)
			}
		})
	}
}

// TestErrorsRestOnFailedSync lets the sync fail that an error rests on: it is
// ErrBroken instead.
func TestErrorsRestOnFailedSync(t *testing.T) {
	t.Parallel()
	f := newStore(t, nil)
	req := oneKey(t, f)
	breakSync, repair := breakable(t, bboltstore.DB(f.Store))
	release, changed := unsynced(t, f, func() error { return f.Deactivate(context.Background(), req) })
	breakSync()
	ctx := newWaits(context.Background())
	asked := make(chan error, 1)
	go func() { asked <- f.Deactivate(ctx, req) }()
	ctx.wantWaiting(t, asked)
	release()
	if err := <-changed; !errors.Is(err, bboltstore.ErrBroken) || !errors.Is(err, licensekey.ErrUnknown) {
		t.Errorf("the change whose sync fails = %v, want ErrBroken and ErrUnknown", err)
	}
	if err := <-asked; !errors.Is(err, bboltstore.ErrBroken) || errors.Is(err, licensekey.ErrNotFound) || errors.Is(err, licensekey.ErrUnknown) {
		t.Errorf("the miss that rests on it = %v, want ErrBroken alone", err)
	}
	repair()
}
