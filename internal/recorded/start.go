package recorded

import (
	"bytes"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/jsonlines"
)

// LicenseKeys returns the license keys of [Seed], which every case starts from.
func LicenseKeys(t testing.TB) []licensekey.LicenseKeyWithActivations {
	t.Helper()
	keys, err := jsonlines.Read(bytes.NewReader(Seed))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// Config returns the configuration of a handler that responds as recorded: it has
// the clock, the activation ids and the API version of the recording. Each handler
// needs a Config of its own.
func Config(t testing.TB) licensekey.Config {
	t.Helper()
	clock := ReadStart(t).Clock
	var next atomic.Int64
	return licensekey.Config{
		Version: "2026-04",
		Now:     func() time.Time { return clock.Now },
		NewID:   func() uuid.UUID { return clock.NextActivationIDs[next.Add(1)-1] },
	}
}
