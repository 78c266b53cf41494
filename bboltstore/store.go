// Package bboltstore is a license key store in one file, an embedded bbolt
// database. A change is on disk, synced, before its call returns.
//
// Changes that come while a commit is on its way to the disk share the next one,
// so that many callers cost few syncs; one that comes alone is committed at once.
// What needs no change, such as a deactivation of nothing, is answered from a
// read transaction and does not wait for a commit. It sees a commit whose last
// sync is still under way.
//
// After a failed write, as on a full disk, the changes of its commit get an
// error and the next ones are tried again. After a failed sync see [ErrBroken].
package bboltstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strconv"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/licensekit/licensekey"
)

// Errors of this package, always wrapped.
var (
	// ErrLocked says that another process, or this one, has the file open.
	ErrLocked = errors.New("the database is in use")
	// ErrFormat says that a database is not one of this package, or one of a
	// version that this package does not read.
	ErrFormat = errors.New("unknown database format")
	// ErrBroken says that a commit, in this call or an earlier one, has failed
	// in such a way that its changes may be on disk or not, above all in a sync.
	// The store refuses every later activation, validation, deactivation and
	// other change; what Get, List and Backup show may be lost. Close the store,
	// and the database if New was given it, see that the disk is well, and
	// open the file again, best after a restart of the machine: the kernel may
	// show what it has not written. A write that failed is no reason: the change
	// is refused, and the next one is tried again.
	ErrBroken = errors.New("a commit has failed; reopen the database")

	errClosed = errors.New("bboltstore: closed")
)

// Options adjusts a store. Nil and the zero value are right for production.
type Options struct {
	// LockTimeout is how long Open waits for another process to close the
	// file, for each of the two times that it opens it. Zero or less means
	// DefaultLockTimeout.
	LockTimeout time.Duration
}

// DefaultLockTimeout is the LockTimeout of Options that set none.
const DefaultLockTimeout = time.Second

// Store keeps license keys in a bbolt database. It is safe for concurrent use.
type Store struct {
	db     *bbolt.DB
	writer *writer
	owned  bool
}

var (
	_ licensekey.ManagedStore = (*Store)(nil)
	_ io.Closer               = (*Store)(nil)
)

// Open opens the database file at path, which it creates with mode 0600 if it
// is not there. The store owns the file until Close: no other process can open
// it. Every error names the file; ErrLocked and ErrFormat are among them.
func Open(path string, opts *Options) (*Store, error) {
	timeout := DefaultLockTimeout
	if opts != nil && opts.LockTimeout > 0 {
		timeout = opts.LockTimeout
	}
	db, err := openFile(path, timeout)
	if errors.Is(err, bolterrors.ErrTimeout) {
		err = fmt.Errorf("%w (waited %v)", ErrLocked, timeout)
	}
	if err != nil {
		return nil, fmt.Errorf("bboltstore: open %s: %w", path, err)
	}
	s := &Store{db: db, writer: newWriter(db), owned: true}
	if err := s.prepare(); err != nil {
		return nil, errors.Join(fmt.Errorf("bboltstore: open %s: %w", path, err), db.Close())
	}
	return s, nil
}

func openFile(path string, timeout time.Duration) (*bbolt.DB, error) {
	if err := checkSize(path, timeout); err != nil {
		return nil, err
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: timeout, InitialMmapSize: initialMmapSize()})
	if err != nil {
		return nil, err
	}
	db.AllocSize = growth
	return db, nil
}

// growth is by how many bytes a file grows at least. bbolt's own default is 16
// MiB for a mapping as large as ours, which is much for a new file.
const growth = 1 << 20

// initialMmapSize is how much of the address space a file gets at first. A file
// that outgrows its mapping is mapped again, which waits for every reader, a slow
// backup too, while everybody else waits for it. Address space costs nothing where
// there are 64 bits of it. On Windows a file is as large as its mapping.
func initialMmapSize() int {
	if strconv.IntSize < 64 || runtime.GOOS == "windows" {
		return 0
	}
	return 1 << 30
}

// checkSize refuses a file that has lost its end. bbolt would map it and the
// process die at the first page that is not there.
func checkSize(path string, timeout time.Duration) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Mode().IsRegular() && info.Size() == 0 {
		return nil // a new file
	}
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%w: not a regular file", ErrFormat)
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: timeout, ReadOnly: true})
	if err != nil {
		return err
	}
	err = db.View(func(tx *bbolt.Tx) error {
		info, err := os.Stat(path)
		if err == nil && info.Size() < tx.Size() {
			err = fmt.Errorf("%w: the file is cut short, %d of %d bytes are there", ErrFormat, info.Size(), tx.Size())
		}
		return err
	})
	return errors.Join(err, db.Close())
}

// New returns a store in a database that the host has opened and will close. It
// uses the buckets whose names begin with "licensekey." and no others. The
// store is as durable as the database: leave its NoSync off. Its errors are
// those of Open.
//
// bbolt has one writer at a time and no way to notice who waits for whom, so a
// host that shares its database keeps to this:
//   - Call no method of the store inside a transaction of the host. A change
//     made inside db.Update waits for itself for ever, and all others with it.
//   - Keep read transactions of the host short. A file that outgrows its mapping
//     is mapped again, which waits for all readers, while every call waits for it.
//   - Open the database with an InitialMmapSize well above its size, such as 1
//     GiB, so that this is rare. Open does.
func New(db *bbolt.DB) (*Store, error) {
	s := &Store{db: db, writer: newWriter(db)}
	if err := s.prepare(); err != nil {
		return nil, fmt.Errorf("bboltstore: %s: %w", db.Path(), err)
	}
	return s, nil
}

// Close waits for the changes that are under way and closes the file if Open
// opened it. A database that was given to New stays open. Later calls of any
// method but Close return an error.
func (s *Store) Close() error {
	s.writer.close()
	if !s.owned {
		return nil
	}
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("bboltstore: close: %w", err)
	}
	return nil
}

// view runs f on a consistent state of the database. It does not wait for a
// change that is being made.
func (s *Store) view(ctx context.Context, f func(tx *bbolt.Tx) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.writer.closed.Load() {
		return errClosed
	}
	defer recoverAs(&err)
	var own error
	err = s.db.View(func(tx *bbolt.Tx) error {
		own = f(tx)
		return own
	})
	if err == nil || own != nil {
		return err
	}
	return fmt.Errorf("bboltstore: %w", err)
}

// recoverAs makes an error of a panic, such as those of bbolt on a file that is
// damaged.
func recoverAs(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("bboltstore: panic: %v", p)
	}
}

// Check implements [licensekey.Admin]. It returns ErrBroken, wrapped, once the
// store makes no more changes because of it.
func (s *Store) Check(ctx context.Context) error {
	return s.view(ctx, func(*bbolt.Tx) error { return s.writer.err() })
}

// update decides and makes a change; see writer.do. It decides first in a read
// transaction, so that a refusal does not wait for a change that is being made,
// and then again on the state that the changes before it have left.
func (s *Store) update(ctx context.Context, decide decision) error {
	refusal := s.view(ctx, func(tx *bbolt.Tx) error {
		_, err := decide(tx)
		return err
	})
	// Looked at last: the refusal may rest on a commit that has failed since.
	if err := s.writer.err(); err != nil {
		return err
	}
	if refusal != nil {
		return refusal
	}
	return s.writer.do(ctx, decide)
}
