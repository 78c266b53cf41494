package licensekey

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey/internal/jsonvalue"
	"github.com/licensekit/licensekey/internal/wire"
)

// responseSize is the first size of a response's buffer, in bytes. Most license
// keys fit with their customer and an activation.
const responseSize = 2 << 10

// maxStoredDepth is how many arrays and objects may be nested in the stored JSON
// that a response contains.
const maxStoredDepth = 10_000

// responseWriter writes a JSON object member by member, each with a method for
// its type.
type responseWriter struct {
	buf       []byte
	err       error // about the first stored JSON that cannot be read
	compactor jsonvalue.Compactor
}

func newResponseWriter() *responseWriter {
	return &responseWriter{buf: make([]byte, 0, responseSize)}
}

// response returns what was written, with status 200.
func (w *responseWriter) response() (wire.Response, error) {
	return wire.Response{Status: http.StatusOK, Body: w.buf}, w.err
}

func (w *responseWriter) open()  { w.buf = append(w.buf, '{') }
func (w *responseWriter) close() { w.buf = append(w.buf, '}') }

// name begins a member. Names need no escapes.
func (w *responseWriter) name(name string) {
	if w.buf[len(w.buf)-1] != '{' {
		w.buf = append(w.buf, ',')
	}
	w.buf = append(w.buf, '"')
	w.buf = append(w.buf, name...)
	w.buf = append(w.buf, '"', ':')
}

func (w *responseWriter) null(name string) {
	w.name(name)
	w.buf = append(w.buf, "null"...)
}

// object writes a member that is an object. The function writes its members.
func (w *responseWriter) object(name string, members func()) {
	w.name(name)
	w.open()
	members()
	w.close()
}

func (w *responseWriter) text(name, s string) {
	w.name(name)
	w.buf = jsonvalue.AppendText(w.buf, s)
}

func (w *responseWriter) textOrNull(name string, s *string) {
	if s == nil {
		w.null(name)
		return
	}
	w.text(name, *s)
}

func (w *responseWriter) bool(name string, b bool) {
	w.name(name)
	w.buf = strconv.AppendBool(w.buf, b)
}

func (w *responseWriter) int(name string, n int64) {
	w.name(name)
	w.buf = strconv.AppendInt(w.buf, n, 10)
}

func (w *responseWriter) intOrNull(name string, n *int64) {
	if n == nil {
		w.null(name)
		return
	}
	w.int(name, *n)
}

func (w *responseWriter) id(name string, id uuid.UUID) {
	w.name(name)
	w.buf = append(w.buf, '"')
	w.buf = append(w.buf, id.String()...)
	w.buf = append(w.buf, '"')
}

func (w *responseWriter) idOrNull(name string, id *uuid.UUID) {
	if id == nil {
		w.null(name)
		return
	}
	w.id(name, *id)
}

// time writes a time with six decimals or none.
func (w *responseWriter) time(name string, t time.Time) {
	layout := `"2006-01-02T15:04:05.000000Z"`
	t = t.UTC().Truncate(time.Microsecond)
	if t.Nanosecond() == 0 {
		layout = `"2006-01-02T15:04:05Z"`
	}
	w.name(name)
	w.buf = t.AppendFormat(w.buf, layout)
}

func (w *responseWriter) timeOrNull(name string, t *time.Time) {
	if t == nil {
		w.null(name)
		return
	}
	w.time(name, *t)
}

func (w *responseWriter) textsOrNull(name string, texts []string) {
	if texts == nil {
		w.null(name)
		return
	}
	w.name(name)
	w.buf = append(w.buf, '[')
	for i, s := range texts {
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		w.buf = jsonvalue.AppendText(w.buf, s)
	}
	w.buf = append(w.buf, ']')
}

// raw writes a stored JSON object, and {} if it is nil.
func (w *responseWriter) raw(name string, object json.RawMessage) {
	w.name(name)
	if object == nil {
		w.buf = append(w.buf, "{}"...)
		return
	}
	raw, err := jsonvalue.Scan(string(object), maxStoredDepth)
	if err == nil && !raw.IsObject() {
		err = errors.New("it is no object")
	}
	if err != nil {
		if w.err == nil {
			w.err = fmt.Errorf("licensekey: stored %s is not readable: %w", name, err)
		}
		return
	}
	var ok bool
	if w.buf, ok = w.compactor.Append(w.buf, raw, math.MaxInt32); !ok && w.err == nil {
		w.err = fmt.Errorf("licensekey: stored %s is too large", name)
	}
}
