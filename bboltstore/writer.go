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

	"github.com/licensekit/licensekey"
)

// writer implements group commit: changes that arrive during a commit share the
// next one, so one sync serves many callers. A change that comes alone is
// committed at once.
type writer struct {
	db    *bbolt.DB
	owned bool // nobody else uses db

	mu      sync.Mutex
	queue   []*change
	pending int // changes in the queue or being committed
	closed  atomic.Bool
	idle    sync.Cond

	underway atomic.Pointer[commit] // the commit whose changes may be read and not synced
	broken   atomic.Pointer[error]  // set by the first commit whose outcome on disk is unknown
}

// decision looks at the state that the changes before it have left, and returns
// how to change it, or why it must not be changed. It adds to on what it looks at
// and what its change touches.
type decision func(tx *bbolt.Tx, on *subjects) (apply func() error, rejection error)

// change is a decision in the queue, and what became of it.
type change struct {
	ctx    context.Context
	decide decision
	alone  bool // shares no commit, because applying it may fail when its ctx ends
	on     subjects
	taken  atomic.Bool // by the writer, or by its caller to drop it
	err    error
	done   chan struct{} // closed after err is set
}

// commit is a commit that may be read and is not synced yet.
type commit struct {
	id   int       // of its transaction
	made []*change // those that change something
	done chan struct{}
}

func newWriter(db *bbolt.DB, owned bool) *writer {
	w := &writer{db: db, owned: owned}
	w.idle.L = &w.mu
	return w
}

// do decides and applies a change, and returns once it is on disk. If the ctx of
// the change ends before the change is begun it is dropped; after that the result
// is the truth.
func (w *writer) do(c *change) error {
	c.done = make(chan struct{})
	if err := w.enqueue(c); err != nil {
		return err
	}
	select {
	case <-c.done:
	case <-c.ctx.Done():
		if c.taken.CompareAndSwap(false, true) {
			return c.ctx.Err()
		}
		<-c.done
	}
	return c.err
}

// enqueue lets c be committed next.
func (w *writer) enqueue(c *change) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed.Load() {
		return errClosed
	}
	w.queue = append(w.queue, c)
	w.pending++
	if w.pending == 1 {
		go w.run()
	}
	return nil
}

// err returns the wrapped ErrBroken once broken is set, else nil.
func (w *writer) err() error {
	if err := w.broken.Load(); err != nil {
		return *err
	}
	return nil
}

// settle waits for the commit under way if it may be what a decision rests on
// that has seen transaction id and looked at these subjects. It returns an error
// if ctx ends first, or if the store is broken by then.
func (w *writer) settle(ctx context.Context, id int, on *subjects) error {
	if c := w.underway.Load(); c != nil && id >= c.id && c.touches(on) {
		select {
		case <-c.done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return w.err()
}

func (c *commit) touches(on *subjects) bool {
	return slices.ContainsFunc(c.made, func(made *change) bool { return made.on.overlap(on) })
}

// run commits until nothing is queued.
func (w *writer) run() {
	for w.commitNext() {
		// Callers that have just got their results may have more to do: let
		// them, so that it goes with the next commit and not the one after.
		runtime.Gosched()
	}
}

// next takes from the queue what shares the next commit.
func (w *writer) next() []*change {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := slices.IndexFunc(w.queue, func(c *change) bool { return c.alone })
	switch n {
	case -1:
		n = len(w.queue)
	case 0:
		n = 1
	}
	batch := w.queue[:n]
	w.queue = slices.Clone(w.queue[n:])
	return batch
}

// commitNext commits what is next, and says whether more is queued by then.
func (w *writer) commitNext() (more bool) {
	batch := w.next()
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

// close rejects further changes and waits for those that are queued.
func (w *writer) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed.Store(true)
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
	defer w.ended()
	var c *commit
	err = w.db.Update(func(tx *bbolt.Tx) error {
		made, err := apply(tx, batch)
		if err != nil {
			return err
		}
		if len(made) == 0 {
			return errUnchanged
		}
		if w.owned {
			w.db.AllocSize = allocSize(tx.Size())
		}
		// Before the commit: its meta page can be read before it is synced.
		c = &commit{id: tx.ID(), made: made, done: make(chan struct{})}
		w.underway.Store(c)
		return nil
	})
	if err == nil || errors.Is(err, errUnchanged) {
		return nil
	}
	if c != nil && !w.undone(c.id, err) {
		broken := fmt.Errorf("bboltstore: %w: %w", ErrBroken, err)
		w.broken.Store(&broken)
		return fmt.Errorf("%w: %w", broken, licensekey.ErrUnknown)
	}
	return fmt.Errorf("bboltstore: %w", err)
}

// apply decides and applies the changes of a batch, and returns those that change
// something.
func apply(tx *bbolt.Tx, batch []*change) (made []*change, err error) {
	for _, c := range batch {
		if !c.taken.CompareAndSwap(false, true) {
			continue // dropped by its caller
		}
		if c.err = c.ctx.Err(); c.err != nil {
			continue
		}
		var apply func() error
		if apply, c.err = c.decide(tx, &c.on); c.err != nil {
			continue
		}
		if err := apply(); err != nil {
			return nil, err
		}
		made = append(made, c)
	}
	return made, nil
}

// ended lets go of those who wait for the commit under way.
func (w *writer) ended() {
	if c := w.underway.Swap(nil); c != nil {
		close(c.done)
	}
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
