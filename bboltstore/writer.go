package bboltstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"slices"
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
	idle    sync.Cond

	broken atomic.Pointer[error] // of the first commit after which nothing is sure
}

// decision looks at the state that the changes before it have left, and returns
// how to change it, or why it must not be changed.
type decision func(tx *bbolt.Tx) (apply func() error, refusal error)

// change is a decision in the queue, and what became of it.
type change struct {
	ctx    context.Context
	decide decision
	taken  atomic.Bool // by the writer, or by its caller to drop it
	begun  bool        // taken by the writer
	err    error
	done   chan struct{} // closed after err is set
}

func newWriter(db *bbolt.DB) *writer {
	w := &writer{db: db}
	w.idle.L = &w.mu
	return w
}

// do decides and applies a change, and returns once it is on disk. If ctx ends
// before the change is begun it is dropped; after that the result is the truth.
func (w *writer) do(ctx context.Context, decide decision) error {
	c := &change{ctx: ctx, decide: decide, done: make(chan struct{})}
	if err := w.enqueue(c); err != nil {
		return err
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

// enqueue lets c be committed next.
func (w *writer) enqueue(c *change) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return errClosed
	}
	w.queue = append(w.queue, c)
	w.pending++
	if w.pending == 1 {
		go w.run()
	}
	return nil
}

// err is ErrBroken, wrapped, once it is due.
func (w *writer) err() error {
	if err := w.broken.Load(); err != nil {
		return *err
	}
	return nil
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
	batch := w.queue
	w.queue = nil
	w.mu.Unlock()
	err := w.err()
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
// every change in it: what one has decided may rest on another. A change whose
// context ends while it is applied is dropped, and the others start again.
func (w *writer) commit(batch []*change) error {
	for {
		ended, err := w.try(batch)
		if ended == nil {
			return err
		}
		ended.err = ended.ctx.Err()
		batch = slices.DeleteFunc(slices.Clone(batch), func(c *change) bool { return c == ended })
	}
}

// try commits a batch, or returns the change in it whose context has ended.
func (w *writer) try(batch []*change) (ended *change, err error) {
	defer recoverAs(&err)
	changed, committing, id := false, false, 0
	err = w.db.Update(func(tx *bbolt.Tx) error {
		for _, c := range batch {
			if !c.begun && !c.taken.CompareAndSwap(false, true) {
				continue // dropped by its caller
			}
			c.begun = true
			if c.err = c.ctx.Err(); c.err != nil {
				continue
			}
			var apply func() error
			if apply, c.err = c.decide(tx); c.err != nil {
				continue
			}
			if err := apply(); err != nil {
				if c.ctx.Err() != nil && errors.Is(err, c.ctx.Err()) {
					ended = c
				}
				return err
			}
			changed = true
		}
		if !changed {
			return errUnchanged
		}
		committing, id = true, tx.ID()
		return nil
	})
	if err == nil || errors.Is(err, errUnchanged) {
		return nil, nil
	}
	if ended != nil {
		return ended, nil
	}
	if committing && !w.undone(id, err) {
		err = fmt.Errorf("%w: %w", ErrBroken, err)
		broken := fmt.Errorf("bboltstore: %w", err)
		w.broken.Store(&broken)
	}
	return nil, fmt.Errorf("bboltstore: %w", err)
}

// undone says whether a commit that failed so has left the database as it was,
// and the store may go on. After a failed sync it may not: the kernel may take
// pages for written that are not, and a later sync would tell nothing of them.
// Nor may it after a failed write of the meta page that got through all the
// same: the next commit would write over pages that are still needed if this one
// is lost with the power.
func (w *writer) undone(id int, err error) bool {
	var path *fs.PathError
	if errors.As(err, &path) && path.Op != "write" {
		return false
	}
	// bbolt does not wrap the error of growing the file, which comes before any
	// write.
	if path == nil && !errors.Is(err, bolterrors.ErrMaxSizeReached) && !strings.HasPrefix(err.Error(), "file resize error") {
		return false
	}
	undone := false
	_ = w.db.View(func(tx *bbolt.Tx) error {
		undone = tx.ID() < id
		return nil
	})
	return undone
}
