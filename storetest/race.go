package storetest

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// callers is how many call a store at once where the number matters, few where
// the moment matters.
const (
	callers = 64
	few     = 4
)

// together calls f from n goroutines, as close to the same moment as it can, and
// returns the errors.
func together(n int, f func(i int) error) []error {
	errs := make([]error, n)
	var ready atomic.Int64
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			ready.Add(1)
			for ready.Load() < int64(n) {
				runtime.Gosched()
			}
			errs[i] = f(i)
		})
	}
	wg.Wait()
	return errs
}

// rounds repeats a race until it is lost: 50 times at least, and 3,000 times if
// that takes a second or less. A store in memory has narrow races and many
// rounds, a store on a disk or a server wide races and few.
func rounds(f func(round int) (again bool)) {
	begin := time.Now()
	for round := range 3000 {
		if round >= 50 && time.Since(begin) > time.Second || !f(round) {
			return
		}
	}
}
