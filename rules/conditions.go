package rules

import (
	"encoding/json"
	"errors"
	"math/big"

	"github.com/licensekit/licensekey/internal/jsonvalue"
)

// conditionsMet reports whether the stored conditions are empty or equal to the
// given ones. They are compared as JSON values: the order of members does not
// matter, and 1, 1.0 and true are equal. Stored conditions that cannot be read
// are an error, and never met.
func conditionsMet(stored, given json.RawMessage) (bool, error) {
	want, ok := objectOf(stored)
	if !ok {
		return false, errors.New("rules: the conditions of the activation are no JSON object")
	}
	if len(want.Members) == 0 {
		return true, nil
	}
	got, ok := objectOf(given)
	if !ok {
		return false, invalid("conditions", "must be a JSON object")
	}
	return equalValues(want, got), nil
}

// objectOf reads a JSON object. Nil is an empty one.
func objectOf(text json.RawMessage) (*jsonvalue.Object, bool) {
	if len(text) == 0 {
		return &jsonvalue.Object{}, true
	}
	v, err := jsonvalue.Decode(text)
	object, ok := v.(*jsonvalue.Object)
	return object, ok && err == nil
}

func equalValues(a, b any) bool {
	if x, ok := numberOf(a); ok {
		y, ok := numberOf(b)
		return ok && x.Cmp(y) == 0
	}
	switch a := a.(type) {
	case *jsonvalue.Object:
		b, ok := b.(*jsonvalue.Object)
		return ok && equalObjects(a, b)
	case []any:
		b, ok := b.([]any)
		return ok && equalLists(a, b)
	case string:
		b, ok := b.(string)
		return ok && a == b
	default:
		return a == nil && b == nil
	}
}

func equalObjects(a, b *jsonvalue.Object) bool {
	if len(a.Members) != len(b.Members) {
		return false
	}
	for _, member := range a.Members {
		value, ok := b.Get(member.Name)
		if !ok || !equalValues(member.Value, value) {
			return false
		}
	}
	return true
}

func equalLists(a, b []any) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !equalValues(a[i], b[i]) {
			return false
		}
	}
	return true
}

// numberOf returns the exact value of a number or a boolean. Two large integers
// differ even if they would be the same float64.
func numberOf(v any) (*big.Float, bool) {
	switch v := v.(type) {
	case bool:
		if v {
			return big.NewFloat(1), true
		}
		return new(big.Float), true
	case float64:
		return big.NewFloat(v), true
	case json.Number:
		n, ok := new(big.Int).SetString(v.String(), 10)
		if !ok {
			return nil, false
		}
		return new(big.Float).SetInt(n), true
	}
	return nil, false
}
