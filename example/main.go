// Command example answers license-key calls over an embedded database file: the
// whole of a self-hosted server, and an example of mounting the package.
//
//	go run ./example -addr 127.0.0.1:8080 -db licenses.db
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
	"os/signal"
	"syscall"
	"time"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/bboltstore"
	"github.com/licensekit/licensekey/memstore"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "example:", err)
		os.Exit(1)
	}
}

type options struct {
	addr, db, importFile string
	memory               bool
}

func parseFlags(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("example", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.addr, "addr", "127.0.0.1:8080", "address to listen on; port 0 takes a free one")
	flags.StringVar(&o.db, "db", "licenses.db", "database file, created if it is not there")
	flags.BoolVar(&o.memory, "memory", false, "keep everything in memory, without a file")
	flags.StringVar(&o.importFile, "import", "", "JSON Lines file of license keys to add; keys already there are left alone")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	return o, nil
}

// store is what both stores are: what the handler serves, and the host's side.
type store interface {
	licensekey.Store
	licensekey.Admin
}

func openStore(o options) (store, error) {
	if o.memory {
		return memstore.New(), nil
	}
	return bboltstore.Open(o.db, nil)
}

// run serves until ctx ends, and then lets the requests under way finish.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	o, err := parseFlags(args, stderr)
	if err != nil {
		return err
	}
	s, err := openStore(o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if o.importFile != "" {
		if err := importKeys(ctx, s, o.importFile, stdout); err != nil {
			return err
		}
	}
	listener, err := net.Listen("tcp", o.addr)
	if err != nil {
		return err
	}
	url := "http://" + listener.Addr().String()
	if err := issueDemoKey(ctx, s, url, stdout); err != nil {
		return errors.Join(err, listener.Close())
	}
	fmt.Fprintln(stdout, "listening on", url)
	return serve(ctx, listener, s, slog.New(slog.NewTextHandler(stderr, nil)))
}

func serve(ctx context.Context, listener net.Listener, s store, logger *slog.Logger) error {
	server := &http.Server{
		Handler:           newHandler(s, logger),
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      20 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	logger.Info("serving", "addr", listener.Addr().String())
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	logger.Info("shutting down")
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return server.Shutdown(ctx)
}

// newHandler gives the license-key API every path but one. An http.ServeMux
// would do too, but it redirects paths like /v1/./x before the API can answer.
func newHandler(s store, logger *slog.Logger) http.Handler {
	api := licensekey.NewHandler(s, licensekey.Config{Logger: logger, OpenAPI: true})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" {
			api.ServeHTTP(w, r)
			return
		}
		if _, err := s.List(r.Context(), licensekey.ListRequest{Limit: 1}); err != nil {
			logger.Error("health check failed", "error", err)
			http.Error(w, "store unavailable", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
}

func importKeys(ctx context.Context, s store, name string, stdout io.Writer) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	keys, err := licensekey.ReadJSONLines(f)
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
