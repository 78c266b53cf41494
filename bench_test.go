package licensekey_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/memstore"
)

// discard is a ResponseWriter that costs nothing.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}

const jsonType = "application/json"

// BenchmarkHandler measures the handler in process over a memory store, against
// one that reads the body and responds 204.
func BenchmarkHandler(b *testing.B) {
	bare := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusNoContent)
	})
	b.Run("Bare", func(b *testing.B) { benchmarkHandler(b, bare, "/", jsonType, goodBody) })

	store := seatsForever{importSeed(b, memstore.New())}
	h := licensekey.NewHandler(store, licensekey.Config{})
	withLabel := strings.Replace(goodBody, `"activation_id"`, `"label":"laptop","meta":{"os":"linux"},"activation_id"`, 1)
	b.Run("Deactivate204", func(b *testing.B) { benchmarkHandler(b, h, licensekey.DeactivatePath, jsonType, goodBody) })
	b.Run("Activate200", func(b *testing.B) { benchmarkHandler(b, h, licensekey.ActivatePath, jsonType, withLabel) })
	b.Run("Validate200", func(b *testing.B) { benchmarkHandler(b, h, licensekey.ValidatePath, jsonType, goodBody) })
	b.Run("Miss404", func(b *testing.B) {
		benchmarkHandler(b, h, licensekey.DeactivatePath, jsonType, strings.Replace(goodBody, "AAAA-ACTIVE", "NOPE", 1))
	})
	b.Run("Invalid422", func(b *testing.B) { benchmarkHandler(b, h, licensekey.DeactivatePath, jsonType, `{"key":1}`) })
}

// seatsForever undoes each change, so that the next one finds the same state.
type seatsForever struct{ fullStore }

func (s seatsForever) Deactivate(ctx context.Context, req licensekey.DeactivateRequest) error {
	if err := s.fullStore.Deactivate(ctx, req); err != nil {
		return err
	}
	_, err := s.fullStore.Activate(ctx, licensekey.ActivateRequest{
		OrganizationID: req.OrganizationID, Key: req.Key, ActivationID: req.ActivationID, Now: req.Now,
	})
	return err
}

func (s seatsForever) Activate(ctx context.Context, req licensekey.ActivateRequest) (licensekey.Activated, error) {
	activated, err := s.fullStore.Activate(ctx, req)
	if err != nil {
		return activated, err
	}
	return activated, s.fullStore.Deactivate(ctx, licensekey.DeactivateRequest{
		OrganizationID: req.OrganizationID, Key: req.Key, ActivationID: req.ActivationID, Now: req.Now,
	})
}

func benchmarkHandler(b *testing.B, h http.Handler, path, contentType, body string) {
	reader := strings.NewReader(body)
	r := httptest.NewRequest("POST", path, reader)
	r.Header.Set("Content-Type", contentType)
	r.Body = io.NopCloser(reader)
	b.ReportAllocs()
	for b.Loop() {
		reader.Reset(body)
		h.ServeHTTP(discard{http.Header{}}, r)
	}
}
