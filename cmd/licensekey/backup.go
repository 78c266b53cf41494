package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/licensekit/licensekey/bboltstore"
)

// socketPath returns the path of the socket on which a server takes backup requests.
// It is beside the database file. Only the user who runs the server may use it.
func socketPath(db string) string { return db + ".sock" }

func backupCommand(flags *flag.FlagSet, t terminal) func(context.Context, []string) error {
	db := dbFlag(flags)
	return func(ctx context.Context, args []string) error {
		if _, err := os.Stat(*db); err != nil {
			return err
		}
		return writeFile(args[0], func(w io.Writer) error { return backup(ctx, *db, w) })
	}
}

// backup opens the database file and writes a copy of it. If a server has the file
// open, backup asks the server for the copy.
func backup(ctx context.Context, db string, w io.Writer) error {
	s, err := bboltstore.Open(db, nil)
	if errors.Is(err, bboltstore.ErrLocked) {
		return backupFromServer(ctx, socketPath(db), w)
	}
	if err != nil {
		return err
	}
	return errors.Join(s.Backup(ctx, w), s.Close())
}

func backupFromServer(ctx context.Context, socket string, w io.Writer) error {
	client := &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
	}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://server/backup", nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the server responded %s", resp.Status)
	}
	_, err = io.Copy(w, resp.Body)
	return err
}

// writeFile writes a file. The file gets its name when it is complete and synced.
func writeFile(name string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if err := errors.Join(write(f), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return err
	}
	return syncDir(filepath.Dir(name))
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

// serveBackups serves backup requests on the socket until stop is called. If the
// socket cannot be opened, it logs a warning, and the server runs without it.
func serveBackups(s *bboltstore.Store, socket string, logger *slog.Logger) (stop func()) {
	listener, err := listenPrivately(socket)
	if err != nil {
		logger.Warn("no backups while serving", "error", err)
		return func() {}
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.Backup(r.Context(), steadyWriter{w, http.NewResponseController(w)}); err != nil {
			logger.Error("backup failed", "error", err)
			panic(http.ErrAbortHandler) // so that the client sees that the copy is not complete
		}
	})}
	go func() { _ = server.Serve(listener) }()
	return func() { _ = server.Close() }
}

// steadyWriter returns an error if a client stops reading. A backup that makes no
// progress could make all other calls wait.
type steadyWriter struct {
	w  io.Writer
	rc *http.ResponseController
}

func (w steadyWriter) Write(p []byte) (int, error) {
	if err := w.rc.SetWriteDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return 0, err
	}
	return w.w.Write(p)
}

func listenPrivately(socket string) (net.Listener, error) {
	// This process has locked the database. So a socket that is already there is left
	// over from a server that has ended.
	if err := os.Remove(socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(socket, 0o600); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return listener, nil
}
