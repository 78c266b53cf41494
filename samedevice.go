package licensekey

import (
	"encoding/json"

	"github.com/licensekit/licensekey/internal/jsonvalue"
)

// SameLabel is a Config.SameDevice for apps whose label names the device: two
// activations are of one device if their labels are equal and not empty. Two devices
// that send one label, such as "MacBook Pro", then share a seat.
func SameLabel(req ActivateRequest, a Activation) bool {
	return req.Label != "" && req.Label == a.Label
}

// SameConditions is a Config.SameDevice for apps whose conditions name the device:
// two activations are of one device if their conditions are equal and not empty. They
// are compared as validate compares them: the order of members does not matter, and
// 1, 1.0 and true are equal.
func SameConditions(req ActivateRequest, a Activation) bool {
	want, ok := jsonvalue.DecodeObject(req.Conditions)
	if !ok || len(want.Members) == 0 {
		return false
	}
	got, ok := jsonvalue.DecodeObject(a.Conditions)
	return ok && jsonvalue.Equal(want, got)
}

// SameMeta returns a Config.SameDevice for apps that send an id of the device as the
// member of meta with that name: two activations are of one device if both have the
// member, with equal values. A member that is null or "" counts as missing. The values
// are compared as SameConditions compares conditions.
func SameMeta(name string) func(req ActivateRequest, a Activation) bool {
	return func(req ActivateRequest, a Activation) bool {
		want, ok := memberOf(req.Meta, name)
		if !ok {
			return false
		}
		got, ok := memberOf(a.Meta, name)
		return ok && jsonvalue.Equal(want, got)
	}
}

// memberOf returns the value of a member of an object, unless it is null or "".
func memberOf(text json.RawMessage, name string) (value any, ok bool) {
	object, ok := jsonvalue.DecodeObject(text)
	if !ok {
		return nil, false
	}
	value, ok = object.Get(name)
	return value, ok && value != nil && value != ""
}
