package licensekey_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sync/atomic"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/bboltstore"
	"github.com/licensekit/licensekey/memstore"
)

// recordedCase is a request and what Polar's stack answered.
type recordedCase struct {
	Name     string
	Class    string
	Statuses []int
	Group    string
	Request  struct {
		Method  string
		Path    string
		Headers [][2]string
		Body    []byte `json:"body_b64"`
	}
	Response recordedResponse
	Mutates  bool
}

type recordedResponse struct {
	Status  int
	Headers map[string]string
	Body    string
}

// contractHeaders are the headers that every answer must have exactly as
// recorded, absence included.
var contractHeaders = []string{
	"Content-Type", "Cache-Control", "Polar-Version",
	"Access-Control-Allow-Origin", "Access-Control-Expose-Headers",
}

func recordedCases(t testing.TB, file string) []recordedCase {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "conformance", file))
	if err != nil {
		t.Fatal(err)
	}
	var cases []recordedCase
	for line := range bytes.SplitSeq(bytes.TrimSuffix(data, []byte("\n")), []byte("\n")) {
		var c recordedCase
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		cases = append(cases, c)
	}
	return cases
}

func seed(t testing.TB) []licensekey.LicenseKeyWithActivations {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "conformance", "seed.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	keys, err := licensekey.ReadJSONLines(f)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

type fullStore interface {
	licensekey.Store
	licensekey.Admin
}

// seededStores make a store of each kind that holds the recorded cases' data.
var seededStores = map[string]func(t testing.TB) fullStore{
	"memstore": func(t testing.TB) fullStore {
		return importSeed(t, memstore.New())
	},
	"bboltstore": func(t testing.TB) fullStore {
		// Not synced: these tests are about answers, not about the disk.
		db, err := bbolt.Open(filepath.Join(t.TempDir(), "licenses.db"), 0o600, &bbolt.Options{NoSync: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		store, err := bboltstore.New(db)
		if err != nil {
			t.Fatal(err)
		}
		return importSeed(t, store)
	},
}

func importSeed(t testing.TB, store fullStore) fullStore {
	t.Helper()
	keys := seed(t)
	if added, err := store.Import(t.Context(), keys); err != nil || added != len(keys) {
		t.Fatalf("Import of %d keys = %d, %v", len(keys), added, err)
	}
	return store
}

// TestRecordedCases sends the recorded requests, byte for byte, to a server.
func TestRecordedCases(t *testing.T) {
	for name, newStore := range seededStores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			replay(t, recordedCases(t, "deactivate.jsonl"), newStore)
		})
	}
}

func replay(t *testing.T, cases []recordedCase, newStore func(testing.TB) fullStore) {
	var handler atomic.Value
	fresh := func() { handler.Store(licensekey.NewHandler(newStore(t), licensekey.Config{})) }
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler.Load().(http.Handler).ServeHTTP(w, r)
	}))
	defer server.Close()

	var exact, sameBytes, others int
	group, dirty := "", true
	for _, c := range cases {
		if c.Group != group || dirty && c.Group == "" {
			fresh()
			dirty = false
		}
		group = c.Group
		dirty = dirty || c.Mutates || !isExact(c)
		got := send(t, server.Listener.Addr().String(), c)
		if !isExact(c) {
			others++
			checkAllowed(t, c, got)
			continue
		}
		exact++
		if checkExact(t, c, got) {
			sameBytes++
		}
	}
	t.Logf("%d exact cases, of which %d with the recorded bytes; %d cases with an allowed status", exact, sameBytes, others)
}

func isExact(c recordedCase) bool { return c.Class == "exact" || c.Class == "cors-simple" }

// otherStatuses are the cases that may have a status besides the listed ones.
var otherStatuses = map[string]int{
	// net/http refuses these requests before any handler sees them.
	"path/bad-percent":               http.StatusBadRequest,
	"path/slash-redirect-host-slash": http.StatusBadRequest,
	"path/slash-redirect-host-at":    http.StatusBadRequest,
	// Polar answers the same; the list speaks of versions only.
	"version/next-405": http.StatusMethodNotAllowed,
}

func checkAllowed(t *testing.T, c recordedCase, got recordedResponse) {
	t.Helper()
	if !slices.Contains(c.Statuses, got.Status) && got.Status != otherStatuses[c.Name] {
		t.Errorf("%s: %s %s %q\ngot  %d %s\nwant one of %v", c.Name, c.Request.Method, c.Request.Path, c.Request.Body,
			got.Status, got.Body, c.Statuses)
	}
}

// checkExact says whether the bodies are the same bytes too.
func checkExact(t *testing.T, c recordedCase, got recordedResponse) bool {
	t.Helper()
	want := c.Response
	same := got.Status == want.Status && sameMeaning(got.Body, want.Body)
	for _, name := range contractHeaders {
		same = same && got.Headers[http.CanonicalHeaderKey(name)] == headerOf(want, name)
	}
	if !same {
		t.Errorf("%s: %s %s %q\ngot  %d %v %s\nwant %d %v %s", c.Name, c.Request.Method, c.Request.Path, c.Request.Body,
			got.Status, got.Headers, got.Body, want.Status, want.Headers, want.Body)
	}
	return got.Body == want.Body
}

func headerOf(r recordedResponse, name string) string {
	for k, v := range r.Headers {
		if http.CanonicalHeaderKey(k) == name {
			return v
		}
	}
	return ""
}

// sameMeaning compares the type, loc and msg of a 422, and all of other bodies.
func sameMeaning(got, want string) bool {
	if got == want {
		return true
	}
	type violations struct {
		Error  string
		Detail []struct {
			Type, Msg string
			Loc       []any
		}
	}
	var g, w violations
	return json.Unmarshal([]byte(got), &g) == nil && json.Unmarshal([]byte(want), &w) == nil &&
		len(w.Detail) > 0 && reflect.DeepEqual(g, w)
}

// send writes the request as it was recorded, which http.Client would not.
func send(t *testing.T, addr string, c recordedCase) recordedResponse {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var raw bytes.Buffer
	fmt.Fprintf(&raw, "%s %s HTTP/1.1\r\n", c.Request.Method, c.Request.Path)
	for _, h := range c.Request.Headers {
		fmt.Fprintf(&raw, "%s: %s\r\n", h[0], h[1])
	}
	raw.WriteString("\r\n")
	raw.Write(c.Request.Body)
	if _, err := conn.Write(raw.Bytes()); err != nil {
		t.Fatalf("%s: %v", c.Name, err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: c.Request.Method})
	if err != nil {
		t.Fatalf("%s: %v", c.Name, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s: %v", c.Name, err)
	}
	got := recordedResponse{Status: resp.StatusCode, Headers: map[string]string{}, Body: string(body)}
	for name, values := range resp.Header {
		if len(values) > 1 {
			t.Errorf("%s: header %s is there %d times", c.Name, name, len(values))
		}
		got.Headers[name] = values[0]
	}
	return got
}
