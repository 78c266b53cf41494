package rules

import (
	"encoding/json"
	"errors"

	"github.com/licensekit/licensekey/internal/jsonvalue"
)

// conditionsMet reports whether the stored conditions are empty or equal to the
// given ones. They are compared as JSON values: the order of members does not
// matter, and 1, 1.0 and true are equal. Stored conditions that cannot be read
// are an error, and never met.
func conditionsMet(stored, given json.RawMessage) (bool, error) {
	want, ok := jsonvalue.DecodeObject(stored)
	if !ok {
		return false, errors.New("rules: the conditions of the activation are no JSON object")
	}
	if len(want.Members) == 0 {
		return true, nil
	}
	got, ok := jsonvalue.DecodeObject(given)
	if !ok {
		return false, invalid("conditions", "must be a JSON object")
	}
	return jsonvalue.Equal(want, got), nil
}
