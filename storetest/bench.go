package storetest

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
)

// benchKeys and benchActivations are the size of the stores that are measured.
const (
	benchKeys        = 1000
	benchActivations = 10
)

// BenchmarkDeactivator measures deactivations: of live activations by one caller, of
// unknown activations by one caller, and of live activations on different keys by 64
// callers at once.
func BenchmarkDeactivator[S licensekey.Deactivator](b *testing.B, newStore Factory[S]) {
	b.Run("Hit", func(b *testing.B) { benchmarkHits(b, as[licensekey.Deactivator](newStore), 1) })
	b.Run("Miss", func(b *testing.B) { benchmarkMiss(b, as[licensekey.Deactivator](newStore)) })
	b.Run("Parallel64", func(b *testing.B) { benchmarkHits(b, as[licensekey.Deactivator](newStore), callers) })
}

func benchmarkStore(b *testing.B, newStore Factory[licensekey.Deactivator]) (licensekey.Deactivator, []licensekey.DeactivateRequest) {
	keys := make([]licensekey.LicenseKeyWithActivations, benchKeys)
	var reqs []licensekey.DeactivateRequest
	for i := range keys {
		keys[i] = newKey(orgA, licensekey.NewKey(""), benchActivations)
	}
	for activation := range benchActivations {
		for _, k := range keys {
			reqs = append(reqs, deactivation(k, activation))
		}
	}
	return newStore(b, keys), reqs
}

// benchmarkHits ends b.N activations, in a new store whenever one has none left.
func benchmarkHits(b *testing.B, newStore Factory[licensekey.Deactivator], callers int) {
	b.ReportAllocs()
	for left := b.N; left > 0; {
		b.StopTimer()
		d, reqs := benchmarkStore(b, newStore)
		reqs = reqs[:min(left, len(reqs))]
		left -= len(reqs)
		var next atomic.Int64
		var wg sync.WaitGroup
		b.StartTimer()
		for range callers {
			wg.Go(func() {
				for i := next.Add(1) - 1; i < int64(len(reqs)); i = next.Add(1) - 1 {
					if err := d.Deactivate(b.Context(), reqs[i]); err != nil {
						b.Errorf("Deactivate = %v", err)
					}
				}
			})
		}
		wg.Wait()
	}
}

func benchmarkMiss(b *testing.B, newStore Factory[licensekey.Deactivator]) {
	b.ReportAllocs()
	d, reqs := benchmarkStore(b, newStore)
	for i := 0; b.Loop(); i++ {
		req := reqs[i%len(reqs)]
		req.ActivationID = uuid.Nil
		if err := d.Deactivate(b.Context(), req); !errors.Is(err, licensekey.ErrNotFound) {
			b.Fatalf("Deactivate = %v, want ErrNotFound", err)
		}
	}
}
