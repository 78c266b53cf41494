package bboltstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"go.etcd.io/bbolt"
)

// Backup writes a consistent snapshot of the database to w, as a database file. It
// contains every change whose call returned before Backup was called. Other calls
// go on meanwhile. If ctx ends, Backup stops with an error that wraps ctx.Err().
//
// While a backup is being written, the database cannot reuse its pages, so the file
// grows with every change. If it outgrows its mapping into memory, which Open makes
// 1 GiB at first, every other call waits for the end of the backup. So write to a
// file, as BackupFile does, and not to a slow network.
func (s *Store) Backup(ctx context.Context, w io.Writer) error {
	return s.view(ctx, func(tx *bbolt.Tx) error {
		if _, err := tx.WriteTo(contextWriter{ctx, w}); err != nil {
			return fmt.Errorf("bboltstore: backup: %w", err)
		}
		return nil
	})
}

// BackupFile writes a backup, as Backup does, to a file at path. When it returns
// nil, the file is complete and synced. When it returns an error, what was at path
// has not changed, with one exception: if only syncing the directory fails, the new
// file is already there. The file has mode 0600. While it is written, it has a
// temporary name in the same directory: the last element of path, a point and a
// random number.
//
// A regular file at path is replaced. BackupFile returns an error if there is
// anything else at path, such as a directory or a symbolic link, and if the file
// there is the database itself.
func (s *Store) BackupFile(ctx context.Context, path string) error {
	if err := s.checkTarget(path); err != nil {
		return fmt.Errorf("bboltstore: backup to %s: %w", path, err)
	}
	err := writeFile(path, func(w io.Writer) error { return s.Backup(ctx, w) })
	if err != nil {
		return fmt.Errorf("bboltstore: backup to %s: %w", path, err)
	}
	return nil
}

// checkTarget returns an error if a backup must not replace what is at path.
func (s *Store) checkTarget(path string) error {
	target, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !target.Mode().IsRegular() {
		return errors.New("there is something that is not a regular file")
	}
	database, err := os.Stat(s.path)
	if err != nil {
		return err
	}
	if os.SameFile(target, database) {
		return errors.New("that is the database itself")
	}
	return nil
}

// writeFile writes a file. The file gets its name when it is complete and synced.
func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes a new name in a directory durable.
func syncDir(name string) error {
	if runtime.GOOS == "windows" {
		return nil // Windows cannot sync directories
	}
	dir, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// contextWriter returns an error once ctx has ended.
type contextWriter struct {
	ctx context.Context
	w   io.Writer
}

func (w contextWriter) Write(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.w.Write(p)
}
