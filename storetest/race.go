package storetest

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// callers is how many goroutines call a store at once where their number matters.
// few is how many do where the exact moment matters.
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

// rounds repeats f until it returns false or two seconds are over, but at least 50
// and at most 20,000 times. A race in a store in memory is rare in one round, and there
// are many rounds. In a store on a disk or a server the rounds are few, and a race
// is likely in each.
func rounds(f func(round int) (again bool)) {
	begin := time.Now()
	for round := range 20_000 {
		if round >= 50 && time.Since(begin) > 2*time.Second || !f(round) {
			return
		}
	}
}
