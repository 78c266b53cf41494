// Package bboltstore is a license key store in one file, an embedded bbolt
// database. A change is on disk, synced, before its call returns.
//
// It uses group commit: changes that arrive during a commit share the next one, so
// that many callers cost few syncs. A change that arrives alone is committed at
// once. A call that changes nothing, such as a deactivation of an unknown
// activation, costs a read transaction and does not wait for other changes. There
// is one exception: if its error rests on a change that is not yet synced, the call
// waits for that sync. So a power cut cannot undo the reason of an ErrNotFound, an
// ErrActivationLimit or a similar error.
//
// After a failed write, as on a full disk, the changes of that commit get an error,
// and later changes are tried again. For a failed sync see [ErrBroken].
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
	// ErrLocked is returned when another process, or this one, has the file open.
	ErrLocked = errors.New("the database is in use")
	// ErrFormat is returned when a database does not belong to this package, has
	// a version that this package does not read, or is cut short.
	ErrFormat = errors.New("unknown database format")
	// ErrBroken is returned when a commit has failed and it is not known whether
	// its changes are on disk, typically after a failed sync. The calls whose
	// changes were in that commit get an error that also wraps
	// licensekey.ErrUnknown. The errors of later calls do not: the store makes no
	// more changes, so theirs were not made. What Get, List and Backup show from
	// then on may be lost.
	//
	// Fix the disk, then close the store, and the database if New was given it,
	// and open the file again, preferably after a reboot: the page cache may hold
	// pages that were never written. A failed write does not break the store:
	// only the changes of that commit fail.
	ErrBroken = errors.New("a commit has failed; reopen the database")

	errClosed = errors.New("bboltstore: closed")
)

// Options configures Open. Nil and the zero value are right for production.
type Options struct {
	// LockTimeout is how long Open waits for another process to close the file.
	// Open opens an existing file twice, first to check it, and may wait that
	// long each time. Zero or less means DefaultLockTimeout.
	LockTimeout time.Duration
}

// DefaultLockTimeout is the LockTimeout of Options that set none: one second.
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

// Open opens the database file at path. If there is no file, it creates one with
// mode 0600. The store locks the file until Close: no other process can open it as
// a store. An error has the path of the file, and wraps ErrLocked if the file is in
// use and ErrFormat if it is not a database that this package reads. opts may be
// nil.
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

// mmapSize returns how much of the address space a database gets at first. A file
// that outgrows its mapping is mapped again. For that the writer waits for all
// readers, such as a backup, and later readers wait for the writer. Address space
// costs nothing on 64-bit systems. But Windows makes the file as large as its
// mapping.
func mmapSize() int {
	if strconv.IntSize < 64 || runtime.GOOS == "windows" {
		return 0 // bbolt's own choice
	}
	return 1 << 30
}

// allocSize returns by how many bytes a file of that size grows when it is full.
// bbolt by itself would let a file with a large mapping grow by 16 MiB, even a new
// one.
func allocSize(fileSize int64) int {
	return int(min(max(fileSize, 32<<10), 16<<20))
}

// checkSize rejects a file that has lost its end. bbolt would map it, and the
// process would die at the first access to a page that is not there.
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
// uses the buckets whose names begin with "licensekey." and no others. The store is
// as durable as the database: leave the database's NoSync false. New returns an
// error that wraps ErrFormat if it cannot read the buckets.
//
// Call no method of the store inside a transaction of the host. Inside a read-write
// transaction, the store would wait for the host and the host for the store, for
// ever, and so would every other writer. Inside a read transaction, the same happens
// when the file outgrows its mapping into memory, which a new database does at the
// first write: bbolt then waits for all readers, and new readers wait for bbolt. For
// the same reason, keep the host's read transactions short. If you open the database
// with a bbolt.Options.InitialMmapSize that is larger than the file will ever be, it
// is never mapped again.
func New(db *bbolt.DB) (*Store, error) {
	s := &Store{db: db, path: db.Path(), writer: newWriter(db, false)}
	if err := s.prepare(); err != nil {
		return nil, fmt.Errorf("bboltstore: %s: %w", db.Path(), err)
	}
	return s, nil
}

// Close waits for the changes that have begun, lets no others begin, and closes the
// file if Open opened it. A database that was given to New stays open. Later calls
// of any method but Close return an error. A second Close returns nil.
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

// view runs f in a read transaction. It does not wait for a change that is being
// made.
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

// recoverAs turns a panic into an error. bbolt panics if a file is damaged.
func recoverAs(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("bboltstore: panic: %v", p)
	}
}

// Check implements [licensekey.Admin]. Once the store makes no more changes, it
// returns an error that wraps ErrBroken. It does not find out whether the disk is
// full.
func (s *Store) Check(ctx context.Context) error {
	return s.view(ctx, func(*bbolt.Tx) error { return s.writer.err() })
}

// decide runs f as view does. If f returns an error that rests on a commit that is
// not yet synced, decide returns it after that commit is synced. The same is true
// of errUnchanged.
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

// update decides and makes a change. It decides first in a read transaction, so that
// a call that changes nothing does not wait for a change that is being made.
// writer.do then decides again, on the state that the changes before it have left.
func (s *Store) update(ctx context.Context, decide decision) error {
	return s.submit(ctx, decide, false)
}

// updateAlone does the same as update, in a transaction that no other change shares.
// So an error while the change is applied fails no other change.
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
