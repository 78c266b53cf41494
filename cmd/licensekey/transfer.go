package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/bboltstore"
	"github.com/licensekit/licensekey/jsonlines"
)

func importCommand(flags *flag.FlagSet, t terminal) func(context.Context, []string) error {
	db := dbFlag(flags)
	return func(ctx context.Context, args []string) error {
		return withStore(*db, func(s *bboltstore.Store) error {
			if len(args) == 0 {
				return importFrom(ctx, s, t.stdin, "standard input", t.stdout)
			}
			return importFile(ctx, s, args[0], t.stdout)
		})
	}
}

func importFile(ctx context.Context, s licensekey.ManagedStore, name string, stdout io.Writer) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return importFrom(ctx, s, f, name, stdout)
}

func importFrom(ctx context.Context, s licensekey.ManagedStore, r io.Reader, name string, stdout io.Writer) error {
	keys, err := readKeys(ctx, r)
	if err != nil {
		return fmt.Errorf("import %s: %w", name, err)
	}
	added, err := s.Import(ctx, keys)
	if err != nil {
		return fmt.Errorf("import %s: %w", name, err)
	}
	fmt.Fprintf(stdout, "imported %d of %d license keys from %s; the others were already there\n", added, len(keys), name)
	return nil
}

// readKeys reads license keys to the end of r. It returns early if ctx ends,
// even in the middle of a read that waits.
func readKeys(ctx context.Context, r io.Reader) ([]licensekey.LicenseKeyWithActivations, error) {
	type result struct {
		keys []licensekey.LicenseKeyWithActivations
		err  error
	}
	done := make(chan result, 1)
	go func() {
		keys, err := jsonlines.Read(r)
		done <- result{keys, err}
	}()
	select {
	case read := <-done:
		return read.keys, read.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func exportCommand(flags *flag.FlagSet, t terminal) func(context.Context, []string) error {
	db := dbFlag(flags)
	return func(ctx context.Context, _ []string) error {
		return withStore(*db, func(s *bboltstore.Store) error {
			w := bufio.NewWriter(t.stdout)
			for k, err := range licensekey.All(ctx, s, licensekey.ListRequest{}) {
				if err != nil {
					return err
				}
				if err := jsonlines.Write(w, k); err != nil {
					return err
				}
			}
			return w.Flush()
		})
	}
}
