package licensekey

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey/internal/wire"
)

// log records an unexpected error without the license key and the token.
func (e *endpoint) log(r *http.Request, body wire.Body, message string, err error) {
	level := slog.LevelError
	if r.Context().Err() != nil {
		level = slog.LevelWarn // the client is gone, or the host's deadline passed
	}
	attrs := []slog.Attr{slog.String("operation", e.name)}
	if !body.IsZero() {
		key := keyOf(body)
		for _, name := range e.ids {
			if id := body.OptionalUUID(name); id != nil {
				attrs = append(attrs, slog.String(name, key.redactID(*id)))
			}
		}
	}
	attrs = append(attrs, slog.String("error", redactError(err, secretsOf(r, body))))
	e.cfg.logger().LogAttrs(r.Context(), level, message, attrs...)
}

// secretsOf returns the token and the license key of a request, as far as it has
// them.
func secretsOf(r *http.Request, body wire.Body) []secret {
	var secrets []secret
	if token, ok := wire.BearerToken(r.Header); ok {
		secrets = append(secrets, secret{token, "[token]"})
	}
	if !body.IsZero() {
		secrets = append(secrets, keyOf(body))
	}
	return secrets
}

func keyOf(body wire.Body) secret { return secret{body.Text("key"), "[license key]"} }

const (
	// A shorter secret may be found in any text by chance, and removing it would
	// spoil the text. Nobody issues keys that are longer.
	minSecret = 6
	maxSecret = 1 << 10
)

// secret is a text that must not be logged.
type secret struct {
	text        string
	replacement string
}

// redactError returns the text of err without the secrets. If one of them is too
// short or too long to be removed, it returns the types of err instead.
func redactError(err error, secrets []secret) string {
	text := err.Error()
	for _, s := range secrets {
		switch {
		case s.text == "":
		case len(s.text) < minSecret || len(s.text) > maxSecret:
			return errorTypes(err)
		default:
			text = s.redact(text)
		}
	}
	return text
}

// errorTypes describes err by the types of what it wraps.
func errorTypes(err error) string {
	var text strings.Builder
	text.WriteString("text left out, since the key or token is too short or too long to be redacted:")
	for e := err; e != nil; e = errors.Unwrap(e) {
		fmt.Fprintf(&text, " %T", e)
	}
	var p *panicError
	if errors.As(err, &p) {
		fmt.Fprintf(&text, " of %T\n%s", p.value, p.stack)
	}
	return text.String()
}

// redactID returns the text of id. It returns the replacement of s if the secret
// is that same id, perhaps in another spelling.
func (s secret) redactID(id uuid.UUID) string {
	if s.is(id) {
		return s.replacement
	}
	return id.String()
}

// is reports whether the secret is id, in any spelling.
func (s secret) is(id uuid.UUID) bool {
	same, err := wire.ParseUUID4(s.text)
	return err == nil && same == id
}

// redact replaces all spellings of s in text. It ignores the case of ASCII
// letters.
func (s secret) redact(text string) string {
	spellings := s.spellings()
	lower := lowerASCII(text)
	var out strings.Builder
	for i := 0; i < len(text); {
		longest := 0
		for _, spelling := range spellings {
			if len(spelling) > longest && strings.HasPrefix(lower[i:], spelling) {
				longest = len(spelling)
			}
		}
		if longest > 0 {
			out.WriteString(s.replacement)
			i += longest
			continue
		}
		out.WriteByte(text[i])
		i++
	}
	return out.String()
}

// spellings are the secret as fmt's verbs, net/url, encoding/json, hex and base64
// write it, with ASCII letters in lower case.
func (s secret) spellings() []string {
	var spellings []string
	for _, text := range []string{s.text, strings.ToLower(s.text), strings.ToUpper(s.text)} {
		asJSON, _ := json.Marshal(text)
		asBytes := fmt.Sprint([]byte(text))
		for _, spelling := range []string{
			text,
			unquoted(strconv.Quote(text)), unquoted(strconv.QuoteToASCII(text)), unquoted(string(asJSON)),
			url.QueryEscape(text), url.PathEscape(text),
			hex.EncodeToString([]byte(text)), fmt.Sprintf("% x", text),
			base64.RawStdEncoding.EncodeToString([]byte(text)), base64.RawURLEncoding.EncodeToString([]byte(text)),
			asBytes[1 : len(asBytes)-1],
		} {
			spellings = append(spellings, lowerASCII(spelling))
		}
	}
	return spellings
}

func unquoted(s string) string { return s[1 : len(s)-1] }

func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
