package licensekey_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/internal/conformance"
)

// FuzzBody sends any body under any media type: the answer is never a panic or
// a 5xx, a request is the same each time, and its key is the last member of
// that exact name, as another JSON decoder reads it.
func FuzzBody(f *testing.F) {
	for i, c := range conformance.Deactivate(f) {
		if i%4 == 0 {
			f.Add(c.Request.Body, "application/json")
		}
	}
	f.Add([]byte(goodBody), "application/problem+json; x")
	f.Add([]byte(goodBody), "text/plain")
	var got []licensekey.DeactivateRequest
	h := licensekey.NewDeactivateHandler(deactivatorFunc(func(_ context.Context, req licensekey.DeactivateRequest) error {
		req.Now = frozen
		got = append(got, req)
		return nil
	}), licensekey.Config{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	allowed := []int{204, 400, 413, 422}
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		got = nil
		var status [2]int
		for i := range status {
			r := httptest.NewRequest("POST", "/", bytes.NewReader(body))
			r.Header.Set("Content-Type", contentType)
			w := serve(h, r)
			status[i] = w.Code
			if w.Code != 204 && !json.Valid(w.Body.Bytes()) {
				t.Errorf("sent %q as %q: the answer %q is not JSON", body, contentType, w.Body)
			}
		}
		if status[0] != status[1] || !slices.Contains(allowed, status[0]) {
			t.Fatalf("sent %q as %q: got %d, then %d, want one of %v twice", body, contentType, status[0], status[1], allowed)
		}
		if status[0] != 204 {
			return
		}
		if len(got) != 2 || got[0] != got[1] {
			t.Fatalf("sent %q twice: the store got %v", body, got)
		}
		if want := lastKey(t, body); got[0].Key != want {
			t.Errorf("sent %q: the store got the key %q, want %q", body, got[0].Key, want)
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
