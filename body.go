package licensekey

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/licensekit/licensekey/internal/jsonvalue"
	"github.com/licensekit/licensekey/schema"
)

var utf8BOM = []byte("\ufeff")

// readBody reads the request's body and decodes it to an object, or answers
// why it cannot.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) (*jsonvalue.Object, *answer) {
	text, refused := readAll(w, r, limit)
	if refused != nil {
		return nil, refused
	}
	if len(text) == 0 {
		return nil, refusal(unprocessable(schema.Missing([]any{"body"}, nil)))
	}
	v, refused := decodeText(text, isJSON(r.Header.Get("Content-Type")))
	if refused != nil {
		return nil, refused
	}
	switch v := v.(type) {
	case *jsonvalue.Object:
		return v, nil
	case nil:
		return nil, refusal(unprocessable(schema.Missing([]any{"body"}, nil)))
	default:
		return nil, refusal(unprocessable(schema.Violation{
			Type:  "model_attributes_type",
			Loc:   []any{"body"},
			Msg:   "Input should be a valid dictionary or object to extract fields from",
			Input: v,
		}))
	}
}

func refusal(a answer) *answer { return &a }

// readAll reads a body of at most limit bytes.
func readAll(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, *answer) {
	if r.ContentLength > limit {
		return nil, refusal(bodyTooLarge(limit))
	}
	var buf bytes.Buffer
	// Room for what most clients send, and no more than that on the mere word of
	// a client. ReadFrom wants bytes.MinRead to spare to see the end.
	buf.Grow(int(min(max(r.ContentLength, 0), 1<<10)) + bytes.MinRead)
	_, err := buf.ReadFrom(http.MaxBytesReader(w, r.Body, limit))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, refusal(bodyTooLarge(limit))
	}
	if err != nil {
		return nil, refusal(unreadableBody)
	}
	return buf.Bytes(), nil
}

// decodeText decodes a JSON text, or takes it as a string if it does not claim
// to be JSON.
func decodeText(text []byte, claimsJSON bool) (any, *answer) {
	if !claimsJSON {
		if !utf8.Valid(text) {
			return nil, refusal(unreadableBody)
		}
		return string(text), nil
	}
	v, err := jsonvalue.Decode(bytes.TrimPrefix(text, utf8BOM))
	var syntax *jsonvalue.SyntaxError
	if errors.As(err, &syntax) {
		return nil, refusal(unprocessable(schema.Violation{
			Type:  "json_invalid",
			Loc:   []any{"body", syntax.Pos},
			Msg:   "JSON decode error",
			Input: &jsonvalue.Object{},
			Ctx:   object("error", syntax.Msg),
		}))
	}
	if err != nil {
		return nil, refusal(unreadableBody)
	}
	return v, nil
}

// isJSON says whether a media type is application/json or
// application/<anything>+json. Parameters do not count, however malformed, so
// mime.ParseMediaType is too strict.
func isJSON(contentType string) bool {
	mediaType, _, _ := strings.Cut(contentType, ";")
	kind, subtype, _ := strings.Cut(strings.ToLower(strings.TrimSpace(mediaType)), "/")
	return kind == "application" && !strings.Contains(subtype, "/") &&
		(subtype == "json" || strings.HasSuffix(subtype, "+json"))
}
