// Package jsonvalue reads and writes JSON the way Polar's server does.
//
// [Decode] reports a malformed text with the words and the position of
// CPython's json module, which clients of Polar see in a 422. [Append] writes
// a value as that server echoes it: compact, members in their order, floats in
// their shortest form. encoding/json offers neither, and folds the case of
// member names.
package jsonvalue

import (
	"encoding/json"
	"math"
)

// A decoded value is one of
//
//	nil            null
//	bool           true, false
//	json.Number    an integer of any size, in its shortest form
//	float64        a number with a fraction or an exponent; ±Inf if it is too large
//	string         UTF-8, where an escaped lone surrogate is its three-byte
//	               generalized form, which is not valid UTF-8
//	[]any          an array
//	*Object        an object

// Object is a JSON object: its members in the order in which their names first
// came, each with the value that came last.
type Object struct {
	Members []Member
}

// Member is one name and value of an Object.
type Member struct {
	Name  string
	Value any
}

// Get returns the value of the member with exactly that name.
func (o *Object) Get(name string) (value any, ok bool) {
	for i := range o.Members {
		if o.Members[i].Name == name {
			return o.Members[i].Value, true
		}
	}
	return nil, false
}

// infinity is what Plain makes of infinity: validators take numbers apart, and
// a float that is no number makes them fail.
const infinity = "1e400"

// IsInfinite says whether v, decoded or plain, is a number beyond float64.
func IsInfinite(v any) bool {
	switch v := v.(type) {
	case float64:
		return math.IsInf(v, 0)
	case json.Number:
		return v == infinity || v == "-"+infinity
	}
	return false
}

// Plain returns v in the form that JSON Schema validators take: every Object as
// a map[string]any, and infinity as a json.Number beyond float64.
func Plain(v any) any {
	switch v := v.(type) {
	case float64:
		if math.IsInf(v, 1) {
			return json.Number(infinity)
		}
		if math.IsInf(v, -1) {
			return json.Number("-" + infinity)
		}
		return v
	case *Object:
		m := make(map[string]any, len(v.Members))
		for _, member := range v.Members {
			m[member.Name] = Plain(member.Value)
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = Plain(v[i])
		}
		return list
	default:
		return v
	}
}
