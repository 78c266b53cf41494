package bboltstore_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/bboltstore"
)

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

// TestImportCanceled ends the context of an import at each place where it is
// looked at: nothing of it is left, and the import can be done again.
func TestImportCanceled(t *testing.T) {
	t.Parallel()
	keys := make([]licensekey.LicenseKeyWithActivations, 2_500)
	for i := range keys {
		keys[i] = benchKey(time.Now())
	}
	f := newStore(t, nil)
	times := 0
	for ; ; times++ {
		added, err := f.Import(&endsLater{t.Context(), times}, keys)
		if err == nil {
			break
		}
		if !errors.Is(err, context.Canceled) || added != 0 {
			t.Fatalf("Import that ends when ctx is looked at for the %dth time = %d, %v, want 0, context.Canceled", times, added, err)
		}
		if keys, err := f.List(t.Context(), licensekey.ListRequest{}); err != nil || len(keys) != 0 {
			t.Fatalf("after a canceled Import List has %d keys, %v, want none", len(keys), err)
		}
	}
	if added, err := f.Import(t.Context(), keys); err != nil || added != 0 {
		t.Errorf("Import of the same again = %d, %v, want 0", added, err)
	}
	// Four times over the keys, each 1,000 of them, and when calls begin.
	if times < 4*3 {
		t.Errorf("Import of %d keys looked at ctx %d times, want 12 or more", len(keys), times)
	}
}

// TestImportCanceledAlone lets an import that is canceled queue up with other
// changes: it fails none of them.
func TestImportCanceledAlone(t *testing.T) {
	t.Parallel()
	f := newStore(t, nil)
	first, second, third := oneKey(t, f), oneKey(t, f), oneKey(t, f)
	release := held(t, f)
	results := make(chan error, 3)
	go func() { results <- f.Deactivate(context.Background(), first) }()
	bboltstore.WaitQueued(f.Store, 1)
	go func() { results <- f.Deactivate(context.Background(), second) }()
	bboltstore.WaitQueued(f.Store, 2)
	imported := make(chan error, 1)
	go func() {
		// Looked at when the call begins, for the checks, and when the change is
		// begun: it ends while the change is applied.
		_, err := f.Import(&endsLater{context.Background(), 3}, []licensekey.LicenseKeyWithActivations{benchKey(time.Now())})
		imported <- err
	}()
	bboltstore.WaitQueued(f.Store, 3)
	go func() { results <- f.Deactivate(context.Background(), third) }()
	bboltstore.WaitQueued(f.Store, 4)
	release()
	if err := <-imported; !errors.Is(err, context.Canceled) {
		t.Errorf("the canceled Import = %v, want context.Canceled", err)
	}
	for range 3 {
		if err := <-results; err != nil {
			t.Errorf("Deactivate beside a canceled Import = %v, want nil", err)
		}
	}
}

// TestImportTwice imports keys that clash with one another and with what is
// there: the first of each wins.
func TestImportTwice(t *testing.T) {
	t.Parallel()
	there, k := benchKey(time.Now()), benchKey(time.Now())
	f := newStore(t, []licensekey.LicenseKeyWithActivations{there})
	sameID, sameKey, afterSkipped, known := benchKey(time.Now()), benchKey(time.Now()), benchKey(time.Now()), benchKey(time.Now())
	sameID.ID, sameKey.Key, known.Key = k.ID, k.Key, there.Key
	for i := range sameID.Activations {
		sameID.Activations[i].LicenseKeyID = uuid.Nil
	}
	afterSkipped.Key = sameID.Key
	added, err := f.Import(t.Context(), []licensekey.LicenseKeyWithActivations{k, sameID, sameKey, afterSkipped, known})
	if err != nil || added != 2 {
		t.Fatalf("Import of five keys of which three clash = %d, %v, want 2", added, err)
	}
	for _, want := range []licensekey.LicenseKeyWithActivations{there, k, afterSkipped} {
		if got, err := f.GetByKey(t.Context(), org, want.Key); err != nil || got.ID != want.ID || len(got.Activations) != 3 {
			t.Errorf("GetByKey = %v with %d activations, %v, want %v with 3", got.ID, len(got.Activations), err, want.ID)
		}
	}
}

// BenchmarkImport imports keys with one activation each into a new file: 20,000,
// and as many as -keys says.
func BenchmarkImport(b *testing.B) {
	sizes := []int{20_000}
	if *manyKeys != sizes[0] {
		sizes = append(sizes, *manyKeys)
	}
	for _, n := range sizes {
		b.Run(fmt.Sprintf("%dKeys", n), func(b *testing.B) {
			keys := make([]licensekey.LicenseKeyWithActivations, n)
			for i := range keys {
				keys[i] = benchKey(time.Now())
				keys[i].Activations = keys[i].Activations[:1]
			}
			for b.Loop() {
				f := open(b, filepath.Join(b.TempDir(), "licenses.db"))
				if added, err := f.Import(b.Context(), keys); err != nil || added != n {
					b.Fatalf("Import of %d keys = %d, %v", n, added, err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/key")
		})
	}
}
