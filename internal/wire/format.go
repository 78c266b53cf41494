package wire

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// formats are the formats that the document defines for itself. Per JSON
// Schema, a format applies to some types only and accepts values of any other.
var formats = map[string]func(any) bool{
	"uuid4":               isUUID4,
	"nonnegative-integer": isNonnegativeInteger,
	"no-nul":              hasNoNUL,
	"storable-json":       isStorable,
}

func isUUID4(v any) bool {
	s, ok := v.(string)
	if !ok {
		return true
	}
	_, err := ParseUUID4(s)
	return err == nil
}

// isNonnegativeInteger expects numbers in the form that outlineScalar gives them.
func isNonnegativeInteger(v any) bool {
	switch v := v.(type) {
	case int64:
		return v >= 0
	case float64, uint64, json.Number:
		return false // a fraction; beyond 64 bits; infinite
	case string:
		_, problem := integerOfText(v)
		return problem == nil
	}
	return true
}

// hasNoNUL rejects NUL, in a string and anywhere in an object. It also rejects
// lone surrogates: JSON can express them, but a store of UTF-8 cannot hold them.
func hasNoNUL(v any) bool {
	return everywhere(v, func(leaf any) bool {
		s, ok := leaf.(string)
		return !ok || isStorableText(s)
	})
}

func isStorableText(s string) bool {
	return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
}

// isStorable rejects what hasNoNUL rejects, and infinity, which could not be
// written as JSON again. In an outline, a json.Number is always an infinity.
func isStorable(v any) bool {
	return hasNoNUL(v) && everywhere(v, func(leaf any) bool {
		_, infinite := leaf.(json.Number)
		return !infinite
	})
}

func everywhere(v any, holds func(leaf any) bool) bool {
	object, ok := v.(map[string]any)
	if !ok {
		return holds(v)
	}
	for name, value := range object {
		if !holds(name) || !everywhere(value, holds) {
			return false
		}
	}
	return true
}
