package bboltstore_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
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
// change is rejected, nothing that was acknowledged is lost, and the next change
// goes through. But if the meta page, which is written last, got through all the
// same, so that the change is made and not synced, the store is broken.
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
	before, rejected, after := oneKey(t, f), oneKey(t, f), oneKey(t, f)
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
	err := f.Deactivate(t.Context(), rejected)
	repaired = true
	// A third of a meta page is enough to hold all of it.
	if failed != errors.Is(err, errno) || meta != errors.Is(err, bboltstore.ErrBroken) || meta != errors.Is(err, licensekey.ErrUnknown) {
		t.Errorf("write %d (meta page: %v) failed with %v: Deactivate = %v", nth, meta, errno, err)
	}
	if err := f.Deactivate(t.Context(), after); meta != errors.Is(err, bboltstore.ErrBroken) || !meta && err != nil {
		t.Errorf("after write %d (meta page: %v) failed with %v: Deactivate = %v", nth, meta, errno, err)
	}
	f = reopen(t, f)
	wantGone(t, f, before)
	gone, live := rejected, after
	if !meta {
		gone, live = after, rejected
	}
	wantGone(t, f, gone)
	if err := f.Deactivate(t.Context(), live); failed && err != nil {
		t.Errorf("after reopening, with write %d (meta page: %v) failed, what was not done = %v, want nil", nth, meta, err)
	}
	return failed
}

// TestFailedSync makes a sync fail: the call gets ErrBroken, and so does every
// later one, also one that would be rejected, until the store is reopened.
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
		if err := f.Deactivate(t.Context(), failed); !errors.Is(err, bboltstore.ErrBroken) || !errors.Is(err, licensekey.ErrUnknown) {
			t.Errorf("Deactivate with a failing sync = %v, want ErrBroken and ErrUnknown", err)
		}
		// Of the later ones it is known that nothing was made.
		if err := f.Deactivate(t.Context(), later); !errors.Is(err, bboltstore.ErrBroken) || errors.Is(err, licensekey.ErrUnknown) {
			t.Errorf("Deactivate after that = %v, want ErrBroken and not ErrUnknown", err)
		}
		repair()
		if err := f.Deactivate(t.Context(), later); !errors.Is(err, bboltstore.ErrBroken) {
			t.Errorf("Deactivate after a failed sync = %v, want ErrBroken until the store is reopened", err)
		}
		if err := f.Deactivate(t.Context(), before); !errors.Is(err, bboltstore.ErrBroken) {
			t.Errorf("a miss after a failed sync = %v, want ErrBroken", err)
		}
		if err := f.Check(t.Context()); !errors.Is(err, bboltstore.ErrBroken) {
			t.Errorf("Check after a failed sync = %v, want ErrBroken", err)
		}
		if _, err := f.List(t.Context(), licensekey.ListRequest{}); err != nil {
			t.Errorf("List after a failed sync = %v, want nil", err)
		}
		f = reopen(t, f)
		if err := f.Check(t.Context()); err != nil {
			t.Errorf("Check after reopening = %v, want nil", err)
		}
		wantGone(t, f, before)
		if err := f.Deactivate(t.Context(), later); err != nil {
			t.Errorf("Deactivate after reopening = %v, want nil", err)
		}
	}
}

// TestFailedGrowth makes growing the file fail: the change is rejected, and the
// next one that finds room goes through.
func TestFailedGrowth(t *testing.T) {
	t.Parallel()
	f := newStore(t, nil)
	req := oneKey(t, f)
	large := licensekey.IssueRequest{OrganizationID: org, Customer: licensekey.Customer{
		Metadata: json.RawMessage(`{"notes":"` + strings.Repeat("x", 1<<20) + `"}`),
	}}
	readOnly, err := os.Open(f.path)
	if err != nil {
		t.Fatal(err)
	}
	defer readOnly.Close()
	replace, repair := replaceable(t, bboltstore.DB(f.Store), int(readOnly.Fd()))
	replace()
	_, err = f.Issue(t.Context(), large)
	if err == nil || !strings.Contains(err.Error(), "resize") || errors.Is(err, bboltstore.ErrBroken) {
		t.Errorf("Issue when the file cannot grow = %v, want the reason and not ErrBroken", err)
	}
	repair()
	if err := f.Deactivate(t.Context(), req); err != nil {
		t.Errorf("Deactivate after that = %v, want nil", err)
	}
	if _, err := f.Issue(t.Context(), large); err != nil {
		t.Errorf("Issue when the file can grow = %v, want nil", err)
	}
}

// breakable returns functions that put the null device, which takes writes and
// cannot be synced, in the place of the database's file, and the file back.
func breakable(t *testing.T, db *bbolt.DB) (breakSync, repair func()) {
	t.Helper()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { null.Close() })
	return replaceable(t, db, int(null.Fd()))
}

// replaceable returns functions that put another file in the place of the
// database's, and that one back.
func replaceable(t *testing.T, db *bbolt.DB, other int) (replace, repair func()) {
	t.Helper()
	fd := int(reflect.ValueOf(db).Elem().FieldByName("file").Elem().FieldByName("file").Elem().FieldByName("pfd").FieldByName("Sysfd").Int())
	saved, err := syscall.Dup(fd)
	if err != nil {
		t.Fatal(err)
	}
	swap := func(to int) {
		if err := syscall.Dup3(to, fd, syscall.O_CLOEXEC); err != nil {
			t.Error(err)
		}
	}
	return func() { swap(other) }, func() {
		swap(saved)
		syscall.Close(saved)
	}
}

// BenchmarkSync is the least that a commit can take: a page written and synced,
// and then another one.
func BenchmarkSync(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "pages"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	page := make([]byte, os.Getpagesize())
	write := func(n int) {
		if _, err := f.WriteAt(page, int64(n*len(page))); err != nil {
			b.Fatal(err)
		}
		if err := syscall.Fdatasync(int(f.Fd())); err != nil {
			b.Fatal(err)
		}
	}
	write(0)
	write(1)
	for b.Loop() {
		write(0)
		write(1)
	}
}
