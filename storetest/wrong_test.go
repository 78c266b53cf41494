package storetest_test

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/internal/casefold"
	"github.com/licensekit/licensekey/memstore"
	"github.com/licensekit/licensekey/storetest"
)

// childEnv names the store that a child process of the test binary tests: a test
// that fails cannot be run inside one that passes.
const childEnv = "STORETEST_CHILD"

// rightStores pass every test that fits them. A suite that fails everything would
// catch every wrong store.
var rightStores = map[string]func(t *testing.T){
	"memstore":               managed(func(s *memstore.Store) *memstore.Store { return s }),
	"lists of a slice":       wrong(reads{}.change),
	"filters of its own":     wrong(byEmail(casefold.Fold)),
	"customers looked up":    wrong(updatesCustomers(leavesRequest, leavesResult)),
	"plain":                  plainWith(faults{}),
	"two handles":            shared(faults{}),
	"written through":        durable(""),
	"devices of the example": func(t *testing.T) { storetest.TestDeactivator(t, newDevices) },
}

// TestRightStores runs the suite on stores that are right.
func TestRightStores(t *testing.T) {
	t.Parallel()
	for name := range rightStores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if failed, out := runChild(t, name, "."); failed {
				t.Errorf("the suite fails a store that is right:\n%s", out)
			}
		})
	}
}

// TestWrongStores runs tests on stores that are wrong: each test named must fail.
func TestWrongStores(t *testing.T) {
	t.Parallel()
	for name, wrong := range wrongStores {
		for _, test := range wrong.caughtBy {
			t.Run(name+"/"+test, func(t *testing.T) {
				t.Parallel()
				failed, out := runChild(t, name, test)
				// On a busy machine a race may be lost.
				for again := 0; !failed && again < 2; again++ {
					failed, out = runChild(t, name, test)
				}
				if !failed {
					t.Errorf("a store that is wrong passed %s three times: %q", test, name)
				}
				for _, fault := range []string{"DATA RACE", "panic:", "no tests to run"} {
					if strings.Contains(out, fault) {
						t.Errorf("the wrong store %q has a fault of another kind:\n%s", name, out)
					}
				}
				t.Logf("%s", out)
			})
		}
	}
}

// runChild runs the suite of a store in another process, or only the test with
// that path, and says whether it failed.
func runChild(t *testing.T, store, path string) (failed bool, out string) {
	t.Helper()
	pattern := "^TestChild$"
	for part := range strings.SplitSeq(path, "/") {
		pattern += "/" + strings.ReplaceAll("^"+part+"$", "^.$", ".")
	}
	// Wire is for the tests of each store: it takes longer than all else.
	cmd := exec.Command(os.Args[0], "-test.run="+pattern, "-test.skip=/^Wire$", "-test.timeout=2m")
	cmd.Env = append(os.Environ(), childEnv+"="+store)
	output, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return err != nil, string(output)
}

// TestChild is the suite of one store, in a child process.
func TestChild(t *testing.T) {
	name := os.Getenv(childEnv)
	if name == "" {
		t.Skip("runs in a child process only")
	}
	if suite, ok := rightStores[name]; ok {
		suite(t)
		return
	}
	wrongStores[name].suite(t)
}

// managed is the suite of a store with a management API, which is made of a
// memstore.
func managed[S licensekey.ManagedStore](wrap func(*memstore.Store) S) func(*testing.T) {
	return func(t *testing.T) {
		storetest.Run(t, func(t testing.TB, keys []licensekey.LicenseKeyWithActivations) S {
			s := wrap(memstore.New())
			if added, err := s.Import(t.Context(), keys); err != nil || added != len(keys) {
				t.Fatalf("Import of %d keys = %d, %v", len(keys), added, err)
			}
			return s
		})
	}
}

// plainWith is the suite of a store of the three interfaces.
func plainWith(f faults) func(t *testing.T) {
	newStore := func(_ testing.TB, keys []licensekey.LicenseKeyWithActivations) *plain { return newPlain(keys, f) }
	return func(t *testing.T) {
		t.Run("Deactivator", func(t *testing.T) { storetest.TestDeactivator(t, newStore) })
		t.Run("Activator", func(t *testing.T) { storetest.TestActivator(t, newStore) })
		t.Run("Validator", func(t *testing.T) { storetest.TestValidator(t, newStore) })
		t.Run("Store", func(t *testing.T) { storetest.TestStore(t, newStore) })
	}
}

// shared is the suite of two handles on one database.
func shared(f faults) func(t *testing.T) {
	newStore := func(_ testing.TB, keys []licensekey.LicenseKeyWithActivations) *plain { return newPlain(keys, f) }
	open := func(_ testing.TB, s *plain) *plain { return &plain{db: s.db, faults: s.faults} }
	return func(t *testing.T) {
		t.Run("Store", func(t *testing.T) { storetest.TestStore(t, newStore) })
		t.Run("Shared", func(t *testing.T) { storetest.TestShared(t, newStore, open) })
	}
}

// durable is the suite of stores that are reopened after a crash. The changes of
// late, a method, are written when the store is closed.
func durable(late string) func(t *testing.T) {
	newStore := func(t testing.TB, keys []licensekey.LicenseKeyWithActivations) *lazy {
		disk := memstore.New()
		if _, err := disk.Import(t.Context(), keys); err != nil {
			t.Fatal(err)
		}
		return openLazy(t, disk, late)
	}
	crash := func(t testing.TB, s *lazy) *lazy { return openLazy(t, s.disk, late) }
	return func(t *testing.T) {
		t.Run("DurableDeactivator", func(t *testing.T) { storetest.TestDurableDeactivator(t, newStore, crash) })
		t.Run("DurableStore", func(t *testing.T) { storetest.TestDurableStore(t, newStore, crash) })
	}
}
