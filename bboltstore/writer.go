package bboltstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// writer commits changes. All that queue up while one commit is on its way to
// the disk share the next one: a sync costs the same for one change as for many.
// A change that comes alone is committed at once.
type writer struct {
	db *bbolt.DB

	mu      sync.Mutex
	queue   []*change
	pending int // changes in the queue or being committed
	closed  bool
	broken  error // of the first failed sync
	idle    sync.Cond
}

// decision looks at the state that the changes before it have left, and returns
// how to change it, or why it must not be changed.
type decision func(tx *bbolt.Tx) (apply func() error, refusal error)

// change is a decision in the queue, and what became of it.
type change struct {
	ctx    context.Context
	decide decision
	taken  atomic.Bool // by the writer, or by its caller to drop it
	err    error
	done   chan struct{} // closed after err is set
}

func newWriter(db *bbolt.DB) *writer {
	w := &writer{db: db}
	w.idle.L = &w.mu
	return w
}

// do decides and applies a change, and returns once it is on disk. If ctx ends
// before the change is taken from the queue it is dropped; after that the result
// is the truth.
func (w *writer) do(ctx context.Context, decide decision) error {
	c := &change{ctx: ctx, decide: decide, done: make(chan struct{})}
	first, err := w.enqueue(c)
	if err != nil {
		return err
	}
	if first {
		// Nobody to wait for: commit it here.
		if more := w.commitNext(); more {
			go w.run()
		}
		return c.err
	}
	select {
	case <-c.done:
	case <-ctx.Done():
		if c.taken.CompareAndSwap(false, true) {
			return ctx.Err()
		}
		<-c.done
	}
	return c.err
}

// enqueue says whether c is the first in the queue of a writer that is idle, and
// its caller the one to commit it.
func (w *writer) enqueue(c *change) (first bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return false, errClosed
	}
	if w.broken != nil {
		return false, w.broken
	}
	w.queue = append(w.queue, c)
	w.pending++
	return w.pending == 1, nil
}

// run commits until nothing is queued.
func (w *writer) run() {
	for w.commitNext() {
		// Callers that have just got their answers may have more to do: let
		// them, so that it goes with the next commit and not the one after.
		runtime.Gosched()
	}
}

// commitNext commits all that is queued, and says whether more is by then.
func (w *writer) commitNext() (more bool) {
	w.mu.Lock()
	batch, err := w.queue, w.broken
	w.queue = nil
	w.mu.Unlock()
	if err == nil {
		err = w.commit(batch)
	}
	for _, c := range batch {
		if err != nil {
			c.err = err
		}
		close(c.done)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pending -= len(batch)
	if w.pending == 0 {
		w.idle.Broadcast()
	}
	return w.pending > 0
}

// close refuses further changes and waits for those that are queued.
func (w *writer) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	for w.pending > 0 {
		w.idle.Wait()
	}
}

// errUnchanged ends a transaction in which nothing was changed without a sync.
var errUnchanged = errors.New("nothing to commit")

// commit runs the changes of a batch in one transaction. Its error is that of
// every change in it: what one has decided may rest on another.
func (w *writer) commit(batch []*change) (err error) {
	defer recoverAs(&err)
	changed, uncommitted := false, true
	err = w.db.Update(func(tx *bbolt.Tx) error {
		for _, c := range batch {
			if !c.taken.CompareAndSwap(false, true) {
				continue // dropped by its caller
			}
			if c.err = c.ctx.Err(); c.err != nil {
				continue
			}
			var apply func() error
			if apply, c.err = c.decide(tx); c.err != nil {
				continue
			}
			if err := apply(); err != nil {
				return err
			}
			changed = true
		}
		if !changed {
			return errUnchanged
		}
		uncommitted = false
		return nil
	})
	if err == nil || errors.Is(err, errUnchanged) {
		return nil
	}
	if !uncommitted && !harmless(err) {
		err = fmt.Errorf("%w: %w", ErrBroken, err)
		w.mu.Lock()
		w.broken = fmt.Errorf("bboltstore: %w", err)
		w.mu.Unlock()
	}
	return fmt.Errorf("bboltstore: %w", err)
}

// harmless says whether the store may go on after a commit that failed so. It
// may after a failed write: the database is as it was, or has the whole commit
// if the write that failed got its meta page through. It may not after a failed
// sync: the kernel may take pages for written that are not, and a later sync
// would tell nothing of them.
func harmless(err error) bool {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Op == "write"
	}
	// bbolt does not wrap the error of growing the file, which comes before any
	// write.
	return errors.Is(err, bolterrors.ErrMaxSizeReached) || strings.HasPrefix(err.Error(), "file resize error")
}
