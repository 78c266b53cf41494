package licensekey

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"
)

// DefaultBodyLimit is the body limit of a [Config] that sets none, in bytes.
const DefaultBodyLimit = 1 << 20

// Config adjusts a handler. The zero value is right for production.
type Config struct {
	// BodyLimit is the largest request body in bytes; longer ones are answered
	// with 413. Zero or less means DefaultBodyLimit.
	BodyLimit int64
	// Logger gets a record for every answer with status 500, with the store's
	// error, and nothing else. Keys are never in it. Nil means slog.Default(),
	// as it is when the record is written.
	Logger *slog.Logger
	// Now is the clock. Nil means time.Now. It must be safe for concurrent use.
	Now func() time.Time
	// NewID makes the ids of new activations, which must be version 4 UUIDs.
	// Nil means uuid.New. It must be safe for concurrent use.
	NewID func() uuid.UUID
	// Authorize returns the organizations whose license keys the caller with
	// that bearer token may act on, or ErrUnauthorized. Any other error is
	// answered with 500. It makes NewHandler answer the endpoints for servers;
	// nil means that these do not exist. It must be safe for concurrent use.
	Authorize func(ctx context.Context, token string) ([]uuid.UUID, error)
	// OpenAPI makes NewHandler answer GET on OpenAPIPath with the document of
	// package schema.
	OpenAPI bool
}

// withDefaults returns c with every field set but Logger and Authorize.
func (c Config) withDefaults() Config {
	if c.BodyLimit <= 0 {
		c.BodyLimit = DefaultBodyLimit
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.NewID == nil {
		c.NewID = uuid.New
	}
	return c
}

func (c Config) logger() *slog.Logger {
	if c.Logger == nil {
		return slog.Default()
	}
	return c.Logger
}
