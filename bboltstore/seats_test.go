package bboltstore_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
)

// BenchmarkActivateSeats makes activations of a license key that has many, and
// asks for one too many.
func BenchmarkActivateSeats(b *testing.B) {
	for _, seats := range []int{5, 1_000, 100_000} {
		k, f := largeKey(b, b.TempDir()+"/licenses.db", seats)
		limit := func(n int64) {
			if _, err := f.Update(b.Context(), licensekey.UpdateRequest{ID: k.ID, LimitActivations: &n}); err != nil {
				b.Fatal(err)
			}
		}
		activate := func() error {
			_, err := f.Activate(context.Background(), licensekey.ActivateRequest{
				OrganizationID: org, Key: k.Key, ActivationID: uuid.New(), Now: time.Now(),
			})
			return err
		}
		b.Run(fmt.Sprintf("%dSeats", seats), func(b *testing.B) {
			limit(licensekey.MaxUsage)
			for b.Loop() {
				if err := activate(); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("%dSeatsFull", seats), func(b *testing.B) {
			limit(1)
			for b.Loop() {
				if err := activate(); !errors.Is(err, licensekey.ErrActivationLimit) {
					b.Fatal(err)
				}
			}
		})
	}
}
