package licensekey

import (
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/google/uuid"
)

// Key is the string of a license key, as customers type it. It is a secret:
// anyone who has it can validate the license key and take its seats.
//
// A Key redacts itself: every verb of package fmt but %T and %p, and every handler
// of package slog, shows "[license key]" instead. That holds for lists of keys and
// for exported fields of structs too, and for templates. Write string(k) to show a
// key on purpose, as in an e-mail to its customer.
//
// JSON shows the key, because the JSON form of a [LicenseKey] is the one that
// Polar's API has. A slog.JSONHandler writes values as JSON. It redacts a
// [LicenseKey] and every request and result of this package, but not a list or a
// map of license keys.
type Key string

// redacted is what a Key shows instead of itself.
const redacted = "[license key]"

// NewKey returns a new random key with 122 random bits: a version 4 UUID in upper
// case. If prefix is not empty, the key begins with prefix and a hyphen.
func NewKey(prefix string) Key {
	key := strings.ToUpper(uuid.NewString())
	if prefix != "" {
		key = prefix + "-" + key
	}
	return Key(key)
}

// String returns "[license key]".
func (k Key) String() string { return redacted }

// Format implements [fmt.Formatter]. It writes "[license key]" for every verb
// that reaches it, which is all but %T and %p.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue implements [slog.LogValuer]. It returns "[license key]".
func (k Key) LogValue() slog.Value { return slog.StringValue(redacted) }
