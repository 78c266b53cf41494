package licensekey_test

import (
	"context"
	"fmt"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/memstore"
)

// metrics counts what Config.Observe tells, and serves it in the text format of
// Prometheus. Labels come from small fixed sets, so its memory is bounded.
type metrics struct {
	mu       sync.Mutex
	counters map[string]int        // by series
	seconds  map[string]*histogram // by operation
}

type histogram struct {
	buckets [len(bounds)]int // how many took at most that long
	count   int
	sum     float64
}

var bounds = [...]float64{0.001, 0.005, 0.025, 0.1, 0.5, 2.5}

func (m *metrics) observe(_ context.Context, o licensekey.Outcome) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.counters[fmt.Sprintf("licensekey_requests_total{operation=%q,status=\"%d\"}", o.Operation, o.Status)]++
	if o.Err != nil {
		m.counters[fmt.Sprintf("licensekey_refusals_total{operation=%q,reason=%q}", o.Operation, licensekey.Reason(o.Err))]++
	}
	if m.seconds[o.Operation] == nil {
		m.seconds[o.Operation] = &histogram{}
	}
	h := m.seconds[o.Operation]
	h.count++
	h.sum += o.Duration.Seconds()
	for i, bound := range bounds {
		if o.Duration.Seconds() <= bound {
			h.buckets[i]++
		}
	}
}

func (m *metrics) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	for _, name := range []string{"licensekey_refusals_total", "licensekey_requests_total"} {
		fmt.Fprintln(w, "# TYPE", name, "counter")
		for _, series := range slices.Sorted(maps.Keys(m.counters)) {
			if strings.HasPrefix(series, name) {
				fmt.Fprintln(w, series, m.counters[series])
			}
		}
	}
	fmt.Fprintln(w, "# TYPE licensekey_request_seconds histogram")
	for _, operation := range slices.Sorted(maps.Keys(m.seconds)) {
		h := m.seconds[operation]
		for i, bound := range bounds {
			fmt.Fprintf(w, "licensekey_request_seconds_bucket{operation=%q,le=\"%g\"} %d\n", operation, bound, h.buckets[i])
		}
		fmt.Fprintf(w, "licensekey_request_seconds_bucket{operation=%q,le=\"+Inf\"} %d\n", operation, h.count)
		fmt.Fprintf(w, "licensekey_request_seconds_sum{operation=%q} %g\n", operation, h.sum)
		fmt.Fprintf(w, "licensekey_request_seconds_count{operation=%q} %d\n", operation, h.count)
	}
}

// Metrics for Prometheus, with the standard library only.
func Example_metrics() {
	store := memstore.New()
	k, err := store.Issue(context.Background(), licensekey.IssueRequest{OrganizationID: uuid.New(), LimitActivations: 1})
	if err != nil {
		log.Fatal(err)
	}
	m := &metrics{counters: map[string]int{}, seconds: map[string]*histogram{}}
	mux := http.NewServeMux()
	mux.Handle("/v1/", licensekey.NewHandler(store, licensekey.Config{Observe: m.observe}))
	mux.Handle("GET /metrics", m) // better on a listener of its own

	for _, label := range []string{`"laptop"`, `"phone"`, `1`} {
		body := fmt.Sprintf(`{"key":%q,"organization_id":%q,"label":%s}`, string(k.Key), k.OrganizationID, label)
		r := httptest.NewRequest("POST", licensekey.ActivatePath, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		mux.ServeHTTP(httptest.NewRecorder(), r)
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	fmt.Print(regexp.MustCompile(`(?m)^.*_(bucket|sum)\{.*\n`).ReplaceAllString(w.Body.String(), "")) // they differ each time
	// Output:
	// # TYPE licensekey_refusals_total counter
	// licensekey_refusals_total{operation="activate",reason="activation_limit"} 1
	// licensekey_refusals_total{operation="activate",reason="invalid_request"} 1
	// # TYPE licensekey_requests_total counter
	// licensekey_requests_total{operation="activate",status="200"} 1
	// licensekey_requests_total{operation="activate",status="403"} 1
	// licensekey_requests_total{operation="activate",status="422"} 1
	// # TYPE licensekey_request_seconds histogram
	// licensekey_request_seconds_count{operation="activate"} 3
}
