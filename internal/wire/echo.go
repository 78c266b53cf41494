package wire

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/licensekit/licensekey/internal/jsonvalue"
)

const (
	// maxEcho is how many bytes of a 422 may be echoes of the request: inputs
	// and the names of members.
	maxEcho = 64 << 10
	// shortName is how many code points of a longer name remain after that.
	shortName = 16
)

// tooLongToEcho stands for a value that is longer than maxEcho.
var tooLongToEcho = jsonvalue.Raw(`"` + strings.Repeat(" ", maxEcho) + `"`)

// unprocessable returns the error of a body with violations. It lists all of them.
// If there is no room for an input, it writes null instead.
func unprocessable(violations ...violation) error {
	buf := make([]byte, 0, sizeOf(violations))
	buf = append(buf, `{"error":"RequestValidationError","detail":[`...)
	e := echo{room: maxEcho}
	for i, v := range violations {
		if i > 0 {
			buf = append(buf, ',')
		}
		buf = append(buf, `{"type":"`...)
		buf = append(buf, v.kind...)
		buf = append(buf, `","loc":`...)
		buf = e.loc(buf, v.loc)
		buf = append(buf, `,"msg":`...)
		buf = jsonvalue.AppendText(buf, v.msg)
		buf = append(buf, `,"input":`...)
		buf = e.input(buf, v.input)
		if v.ctx != "" {
			buf = append(buf, `,"ctx":`...)
			buf = append(buf, v.ctx...)
		}
		buf = append(buf, '}')
	}
	return &Error{Response{http.StatusUnprocessableEntity, append(buf, "]}"...)}}
}

// sizeOf returns about the size of a response, so that its buffer need not grow.
func sizeOf(violations []violation) int {
	size, echoes := 64, 0
	var last jsonvalue.Raw
	for _, v := range violations {
		size += 64 + len(v.kind) + 2*len(v.msg) + len(v.ctx)
		if v.input != last || echoes+len(v.input) <= 1<<10 {
			echoes += len(v.input)
		}
		last = v.input
		for _, at := range v.loc {
			if name, ok := at.(memberName); ok {
				size += min(escapedLen(string(name)), 6*shortName+len("…"))
			}
		}
	}
	return size + min(echoes, maxEcho)
}

// escapedLen returns the length of a string in a response, in bytes.
func escapedLen(s string) int {
	n := len(s) + len(`""`)
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"', c == '\\', c == '\b', c == '\f', c == '\n', c == '\r', c == '\t':
			n++
		case c < 0x20:
			n += len(`u0001`)
		case c == 0xed:
			n += len(`\ud800`) - 3 // it may begin a lone surrogate
		}
	}
	return n
}

// echo writes what a client sent into a response, as long as there is room.
type echo struct {
	room      int
	compactor jsonvalue.Compactor
	last      jsonvalue.Raw // the input that was written last
	from, to  int           // where it is in the response
}

func (e *echo) loc(buf []byte, loc []any) []byte {
	buf = append(buf, '[')
	for i, at := range loc {
		if i > 0 {
			buf = append(buf, ',')
		}
		switch at := at.(type) {
		case int:
			buf = strconv.AppendInt(buf, int64(at), 10)
		case string:
			buf = jsonvalue.AppendText(buf, at)
		case memberName:
			buf = e.name(buf, string(at))
		}
	}
	return append(buf, ']')
}

func (e *echo) name(buf []byte, name string) []byte {
	if n := escapedLen(name); n <= e.room {
		e.room -= n
		return jsonvalue.AppendText(buf, name)
	}
	e.room = 0
	short := cut(name, shortName)
	if short != name {
		short += "…"
	}
	return jsonvalue.AppendText(buf, short)
}

func (e *echo) input(buf []byte, raw jsonvalue.Raw) []byte {
	if e.room > 0 && raw == e.last && e.to-e.from <= e.room {
		e.room -= e.to - e.from
		return append(buf, buf[e.from:e.to]...)
	}
	written, ok := e.compactor.Append(buf, raw, e.room)
	if !ok {
		e.room = 0
		return append(buf, "null"...)
	}
	e.room -= len(written) - len(buf)
	e.last, e.from, e.to = raw, len(buf), len(written)
	return written
}
