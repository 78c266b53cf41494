package licensekey

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"
)

// DefaultBodyLimit is the body limit of a [Config] that sets none, in bytes: 128
// KiB. The request of an app is a few hundred bytes long.
const DefaultBodyLimit = 128 << 10

// DefaultVersion is the API version of a [Config] that sets none. It is Polar's
// own default since October 2026.
const DefaultVersion = "2026-10"

// Config configures a handler. The zero value is right for production. A change
// of a Config does not affect the handlers that were made with it.
type Config struct {
	// BodyLimit is the largest request body in bytes; longer ones get 413. Zero
	// or less means DefaultBodyLimit.
	BodyLimit int64
	// Version is the API version, as YYYY-MM, of a request that asks for none:
	// its response carries it as Polar-Version. Empty means DefaultVersion.
	Version string
	// Logger gets one record for every response with status 500. The record has
	// the error. Nothing else is logged. The license key and the token are
	// removed from the text of the error, also as fmt, net/url, encoding/json,
	// hex and base64 write them. If the key or the token has less than 6 or more
	// than 1,024 bytes, the record has the type of the error instead of its
	// text. If Logger is nil, slog.Default() is used, looked up for each record.
	Logger *slog.Logger
	// Now is the clock. Nil means time.Now. It must be safe for concurrent use.
	Now func() time.Time
	// NewID makes the ids of new activations, which must be version 4 UUIDs.
	// Nil means uuid.New. It must be safe for concurrent use.
	NewID func() uuid.UUID
	// SameDevice says whether a live activation of the license key is that of the
	// device which asks for a new one. If it is, the response is 200 with this
	// activation, as it is stored, and no second seat is taken. That helps the
	// device whose first response was lost, and the one that activates at every
	// start. SameLabel and SameConditions are ready-made, and SameMeta("device_id")
	// makes one. Nil means that every activation takes a seat, as at Polar.
	//
	// Compare something that a device keeps, and that no other device sends: two
	// devices that are taken for one share a seat, and the first that deactivates
	// it ends it for both. SameDevice becomes ActivateRequest.Same, whose comment
	// says what it must not do. It must be safe for concurrent use. If it panics,
	// the response is 500.
	SameDevice func(req ActivateRequest, a Activation) bool
	// Authorize returns the organizations whose license keys the caller with
	// that bearer token may act on. If it does not accept the token, it returns
	// ErrUnauthorized, and the response is 401. Any other error gives 500. There
	// is no way yet to say "all organizations". It must be safe for concurrent
	// use.
	//
	// If Authorize is set, NewHandler also serves the endpoints that need a
	// token; its other endpoints stay public. The handler of one endpoint needs
	// a token if Authorize is set, and is public if Authorize is nil.
	Authorize func(ctx context.Context, token string) ([]uuid.UUID, error)
	// OpenAPI makes NewHandler serve the document of package schema, for GET on
	// OpenAPIPath. The default is false.
	OpenAPI bool
}

// config is a Config in which every default is filled in but that of Logger.
type config Config

func (c Config) normalize() config {
	if c.BodyLimit <= 0 {
		c.BodyLimit = DefaultBodyLimit
	}
	if c.Version == "" {
		c.Version = DefaultVersion
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.NewID == nil {
		c.NewID = uuid.New
	}
	return config(c)
}

// same returns what the Same of req is to be.
func (c config) same(req ActivateRequest) func(Activation) bool {
	if c.SameDevice == nil {
		return nil
	}
	return func(a Activation) bool { return c.SameDevice(req, a) }
}

func (c config) logger() *slog.Logger {
	if c.Logger == nil {
		return slog.Default()
	}
	return c.Logger
}
