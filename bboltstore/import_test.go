package bboltstore_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/bboltstore"
)

var importKeys = flag.Int("import.keys", 2000, "how many license keys BenchmarkImport imports")

// generated returns n license keys with an activation each, with random ids.
func generated(n int) []licensekey.LicenseKeyWithActivations {
	organization, at := uuid.New(), time.Now()
	keys := make([]licensekey.LicenseKeyWithActivations, n)
	for i := range keys {
		k := licensekey.LicenseKey{
			ID: uuid.New(), CreatedAt: at, OrganizationID: organization, Key: licensekey.NewKey("MYAPP"),
			Status: licensekey.StatusGranted, Customer: licensekey.Customer{ID: uuid.New()},
		}
		keys[i] = licensekey.LicenseKeyWithActivations{
			LicenseKey:  k,
			Activations: []licensekey.Activation{{ID: uuid.New(), Label: "laptop", CreatedAt: at}},
		}
	}
	return keys
}

// countdown is a context that ends once it has been asked left times.
type countdown struct {
	context.Context
	left atomic.Int64
}

func (c *countdown) Err() error {
	if c.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

// TestImportEnds ends the context of an import at each place that looks at it:
// nothing is added then, and the store goes on.
func TestImportEnds(t *testing.T) {
	t.Parallel()
	s, err := bboltstore.Open(filepath.Join(t.TempDir(), "licenses.db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	keys := generated(2500)
	for looks := int64(0); ; looks++ {
		ctx := &countdown{Context: t.Context()}
		ctx.left.Store(looks)
		added, err := s.Import(ctx, keys)
		if err == nil {
			if added != len(keys) || looks < 6 {
				t.Errorf("Import has added %d of %d license keys and looked %d times at its context, want all and 6 times", added, len(keys), looks)
			}
			break
		}
		if !errors.Is(err, context.Canceled) || added != 0 {
			t.Errorf("Import whose context ended at look %d = %d, %v, want 0, context.Canceled", looks, added, err)
		}
		if page, err := s.List(t.Context(), licensekey.ListRequest{}); err != nil || len(page) != 0 {
			t.Fatalf("after an Import that ended List has %d license keys, %v, want none", len(page), err)
		}
	}
	if added, err := s.Import(t.Context(), keys[:10]); err != nil || added != 0 {
		t.Errorf("Import of known license keys = %d, %v, want 0, nil", added, err)
	}
}

// BenchmarkImport imports into a new file. Its time for each license key does
// not grow with their number.
func BenchmarkImport(b *testing.B) {
	for _, n := range []int{*importKeys, 2 * *importKeys} {
		b.Run(fmt.Sprintf("%dKeys", n), func(b *testing.B) {
			for range b.N {
				b.StopTimer()
				keys := generated(n)
				s, err := bboltstore.Open(filepath.Join(b.TempDir(), "licenses.db"), nil)
				if err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				if added, err := s.Import(b.Context(), keys); err != nil || added != n {
					b.Fatalf("Import = %d, %v", added, err)
				}
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/key")
		})
	}
}
