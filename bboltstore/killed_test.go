package bboltstore_test

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/bboltstore"
)

var kills = flag.Int("kills", 20, "how often TestKilled kills the server")

const victimEnv = "LICENSEKEY_TEST_VICTIM"

// TestMain runs the test binary as the server to kill, if it is told to.
func TestMain(m *testing.M) {
	if path := os.Getenv(victimEnv); path != "" {
		fmt.Fprintln(os.Stderr, serveVictim(path))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// serveVictim serves a store and prints where.
func serveVictim(path string) error {
	store, err := bboltstore.Open(path, nil)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println("http://" + listener.Addr().String())
	return http.Serve(listener, licensekey.NewHandler(store, licensekey.Config{}))
}

// customer is a client with a license key of its own, and what it knows of it:
// what was acknowledged, and the one request that was under way at the end.
type customer struct {
	key         licensekey.LicenseKeyWithActivations
	live        map[uuid.UUID]bool
	validations int64
	usage       int64
	underway    string    // the operation, or ""
	ending      uuid.UUID // the activation that it ends
}

const seats = 3

// TestKilled kills a server at random moments while clients activate, validate
// and deactivate. What they have written down of its acknowledgements is the
// judge: every acknowledged change is there, and of the others only the one that
// each client was waiting for may be, and that one wholly or not at all.
func TestKilled(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "licenses.db")
	customers := newCustomers(t, path, 16)
	acknowledged := 0
	for round := range *kills {
		acknowledged += killOnce(t, path, customers)
		checkFile(t, path)
		f := open(t, path)
		for _, c := range customers {
			c.judge(t, round, f)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if t.Failed() {
			break
		}
	}
	t.Logf("%d kills, %d acknowledged changes", *kills, acknowledged)
}

func newCustomers(t *testing.T, path string, n int) []*customer {
	t.Helper()
	f := open(t, path)
	customers := make([]*customer, n)
	limit := int64(seats)
	for i := range customers {
		k := benchKey(time.Now())
		k.LimitActivations, k.Activations = &limit, nil
		if _, err := f.Import(t.Context(), []licensekey.LicenseKeyWithActivations{k}); err != nil {
			t.Fatal(err)
		}
		customers[i] = &customer{key: k, live: make(map[uuid.UUID]bool)}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return customers
}

// killOnce runs a server under load and kills it. It returns how many changes
// were acknowledged.
func killOnce(t *testing.T, path string, customers []*customer) int {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), victimEnv+"="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the server did not start: %v", err)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: len(customers)}
	client := &http.Client{Transport: transport, Timeout: 30 * time.Second}
	var acknowledged atomic.Int64
	kill := int64(1 + rand.IntN(600))
	var wg sync.WaitGroup
	for _, c := range customers {
		wg.Go(func() {
			for c.step(t, client, strings.TrimSpace(url)) {
				if acknowledged.Add(1) == kill {
					if err := cmd.Process.Kill(); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	transport.CloseIdleConnections()
	if n := acknowledged.Load(); n < kill {
		t.Errorf("all clients have stopped after %d acknowledged changes, want %d", n, kill)
		_ = cmd.Process.Kill()
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the server ended by itself")
	}
	return int(acknowledged.Load())
}

// step sends one request and writes its response down. It is not ok once the
// server is gone.
func (c *customer) step(t *testing.T, client *http.Client, url string) (ok bool) {
	body := map[string]any{"key": c.key.Key, "organization_id": org, "label": "laptop", "increment_usage": 1}
	c.underway, c.ending = "validate", uuid.Nil
	switch choice := rand.IntN(3); {
	case choice == 0 && len(c.live) < seats:
		c.underway = "activate"
	case choice == 1 && len(c.live) > 0:
		c.underway = "deactivate"
		for c.ending = range c.live {
			break
		}
		body["activation_id"] = c.ending
	}
	text, err := json.Marshal(body)
	if err != nil {
		t.Error(err)
		return false
	}
	resp, err := client.Post(url+"/v1/customer-portal/license-keys/"+c.underway, "application/json", strings.NewReader(string(text)))
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	response, err := io.ReadAll(resp.Body)
	if err != nil {
		return false
	}
	return c.note(t, resp.StatusCode, response)
}

// note writes an acknowledgement down.
func (c *customer) note(t *testing.T, status int, response []byte) bool {
	var got struct{ ID uuid.UUID }
	switch {
	case c.underway == "deactivate" && status == http.StatusNoContent:
		delete(c.live, c.ending)
	case c.underway == "activate" && status == http.StatusOK && json.Unmarshal(response, &got) == nil:
		c.live[got.ID] = true
	case c.underway == "validate" && status == http.StatusOK:
		c.validations++
		c.usage++
	default:
		t.Errorf("%s: got %d %s", c.underway, status, response)
		return false
	}
	c.underway = ""
	return true
}

// judge compares what the store has with what the customer knows, and lets the
// customer know the rest.
func (c *customer) judge(t *testing.T, round int, f file) {
	t.Helper()
	got, err := f.Get(t.Context(), c.key.ID)
	if err != nil {
		t.Fatal(err)
	}
	extra, found := 0, make(map[uuid.UUID]bool)
	for _, a := range got.Activations {
		found[a.ID] = true
		if !c.live[a.ID] {
			extra++
		}
	}
	for id := range c.live {
		if !found[id] && (c.underway != "deactivate" || id != c.ending) {
			t.Errorf("round %d: the activation %v is lost, with a request to %s under way", round, id, c.underway)
		}
	}
	if extra > 1 || extra == 1 && c.underway != "activate" || len(found) > seats {
		t.Errorf("round %d: %d of %d activations were not acknowledged, with a request to %s under way", round, extra, len(found), c.underway)
	}
	more := got.Validations - c.validations
	if more != got.Usage-c.usage || more < 0 || more > 1 || more == 1 && c.underway != "validate" {
		t.Errorf("round %d: %d validations and usage %d, want %d and %d, with a request to %s under way", round,
			got.Validations, got.Usage, c.validations, c.usage, c.underway)
	}
	c.live, c.validations, c.usage = found, got.Validations, got.Usage
}
