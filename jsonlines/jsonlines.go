// Package jsonlines reads and writes license keys as JSON Lines, the import and
// export format. Each line is one license key, in the form in which Polar's API
// returns a license key with its activations. In addition, an activation has its
// conditions.
package jsonlines

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/internal/jsonvalue"
	"github.com/licensekit/licensekey/rules"
)

// Read reads license keys, one JSON object on each line. It ignores members that
// it does not know, and blank lines. Each license key that it returns has passed
// rules.Import, so it is as a store would keep it.
//
// Read reads all of r before it returns, so that nothing is imported from a file
// with a bad line. It needs memory in proportion to the file. An error has the
// number of the line. It also names the field and wraps licensekey.ErrInvalid,
// unless it comes from r.
func Read(r io.Reader) ([]licensekey.LicenseKeyWithActivations, error) {
	var keys []licensekey.LicenseKeyWithActivations
	br := bufio.NewReader(r)
	for line := 1; ; line++ {
		text, readErr := br.ReadBytes('\n')
		if readErr != nil && readErr != io.EOF {
			return nil, fmt.Errorf("jsonlines: line %d: %w", line, readErr)
		}
		if text = bytes.TrimSpace(text); len(text) > 0 {
			k, err := decodeLine(text)
			if err != nil {
				return nil, fmt.Errorf("jsonlines: line %d: %w", line, err)
			}
			keys = append(keys, k)
		}
		if readErr == io.EOF {
			return keys, nil
		}
	}
}

func decodeLine(text []byte) (k licensekey.LicenseKeyWithActivations, err error) {
	v, err := jsonvalue.Decode(text)
	if err != nil {
		return k, fmt.Errorf("%w: %w", licensekey.ErrInvalid, err)
	}
	object, ok := v.(*jsonvalue.Object)
	if !ok {
		return k, fmt.Errorf("%w: not a JSON object", licensekey.ErrInvalid)
	}
	if err := decodeStruct(reflect.ValueOf(&k).Elem(), object, ""); err != nil {
		return k, err
	}
	return rules.Import(k)
}

// decodeStruct fills dst by its json tags. Unlike encoding/json, it distinguishes
// upper and lower case in names, and its errors have the whole path to a field.
func decodeStruct(dst reflect.Value, object *jsonvalue.Object, path string) error {
	for i := range dst.NumField() {
		field := dst.Type().Field(i)
		var err error
		if field.Anonymous {
			err = decodeStruct(dst.Field(i), object, path)
		} else if value, ok := object.Get(field.Tag.Get("json")); ok {
			err = decodeField(dst.Field(i), value, path+field.Tag.Get("json"))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func decodeField(dst reflect.Value, v any, path string) error {
	nullable := dst.Kind() == reflect.Pointer || dst.Kind() == reflect.Slice
	if v == nil && nullable {
		return nil
	}
	if v == nil {
		return invalid(path, "must not be null")
	}
	if !isText(v) {
		return invalid(path, "must be Unicode text")
	}
	if dst.Kind() == reflect.Pointer {
		dst.Set(reflect.New(dst.Type().Elem()))
		dst = dst.Elem()
	}
	switch {
	case dst.Type() == reflect.TypeFor[[]licensekey.Activation]():
		return decodeActivations(dst, v, path)
	case dst.Kind() == reflect.Struct && !dst.Addr().Type().Implements(unmarshaler):
		object, ok := v.(*jsonvalue.Object)
		if !ok {
			return invalid(path, "must be an object")
		}
		return decodeStruct(dst, object, path+".")
	}
	if err := json.Unmarshal(jsonvalue.Append(nil, v), dst.Addr().Interface()); err != nil {
		return invalid(path, "must be "+wanted(dst.Type()))
	}
	return nil
}

// isText reports whether v has no lone surrogate and, if it is a list, no null.
// encoding/json would replace both by something else.
func isText(v any) bool {
	switch v := v.(type) {
	case string:
		return utf8.ValidString(v)
	case []any:
		return !slices.ContainsFunc(v, func(elem any) bool { return elem == nil || !isText(elem) })
	}
	return true
}

// wanted describes the values that a field of type t takes.
func wanted(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[uuid.UUID]():
		return "a UUID"
	case t == reflect.TypeFor[time.Time]():
		return "a time as in 2027-01-31T00:00:00Z"
	case t == reflect.TypeFor[[]string]():
		return "an array of strings"
	case t.Kind() == reflect.Int64:
		return "an integer"
	case t.Kind() == reflect.Bool:
		return "true or false"
	}
	return "a string"
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

func decodeActivations(dst reflect.Value, v any, path string) error {
	list, ok := v.([]any)
	if !ok {
		return invalid(path, "must be an array")
	}
	dst.Set(reflect.MakeSlice(dst.Type(), len(list), len(list)))
	for i, elem := range list {
		if err := decodeField(dst.Index(i), elem, fmt.Sprintf("%s[%d]", path, i)); err != nil {
			return err
		}
	}
	return nil
}

// Write writes a license key as one line, which [Read] reads back. Reading the line
// and writing it again gives the same line. The line contains the key string in
// plain text. An error has the id of the license key.
func Write(w io.Writer, k licensekey.LicenseKeyWithActivations) error {
	if k.Activations == nil {
		k.Activations = []licensekey.Activation{}
	}
	// Unlike json.Marshal, this leaves the JSON inside, of meta and conditions,
	// as it is.
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(k); err != nil {
		return fmt.Errorf("jsonlines: write license key %v: %w", k.ID, err)
	}
	return nil
}

func invalid(field, problem string) error {
	return fmt.Errorf("%w: %s: %s", licensekey.ErrInvalid, field, problem)
}
