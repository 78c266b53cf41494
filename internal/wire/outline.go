package wire

import (
	"encoding/json"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/licensekit/licensekey/internal/jsonvalue"
)

// What the validator looks at is bounded: more than any component passes, and
// no more than it takes to say what is wrong.
const (
	maxMembers = 51  // of an object
	maxText    = 501 // code points of a string
	maxName    = 41  // code points of a member's name
)

// value is a member of a body, with the outline that the validator takes. An
// outline has the types that package jsonschema accepts, and numbers that are
// cheap for it: it reads the text of a number as a fraction of any size.
type value struct {
	raw     jsonvalue.Raw
	outline any
	members []pair // of an object, the first maxMembers
	total   int    // how many members an object has
}

type pair struct {
	name    string
	rawName jsonvalue.Raw
	raw     jsonvalue.Raw
}

func newValue(raw jsonvalue.Raw) value {
	v := value{raw: raw}
	switch {
	case raw.IsObject():
		v.members, v.total = firstMembers(raw)
		object := make(map[string]any, len(v.members))
		for _, m := range v.members {
			object[cut(m.name, maxName)] = outlineMember(m.raw)
		}
		v.outline = object
	case raw.IsString():
		v.outline = outlineText(raw.Text())
	default:
		v.outline = outlineScalar(raw)
	}
	return v
}

// firstMembers returns the first members of an object by their names, each with
// its last value, and how many there are.
func firstMembers(object jsonvalue.Raw) (members []pair, total int) {
	index := map[string]uint8{}
	for rawName, raw := range object.Members() {
		name := rawName.Text()
		i, known := index[name]
		switch {
		case !known && total < maxMembers:
			index[name] = uint8(total)
			members = append(members, pair{name, rawName, raw})
		case !known:
			index[name] = maxMembers
		case i < maxMembers:
			members[i].raw = raw
		}
		if !known {
			total++
		}
	}
	return members, total
}

// outlineMember is the outline of a member of an object in a body: it may be of
// any length, and nothing may be nested in it.
func outlineMember(raw jsonvalue.Raw) any {
	switch {
	case raw.IsObject():
		return map[string]any{}
	case raw.IsString():
		text := raw.Text()
		n := min(utf8.RuneCountInString(text), maxText)
		if isStorableText(text) {
			return plainText[:n]
		}
		return nulText[:n]
	}
	return outlineScalar(raw)
}

var (
	plainText = strings.Repeat("x", maxText)
	nulText   = strings.Repeat("\x00", maxText)
)

func outlineText(text string) any {
	short := cut(text, maxText)
	if short != text && isStorableText(short) && !isStorableText(text) {
		return short + "\x00"
	}
	return short
}

// cut returns the first n code points of text, or all if there are no more.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for i := range text {
		if n == 0 {
			return text[:i]
		}
		n--
	}
	return text
}

func outlineScalar(raw jsonvalue.Raw) any {
	switch v := scalarOf(raw).(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		} else if strings.HasPrefix(v.String(), "-") {
			return int64(math.MinInt64)
		}
		return uint64(math.MaxUint64)
	case float64:
		switch {
		case math.IsInf(v, 0):
			return json.Number("1")
		case v != math.Trunc(v):
			return 0.5
		case v >= 1<<63 || v <= -1<<63:
			return uint64(math.MaxUint64)
		}
		return int64(v)
	default:
		return v
	}
}

// scalarOf returns the value of raw, with every array as an empty one.
func scalarOf(raw jsonvalue.Raw) any {
	switch raw[0] {
	case '[':
		return []any{}
	case '{':
		return map[string]any{}
	}
	return raw.Value()
}
