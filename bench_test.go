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

// BenchmarkHandler measures the handler in process, against one that reads the
// body and answers 204.
func BenchmarkHandler(b *testing.B) {
	bare := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusNoContent)
	})
	accept := licensekey.NewDeactivateHandler(deactivatorFunc(func(context.Context, licensekey.DeactivateRequest) error {
		return nil
	}), licensekey.Config{})
	seeded := licensekey.NewHandler(importSeed(b, memstore.New()), licensekey.Config{})
	b.Run("Bare", func(b *testing.B) { benchmarkHandler(b, bare, goodBody) })
	b.Run("204", func(b *testing.B) { benchmarkHandler(b, accept, goodBody) })
	b.Run("404", func(b *testing.B) {
		benchmarkHandler(b, seeded, strings.Replace(goodBody, "ac71", "ffff", 1))
	})
	b.Run("422", func(b *testing.B) { benchmarkHandler(b, seeded, `{"key":1}`) })
}

func benchmarkHandler(b *testing.B, h http.Handler, body string) {
	reader := strings.NewReader(body)
	r := httptest.NewRequest("POST", licensekey.DeactivatePath, reader)
	r.Header.Set("Content-Type", "application/json")
	r.Body = io.NopCloser(reader)
	b.ReportAllocs()
	for b.Loop() {
		reader.Reset(body)
		h.ServeHTTP(discard{http.Header{}}, r)
	}
}
