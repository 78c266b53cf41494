// Command example serves the license-key API over an embedded database file. It shows
// all that a host writes to mount the handler: it opens a store, makes the handler,
// serves it with timeouts, and shuts down gracefully.
//
//	go run ./example
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/bboltstore"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on; port 0 takes a free one")
	db := flag.String("db", "licenses.db", "database file, created if it is not there")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	if err := run(ctx, *addr, *db, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// run serves the database file until ctx ends.
func run(ctx context.Context, addr, db string, stdout io.Writer) (err error) {
	store, err := bboltstore.Open(db, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	url := "http://" + listener.Addr().String()
	if err := issueDemoKey(ctx, store, url, stdout); err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/v1/", licensekey.NewHandler(store, licensekey.Config{}))
	fmt.Fprintln(stdout, "listening on", url)
	return serve(ctx, listener, mux)
}

// serve serves until ctx ends. Then it gives the requests in flight ten seconds to
// finish.
func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      20 * time.Second,
		IdleTimeout:       time.Minute,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return server.Shutdown(ctx)
}

// issueDemoKey issues a license key with two activations in a store that has no
// keys, and prints commands that try the API on it.
func issueDemoKey(ctx context.Context, store *bboltstore.Store, url string, stdout io.Writer) error {
	keys, err := store.List(ctx, licensekey.ListRequest{Limit: 1})
	if err != nil || len(keys) > 0 {
		return err
	}
	k, err := store.Issue(ctx, licensekey.IssueRequest{OrganizationID: uuid.New(), Prefix: "DEMO", LimitActivations: 3})
	if err != nil {
		return err
	}
	body := map[string]any{"key": k.Key, "organization_id": k.OrganizationID}
	for _, label := range []string{"desktop", "laptop"} {
		activated, err := store.Activate(ctx, licensekey.ActivateRequest{
			OrganizationID: k.OrganizationID, Key: k.Key, ActivationID: uuid.New(), Label: label, Now: time.Now(),
		})
		if err != nil {
			return err
		}
		body["activation_id"] = activated.Activation.ID
	}
	valid, err := json.Marshal(body)
	if err != nil {
		return err
	}
	curl := "curl -i " + url + licensekey.DeactivatePath + " -H 'Content-Type: application/json' -d "
	_, err = fmt.Fprintf(stdout, `There were no license keys, so here is one with two activations. In another terminal:

# 204: the laptop's activation ends and its seat is free
%[1]s'%[2]s'

# 404: again, and it is already gone
%[1]s'%[2]s'

# 422: a request that is not valid
%[1]s'{"key":"DEMO"}'

`, curl, valid)
	return err
}
