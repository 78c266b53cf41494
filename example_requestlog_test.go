package licensekey_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"net/http/httptest"
	"os"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/memstore"
)

// requestLog returns a Config.Observe that logs every request. An outcome has no
// license key and no token. Config.Logger already gets the error behind a 500.
func requestLog(logger *slog.Logger) func(context.Context, licensekey.Outcome) {
	return func(ctx context.Context, o licensekey.Outcome) {
		level := slog.LevelInfo
		if o.Status >= 500 {
			level = slog.LevelError
		}
		attrs := []slog.Attr{
			slog.String("operation", o.Operation),
			slog.Int("status", o.Status),
			slog.Duration("duration", o.Duration),
		}
		if o.Err != nil {
			attrs = append(attrs, slog.String("reason", licensekey.Reason(o.Err)))
		}
		for _, id := range []struct {
			name string
			id   uuid.UUID
		}{{"license_key_id", o.LicenseKeyID}, {"activation_id", o.ActivationID}} {
			if id.id != uuid.Nil {
				attrs = append(attrs, slog.String(id.name, id.id.String()))
			}
		}
		logger.LogAttrs(ctx, level, "license key request", attrs...)
	}
}

// A request log without secrets.
func Example_requestLog() {
	store := memstore.New()
	k, err := store.Issue(context.Background(), licensekey.IssueRequest{
		ID: uuid.MustParse("1ce00000-0000-4000-8000-000000000001"), OrganizationID: uuid.New(),
	})
	if err != nil {
		log.Fatal(err)
	}
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: withoutTimes}))
	h := licensekey.NewHandler(store, licensekey.Config{Observe: requestLog(logger)})
	for _, key := range []string{string(k.Key), "ANOTHER"} {
		body := fmt.Sprintf(`{"key":%q,"organization_id":%q}`, key, k.OrganizationID)
		r := httptest.NewRequest("POST", licensekey.ValidatePath, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
	// Output:
	// level=INFO msg="license key request" operation=validate status=200 license_key_id=1ce00000-0000-4000-8000-000000000001
	// level=INFO msg="license key request" operation=validate status=404 reason=not_found
}

// withoutTimes leaves out what differs each time.
func withoutTimes(_ []string, a slog.Attr) slog.Attr {
	if slices.Contains([]string{slog.TimeKey, "duration"}, a.Key) {
		return slog.Attr{}
	}
	return a
}
