package jsonlines

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/internal/jsonvalue"
)

// required lists the members that have no safe default.
var required = map[reflect.Type][]string{
	reflect.TypeFor[licensekey.LicenseKeyWithActivations](): {"id", "created_at", "organization_id", "key", "status", "customer", "activations"},
	reflect.TypeFor[licensekey.Customer]():                  {"id"},
	reflect.TypeFor[licensekey.Activation]():                {"id", "label", "created_at"},
	reflect.TypeFor[licensekey.Member]():                    {"id", "email"},
	reflect.TypeFor[licensekey.Subscription]():              {"id", "status", "current_period_start", "current_period_end", "cancel_at_period_end"},
	reflect.TypeFor[licensekey.Order]():                     {"id", "created_at", "status", "paid"},
}

// problem is what is wrong with the value at a path of members. The path is empty
// for the license key itself.
type problem struct{ path, text string }

func (p problem) Error() string {
	if p.path == "" {
		return p.text
	}
	return p.path + ": " + p.text
}

// plain returns the text of an error of package rules, which wraps ErrInvalid.
func plain(err error) string {
	return strings.TrimPrefix(err.Error(), licensekey.ErrInvalid.Error()+": ")
}

// join returns the path of a member of the object at path.
func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// membersOf returns the members of object by their names.
func membersOf(object jsonvalue.Raw) map[string]jsonvalue.Raw {
	members := make(map[string]jsonvalue.Raw)
	for name, value := range object.Members() {
		members[name.Text()] = value
	}
	return members
}

// member returns the member of object with that name.
func member(object jsonvalue.Raw, name string) (value jsonvalue.Raw, ok bool) {
	for n, v := range object.Members() {
		if n.Text() == name {
			value, ok = v, true
		}
	}
	return value, ok
}

func has(object jsonvalue.Raw, name string) bool {
	_, ok := member(object, name)
	return ok
}

// isErrorResponse reports whether object is the body of an error response of Polar's
// API.
func isErrorResponse(object jsonvalue.Raw) bool {
	return !has(object, "id") && !has(object, "key") && (has(object, "error") || has(object, "detail"))
}

// decodeObject fills the struct dst by its json tags. Unlike encoding/json, it
// distinguishes upper and lower case in names, it knows which members must be there,
// and its errors have the whole path to a member.
func decodeObject(dst reflect.Value, object jsonvalue.Raw, path string) error {
	members := membersOf(object)
	for name := range object.Members() {
		if snake := snakeCase(name.Text()); snake != name.Text() && hasField(dst.Type(), snake) {
			return problem{join(path, name.Text()), fmt.Sprintf("this looks like the output of Polar's SDK (camelCase); export the API's own JSON, where this is %s", snake)}
		}
	}
	for _, name := range required[dst.Type()] {
		if _, ok := members[name]; !ok {
			return missing(join(path, name), name)
		}
	}
	return decodeMembers(dst, members, path)
}

func missing(path, name string) error {
	text := "is missing; GET /v1/license-keys/{id} of Polar's API has it"
	switch {
	case strings.Contains(path, "subscription.") || strings.Contains(path, "order."):
		text = "is missing" // only validate and activate have these objects
	case name == "activations":
		text = "is missing; Polar's list GET /v1/license-keys/ leaves it out, GET /v1/license-keys/{id} has it. If there are none, it must be []"
	}
	return problem{path, text}
}

// decodeMembers fills the fields of dst, and those of the structs that it embeds.
func decodeMembers(dst reflect.Value, members map[string]jsonvalue.Raw, path string) error {
	for i := range dst.NumField() {
		field := dst.Type().Field(i)
		var err error
		if field.Anonymous {
			err = decodeMembers(dst.Field(i), members, path)
		} else if value, ok := members[field.Tag.Get("json")]; ok {
			err = decodeField(dst.Field(i), value, join(path, field.Tag.Get("json")))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

var (
	timeType        = reflect.TypeFor[time.Time]()
	activationsType = reflect.TypeFor[[]licensekey.Activation]()
)

func decodeField(dst reflect.Value, value jsonvalue.Raw, path string) error {
	nullable := dst.Kind() == reflect.Pointer || dst.Kind() == reflect.Slice && dst.Type() != activationsType
	switch {
	case value == "null" && nullable:
		return nil
	case value == "null":
		return problem{path, "must not be null"}
	case dst.Kind() == reflect.Pointer:
		dst.Set(reflect.New(dst.Type().Elem()))
		return decodeField(dst.Elem(), value, path)
	case dst.Type() == activationsType:
		return decodeActivations(dst, value, path)
	case dst.Type() == timeType:
		at, ok := parseTime(value)
		if !ok {
			return problem{path, "must be a time with date, time of day and zone, as in 2027-01-31T00:00:00Z"}
		}
		dst.Set(reflect.ValueOf(at))
		return nil
	case dst.Kind() == reflect.Struct && !value.IsObject():
		return problem{path, "must be an object"}
	case dst.Kind() == reflect.Struct:
		return decodeObject(dst, value, path)
	case !isText(value):
		return problem{path, "must be Unicode text"}
	}
	if err := json.Unmarshal([]byte(value), dst.Addr().Interface()); err != nil {
		return problem{path, "must be " + wanted(dst.Type())}
	}
	return nil
}

func decodeActivations(dst reflect.Value, list jsonvalue.Raw, path string) error {
	if !list.IsArray() {
		return problem{path, "must be an array"}
	}
	activations := []licensekey.Activation{}
	for elem := range list.Elements() {
		var a licensekey.Activation
		if err := decodeField(reflect.ValueOf(&a).Elem(), elem, fmt.Sprintf("%s[%d]", path, len(activations))); err != nil {
			return err
		}
		activations = append(activations, a)
	}
	dst.Set(reflect.ValueOf(activations))
	return nil
}

// isText reports whether value has no lone surrogate and, if it is a list, no null.
// encoding/json would replace both by something else.
func isText(value jsonvalue.Raw) bool {
	if value.IsString() {
		return utf8.ValidString(value.Text())
	}
	if value.IsArray() {
		for elem := range value.Elements() {
			if elem == "null" || elem.IsString() && !utf8.ValidString(elem.Text()) {
				return false
			}
		}
	}
	return true
}

// wanted describes the values that a field of type t takes.
func wanted(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[uuid.UUID]():
		return "a UUID"
	case t == reflect.TypeFor[[]string]():
		return "an array of strings"
	case t.Kind() == reflect.Int64:
		return "an integer"
	case t.Kind() == reflect.Bool:
		return "true or false"
	}
	return "a string"
}

// snakeCase returns the name that Polar's API has for a name of Polar's SDK, as in
// organization_id for organizationId. It returns other names as they are.
func snakeCase(name string) string {
	if upper := strings.IndexFunc(name, unicode.IsUpper); upper <= 0 {
		return name
	}
	var snake strings.Builder
	for _, c := range name {
		if unicode.IsUpper(c) {
			snake.WriteByte('_')
		}
		snake.WriteRune(unicode.ToLower(c))
	}
	return snake.String()
}

// hasField reports whether t, or a struct that it embeds, has a field with that name
// in JSON.
func hasField(t reflect.Type, name string) bool {
	for i := range t.NumField() {
		field := t.Field(i)
		if field.Anonymous && hasField(field.Type, name) || field.Tag.Get("json") == name {
			return true
		}
	}
	return false
}
