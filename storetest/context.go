package storetest

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/licensekit/licensekey"
)

// midway is a change whose context ends before, during or after it.
type midway struct {
	// change makes the i-th change; each is made once at most.
	change func(ctx context.Context, i int) error
	// made says whether the i-th change was made. It is called once for each.
	made func(i int) bool
}

// The numbers of changes that a midway makes: those whose contexts end after some
// time, and those whose contexts end when the store has checked them a number of
// times.
const (
	timedEnds    = 60
	lookedAtEnds = 20
	midwayEnds   = timedEnds + lookedAtEnds
)

// test measures how long change(0) takes. Then it makes the other changes, with
// contexts that end within four times that, and asks afterwards which changes were
// made. Those that returned nil must have been made, and those that returned the
// error of their context must not.
func (m midway) test(t *testing.T) {
	t.Helper()
	begin := time.Now()
	if err := m.change(t.Context(), 0); err != nil {
		t.Fatalf("a change whose context does not end = %v, want nil", err)
	}
	took := time.Since(begin)
	errs := make([]error, midwayEnds+1)
	ended := make([]error, midwayEnds+1)
	together(few, func(caller int) error {
		for i := 1 + caller; i <= midwayEnds; i += few {
			ctx, cancel := m.context(t.Context(), i, took)
			errs[i] = m.change(ctx, i)
			ended[i] = ctx.Err()
			cancel()
		}
		return nil
	})
	for range 100 {
		runtime.Gosched() // a change that wrongly goes on may be made now
	}
	for i, err := range errs {
		made := m.made(i)
		switch {
		case err == nil && !made:
			t.Errorf("a change whose context ended midway = nil, and it was not made")
		case err == nil || errors.Is(err, licensekey.ErrUnknown):
		case ended[i] == nil || !errors.Is(err, ended[i]):
			t.Errorf("a change whose context ended midway = %v, want nil or the context's error (%v)", err, ended[i])
		case made:
			t.Errorf("a change whose context ended midway = %v, and it was made all the same", err)
		}
	}
}

// context returns the context of the i-th change.
func (m midway) context(ctx context.Context, i int, took time.Duration) (context.Context, context.CancelFunc) {
	if i <= lookedAtEnds {
		return &lookedAt{Context: ctx, left: i / few, done: make(chan struct{})}, func() {}
	}
	return context.WithTimeout(ctx, 4*took*time.Duration(i-lookedAtEnds)/timedEnds)
}

// lookedAt is a context that ends when its Err or Done is called for the n-th time.
// With each n in turn, it ends at every moment at which a store checks it.
type lookedAt struct {
	context.Context
	mu   sync.Mutex
	left int
	err  error
	done chan struct{}
}

func (c *lookedAt) look() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left--; c.left < 0 && c.err == nil {
		c.err = context.Canceled
		close(c.done)
	}
	return c.err
}

// Err implements [context.Context].
func (c *lookedAt) Err() error { return c.look() }

// Done implements [context.Context].
func (c *lookedAt) Done() <-chan struct{} {
	_ = c.look()
	return c.done
}
