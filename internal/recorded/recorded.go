// Package recorded sends recorded requests to a server, and compares its responses
// with those that were recorded from Polar's stack. Only tests import it.
package recorded

import (
	"bufio"
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
)

var (
	//go:embed testdata/deactivate.jsonl
	deactivate []byte
	//go:embed testdata/activate-validate.jsonl
	activateValidate []byte
	//go:embed testdata/seed.json
	startState []byte
)

// Seed is the license keys that every case starts from, in the import format.
//
//go:embed testdata/seed.jsonl
var Seed []byte

// Case is a request and its recorded response.
type Case struct {
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
	Response Response
	Mutates  bool
}

// Response is a recorded response, or one of the server under test.
type Response struct {
	Status  int
	Headers map[string]string
	Body    string
}

// IsExact reports whether the response must be as recorded. If not, any of the
// case's statuses is accepted.
func (c Case) IsExact() bool { return c.Class == "exact" || c.Class == "cors-simple" }

// Deactivate returns the cases of the deactivate endpoint.
func Deactivate(t testing.TB) []Case { return read(t, deactivate) }

// ActivateValidate returns the cases of the activate and validate endpoints.
// A server needs the clock and the ids of a Start for them.
func ActivateValidate(t testing.TB) []Case { return read(t, activateValidate) }

// Start is what a server needs, besides Seed, to respond as recorded.
type Start struct {
	Clock struct {
		Now time.Time
		// NextActivationIDs are the ids of new activations, in order.
		NextActivationIDs []uuid.UUID `json:"next_activation_ids"`
	}
}

// ReadStart returns the recorded Start.
func ReadStart(t testing.TB) (s Start) {
	t.Helper()
	if err := json.Unmarshal(startState, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func read(t testing.TB, lines []byte) []Case {
	t.Helper()
	var cases []Case
	// The bodies contain U+2028, unescaped: only \n ends a line.
	for line := range bytes.Lines(lines) {
		var c Case
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		cases = append(cases, c)
	}
	return cases
}

// Replay sends the cases, byte for byte, each in a subtest of its name. start
// starts a server that holds Seed, and returns its address. It is called again
// whenever a case needs fresh data, after stop has ended the server before.
func Replay(t *testing.T, cases []Case, start func() (addr string, stop func())) {
	t.Helper()
	var exact, sameBytes, others int
	var addr, group string
	stop := func() {}
	defer func() { stop() }()
	dirty := true
	run := func(t *testing.T, c Case) {
		if c.Group != group || dirty && c.Group == "" {
			stop()
			addr, stop = start()
			dirty = false
		}
		group = c.Group
		dirty = dirty || c.Mutates || !c.IsExact()
		got := send(t, addr, c)
		if !c.IsExact() {
			others++
			checkAllowed(t, c, got)
			return
		}
		exact++
		if checkExact(t, c, got) {
			sameBytes++
		}
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) { run(t, c) })
	}
	t.Logf("%d exact cases, %d of them with the recorded bytes; %d cases with an allowed status", exact, sameBytes, others)
}

// contractHeaders are the headers that every response must have exactly as
// recorded. A header that was not recorded must be absent.
var contractHeaders = []string{
	"Content-Type", "Cache-Control", "Polar-Version",
	"Access-Control-Allow-Origin", "Access-Control-Expose-Headers",
}

// otherStatuses has, for some cases, one more status that is accepted.
var otherStatuses = map[string]int{
	// net/http rejects these requests before any handler sees them.
	"path/bad-percent":               http.StatusBadRequest,
	"path/slash-redirect-host-slash": http.StatusBadRequest,
	"path/slash-redirect-host-at":    http.StatusBadRequest,
	// Polar responds the same. The statuses of the case are about versions only.
	"version/next-405": http.StatusMethodNotAllowed,
}

func checkAllowed(t *testing.T, c Case, got Response) {
	t.Helper()
	if !slices.Contains(c.Statuses, got.Status) && got.Status != otherStatuses[c.Name] {
		t.Errorf("%s: %s %s %q\ngot  %d %s\nwant one of %v", c.Name, c.Request.Method, c.Request.Path, c.Request.Body,
			got.Status, got.Body, c.Statuses)
	}
}

// checkExact compares the response with the recorded one. It reports whether the
// bodies are the same byte for byte, too.
func checkExact(t *testing.T, c Case, got Response) bool {
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

func headerOf(r Response, name string) string {
	for k, v := range r.Headers {
		if http.CanonicalHeaderKey(k) == name {
			return v
		}
	}
	return ""
}

// sameMeaning compares the type, loc and msg in a 422. Other bodies must be equal.
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

// send writes the request exactly as it was recorded. http.Client would change it.
func send(t *testing.T, addr string, c Case) Response {
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
	got := Response{Status: resp.StatusCode, Headers: map[string]string{}, Body: string(body)}
	for name, values := range resp.Header {
		if len(values) > 1 {
			t.Errorf("%s: header %s is there %d times", c.Name, name, len(values))
		}
		got.Headers[name] = values[0]
	}
	return got
}
