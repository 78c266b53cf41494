package licensekey

import (
	"encoding/json"
	"math"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey/internal/jsonvalue"
	"github.com/licensekit/licensekey/schema"
)

// fields gives an operation the members of a body that its schema has passed:
// what cannot be there after that reads as zero.
type fields struct {
	*jsonvalue.Object
}

// text returns a string.
func (f fields) text(name string) string {
	v, _ := f.Get(name)
	s, _ := v.(string)
	return s
}

// uuid returns a uuid4.
func (f fields) uuid(name string) uuid.UUID {
	// The schema's format is this same parser: it cannot fail here.
	id, _ := schema.ParseUUID4(f.text(name))
	return id
}

// optionalUUID returns a uuid4, or nil for null and for no member.
func (f fields) optionalUUID(name string) *uuid.UUID {
	if v, _ := f.Get(name); v == nil {
		return nil
	}
	id := f.uuid(name)
	return &id
}

// json returns an object as JSON, {} for no member.
func (f fields) json(name string) json.RawMessage {
	v, ok := f.Get(name)
	if !ok {
		v = &jsonvalue.Object{}
	}
	return jsonvalue.Append(nil, v)
}

// natural returns an integer of at least 0: 0 for null and for no member, and
// the largest int64 for any that is larger, which no rule lets pass.
func (f fields) natural(name string) int64 {
	v, _ := f.Get(name)
	if v == nil {
		return 0
	}
	n, err := schema.ParseNatural(v)
	if err != nil {
		return 0
	}
	if !n.IsInt64() {
		return math.MaxInt64
	}
	return n.Int64()
}
