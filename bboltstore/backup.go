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
// A database that grows a lot meanwhile may make changes wait for the end of the
// backup: write to a file and not to a slow network.
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
