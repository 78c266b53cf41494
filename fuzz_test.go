package licensekey_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http/httptest"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/internal/recorded"
)

// recorder accepts every request and keeps it.
type recorder struct{ requests []any }

func (s *recorder) Deactivate(_ context.Context, req licensekey.DeactivateRequest) error {
	s.requests = append(s.requests, req)
	return nil
}

func (s *recorder) Activate(_ context.Context, req licensekey.ActivateRequest) (licensekey.Activated, error) {
	s.requests = append(s.requests, req)
	return licensekey.Activated{Activation: licensekey.Activation{Meta: req.Meta}}, nil
}

func (s *recorder) Validate(_ context.Context, req licensekey.ValidateRequest) (licensekey.Validated, error) {
	s.requests = append(s.requests, req)
	return licensekey.Validated{}, nil
}

func (s *recorder) key() string {
	switch req := s.requests[0].(type) {
	case licensekey.DeactivateRequest:
		return string(req.Key)
	case licensekey.ActivateRequest:
		return string(req.Key)
	case licensekey.ValidateRequest:
		return string(req.Key)
	}
	return ""
}

// FuzzBody sends any body under any media type to every endpoint: the response is
// never a panic or a 5xx, a request is the same each time, and its key is the
// last member of that exact name, as another JSON decoder reads it.
func FuzzBody(f *testing.F) {
	for i, c := range append(recorded.Deactivate(f), recorded.ActivateValidate(f)...) {
		if i%4 == 0 {
			f.Add(c.Request.Body, "application/json", uint8(i))
		}
	}
	f.Add([]byte(goodBody), "application/problem+json; x", uint8(0))
	f.Add([]byte(goodBody), "text/plain", uint8(1))
	paths := []string{licensekey.DeactivatePath, licensekey.ActivatePath, licensekey.ValidatePath}
	allowed := []int{200, 204, 400, 413, 422}
	store := &recorder{}
	h := licensekey.NewHandler(store, licensekey.Config{
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Now:    func() time.Time { return frozen },
		NewID:  func() uuid.UUID { return activationA },
	})
	f.Fuzz(func(t *testing.T, body []byte, contentType string, endpoint uint8) {
		path := paths[int(endpoint)%len(paths)]
		store.requests = nil
		var status [2]int
		for i := range status {
			r := httptest.NewRequest("POST", path, bytes.NewReader(body))
			r.Header.Set("Content-Type", contentType)
			w := serve(h, r)
			status[i] = w.Code
			if w.Body.Len() > 256<<10 && len(body) <= licensekey.DefaultBodyLimit {
				t.Errorf("sent %d bytes to %s: the response has %d", len(body), path, w.Body.Len())
			}
			if w.Code != 204 && !json.Valid(w.Body.Bytes()) {
				t.Errorf("sent %q as %q to %s: the response %q is not JSON", body, contentType, path, w.Body)
			}
		}
		if status[0] != status[1] || !slices.Contains(allowed, status[0]) {
			t.Fatalf("sent %q as %q to %s: got %d, then %d, want one of %v twice", body, contentType, path, status[0], status[1], allowed)
		}
		if status[0] >= 300 {
			return
		}
		if len(store.requests) != 2 || !reflect.DeepEqual(store.requests[0], store.requests[1]) {
			t.Fatalf("sent %q twice to %s: the store got %v", body, path, store.requests)
		}
		if got, want := store.key(), lastKey(t, body); got != want {
			t.Errorf("sent %q to %s: the store got the key %q, want %q", body, path, got, want)
		}
	})
}

func lastKey(t *testing.T, body []byte) string {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(body, []byte("\ufeff"))))
	d.UseNumber()
	var members map[string]any
	if err := d.Decode(&members); err != nil {
		t.Fatalf("sent %q: accepted, and encoding/json says %v", body, err)
	}
	key, _ := members["key"].(string)
	return key
}
