package bboltstore_test

import (
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/licensekit/licensekey/bboltstore"
)

func TestOpenCreatesPrivateFile(t *testing.T) {
	t.Parallel()
	f := newStore(t, nil)
	info, err := os.Stat(f.path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("the file has mode %o, want 600", mode)
	}
}

func TestOpenLocked(t *testing.T) {
	t.Parallel()
	f := newStore(t, nil)
	_, err := bboltstore.Open(f.path, &bboltstore.Options{LockTimeout: time.Millisecond})
	if !errors.Is(err, bboltstore.ErrLocked) || !strings.Contains(err.Error(), f.path) {
		t.Errorf("Open of an open file = %v, want ErrLocked with the file's name", err)
	}
}

func TestOpenRejects(t *testing.T) {
	t.Parallel()
	bucket := func(db *bbolt.DB, name string, pairs ...string) {
		err := db.Update(func(tx *bbolt.Tx) error {
			b, err := tx.CreateBucketIfNotExists([]byte(name))
			for i := 0; err == nil && i < len(pairs); i += 2 {
				err = b.Put([]byte(pairs[i]), []byte(pairs[i+1]))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	newer := string(binary.BigEndian.AppendUint32(nil, 5))
	tests := []struct {
		name string
		make func(path string)
		want string
	}{
		{"foreign database", func(p string) { inBolt(t, p, func(db *bbolt.DB) { bucket(db, "users") }) }, "users"},
		{"newer version", func(p string) { inBolt(t, p, func(db *bbolt.DB) { bucket(db, "licensekey.format", "version", newer) }) }, "version 5"},
		{"older version", func(p string) {
			inBolt(t, p, func(db *bbolt.DB) { bucket(db, "licensekey.format", "version", "\x00\x00\x00\x03") })
		}, "export the license keys"},
		{"no version", func(p string) { inBolt(t, p, func(db *bbolt.DB) { bucket(db, "licensekey.format") }) }, "version"},
		{"missing buckets", func(p string) {
			inBolt(t, p, func(db *bbolt.DB) { bucket(db, "licensekey.format", "version", "\x00\x00\x00\x04") })
		}, "licensekey.keys"},
		{"text file", func(p string) { write(t, p, strings.Repeat("no database\n", 1000)) }, "invalid"},
		{"zeros", func(p string) { write(t, p, strings.Repeat("\x00", 64<<10)) }, "invalid"},
		{"few bytes", func(p string) { write(t, p, "x") }, ""},
		{"cut to a page", func(p string) { cutFile(t, p, 1) }, ""},
		{"cut to two pages", func(p string) { cutFile(t, p, 2) }, "cut short"},
		{"cut to half", func(p string) { cutFile(t, p, 20) }, "cut short"},
		{"directory", func(p string) { _ = os.Mkdir(p, 0o700) }, "not a regular file"},
	}
	for _, tt := range tests {
		path := filepath.Join(t.TempDir(), "file")
		tt.make(path)
		before, _ := os.ReadFile(path)
		store, err := bboltstore.Open(path, nil)
		if err == nil {
			store.Close()
		}
		if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: Open = %v, want an error with the file's name and %q", tt.name, err, tt.want)
		}
		if after, _ := os.ReadFile(path); string(after) != string(before) {
			t.Errorf("%s: Open has changed the file", tt.name)
		}
	}
}

// cutFile makes a database of many pages and keeps the first of them.
func cutFile(t *testing.T, path string, pages int64) {
	t.Helper()
	store, err := bboltstore.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 300 {
		oneKey(t, store)
	}
	size := int64(bboltstore.DB(store).Info().PageSize)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, pages*size); err != nil {
		t.Fatal(err)
	}
}

func TestOpenReadOnly(t *testing.T) {
	t.Parallel()
	f := newStore(t, nil)
	oneKey(t, f)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(f.path)
	if err != nil {
		t.Fatal(err)
	}
	makeReadOnly(t, f.path)
	if _, err := bboltstore.Open(f.path, nil); !errors.Is(err, os.ErrPermission) || !strings.Contains(err.Error(), f.path) {
		t.Errorf("Open of a read-only file = %v, want a permission error with the file's name", err)
	}
	if after, err := os.ReadFile(f.path); err != nil || string(after) != string(before) {
		t.Errorf("Open has changed a read-only file, %v", err)
	}
}

// makeReadOnly lets nobody write to a file until the test ends. Root may write
// to any but those with the attribute of being immutable.
func makeReadOnly(t *testing.T, path string) {
	t.Helper()
	if os.Geteuid() != 0 {
		if err := os.Chmod(path, 0o400); err != nil {
			t.Fatal(err)
		}
		return
	}
	if err := exec.Command("chattr", "+i", path).Run(); err != nil {
		t.Skipf("for root no file is read-only here: chattr +i: %v", err)
	}
	t.Cleanup(func() {
		if err := exec.Command("chattr", "-i", path).Run(); err != nil {
			t.Error(err)
		}
	})
}

func inBolt(t *testing.T, path string, f func(*bbolt.DB)) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	f(db)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
