package bboltstore_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
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
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if err := f.Backup(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	return path
}

func exportOf(t *testing.T, f file) string {
	t.Helper()
	var buf bytes.Buffer
	for k, err := range licensekey.All(t.Context(), f) {
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
