package wire

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/licensekit/licensekey/internal/jsonvalue"
)

// maxDepth is how many arrays and objects may be nested in a request body. No
// component accepts more than two levels. The recorded cases have up to 201.
const maxDepth = 300

const utf8BOM = "\ufeff"

// ReadBody reads a request body of at most limit bytes. The error is a *Error.
func ReadBody(w http.ResponseWriter, r *http.Request, limit int64) (string, error) {
	if r.ContentLength > limit {
		return "", bodyTooLarge(limit)
	}
	text, err := readAll(http.MaxBytesReader(w, r.Body, limit), r.ContentLength)
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return "", bodyTooLarge(limit)
	}
	if err != nil {
		return "", unreadableBody
	}
	return text, nil
}

// chunks are what bodies are read through.
var chunks = sync.Pool{New: func() any { return new([512]byte) }}

// readAll reads all of r. At first it allocates what most clients need, and not
// more just because a client claims a larger length.
func readAll(r io.Reader, length int64) (string, error) {
	var text strings.Builder
	text.Grow(int(min(max(length, 0), 1<<10)))
	chunk := chunks.Get().(*[512]byte)
	defer chunks.Put(chunk)
	for {
		n, err := r.Read(chunk[:])
		if text.Cap()-text.Len() < n {
			text.Grow(max(n, text.Len()))
		}
		text.Write(chunk[:n])
		if err == io.EOF {
			return text.String(), nil
		}
		if err != nil {
			return "", err
		}
	}
}

// Decode decodes a request body and validates it. The error is a *Error if
// something is wrong with the body. Any other error means that the body could not
// be validated.
func (c *Component) Decode(contentType, text string) (Body, error) {
	if text == "" {
		return Body{}, unprocessable(missing([]any{"body"}, "null"))
	}
	raw, err := decodeText(text, isJSON(contentType))
	if err != nil {
		return Body{}, err
	}
	switch {
	case raw == "null":
		return Body{}, unprocessable(missing([]any{"body"}, "null"))
	case !raw.IsObject():
		return Body{}, unprocessable(notAnObject(raw))
	}
	body := c.body(raw)
	violations, err := body.check(raw)
	if err != nil {
		return Body{}, err
	}
	if len(violations) > 0 {
		return Body{}, unprocessable(violations...)
	}
	return body, nil
}

// decodeText scans a JSON text. If the request does not claim that the text is
// JSON, decodeText returns the text as one JSON string.
func decodeText(text string, claimsJSON bool) (jsonvalue.Raw, error) {
	if !claimsJSON {
		if !utf8.ValidString(text) {
			return "", unreadableBody
		}
		n := escapedLen(text)
		if n > maxEcho {
			return tooLongToEcho, nil
		}
		return jsonvalue.Raw(jsonvalue.AppendText(make([]byte, 0, n), text)), nil
	}
	raw, err := jsonvalue.Scan(strings.TrimPrefix(text, utf8BOM), maxDepth)
	var syntax *jsonvalue.SyntaxError
	if errors.As(err, &syntax) {
		return "", unprocessable(invalidJSON(syntax))
	}
	if err != nil {
		return "", unreadableBody
	}
	return raw, nil
}

// isJSON reports whether a media type is application/json or
// application/<anything>+json. It ignores parameters, even malformed ones.
// mime.ParseMediaType would reject those.
func isJSON(contentType string) bool {
	mediaType, _, _ := strings.Cut(contentType, ";")
	kind, subtype, _ := strings.Cut(strings.ToLower(strings.TrimSpace(mediaType)), "/")
	return kind == "application" && !strings.Contains(subtype, "/") &&
		(subtype == "json" || strings.HasSuffix(subtype, "+json"))
}
