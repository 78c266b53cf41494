package bboltstore_test

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/bboltstore"
)

var killRounds = flag.Int("kills", 5, "how often TestKilled kills a process")

const (
	victimEnv         = "LICENSEKEY_TEST_VICTIM"
	victimKey         = "KEY-1"
	victimCallers     = 8
	victimActivations = 500 // for each kill, of which at most 400 are acknowledged
)

// TestMain runs the test binary as the process to kill, if it is told to.
func TestMain(m *testing.M) {
	if path := os.Getenv(victimEnv); path != "" {
		deactivateUntilKilled(path)
	}
	os.Exit(m.Run())
}

// TestKilled kills a process that is deactivating at random moments. Each
// deactivation that it has acknowledged must have been kept, and no other
// activation may be gone but those that it was ending at that moment.
func TestKilled(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "licenses.db")
	live := importVictim(t, path)
	acknowledged := 0
	for round := range *killRounds {
		acks := killOnce(t, path, 1+rand.IntN(400))
		acknowledged += len(acks)
		for id := range acks {
			delete(live, id)
		}
		lost := compare(t, path, live)
		// Each caller of the victim had at most one call under way.
		if lost > victimCallers {
			t.Errorf("round %d: %d activations are gone without an acknowledgement, want at most %d", round, lost, victimCallers)
		}
	}
	t.Logf("%d kills, %d acknowledged deactivations", *killRounds, acknowledged)
}

// victimStore opens a store at path with a key of that many activations.
func victimStore(t *testing.T, path string, activations int) (licensekey.LicenseKeyWithActivations, file) {
	t.Helper()
	f := open(t, path)
	k := benchKey(time.Now())
	k.Key, k.Activations = victimKey, nil
	for range activations {
		k.Activations = append(k.Activations, licensekey.Activation{ID: uuid.New(), CreatedAt: k.CreatedAt})
	}
	if _, err := f.Import(t.Context(), []licensekey.LicenseKeyWithActivations{k}); err != nil {
		t.Fatal(err)
	}
	return k, f
}

func importVictim(t *testing.T, path string) map[uuid.UUID]bool {
	t.Helper()
	k, f := victimStore(t, path, victimActivations**killRounds)
	live := make(map[uuid.UUID]bool)
	for _, a := range k.Activations {
		live[a.ID] = true
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return live
}

// killOnce runs the victim until it has acknowledged that many deactivations,
// and returns all that it acknowledged.
func killOnce(t *testing.T, path string, kill int) map[uuid.UUID]bool {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), victimEnv+"="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	acks := make(map[uuid.UUID]bool)
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			break // a line without its end was never acknowledged whole
		}
		id, err := uuid.Parse(strings.TrimSpace(line))
		if err != nil {
			t.Fatalf("the victim wrote %q", line)
		}
		if acks[id] {
			t.Errorf("%v was acknowledged twice", id)
		}
		acks[id] = true
		if len(acks) == kill {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || len(acks) < kill {
		t.Fatalf("the victim ended by itself after %d acknowledgements: %v", len(acks), err)
	}
	return acks
}

// compare reports every activation that is live and should not be. It returns
// how many are gone and were not acknowledged, and forgets them.
func compare(t *testing.T, path string, live map[uuid.UUID]bool) (lost int) {
	t.Helper()
	checkFile(t, path)
	store, err := bboltstore.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	k, err := store.GetByKey(t.Context(), org, victimKey)
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[uuid.UUID]bool)
	for _, a := range k.Activations {
		found[a.ID] = true
		if !live[a.ID] {
			t.Errorf("%v is live, and its deactivation was acknowledged", a.ID)
		}
	}
	for id := range live {
		if !found[id] {
			lost++
			delete(live, id)
		}
	}
	return lost
}

// deactivateUntilKilled ends activations and writes the id of each after its
// call has returned.
func deactivateUntilKilled(path string) {
	store, err := bboltstore.Open(path, nil)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	k, err := store.GetByKey(context.Background(), org, victimKey)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var wg sync.WaitGroup
	for caller := range victimCallers {
		wg.Go(func() {
			for i := caller; i < len(k.Activations); i += victimCallers {
				id := k.Activations[i].ID
				err := store.Deactivate(context.Background(), licensekey.DeactivateRequest{
					OrganizationID: org, Key: victimKey, ActivationID: id,
				})
				if err != nil && !errors.Is(err, licensekey.ErrNotFound) {
					fmt.Fprintln(os.Stderr, err)
				}
				if err == nil {
					// One write a line: it is whole or not there.
					os.Stdout.WriteString(id.String() + "\n")
				}
			}
		})
	}
	wg.Wait()
	os.Exit(0)
}
