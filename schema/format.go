package schema

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// formats are the formats that the document defines for itself. As JSON Schema
// has it, a format passes values of types that it does not speak of.
var formats = map[string]func(any) bool{
	"uuid4":   isUUID4,
	"natural": isNatural,
	"text":    isText,
	"stored":  isStored,
}

func isUUID4(v any) bool {
	s, ok := v.(string)
	if !ok {
		return true
	}
	_, err := ParseUUID4(s)
	return err == nil
}

func isNatural(v any) bool {
	switch v.(type) {
	case string, bool, json.Number, float64:
		_, err := ParseNatural(v)
		return err == nil
	}
	return true
}

// isText refuses NUL, and with it the lone surrogates that JSON can spell but
// no UTF-8 store can hold, in a string and anywhere in an object.
func isText(v any) bool {
	return everywhere(v, func(leaf any) bool {
		s, ok := leaf.(string)
		return !ok || utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
	})
}

// isStored refuses infinity too, which JSON could not give back. Of the numbers
// of an outline only that has an exponent.
func isStored(v any) bool {
	return isText(v) && everywhere(v, func(leaf any) bool {
		n, ok := leaf.(json.Number)
		return !ok || !strings.Contains(n.String(), "e")
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
