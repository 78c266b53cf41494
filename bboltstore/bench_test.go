package bboltstore_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/bboltstore"
	"github.com/licensekit/licensekey/storetest"
)

func BenchmarkDeactivator(b *testing.B) { storetest.BenchmarkDeactivator(b, newStore) }

// benchStore returns a store with that many keys of three activations each, all
// of them used before, and requests that end all the activations, in an order
// that has nothing to do with that of the file.
func benchStore(b testing.TB, keys int) (file, []licensekey.DeactivateRequest) {
	b.Helper()
	f := open(b, filepath.Join(b.TempDir(), "licenses.db"))
	at := time.Now()
	var reqs []licensekey.DeactivateRequest
	const chunk = 10_000
	for done := 0; done < keys; done += chunk {
		batch := make([]licensekey.LicenseKeyWithActivations, min(chunk, keys-done))
		for i := range batch {
			batch[i] = benchKey(at)
			batch[i].Validations, batch[i].LastValidatedAt, batch[i].ModifiedAt = 100, &at, &at
			for _, a := range batch[i].Activations {
				reqs = append(reqs, licensekey.DeactivateRequest{OrganizationID: org, Key: batch[i].Key, ActivationID: a.ID})
			}
		}
		if _, err := f.Import(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
	slices.SortFunc(reqs, func(x, y licensekey.DeactivateRequest) int {
		return strings.Compare(string(x.ActivationID[:]), string(y.ActivationID[:]))
	})
	return f, reqs
}

func benchKey(at time.Time) licensekey.LicenseKeyWithActivations {
	id, seats := uuid.New(), int64(10)
	email := id.String()[:8] + "@example.com"
	k := licensekey.LicenseKeyWithActivations{LicenseKey: licensekey.LicenseKey{
		ID: uuid.New(), CreatedAt: at, OrganizationID: org, Key: licensekey.NewKey(""), Status: licensekey.StatusGranted,
		Customer:         licensekey.Customer{ID: id, CreatedAt: at, Email: &email, Type: "individual"},
		LimitActivations: &seats,
	}}
	for range 3 {
		k.Activations = append(k.Activations, licensekey.Activation{
			ID: uuid.New(), Label: "laptop", Meta: json.RawMessage(`{"os":"linux"}`), CreatedAt: at,
		})
	}
	return k
}

// elapsed is the time that callers need to do all of reqs, each one once.
func elapsed(b testing.TB, callers int, reqs []licensekey.DeactivateRequest, do func(licensekey.DeactivateRequest) error) time.Duration {
	b.Helper()
	var next atomic.Int64
	var wg sync.WaitGroup
	start := time.Now()
	for range callers {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(reqs)); i = next.Add(1) - 1 {
				if err := do(reqs[i]); err != nil {
					b.Errorf("%v: %v", reqs[i], err)
				}
			}
		})
	}
	wg.Wait()
	return time.Since(start)
}

// way is one of several ways to make the same changes, and how long it took.
type way struct {
	name string
	do   func(licensekey.DeactivateRequest) error
	took time.Duration
}

// takeTurns lets the ways take turns on one database, so that the speed of the
// disk, which changes, is the same for all, and reports each and its ratio to
// the first.
func takeTurns(b *testing.B, callers, turn int, reqs []licensekey.DeactivateRequest, ways []way) {
	b.Helper()
	const turns = 5
	for range turns {
		for i := range ways {
			ways[i].took += elapsed(b, callers, reqs[:turn], ways[i].do)
			reqs = reqs[turn:]
		}
	}
	for _, w := range ways {
		b.ReportMetric(float64(w.took.Nanoseconds())/1e3/float64(turns*turn), "µs/"+w.name)
		b.ReportMetric(float64(w.took)/float64(ways[0].took), "x/"+w.name)
	}
}

// BenchmarkCommit compares deactivations through the store with the same changes
// in a db.Update and a db.Batch each.
func BenchmarkCommit(b *testing.B) {
	for _, callers := range []int{1, 8, 64, 256} {
		b.Run(fmt.Sprintf("%dCallers", callers), func(b *testing.B) {
			for range b.N {
				f, reqs := benchStore(b, 6_000)
				db := bboltstore.DB(f.Store)
				ways := []way{
					{name: "Store", do: func(req licensekey.DeactivateRequest) error { return f.Deactivate(context.Background(), req) }},
					{name: "Update", do: func(req licensekey.DeactivateRequest) error { return bboltstore.DeactivateIn(db.Update, req) }},
					{name: "Batch", do: func(req licensekey.DeactivateRequest) error { return bboltstore.DeactivateIn(db.Batch, req) }},
				}
				if callers == 1 {
					ways = ways[:2] // Batch makes a caller alone wait for ten milliseconds
				}
				takeTurns(b, callers, 1024, reqs, ways)
			}
		})
	}
}

// BenchmarkEndpoints is BenchmarkCommit for activations and validations, from 64
// callers.
func BenchmarkEndpoints(b *testing.B) {
	ctx, now := context.Background(), time.Now()
	activate := func(req licensekey.DeactivateRequest) licensekey.ActivateRequest {
		return licensekey.ActivateRequest{OrganizationID: org, Key: req.Key, ActivationID: uuid.New(), Label: "laptop", Now: now}
	}
	validate := func(req licensekey.DeactivateRequest) licensekey.ValidateRequest {
		return licensekey.ValidateRequest{OrganizationID: org, Key: req.Key, ActivationID: &req.ActivationID, Now: now}
	}
	for _, endpoint := range []struct {
		name          string
		store, update func(f file, req licensekey.DeactivateRequest) error
	}{
		{"Activate", func(f file, req licensekey.DeactivateRequest) error {
			_, err := f.Activate(ctx, activate(req))
			return err
		}, func(f file, req licensekey.DeactivateRequest) error {
			return bboltstore.ActivateIn(bboltstore.DB(f.Store).Update, activate(req))
		}},
		{"Validate", func(f file, req licensekey.DeactivateRequest) error {
			_, err := f.Validate(ctx, validate(req))
			return err
		}, func(f file, req licensekey.DeactivateRequest) error {
			return bboltstore.ValidateIn(bboltstore.DB(f.Store).Update, validate(req))
		}},
	} {
		b.Run(endpoint.name, func(b *testing.B) {
			for range b.N {
				f, reqs := benchStore(b, 6_000)
				takeTurns(b, 64, 1024, reqs, []way{
					{name: "Store", do: func(req licensekey.DeactivateRequest) error { return endpoint.store(f, req) }},
					{name: "Update", do: func(req licensekey.DeactivateRequest) error { return endpoint.update(f, req) }},
				})
			}
		})
	}
}

// BenchmarkHTTP compares durable deactivations over 64 connections with those of
// a straightforward handler: json.Unmarshal into a struct, and one db.Update.
// The third way, a handler that does nothing, is what net/http and the clients
// take. These share the processors with the server, so they do no more than write
// a request and read to the end of the response's headers.
func BenchmarkHTTP(b *testing.B) {
	for range b.N {
		f, reqs := benchStore(b, 12_000)
		takeTurns(b, 64, 2048, reqs, []way{
			{name: "Handler", do: postTo(b, licensekey.NewHandler(f, licensekey.Config{}))},
			{name: "Straightforward", do: postTo(b, straightforward(bboltstore.DB(f.Store)))},
			{name: "Bare", do: postTo(b, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))},
		})
	}
}

// postTo serves h and returns a function that posts a deactivation over one of
// 64 connections.
func postTo(b *testing.B, h http.Handler) func(licensekey.DeactivateRequest) error {
	b.Helper()
	server := httptest.NewServer(h)
	b.Cleanup(server.Close)
	idle := make(chan *bufio.ReadWriter, 64)
	for range cap(idle) {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { conn.Close() })
		idle <- bufio.NewReadWriter(bufio.NewReader(conn), bufio.NewWriter(conn))
	}
	return func(req licensekey.DeactivateRequest) error {
		conn := <-idle
		defer func() { idle <- conn }()
		body := fmt.Sprintf(`{"key":%q,"organization_id":%q,"activation_id":%q}`, string(req.Key), req.OrganizationID, req.ActivationID)
		fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
			licensekey.DeactivatePath, len(body), body)
		if err := conn.Flush(); err != nil {
			return err
		}
		status, err := conn.ReadString('\n')
		for line := status; err == nil && line != "\r\n"; {
			line, err = conn.ReadString('\n')
		}
		if err == nil && !strings.Contains(status, " 204 ") {
			err = fmt.Errorf("got %s", status)
		}
		return err
	}
}

func straightforward(db *bbolt.DB) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Key            licensekey.Key `json:"key"`
			OrganizationID uuid.UUID      `json:"organization_id"`
			ActivationID   uuid.UUID      `json:"activation_id"`
		}
		data, err := io.ReadAll(r.Body)
		if err == nil {
			err = json.Unmarshal(data, &body)
		}
		if err == nil {
			err = bboltstore.DeactivateIn(db.Update, licensekey.DeactivateRequest{
				OrganizationID: body.OrganizationID, Key: body.Key, ActivationID: body.ActivationID,
			})
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
}

// BenchmarkMissesUnderLoad lets some callers miss while 64 others deactivate.
func BenchmarkMissesUnderLoad(b *testing.B) {
	for _, callers := range []int{4, 16} {
		b.Run(fmt.Sprintf("%dCallers", callers), func(b *testing.B) {
			for range b.N {
				missUnderLoad(b, callers)
			}
		})
	}
}

func missUnderLoad(b *testing.B, callers int) {
	b.Helper()
	f, reqs := benchStore(b, 20_000)
	ctx := context.Background()
	hits := timed(64, reqs, func(req licensekey.DeactivateRequest) error { return f.Deactivate(ctx, req) })
	misses := make(chan []time.Duration)
	stop := make(chan struct{})
	for range callers {
		go func() { misses <- missUntil(f, reqs[0], stop) }()
	}
	hitTimes := hits(b)
	close(stop)
	var missTimes []time.Duration
	for range callers {
		missTimes = append(missTimes, <-misses...)
	}
	slices.Sort(missTimes)
	slices.Sort(hitTimes)
	b.ReportMetric(float64(len(missTimes))/float64(len(hitTimes)), "misses/hit")
	b.ReportMetric(float64(missTimes[len(missTimes)*99/100].Nanoseconds())/1e3, "µs-p99/miss")
	b.ReportMetric(float64(hitTimes[len(hitTimes)/2].Nanoseconds())/1e3, "µs-median/hit")
}

// timed returns a function that does all of reqs from that many callers and
// returns how long each took.
func timed(callers int, reqs []licensekey.DeactivateRequest, do func(licensekey.DeactivateRequest) error) func(*testing.B) []time.Duration {
	return func(b *testing.B) []time.Duration {
		times := make([]time.Duration, len(reqs))
		var index sync.Map
		for i, req := range reqs {
			index.Store(req.ActivationID, i)
		}
		elapsed(b, callers, reqs, func(req licensekey.DeactivateRequest) error {
			start := time.Now()
			err := do(req)
			i, _ := index.Load(req.ActivationID)
			times[i.(int)] = time.Since(start)
			return err
		})
		return times
	}
}

func missUntil(f file, req licensekey.DeactivateRequest, stop chan struct{}) (times []time.Duration) {
	req.ActivationID = uuid.Nil
	for {
		select {
		case <-stop:
			return times
		default:
		}
		start := time.Now()
		_ = f.Deactivate(context.Background(), req)
		times = append(times, time.Since(start))
	}
}
