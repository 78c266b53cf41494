package bboltstore_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/bboltstore"
)

var cuts = flag.Int("cuts", 300, "how many power cuts TestPowerCut simulates")

// recording is what a database file was at first, what was written to it since,
// and the history of each license key in it.
type recording struct {
	mu     sync.Mutex
	image  []byte
	writes []struct {
		off  int64
		data []byte
		meta bool
	}
	histories []*history
}

// history is what a license key was at first and after each change, and how much
// had been written when each change was acknowledged. Changes of one license key
// come one after the other.
type history struct {
	licensekey.LicenseKeyWithActivations
	states []string
	acks   []int
}

// TestPowerCut records the writes of a store under load and rebuilds the file as
// a power cut may have left it: what was synced is there, and of what was not,
// each write may be, or not, or in part. Every such file must open, check, and
// hold of each license key all that had been acknowledged, and of the change
// that was under way all or nothing.
func TestPowerCut(t *testing.T) {
	t.Parallel()
	rec := record(t)
	images := t.TempDir()
	for range *cuts {
		at := rand.IntN(len(rec.writes) + 1)
		path := filepath.Join(images, "cut.db")
		if err := os.WriteFile(path, rec.cut(at), 0o600); err != nil {
			t.Fatal(err)
		}
		checkFile(t, path)
		f, err := bboltstore.Open(path, nil)
		if err != nil {
			t.Fatalf("cut at write %d of %d: %v", at, len(rec.writes), err)
		}
		for _, h := range rec.histories {
			k, err := f.Get(t.Context(), h.ID)
			if err != nil {
				t.Fatalf("cut at write %d: %v", at, err)
			}
			done := h.acknowledged(at)
			possible := h.states[done:min(done+2, len(h.states))]
			if got := stateOf(k); !slices.Contains(possible, got) {
				t.Errorf("cut at write %d of %d, after %d changes of a key: it is\n%s\nwant one of\n%q", at, len(rec.writes), done, got, possible)
			}
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	changes := 0
	for _, h := range rec.histories {
		changes += len(h.acks)
	}
	t.Logf("%d power cuts in %d writes, %d acknowledged changes", *cuts, len(rec.writes), changes)
}

// stateOf shows what changes of a license key.
func stateOf(k licensekey.LicenseKeyWithActivations) string {
	var live []string
	for _, a := range k.Activations {
		live = append(live, a.ID.String())
	}
	slices.Sort(live)
	return fmt.Sprint(k.Validations, live)
}

// acknowledged is how many changes were acknowledged when that many writes had
// been made.
func (h *history) acknowledged(writes int) int {
	n, _ := slices.BinarySearch(h.acks, writes+1)
	return n
}

// record changes many license keys, several at once.
func record(t *testing.T) *recording {
	t.Helper()
	f := newStore(t, nil)
	rec := &recording{}
	seats := int64(3)
	for range 48 {
		h := &history{LicenseKeyWithActivations: benchKey(time.Now())}
		h.LimitActivations = &seats
		h.states = []string{stateOf(h.LicenseKeyWithActivations)}
		rec.histories = append(rec.histories, h)
		if _, err := f.Import(t.Context(), []licensekey.LicenseKeyWithActivations{h.LicenseKeyWithActivations}); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	if rec.image, err = os.ReadFile(f.path); err != nil {
		t.Fatal(err)
	}
	db := bboltstore.DB(f.Store)
	intercept(t, db, func(write writeAt) writeAt {
		return func(p []byte, off int64) (int, error) {
			rec.mu.Lock()
			rec.writes = append(rec.writes, struct {
				off  int64
				data []byte
				meta bool
			}{off, bytes.Clone(p), isMeta(db, off)})
			rec.mu.Unlock()
			return write(p, off)
		}
	})
	var wg sync.WaitGroup
	for caller := range 4 {
		wg.Go(func() {
			for step := range 12 {
				for i := caller; i < len(rec.histories); i += 4 {
					rec.change(t, f, rec.histories[i], step)
				}
			}
		})
	}
	wg.Wait()
	return rec
}

// change changes a license key and writes the acknowledgement down.
func (rec *recording) change(t *testing.T, f file, h *history, step int) {
	ctx, now := context.Background(), time.Now()
	var err error
	switch step % 4 {
	case 0, 2:
		_, err = f.Validate(ctx, licensekey.ValidateRequest{OrganizationID: org, Key: h.Key, Now: now})
		h.Validations++
	case 1:
		ended := h.Activations[0].ID
		err = f.Deactivate(ctx, licensekey.DeactivateRequest{OrganizationID: org, Key: h.Key, ActivationID: ended})
		h.Activations = h.Activations[1:]
	case 3:
		var a licensekey.Activated
		a, err = f.Activate(ctx, licensekey.ActivateRequest{OrganizationID: org, Key: h.Key, ActivationID: uuid.New(), Now: now})
		h.Activations = append(h.Activations, a.Activation)
	}
	if err != nil {
		t.Errorf("step %d = %v", step, err)
	}
	rec.mu.Lock()
	defer rec.mu.Unlock()
	h.states = append(h.states, stateOf(h.LicenseKeyWithActivations))
	h.acks = append(h.acks, len(rec.writes))
}

// cut builds the file as it may be if power went when that many writes had been
// made.
func (rec *recording) cut(at int) []byte {
	synced := at
	for synced > 0 && !rec.writes[synced-1].meta && (synced == len(rec.writes) || !rec.writes[synced].meta) {
		synced--
	}
	if synced > 0 && synced == at && rec.writes[at-1].meta {
		synced-- // the sync after this meta page may not have come yet
		if rec.acknowledgedAt(at) {
			synced++
		}
	}
	image := bytes.Clone(rec.image)
	for i, w := range rec.writes[:at] {
		data := w.data
		if i >= synced {
			switch rand.IntN(3) {
			case 0:
				continue
			case 1:
				data = data[:512*rand.IntN(len(data)/512+1)]
			}
		}
		if end := int(w.off) + len(w.data); end > len(image) {
			image = append(image, make([]byte, end-len(image))...)
		}
		copy(image[w.off:], data)
	}
	return image
}

// acknowledgedAt says whether a change was acknowledged when exactly that many
// writes had been made, so that the last of them had been synced.
func (rec *recording) acknowledgedAt(writes int) bool {
	return slices.ContainsFunc(rec.histories, func(h *history) bool { return slices.Contains(h.acks, writes) })
}
