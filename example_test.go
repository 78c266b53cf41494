package licensekey_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/memstore"
)

// The handler on a mux that the program already has.
func ExampleNewHandler() {
	store := memstore.New()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello") })
	mux.Handle("/v1/", licensekey.NewHandler(store, licensekey.Config{}))

	server := httptest.NewServer(mux)
	defer server.Close()
	resp, err := http.Post(server.URL+licensekey.DeactivatePath, "application/json", strings.NewReader(`{
		"key": "MYAPP-1C285B2D-6CE6-4BC7-B8BE-ADB6A7E304DA",
		"organization_id": "0a0a0a0a-0000-4000-8000-00000000000a",
		"activation_id": "ac710000-0000-4000-8000-000000000011"
	}`))
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	fmt.Println(resp.StatusCode, string(body))
	// Output: 404 {"error":"ResourceNotFound","detail":"Not found"}
}

// seats is a host's own store: its tables, and the one method of a Deactivator.
type seats struct {
	mu   sync.Mutex
	rows map[seat]bool
}

type seat struct {
	tenant, activation uuid.UUID
	key                licensekey.Key
}

// Deactivate is one atomic step, as it would be with
//
//	DELETE FROM seats WHERE tenant = $1 AND key = $2 AND activation = $3
//
// and a look at the number of rows.
func (s *seats) Deactivate(ctx context.Context, req licensekey.DeactivateRequest) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	row := seat{req.OrganizationID, req.ActivationID, req.Key}
	if !s.rows[row] {
		return fmt.Errorf("seats: %w", licensekey.ErrNotFound)
	}
	delete(s.rows, row)
	return nil
}

// One endpoint over a host's own tables, on a path of its own.
func ExampleNewDeactivateHandler() {
	tenant, activation := uuid.New(), uuid.New()
	store := &seats{rows: map[seat]bool{{tenant, activation, "KEY-1"}: true}}
	mux := http.NewServeMux()
	mux.Handle("POST /seats/free", licensekey.NewDeactivateHandler(store, licensekey.Config{}))

	for range 2 {
		body := fmt.Sprintf(`{"key":"KEY-1","organization_id":%q,"activation_id":%q}`, tenant, activation)
		r := httptest.NewRequest("POST", "/seats/free", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		fmt.Println(w.Code)
	}
	// Output:
	// 204
	// 404
}

// signOut is the code under test: an app that frees its seat.
func signOut(baseURL, key string, organization, activation uuid.UUID) (int, error) {
	body := fmt.Sprintf(`{"key":%q,"organization_id":%q,"activation_id":%q}`, key, organization, activation)
	resp, err := http.Post(baseURL+licensekey.DeactivatePath, "application/json", strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}

// The body of a unit test of an app: the API over a memory store.
func Example_unitTest() {
	ctx := context.Background()
	store := memstore.New()
	k, err := store.Issue(ctx, licensekey.IssueRequest{OrganizationID: uuid.New(), LimitActivations: 1})
	if err != nil {
		log.Fatal(err)
	}
	laptop, err := store.Activate(ctx, licensekey.ActivateRequest{
		OrganizationID: k.OrganizationID, Key: k.Key, ActivationID: uuid.New(), Label: "laptop", Now: time.Now(),
	})
	if err != nil {
		log.Fatal(err)
	}
	server := httptest.NewServer(licensekey.NewHandler(store, licensekey.Config{}))
	defer server.Close()

	fmt.Println(signOut(server.URL, string(k.Key), k.OrganizationID, laptop.Activation.ID))
	left, err := store.Get(ctx, k.ID)
	fmt.Println(len(left.Activations), err)
	// Output:
	// 204 <nil>
	// 0 <nil>
}
