package wire

import (
	"encoding/json"
	"hash/maphash"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/licensekit/licensekey/internal/jsonvalue"
)

// These constants bound what the validator looks at. Each is one more than a
// component allows, which is enough to find that a value is too large.
const (
	maxMembers = 51  // of an object
	maxText    = 501 // code points of a string
	maxName    = 41  // code points of a member's name
)

// value is a member of a body, with the outline that the validator looks at
// instead of it. An outline consists of the types that package jsonschema accepts.
// Its numbers are small, because jsonschema computes with exact fractions, and
// that takes long for a number with a large exponent.
type value struct {
	raw     jsonvalue.Raw
	outline any
	members []pair // of an object, the first maxMembers
	total   int    // how many members an object has
}

type pair struct {
	name    string
	hash    uint64 // of name
	rawName jsonvalue.Raw
	raw     jsonvalue.Raw
}

func newValue(raw jsonvalue.Raw) value {
	v := value{raw: raw}
	switch {
	case raw.IsObject():
		v.members, v.total = firstMembers(raw)
		v.outline = outlineObject(v.members)
	case raw.IsString():
		v.outline = outlineText(raw.Text())
	default:
		v.outline = outlineScalar(raw)
	}
	return v
}

// outlineObject returns the outline of an object. It keeps one member of each kind
// of value, and replaces the others of that kind by a short text. One is enough to
// find whether the object is valid.
func outlineObject(members []pair) map[string]any {
	object := make(map[string]any, len(members))
	seen := make(map[any]bool, 4)
	for _, m := range members {
		v := outlineMember(m.raw)
		if seen[v] {
			v = plainText[:1]
		}
		seen[v] = true
		object[outlineName(m.name)] = v
	}
	return object
}

// outlineName returns the outline of a member's name. All names that are too long
// have the same outline.
func outlineName(name string) string {
	if utf8.RuneCountInString(name) >= maxName {
		return plainText[:maxName]
	}
	return name
}

// firstMembers returns the first maxMembers members of an object with different
// names, each with the last value of its name. total is the number of different
// names in the object.
func firstMembers(object jsonvalue.Raw) (members []pair, total int) {
	// A member takes at least five bytes: "":0 and a comma or a brace.
	hashes := make([]uint64, 0, min(strings.Count(string(object), ":"), len(object)/5))
	for rawName, raw := range object.Members() {
		name := rawName.Text()
		hash := maphash.String(seed, name)
		hashes = append(hashes, hash)
		i := slices.IndexFunc(members, func(m pair) bool { return m.hash == hash && m.name == name })
		if i >= 0 {
			members[i].raw = raw
		} else if len(members) < maxMembers {
			members = append(members, pair{name, hash, rawName, raw})
		}
	}
	slices.Sort(hashes)
	return members, len(slices.Compact(hashes))
}

// seed is the seed of the hashes that firstMembers counts names with.
var seed = maphash.MakeSeed()

// outlineMember returns the outline of a member of an object in a body. The member
// may be of any length. An array or an object has the outline of null, since
// neither is valid there. Outlines of members are comparable, and those of the
// same kind are equal.
func outlineMember(raw jsonvalue.Raw) any {
	if raw.IsString() {
		text := raw.Text()
		n := min(utf8.RuneCountInString(text), maxText)
		if isStorableText(text) {
			return plainText[:n]
		}
		return nulText[:n]
	}
	switch v := outlineScalar(raw).(type) {
	case int64, uint64:
		return int64(1)
	case []any, map[string]any:
		return nil
	default:
		return v
	}
}

var (
	plainText = strings.Repeat("x", maxText)
	nulText   = strings.Repeat("\x00", maxText)
)

// outlineText returns the outline of a text that is a member of a body. A text of at
// most maxText code points is its own outline. A longer one is shortened so that it
// passes or fails each format as before. An integer may have any number of spaces
// around it, so the outline has one before the text. No other format
// accepts a space at the beginning or an ellipsis. A NUL anywhere remains a NUL.
func outlineText(text string) any {
	if cut(text, maxText) == text {
		return text
	}
	trimmed := strings.TrimSpace(text)
	short := cut(trimmed, maxText)
	if short != trimmed {
		short += "…"
	}
	if !isStorableText(text) {
		short += "\x00"
	}
	return " " + short
}

// cut returns the first n code points of text, or all of it if there are fewer.
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
