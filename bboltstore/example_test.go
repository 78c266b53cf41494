package bboltstore_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"path/filepath"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/bboltstore"
)

var organization = uuid.MustParse("0a0a0a0a-0000-4000-8000-00000000000a")

// temporary returns a path for an example.
func temporary(name string) string {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	return filepath.Join(dir, name)
}

// Open a store in a file of its own, issue a license key and mount the handler.
func ExampleOpen() {
	path := temporary("licenses.db")
	defer os.RemoveAll(filepath.Dir(path))

	store, err := bboltstore.Open(path, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()

	k, err := store.Issue(context.Background(), licensekey.IssueRequest{OrganizationID: organization, LimitActivations: 3})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(k.Status, *k.LimitActivations)

	mux := http.NewServeMux()
	mux.Handle("/v1/", licensekey.NewHandler(store, licensekey.Config{}))
	// Output: granted 3
}

// Keep license keys in a database that the program has already.
func ExampleNew() {
	path := temporary("app.db")
	defer os.RemoveAll(filepath.Dir(path))

	// The large mapping saves writers from waiting for readers.
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{InitialMmapSize: 1 << 30})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	store, err := bboltstore.New(db)
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close() // db stays open

	k, err := store.Issue(context.Background(), licensekey.IssueRequest{OrganizationID: organization})
	if err != nil {
		log.Fatal(err)
	}
	// No method of the store inside this transaction: it would wait for itself.
	err = db.Update(func(tx *bbolt.Tx) error {
		orders, err := tx.CreateBucketIfNotExists([]byte("orders"))
		if err != nil {
			return err
		}
		return orders.Put([]byte("order-1"), k.ID[:])
	})
	fmt.Println(err)
	// Output: <nil>
}

// Write a backup while the store is in use. It is a database like any other.
func ExampleStore_BackupFile() {
	path := temporary("licenses.db")
	defer os.RemoveAll(filepath.Dir(path))
	store, err := bboltstore.Open(path, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()

	ctx := context.Background()
	if err := store.BackupFile(ctx, path+".backup"); err != nil {
		log.Fatal(err)
	}
	backup, err := bboltstore.Open(path+".backup", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer backup.Close()
	fmt.Println(backup.Check(ctx))
	// Output: <nil>
}
