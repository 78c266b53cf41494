package wire

import (
	"encoding/json"
	"math"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey/internal/jsonvalue"
)

// Body is a request body that is valid by its component. Presence and type are
// known, so the accessors return no error. For an optional member that is absent
// they return the zero value. An accessor panics on a name that the component
// lacks.
type Body struct {
	component *Component
	members   []jsonvalue.Raw // as component.fields; "" for a member that is absent
}

// body returns the members of an object that c names. If several members have the
// same name, the last one counts.
func (c *Component) body(object jsonvalue.Raw) Body {
	b := Body{component: c, members: make([]jsonvalue.Raw, len(c.fields))}
	for name, value := range object.Members() {
		if i := c.index(name); i >= 0 {
			b.members[i] = value
		}
	}
	return b
}

// maxFieldName is longer than the name of any member of a component, in bytes.
const maxFieldName = 32

// index returns the index of the field with that name, or -1.
func (c *Component) index(name jsonvalue.Raw) int {
	if len(name) > len(`""`)+len(`\u0000`)*maxFieldName {
		return -1
	}
	return slices.Index(c.fields, name.Text())
}

// IsZero reports whether b is the zero Body, which no component has validated.
func (b Body) IsZero() bool { return b.component == nil }

func (b Body) get(name string) jsonvalue.Raw {
	i := slices.Index(b.component.fields, name)
	if i < 0 {
		panic("wire: the component has no member " + name)
	}
	return b.members[i]
}

// Text returns a string. It shares no memory with the request.
func (b Body) Text(name string) string {
	raw := b.get(name)
	if raw == "" || !raw.IsString() {
		return ""
	}
	return strings.Clone(raw.Text())
}

// UUID returns a uuid4, zero for null.
func (b Body) UUID(name string) uuid.UUID {
	raw := b.get(name)
	if raw == "" || !raw.IsString() {
		return uuid.Nil
	}
	id, err := ParseUUID4(raw.Text())
	if err != nil {
		panic("wire: a validated UUID cannot be read: " + err.Error())
	}
	return id
}

// OptionalUUID returns a uuid4, or nil for null.
func (b Body) OptionalUUID(name string) *uuid.UUID {
	if raw := b.get(name); raw == "" || raw == "null" {
		return nil
	}
	id := b.UUID(name)
	return &id
}

// JSON returns an object as compact JSON, {} if it is absent.
func (b Body) JSON(name string) json.RawMessage {
	raw := b.get(name)
	if raw == "" {
		return json.RawMessage("{}")
	}
	text, _ := new(jsonvalue.Compactor).Append(nil, raw, math.MaxInt32)
	return text
}

// Integer returns a nonnegative-integer, 0 for null.
func (b Body) Integer(name string) int64 {
	raw := b.get(name)
	if raw == "" || raw == "null" {
		return 0
	}
	n, problem := parseInteger(scalarOf(raw))
	if problem != nil {
		panic("wire: a validated integer cannot be read: " + problem.msg)
	}
	return n
}
