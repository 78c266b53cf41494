// Package bboltstore is a license key store in one file, an embedded bbolt
// database. A change is on disk, synced, before its call returns.
//
// It uses group commit: changes that arrive during a commit share the next one,
// so that many callers cost few syncs. A change that comes alone is committed at
// once. What needs no change, such as a deactivation of an unknown activation,
// costs a read transaction and does not wait for other changes. Only if it rests
// on a change whose sync is under way does it wait for that sync, so that no
// ErrNotFound, ErrActivationLimit or similar rests on what a power cut may undo.
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
	// ErrBroken says that a commit failed and that it is unknown whether its
	// changes are on disk, typically after a failed sync. The calls whose changes
	// were in that commit get an error that wraps licensekey.ErrUnknown too.
	// Later calls do not: the store makes no more changes, and nothing of theirs
	// was made. What Get, List and Backup show from then on may be lost.
	//
	// Fix the disk, then close the store, and the database if New was given it,
	// and open the file again, preferably after a reboot: the page cache may hold
	// pages that were never written. A failed write does not break the store:
	// only the changes of that commit fail.
	ErrBroken = errors.New("a commit has failed; reopen the database")

	errClosed = errors.New("bboltstore: closed")
)

// Options adjusts a store. Nil and the zero value are right for production.
type Options struct {
	// LockTimeout is how long Open waits for another process to close the
	// file. Open locks the file twice and waits at most that long each time.
	// Zero or less means DefaultLockTimeout.
	LockTimeout time.Duration
}

// DefaultLockTimeout is the LockTimeout of Options that set none.
const DefaultLockTimeout = time.Second

// Store keeps license keys in a bbolt database. It is safe for concurrent use.
type Store struct {
	db     *bbolt.DB
	path   string // db.Path is empty after Close
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
	s := &Store{db: db, path: path, writer: newWriter(db, true), owned: true}
	if err := s.prepare(); err != nil {
		return nil, errors.Join(fmt.Errorf("bboltstore: open %s: %w", path, err), db.Close())
	}
	return s, nil
}

func openFile(path string, timeout time.Duration) (*bbolt.DB, error) {
	if err := checkSize(path, timeout); err != nil {
		return nil, err
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: timeout, InitialMmapSize: mmapSize()})
	if err != nil {
		return nil, err
	}
	db.AllocSize = allocSize(0)
	return db, nil
}

// mmapSize is how much of the address space a database gets at first. A file that
// outgrows its mapping is mapped again, for which a writer waits for all readers,
// such as a backup, and later readers for the writer. Address space costs nothing
// on 64-bit systems. Windows makes the file as large as its mapping.
func mmapSize() int {
	if strconv.IntSize < 64 || runtime.GOOS == "windows" {
		return 0 // bbolt's own choice
	}
	return 1 << 30
}

// allocSize is by how much a file of that size grows when it is full. bbolt lets
// a file whose mapping is large grow by 16 MiB at a time, also when it is new.
func allocSize(fileSize int64) int {
	return int(min(max(fileSize, 32<<10), 16<<20))
}

// checkSize rejects a file that has lost its end. bbolt would map it and the
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
// Call no method of the store inside a transaction of the host. Inside a read-write
// one the store would wait for the host and the host for the store, for ever, and
// with them every other writer. Inside a read transaction the same happens when
// the file outgrows its mapping into memory, which a new database does at the
// first write: bbolt then waits for all readers, and new readers wait for bbolt.
// For that reason keep the host's read transactions short too. Open the database
// with a bbolt.Options.InitialMmapSize that is larger than the file will be, and
// it is never mapped again.
func New(db *bbolt.DB) (*Store, error) {
	s := &Store{db: db, path: db.Path(), writer: newWriter(db, false)}
	if err := s.prepare(); err != nil {
		return nil, fmt.Errorf("bboltstore: %s: %w", db.Path(), err)
	}
	return s, nil
}

// Close waits for the changes that are under way, lets no others begin, and
// closes the file if Open opened it. A database that was given to New stays open.
// Later calls of any method but Close return an error. Closing again returns nil.
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

// decide runs f as view does. An error of f that rests on a commit whose sync is
// under way is returned once that commit is synced.
func (s *Store) decide(ctx context.Context, f func(tx *bbolt.Tx, on *subjects) error) error {
	var on subjects
	seen := 0
	err := s.view(ctx, func(tx *bbolt.Tx) error {
		seen = tx.ID()
		return f(tx, &on)
	})
	if err == nil {
		return nil
	}
	if unsettled := s.writer.settle(ctx, seen, &on); unsettled != nil {
		return unsettled
	}
	return err
}

// update decides and makes a change; see writer.do. It decides first in a read
// transaction, so that what changes nothing does not wait for a change that is
// being made, and then again on the state that the changes before it have left.
func (s *Store) update(ctx context.Context, decide decision) error {
	return s.submit(ctx, decide, false)
}

// updateAlone is update in a transaction that no other change shares, so that the
// change may give up while it is applied.
func (s *Store) updateAlone(ctx context.Context, decide decision) error {
	return s.submit(ctx, decide, true)
}

func (s *Store) submit(ctx context.Context, decide decision, alone bool) error {
	err := s.decide(ctx, func(tx *bbolt.Tx, on *subjects) error {
		_, err := decide(tx, on)
		return err
	})
	if err != nil {
		return err
	}
	return s.writer.do(&change{ctx: ctx, decide: decide, alone: alone})
}
