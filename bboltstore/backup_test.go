package bboltstore_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/jsonlines"
)

// TestBackup takes snapshots while callers deactivate: each opens, checks, and
// has every change that was acknowledged before it was begun.
func TestBackup(t *testing.T) {
	t.Parallel()
	k, f := largeKey(t, filepath.Join(t.TempDir(), "licenses.db"), 400)
	var mu sync.Mutex
	var acknowledged []licensekey.DeactivateRequest
	var wg sync.WaitGroup
	for caller := range 4 {
		wg.Go(func() {
			for i := caller; i < len(k.Activations); i += 4 {
				req := licensekey.DeactivateRequest{OrganizationID: org, Key: k.Key, ActivationID: k.Activations[i].ID}
				if err := f.Deactivate(context.Background(), req); err != nil {
					t.Errorf("Deactivate = %v", err)
				}
				mu.Lock()
				acknowledged = append(acknowledged, req)
				mu.Unlock()
			}
		})
	}
	for range 5 {
		mu.Lock()
		before := append([]licensekey.DeactivateRequest(nil), acknowledged...)
		mu.Unlock()
		wantGone(t, open(t, snapshot(t, f)), before...)
	}
	wg.Wait()
	g := open(t, snapshot(t, f))
	if got, want := exportOf(t, g), exportOf(t, f); got != want {
		t.Errorf("the export of a backup is\n%s\nand that of the store\n%s", got, want)
	}
}

func snapshot(t *testing.T, f file) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "backup.db")
	if err := f.BackupFile(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	return path
}

func exportOf(t *testing.T, f file) string {
	t.Helper()
	var buf bytes.Buffer
	for k, err := range licensekey.All(t.Context(), f, licensekey.ListRequest{}) {
		if err != nil {
			t.Fatal(err)
		}
		if err := jsonlines.Write(&buf, k); err != nil {
			t.Fatal(err)
		}
	}
	return buf.String()
}

func TestBackupCanceled(t *testing.T) {
	t.Parallel()
	f := newStore(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.Backup(ctx, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("Backup with a canceled context = %v, want context.Canceled", err)
	}
}

// TestBackupFile holds that a backup replaces a file, and leaves alone what is
// none, the database itself, and everything if it ends early.
func TestBackupFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := open(t, filepath.Join(dir, "licenses.db"))
	oneKey(t, f)
	in := func(name string) string { return filepath.Join(dir, name) }
	if err := os.Mkdir(in("directory"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, in("old.db"), "old")
	if err := os.Link(in("licenses.db"), in("hard.db")); err != nil {
		t.Fatal(err)
	}
	links := map[string]string{"link.db": "old.db", "self.db": "licenses.db", "dangling.db": "nothing"}
	for link, target := range links {
		if err := os.Symlink(in(target), in(link)); err != nil {
			t.Fatal(err)
		}
	}
	before := names(t, dir)
	for _, name := range []string{"licenses.db", "hard.db", "self.db", "link.db", "dangling.db", "directory", "none/backup.db"} {
		if err := f.BackupFile(t.Context(), in(name)); err == nil || !strings.Contains(err.Error(), in(name)) {
			t.Errorf("BackupFile to %s = %v, want an error with the file's name", name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.BackupFile(ctx, in("old.db")); !errors.Is(err, context.Canceled) {
		t.Errorf("BackupFile with a canceled context = %v, want context.Canceled", err)
	}
	if old, err := os.ReadFile(in("old.db")); err != nil || string(old) != "old" {
		t.Errorf("after a BackupFile that failed the old file holds %.20q, %v", old, err)
	}
	if after := names(t, dir); !slices.Equal(after, before) {
		t.Errorf("BackupFile that failed has left %v, before there were %v", after, before)
	}
	if err := f.BackupFile(t.Context(), in("old.db")); err != nil {
		t.Errorf("BackupFile over an old file = %v, want nil", err)
	}
	if got, want := exportOf(t, open(t, in("old.db"))), exportOf(t, f); got != want {
		t.Errorf("the export of a backup is\n%s\nand that of the store\n%s", got, want)
	}
}

func names(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
