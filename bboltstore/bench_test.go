package bboltstore_test

import (
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"github.com/licensekit/licensekey/storetest"
)

func BenchmarkDeactivator(b *testing.B) { storetest.BenchmarkDeactivator(b, newStore) }

// BenchmarkUpdate is the baseline of BenchmarkDeactivator: one Update that
// deletes one record of the same size, and nothing else.
func BenchmarkUpdate(b *testing.B) {
	b.Run("Alone", func(b *testing.B) { benchmarkUpdate(b, 1) })
	b.Run("Parallel64", func(b *testing.B) { benchmarkUpdate(b, 64) })
}

func benchmarkUpdate(b *testing.B, callers int) {
	db, err := bbolt.Open(filepath.Join(b.TempDir(), "plain.db"), 0o600, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	bucket := []byte("activations")
	keys := make([][]byte, b.N)
	err = db.Update(func(tx *bbolt.Tx) error {
		activations, err := tx.CreateBucket(bucket)
		for i := 0; err == nil && i < b.N; i++ {
			first, second := uuid.New(), uuid.New()
			keys[i] = append(first[:], second[:]...)
			err = activations.Put(keys[i], make([]byte, 200))
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ReportAllocs()
	b.ResetTimer()
	for range callers {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(b.N); i = next.Add(1) - 1 {
				if err := db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(bucket).Delete(keys[i]) }); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
}
