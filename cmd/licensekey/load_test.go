package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/bboltstore"
)

var (
	loadTime  = flag.Duration("load", 3*time.Second, "how long TestLoad loads the server")
	loadConns = flag.Int("conns", 300, "how many connections TestLoad opens")
)

// TestLoad serves several hundred connections, a third of them slow or half
// open. There is no 5xx, memory and goroutines stay bounded and come back to
// rest, and a shutdown in the middle of it ends in time and loses nothing that
// was acknowledged.
func TestLoad(t *testing.T) {
	goroutines := runtime.NumGoroutine()
	path := filepath.Join(t.TempDir(), "licenses.db")
	s, err := bboltstore.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	limit := int64(1)
	keys := make([]licensekey.LicenseKey, *loadConns)
	for i := range keys {
		if keys[i], err = s.Issue(t.Context(), licensekey.IssueRequest{OrganizationID: uuid.MustParse(orgA), LimitActivations: limit}); err != nil {
			t.Fatal(err)
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, shutDown := context.WithCancel(t.Context())
	served := make(chan error, 1)
	logger := slog.New(slog.NewTextHandler(io.Discard, nil))
	go func() { served <- serveListener(ctx, listener, newHandler(s, serveOptions{}, logger), logger) }()

	l := &load{url: "http://" + listener.Addr().String(), stop: make(chan struct{})}
	var wg sync.WaitGroup
	for i, k := range keys {
		wg.Go(func() {
			if i%3 == 0 {
				l.dawdle(listener.Addr().String())
			} else {
				l.seat(t, k)
			}
		})
	}
	most := l.watch(*loadTime)
	begun := time.Now()
	shutDown()
	if err := <-served; err != nil {
		t.Errorf("shutdown under load = %v", err)
	}
	took := time.Since(begun)
	close(l.stop)
	wg.Wait()
	if err := s.Close(); err != nil {
		t.Errorf("Close = %v", err)
	}
	wantAtRest(t, goroutines)
	l.judge(t, path, keys)
	t.Logf("%d connections: %d requests in %v, at most %d goroutines and %d MB of heap; shutdown in %v",
		*loadConns, l.requests.Load(), *loadTime, most.goroutines, most.heap>>20, took)
	if most.goroutines > goroutines+12**loadConns || most.heap > 256<<20 {
		t.Errorf("at most %d goroutines and %d bytes of heap", most.goroutines, most.heap)
	}
}

// load is the clients' side.
type load struct {
	url      string
	stop     chan struct{}
	requests atomic.Int64
	// counts has, for each license key, how many activations and deactivations
	// were acknowledged.
	counts sync.Map
}

// seat takes and frees a key's only seat until the server goes.
func (l *load) seat(t *testing.T, k licensekey.LicenseKey) {
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	var activations, deactivations, underway int
	defer func() { l.counts.Store(k.ID, [3]int{activations, deactivations, underway}) }()
	id := ""
	for {
		body := fmt.Sprintf(`{"key":%q,"organization_id":%q,"label":"x","activation_id":%q}`, string(k.Key), k.OrganizationID, id)
		path, want := licensekey.ActivatePath, http.StatusOK
		if id != "" {
			path, want = licensekey.DeactivatePath, http.StatusNoContent
		}
		underway = 1
		resp, err := client.Post(l.url+path, "application/json", strings.NewReader(body))
		if err != nil {
			return // the server has gone
		}
		response, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			return
		}
		underway = 0
		l.requests.Add(1)
		if resp.StatusCode != want {
			t.Errorf("%s: got %d %s, want %d", path, resp.StatusCode, response, want)
			return
		}
		if id != "" {
			deactivations++
			id = ""
			continue
		}
		activations++
		id = string(response[len(`{"id":"`):][:36])
	}
}

// dawdle sends a request a byte at a time, gives up, and begins again; every
// other time it sends nothing more and leaves the connection half open.
func (l *load) dawdle(addr string) {
	for n := 0; ; n++ {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			return // the server has gone
		}
		_, _ = io.WriteString(conn, "POST "+licensekey.DeactivatePath+" HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n")
		for range 50 {
			if n%2 == 0 {
				_, err = io.WriteString(conn, "x")
			}
			select {
			case <-l.stop:
				conn.Close()
				return
			case <-time.After(20 * time.Millisecond):
			}
			if err != nil {
				break
			}
		}
		_ = conn.SetReadDeadline(time.Now().Add(time.Millisecond))
		_, _ = bufio.NewReader(conn).ReadByte()
		conn.Close()
	}
}

type peak struct {
	goroutines int
	heap       uint64
}

// watch waits that long and returns the most that was in use.
func (l *load) watch(d time.Duration) (most peak) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		var mem runtime.MemStats
		runtime.ReadMemStats(&mem)
		most.goroutines = max(most.goroutines, runtime.NumGoroutine())
		most.heap = max(most.heap, mem.HeapAlloc)
		<-time.After(50 * time.Millisecond)
	}
	return most
}

// wantAtRest waits for the goroutines of the load to end.
func wantAtRest(t *testing.T, goroutines int) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); runtime.NumGoroutine() > goroutines+5; runtime.Gosched() {
		if time.Now().After(end) {
			buf := make([]byte, 1<<20)
			t.Errorf("%d goroutines are left, %d were there before:\n%s", runtime.NumGoroutine(), goroutines, buf[:runtime.Stack(buf, true)])
			return
		}
	}
}

// judge holds what is stored against what the clients know.
func (l *load) judge(t *testing.T, path string, keys []licensekey.LicenseKey) {
	t.Helper()
	s, err := bboltstore.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, k := range keys {
		v, ok := l.counts.Load(k.ID)
		if !ok {
			continue // a dawdler's
		}
		got, err := s.Get(t.Context(), k.ID)
		if err != nil {
			t.Fatal(err)
		}
		counts := v.([3]int)
		want := counts[0] - counts[1]
		if n := len(got.Activations); n != want && (counts[2] == 0 || n != 1-want) {
			t.Errorf("%v has %d activations: %d activations and %d deactivations were acknowledged, %d requests under way",
				k, n, counts[0], counts[1], counts[2])
		}
	}
}
