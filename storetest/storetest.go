// Package storetest tests that a license key store keeps the promises of the
// interfaces in package licensekey. It runs against any store. A store with a
// management API, a [licensekey.ManagedStore], needs one line:
//
//	func TestStore(t *testing.T) { storetest.Run(t, newStore) }
//
// where newStore is a [Factory] that the author of the store writes.
//
// # Which function fits which store
//
// [Run] is for a store that implements [licensekey.ManagedStore]. It calls all of the
// following functions that need nothing but a factory.
//
// [TestDeactivator], [TestActivator] and [TestValidator] are for a store that
// implements only one of these interfaces. For a store that implements all three,
// call [TestStore] as well. It tests what can only be seen by calling one method
// after another, such as a validation of an activation that has ended.
//
// [TestAdmin] tests the management API, and [TestModel] compares long random
// sequences of calls with a model of the contract.
//
// [TestWire] sends recorded HTTP requests to a handler over the store and
// compares the responses.
//
// Two kinds of tests need more than a factory. For a store that keeps its data, call
// [RunDurable], which also needs a function that reopens the store. If the store has
// no management API, call [TestDurableDeactivator] or [TestDurableStore] instead. For
// a database that several processes use, call [TestShared], which also needs a
// function that opens a second store on the same database.
//
// [BenchmarkDeactivator] measures deactivations.
//
// # Running
//
// Run the tests with the race detector. Some of them repeat a race many times. Each
// of these takes a second or two, or longer if 50 rounds take longer. Every request
// carries its own time, so the clock of the store does not matter.
//
// Importing this package registers two flags with the test binary.
// -storetest.seed repeats the sequences of a [TestModel] that failed: the failure
// shows the seed. -storetest.steps is the number of calls that each of its eight
// callers makes, 500 by default.
//
// The suite cannot show that a store survives the loss of power, that it works
// under other isolation levels or settings of its database, or that two machines
// whose clocks differ agree on what has expired.
package storetest

import (
	"testing"

	"github.com/licensekit/licensekey"
)

// A Factory returns a new store of type S that holds exactly the given license keys,
// with their live activations.
//
// Each call must return an independent store. A change in one store must not be
// visible in another, even if both hold the same ids and key strings. On one
// database server, give each store a database or a schema of its own, and let the
// stores share a connection pool. [Run] calls a factory several hundred times, from
// several goroutines. At most three stores are alive at once for each test that runs
// in parallel: three times -test.parallel, which is GOMAXPROCS by default.
//
// A factory calls t.Fatal if it fails, and releases what it has opened with
// t.Cleanup. A store that is an io.Closer may have been closed by then.
type Factory[S any] func(t testing.TB, keys []licensekey.LicenseKeyWithActivations) S

// Run tests everything that a store with a management API promises and that can
// be tested with a factory alone: [TestDeactivator], [TestActivator],
// [TestValidator], [TestStore], [TestAdmin], [TestModel] and [TestWire], as subtests
// named Deactivator, Activator and so on, which run in parallel. Later versions of
// this package may add tests to Run. Run does not test durability: for that see
// [RunDurable].
func Run[S licensekey.ManagedStore](t *testing.T, newStore Factory[S]) {
	runAll(t, newStore, []test[S]{
		{"Deactivator", TestDeactivator[S]},
		{"Activator", TestActivator[S]},
		{"Validator", TestValidator[S]},
		{"Store", TestStore[S]},
		{"Admin", TestAdmin[S]},
		{"Model", TestModel[S]},
		{"Wire", TestWire[S]},
	})
}

// test is a test of stores of the type S.
type test[S any] struct {
	name string
	test func(*testing.T, Factory[S])
}

// runAll runs tests in parallel, each with its name.
func runAll[S any](t *testing.T, newStore Factory[S], tests []test[S]) {
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.test(t, newStore)
		})
	}
}

// as returns a factory of the same stores, as values of the interface I.
func as[I, S any](newStore Factory[S]) Factory[I] {
	return func(t testing.TB, keys []licensekey.LicenseKeyWithActivations) I {
		return any(newStore(t, keys)).(I)
	}
}
