package bboltstore_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/bboltstore"
)

var manyKeys = flag.Int("keys", 20_000, "how many keys the large store of BenchmarkSize has")

// BenchmarkSize compares a large store (-keys) with one of 10,000 keys: the rate
// with 64 callers, for which they take turns, the time to open, memory and file
// size.
//
// Both are compacted first: loading in many large transactions leaves a list of
// free pages that is as long as the file, and that every commit writes.
func BenchmarkSize(b *testing.B) {
	for range b.N {
		small, large := newSized(b, 10_000), newSized(b, *manyKeys)
		const turns = 5
		for range turns {
			small.deactivate(b, 5_000)
			large.deactivate(b, 5_000)
		}
		b.ReportMetric(float64(small.took)/float64(large.took), "x-rate")
		small.report(b)
		large.report(b)
		reportOpening(b, small, large)
	}
}

// sized is a store of some size, and what was measured of it.
type sized struct {
	file
	keys    int
	reqs    []licensekey.DeactivateRequest
	bytes   int64
	done    int
	took    time.Duration // for what is done
	commits int
	writes  int64
	writing time.Duration // writes and syncs
}

func newSized(b *testing.B, keys int) *sized {
	b.Helper()
	f, reqs := benchStore(b, keys)
	f = compacted(b, f)
	info, err := os.Stat(f.path)
	if err != nil {
		b.Fatal(err)
	}
	s := &sized{file: f, keys: keys, reqs: reqs, bytes: info.Size()}
	// The pages of a compacted file are full, and are split when they are first
	// changed.
	s.deactivate(b, keys/10)
	s.done, s.took, s.commits, s.writes, s.writing = 0, 0, 0, 0, 0
	return s
}

func (s *sized) deactivate(b *testing.B, n int) {
	b.Helper()
	before, firstCommit := bboltstore.DB(s.Store).Stats().TxStats, lastCommit(b, s.file)
	s.took += elapsed(b, 64, s.reqs[:n], func(req licensekey.DeactivateRequest) error {
		return s.Deactivate(context.Background(), req)
	})
	after := bboltstore.DB(s.Store).Stats().TxStats
	s.reqs = s.reqs[n:]
	s.done += n
	s.commits += lastCommit(b, s.file) - firstCommit
	s.writes += after.GetWrite() - before.GetWrite()
	s.writing += after.GetWriteTime() - before.GetWriteTime()
}

func (s *sized) metric(b *testing.B, value float64, unit string) {
	b.ReportMetric(value, fmt.Sprintf("%s/%dkeys", unit, s.keys))
}

// report closes the store.
func (s *sized) report(b *testing.B) {
	b.Helper()
	s.metric(b, float64(s.took.Microseconds())/float64(s.done), "µs-deactivation")
	s.metric(b, float64(s.done)/float64(s.commits), "deactivations-a-commit")
	s.metric(b, float64(s.writes)/float64(s.commits), "writes-a-commit")
	s.metric(b, 100*float64(s.writing)/float64(s.took), "%-writing")
	s.metric(b, float64(s.bytes)/float64(3*s.keys), "B-activation")
	// What the store keeps in memory: closing lets go of it.
	s.reqs = nil
	used := heap()
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	s.metric(b, float64(used-heap())/1e6, "MB-heap")
}

// reportOpening opens two stores in turns.
func reportOpening(b *testing.B, small, large *sized) {
	b.Helper()
	times := make(map[*sized][]float64)
	for range 101 {
		for _, s := range []*sized{small, large} {
			start := time.Now()
			store, err := bboltstore.Open(s.path, nil)
			if err != nil {
				b.Fatal(err)
			}
			times[s] = append(times[s], float64(time.Since(start).Nanoseconds())/1e3)
			if err := store.Close(); err != nil {
				b.Fatal(err)
			}
		}
	}
	median := func(s *sized) float64 {
		slices.Sort(times[s])
		return times[s][len(times[s])/2]
	}
	small.metric(b, median(small), "µs-open")
	large.metric(b, median(large), "µs-open")
	b.ReportMetric(median(large)/median(small), "x-open")
}

// heap is how many bytes are in use, without what is kept in pools.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	return int64(mem.HeapAlloc)
}

// lastCommit returns the number of the last transaction.
func lastCommit(b testing.TB, f file) (id int) {
	b.Helper()
	err := bboltstore.DB(f.Store).View(func(tx *bbolt.Tx) error {
		id = tx.ID()
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return id
}

// compacted copies a store into a new file without free pages.
func compacted(b *testing.B, f file) file {
	b.Helper()
	path := filepath.Join(b.TempDir(), "compacted.db")
	dst, err := bbolt.Open(path, 0o600, &bbolt.Options{NoSync: true})
	if err != nil {
		b.Fatal(err)
	}
	if err := bbolt.Compact(dst, bboltstore.DB(f.Store), 64<<20); err != nil {
		b.Fatal(err)
	}
	if err := errors.Join(dst.Sync(), dst.Close(), f.Close()); err != nil {
		b.Fatal(err)
	}
	return open(b, path)
}
