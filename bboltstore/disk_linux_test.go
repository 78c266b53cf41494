package bboltstore_test

import (
	"errors"
	"io/fs"
	"os"
	"reflect"
	"syscall"
	"testing"
	"unsafe"

	"go.etcd.io/bbolt"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/bboltstore"
)

type writeAt func(p []byte, off int64) (int, error)

// intercept replaces how a database writes pages: the one place where bbolt goes
// through a function of its own, which it does not export.
func intercept(t *testing.T, db *bbolt.DB, wrap func(writeAt) writeAt) {
	t.Helper()
	field := reflect.ValueOf(db).Elem().FieldByName("ops").FieldByName("writeAt")
	if field.Type() != reflect.TypeFor[func([]byte, int64) (int, error)]() {
		t.Fatal("bbolt no longer writes through DB.ops.writeAt")
	}
	p := (*func([]byte, int64) (int, error))(unsafe.Pointer(field.UnsafeAddr()))
	*p = wrap(*p)
}

// isMeta says whether a write is that of a meta page, which ends a commit. bbolt
// syncs before and after it (TestSyncs holds that it is asked to).
func isMeta(db *bbolt.DB, off int64) bool { return off < 2*int64(db.Info().PageSize) }

// TestFailedWrite makes each write of a commit fail, whole and in part: the
// change is refused, nothing that was acknowledged is lost, and the next change
// goes through.
func TestFailedWrite(t *testing.T) {
	t.Parallel()
	for _, errno := range []syscall.Errno{syscall.ENOSPC, syscall.EIO} {
		for nth := 0; failWrite(t, nth, errno); nth++ {
		}
	}
}

// failWrite fails the nth write of a change, if it makes so many.
func failWrite(t *testing.T, nth int, errno syscall.Errno) (failed bool) {
	t.Helper()
	f := newStore(t, nil)
	before, refused, after := oneKey(t, f), oneKey(t, f), oneKey(t, f)
	if err := f.Deactivate(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	db := bboltstore.DB(f.Store)
	n, meta, repaired := 0, false, false
	intercept(t, db, func(write writeAt) writeAt {
		return func(p []byte, off int64) (int, error) {
			if n++; n-1 != nth || repaired {
				return write(p, off)
			}
			failed, meta = true, isMeta(db, off)
			_, _ = write(p[:len(p)/3], off)
			return 0, &fs.PathError{Op: "write", Path: f.path, Err: errno}
		}
	})
	err := f.Deactivate(t.Context(), refused)
	repaired = true
	if failed != errors.Is(err, errno) || errors.Is(err, bboltstore.ErrBroken) {
		t.Errorf("write %d failed with %v: Deactivate = %v", nth, errno, err)
	}
	if err := f.Deactivate(t.Context(), after); err != nil {
		t.Errorf("after write %d failed with %v: Deactivate = %v, want nil", nth, errno, err)
	}
	f = reopen(t, f)
	wantGone(t, f, before, after)
	// A third of a meta page is enough to hold all of it: the change was refused
	// and made. Else it was not made.
	err = f.Deactivate(t.Context(), refused)
	if failed && !meta && err != nil {
		t.Errorf("after reopening, the change whose write %d failed = %v, want nil", nth, err)
	}
	return failed
}

// TestFailedSync makes a sync fail: the call gets ErrBroken, and so does every
// later change, until the store is reopened. Reading goes on.
func TestFailedSync(t *testing.T) {
	t.Parallel()
	for _, meta := range []bool{false, true} {
		f := newStore(t, nil)
		before, failed, later := oneKey(t, f), oneKey(t, f), oneKey(t, f)
		if err := f.Deactivate(t.Context(), before); err != nil {
			t.Fatal(err)
		}
		db := bboltstore.DB(f.Store)
		breakSync, repair := breakable(t, db)
		broken := false
		intercept(t, db, func(write writeAt) writeAt {
			return func(p []byte, off int64) (int, error) {
				n, err := write(p, off)
				if isMeta(db, off) == meta && !broken {
					broken = true
					breakSync()
				}
				return n, err
			}
		})
		for _, req := range []licensekey.DeactivateRequest{failed, later} {
			if err := f.Deactivate(t.Context(), req); !errors.Is(err, bboltstore.ErrBroken) {
				t.Errorf("Deactivate with a failing sync = %v, want ErrBroken", err)
			}
		}
		repair()
		if err := f.Deactivate(t.Context(), later); !errors.Is(err, bboltstore.ErrBroken) {
			t.Errorf("Deactivate after a failed sync = %v, want ErrBroken until the store is reopened", err)
		}
		wantGone(t, f, before)
		if _, err := f.List(t.Context(), licensekey.ListRequest{}); err != nil {
			t.Errorf("List after a failed sync = %v, want nil", err)
		}
		f = reopen(t, f)
		wantGone(t, f, before)
		if err := f.Deactivate(t.Context(), later); err != nil {
			t.Errorf("Deactivate after reopening = %v, want nil", err)
		}
	}
}

// breakable returns functions that put the null device, which takes writes and
// cannot be synced, in the place of the database's file, and the file back.
func breakable(t *testing.T, db *bbolt.DB) (breakSync, repair func()) {
	t.Helper()
	fd := int(reflect.ValueOf(db).Elem().FieldByName("file").Elem().FieldByName("file").Elem().FieldByName("pfd").FieldByName("Sysfd").Int())
	saved, err := syscall.Dup(fd)
	if err != nil {
		t.Fatal(err)
	}
	null, err := syscall.Open(os.DevNull, syscall.O_RDWR|syscall.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	swap := func(to int) {
		if err := syscall.Dup3(to, fd, syscall.O_CLOEXEC); err != nil {
			t.Error(err)
		}
	}
	return func() { swap(null) }, func() {
		swap(saved)
		syscall.Close(saved)
		syscall.Close(null)
	}
}
