package licensekey

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"
)

// DefaultBodyLimit is the body limit of a [Config] that sets none, in bytes: 128
// KiB. A request of an app has a few hundred bytes.
const DefaultBodyLimit = 128 << 10

// DefaultVersion is the API version of a [Config] that sets none. It is Polar's
// own default since October 2026.
const DefaultVersion = "2026-10"

// Config adjusts a handler. The zero value is right for production.
type Config struct {
	// BodyLimit is the largest request body in bytes; longer ones get 413. Zero
	// or less means DefaultBodyLimit.
	BodyLimit int64
	// Version is the API version, as YYYY-MM, of a request that asks for none:
	// its response carries it as Polar-Version. Empty means DefaultVersion.
	Version string
	// Logger gets a record for every response with status 500, with the store's
	// error, and nothing else. The license key and the token are cut out of it,
	// as they are and as fmt, net/url, encoding/json, hex and base64 spell them;
	// an error whose key or token has less than 6 or more than 1,024 bytes is
	// logged by its type. If nil, slog.Default() is used, looked up for each
	// record.
	Logger *slog.Logger
	// Now is the clock. Nil means time.Now. It must be safe for concurrent use.
	Now func() time.Time
	// NewID makes the ids of new activations, which must be version 4 UUIDs.
	// Nil means uuid.New. It must be safe for concurrent use.
	NewID func() uuid.UUID
	// Authorize returns the organizations whose license keys the caller with
	// that bearer token may act on, or ErrUnauthorized, which gives 401. Any
	// other error gives 500. There is no way yet to say "all organizations".
	//
	// It makes NewHandler serve the endpoints that need a token; its other
	// endpoints stay public. A handler of one endpoint needs a token if
	// Authorize is set, and is public if it is nil. It must be safe for
	// concurrent use.
	Authorize func(ctx context.Context, token string) ([]uuid.UUID, error)
	// OpenAPI makes NewHandler serve GET on OpenAPIPath with the document of
	// package schema.
	OpenAPI bool
}

// config is a Config in which every field is set but Logger and Authorize.
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

func (c config) logger() *slog.Logger {
	if c.Logger == nil {
		return slog.Default()
	}
	return c.Logger
}
