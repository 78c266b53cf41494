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
// next one, so one sync serves many callers. A change that arrives alone is
// committed at once.
type writer struct {
	db    *bbolt.DB
	owned bool // db is used by this store only

	mu      sync.Mutex
	queue   []*change
	pending int // the number of changes that are queued or being committed
	closed  atomic.Bool
	idle    sync.Cond

	underway atomic.Pointer[commit] // the commit that may be read already but is not yet synced
	broken   atomic.Pointer[error]  // set by the first commit whose outcome on disk is unknown
}

// decision looks at the state that the changes before it have left. It returns a
// function that makes the change, or the reason why it must not be made, or
// errUnchanged if there is nothing to change. It adds to on what it looks at and
// what its change affects.
type decision func(tx *bbolt.Tx, on *subjects) (apply func() error, rejection error)

// change is a decision in the queue, with its result.
type change struct {
	ctx    context.Context
	decide decision
	alone  bool // shares no commit, because applying it may fail when its ctx ends
	on     subjects
	taken  atomic.Bool // set by the writer to commit it, or by its caller to drop it
	err    error
	done   chan struct{} // closed after err is set
}

// commit is a commit that may be read already but is not yet synced.
type commit struct {
	id   int       // the id of its transaction
	made []*change // its changes
	done chan struct{}
}

func newWriter(db *bbolt.DB, owned bool) *writer {
	w := &writer{db: db, owned: owned}
	w.idle.L = &w.mu
	return w
}

// do decides and applies a change, and returns once it is on disk. If the ctx of the
// change ends before the change is begun, the change is dropped. If it ends later,
// do still waits for the result.
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

// enqueue adds c to the changes that are committed next.
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

// settle waits for the commit that is not yet synced, if a decision may rest on it.
// The decision was made on the state of transaction id, and looked at the subjects
// on. settle returns an error if ctx ends first, or if the store is broken by then.
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
		// Callers that have just got their results may have another change. Let
		// them queue it now, for the next commit and not the one after.
		runtime.Gosched()
	}
}

// next takes from the queue the changes that share the next commit.
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

// commitNext commits the next changes, and reports whether more are queued by then.
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

// errUnchanged is what a decision returns if there is nothing to change. It also
// ends, without a sync, a transaction in which nothing was changed.
var errUnchanged = errors.New("nothing to commit")

// commit makes the changes of a batch in one transaction. Its error is the error of
// every change in the batch, because the decision about one may rest on another.
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
		// Set it before the commit, whose meta page can be read before it is synced.
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

// apply decides and applies the changes of a batch, and returns those that were
// made.
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

// ended releases the callers that wait in settle.
func (w *writer) ended() {
	if c := w.underway.Swap(nil); c != nil {
		close(c.done)
	}
}

// undone reports whether a commit that failed with err has left the database as it
// was, so that the store may go on. It may not after a failed sync: the kernel may
// regard pages as written that are not, and a later sync would not report them. It
// may not either if the write of the meta page failed and the page was written all
// the same. The next commit would then overwrite pages that are needed if a power
// cut undoes this one.
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
