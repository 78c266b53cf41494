package licensekey_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
)

// seats is a host's own store: its tables, and the one method of a Deactivator.
type seats struct {
	mu   sync.Mutex
	rows map[seat]bool
}

type seat struct {
	tenant, activation uuid.UUID
	key                licensekey.Key
}

// Deactivate is one atomic step. Over SQL it is one statement and a look at the
// number of rows.
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
