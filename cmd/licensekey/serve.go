package main

import (
	"context"
	"crypto/subtle"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/bboltstore"
	"github.com/licensekit/licensekey/memstore"
)

type serveOptions struct {
	addr, importFile string
	version          string
	tokens           tokens
}

func serveCommand(flags *flag.FlagSet, t terminal) func(context.Context, []string) error {
	var o serveOptions
	db := dbFlag(flags)
	memory := flags.Bool("memory", false, "keep everything in memory, without a file")
	flags.StringVar(&o.addr, "addr", "127.0.0.1:8080", "address to listen on; port 0 takes a free one")
	flags.StringVar(&o.importFile, "import", "", "JSON Lines file of license keys to add first; those already there are left alone")
	flags.StringVar(&o.version, "polar-version", licensekey.DefaultVersion, "API `version` of requests that ask for none")
	flags.Func("token", "`TOKEN=ORGANIZATION_ID` that servers may use on /v1/license-keys; repeatable", o.tokens.add)
	return func(ctx context.Context, _ []string) error {
		if *memory {
			return serveStore(ctx, memstore.New(), o, t)
		}
		return withStore(*db, func(s *bboltstore.Store) error {
			defer serveBackups(s, socketPath(*db), newLogger(t))()
			return serveStore(ctx, s, o, t)
		})
	}
}

func newLogger(t terminal) *slog.Logger { return slog.New(slog.NewTextHandler(t.stderr, nil)) }

// serveStore imports license keys if that was asked for, issues a demo key if there
// are none, and serves the store.
func serveStore(ctx context.Context, s licensekey.ManagedStore, o serveOptions, t terminal) error {
	if o.importFile != "" {
		if err := importFile(ctx, s, o.importFile, t.stdout); err != nil {
			return err
		}
	}
	listener, err := net.Listen("tcp", o.addr)
	if err != nil {
		return err
	}
	url := "http://" + listener.Addr().String()
	if err := issueDemoKey(ctx, s, url, t.stdout); err != nil {
		return errors.Join(err, listener.Close())
	}
	fmt.Fprintln(t.stdout, "listening on", url)

	return serveListener(ctx, listener, newHandler(s, o, newLogger(t)), newLogger(t))
}

// serveListener serves until ctx ends. Then it gives the requests in flight ten
// seconds to finish.
func serveListener(ctx context.Context, listener net.Listener, handler http.Handler, logger *slog.Logger) error {
	server := &http.Server{
		Handler:           handler,
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
	if err := server.Shutdown(ctx); err != nil {
		return errors.Join(err, server.Close())
	}
	return nil
}

// newHandler returns a handler for /healthz, and for the license-key API on every
// other path. An http.ServeMux would redirect paths like /v1/./x before the API sees
// them.
func newHandler(s licensekey.ManagedStore, o serveOptions, logger *slog.Logger) http.Handler {
	cfg := licensekey.Config{Logger: logger, OpenAPI: true, Version: o.version}
	if len(o.tokens) > 0 {
		cfg.Authorize = o.tokens.authorize
	}
	api := licensekey.NewHandler(s, cfg)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" {
			api.ServeHTTP(w, r)
			return
		}
		if err := s.Check(r.Context()); err != nil {
			logger.Error("health check failed", "error", err)
			http.Error(w, "store unavailable", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
}

// tokens are the bearer tokens of servers, each with its organization.
type tokens []struct {
	token        string
	organization uuid.UUID
}

func (t *tokens) add(flag string) error {
	token, id, found := strings.Cut(flag, "=")
	organization, err := uuid.Parse(id)
	if !found || token == "" || err != nil {
		return errors.New("want TOKEN=ORGANIZATION_ID")
	}
	*t = append(*t, struct {
		token        string
		organization uuid.UUID
	}{token, organization})
	return nil
}

// authorize returns the organizations of a token. It compares the token with every
// known one, each in constant time for its length.
func (t tokens) authorize(_ context.Context, token string) ([]uuid.UUID, error) {
	var organizations []uuid.UUID
	for _, known := range t {
		if subtle.ConstantTimeCompare([]byte(known.token), []byte(token)) == 1 {
			organizations = append(organizations, known.organization)
		}
	}
	if organizations == nil {
		return nil, licensekey.ErrUnauthorized
	}
	return organizations, nil
}
