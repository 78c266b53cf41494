package bboltstore

import (
	"context"
	"fmt"
	"io"

	"go.etcd.io/bbolt"
)

// Backup writes a consistent snapshot of the database to w, in the form of a
// database file, while other calls go on. Every change that was acknowledged
// before the call is in it. It ends early with an error if ctx ends.
//
// While it is under way no page that it may need is used again, and a database
// that outgrows its part of the address space, which doubles up to 1 GiB at a
// time, makes every call wait for the end of the backup. So write to a file and
// not to a slow network.
func (s *Store) Backup(ctx context.Context, w io.Writer) error {
	return s.view(ctx, func(tx *bbolt.Tx) error {
		if _, err := tx.WriteTo(contextWriter{ctx, w}); err != nil {
			return fmt.Errorf("bboltstore: backup: %w", err)
		}
		return nil
	})
}

// contextWriter fails once ctx has ended.
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
