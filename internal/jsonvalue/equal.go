package jsonvalue

import (
	"encoding/json"
	"math/big"
)

// Equal reports whether two decoded values are equal as Python compares them: the
// order of members does not matter, and 1, 1.0 and true are equal.
func Equal(a, b any) bool {
	if x, ok := numberOf(a); ok {
		y, ok := numberOf(b)
		return ok && x.Cmp(y) == 0
	}
	switch a := a.(type) {
	case *Object:
		b, ok := b.(*Object)
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

func equalObjects(a, b *Object) bool {
	if len(a.Members) != len(b.Members) {
		return false
	}
	for _, member := range a.Members {
		value, ok := b.Get(member.Name)
		if !ok || !Equal(member.Value, value) {
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
		if !Equal(a[i], b[i]) {
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
