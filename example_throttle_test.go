package licensekey_test

import (
	"context"
	"fmt"
	"hash/maphash"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/memstore"
)

// throttle limits the unknown keys that one network may try in a minute. Networks
// share slots by hash, so memory is bounded and nobody can push others out.
type throttle struct {
	limit int
	now   func() time.Time
	seed  maphash.Seed

	mu     sync.Mutex
	minute time.Time
	misses [4096]int
}

type slotKey struct{}

// observe is the Config.Observe that counts. A deactivation may be sent twice, and
// a validation with an activation may be of a freed seat. Neither tells a guesser
// that a key is good, so neither counts.
func (t *throttle) observe(ctx context.Context, o licensekey.Outcome) {
	slot, ok := ctx.Value(slotKey{}).(uint64)
	guess := o.Operation != "deactivate" && o.ActivationID == uuid.Nil && licensekey.Reason(o.Err) == "not_found"
	if ok && guess {
		t.add(slot, 1)
	}
}

// add returns the misses of a slot in this minute, with n more.
func (t *throttle) add(slot uint64, n int) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	if minute := t.now().Truncate(time.Minute); !minute.Equal(t.minute) {
		t.minute, t.misses = minute, [4096]int{}
	}
	t.misses[slot] += n
	return t.misses[slot]
}

// wrap is the middleware. Some apps take a 429 for a statement about the key, so it
// ends the connection. Only browsers, which send Origin, get a 429, with the CORS
// headers that let a page read it.
func (t *throttle) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peer, _ := netip.ParseAddrPort(r.RemoteAddr) // behind a proxy, its header
		addr, bits := peer.Addr().Unmap(), 64
		if addr.Is4() {
			bits = 32
		}
		network, _ := addr.Prefix(bits)
		slot := maphash.Comparable(t.seed, network) % uint64(len(t.misses))
		switch {
		case r.Method == http.MethodOptions || t.add(slot, 0) < t.limit:
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), slotKey{}, slot)))
		case r.Header.Get("Origin") == "":
			panic(http.ErrAbortHandler)
		default:
			w.Header().Set("Access-Control-Allow-Origin", "*")
			w.Header().Set("Access-Control-Expose-Headers", "Retry-After")
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(http.StatusTooManyRequests)
		}
	})
}

// A throttle that counts failures only.
func Example_throttle() {
	noon := time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)
	t := &throttle{limit: 2, now: func() time.Time { return noon }, seed: maphash.MakeSeed()}
	h := t.wrap(licensekey.NewHandler(memstore.New(), licensekey.Config{Observe: t.observe}))
	send := func(address, path, origin string) {
		r := httptest.NewRequest("POST", path, strings.NewReader(`{"key":"GUESS","label":"x",`+
			`"organization_id":"0a0a0a0a-0000-4000-8000-00000000000a","activation_id":"ac710000-0000-4000-8000-000000000011"}`))
		r.RemoteAddr = address
		r.Header.Set("Content-Type", "application/json")
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
		defer func() {
			if recover() != nil { // net/http ends the connection
				fmt.Println(address, "dropped")
			}
		}()
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		fmt.Printf("%s %d %q\n", address, w.Code, w.Header().Get("Access-Control-Allow-Origin"))
	}
	for range 3 {
		send("192.0.2.1:1000", licensekey.DeactivatePath, "")
	}
	for range 3 {
		send("[2001:db8::1]:1000", licensekey.ActivatePath, "")
	}
	send("[2001:db8::2]:1000", licensekey.ActivatePath, "https://app.example")
	// Output:
	// 192.0.2.1:1000 404 ""
	// 192.0.2.1:1000 404 ""
	// 192.0.2.1:1000 404 ""
	// [2001:db8::1]:1000 404 ""
	// [2001:db8::1]:1000 404 ""
	// [2001:db8::1]:1000 dropped
	// [2001:db8::2]:1000 429 "*"
}
