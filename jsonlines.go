package licensekey

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/licensekit/licensekey/internal/jsonvalue"
)

// ReadJSONLines reads license keys, one JSON object a line: the form in which
// Polar's API returns a license key with its activations, where an activation
// may also have its conditions. Members that this package does not know are
// ignored; blank lines too.
//
// It reads to the end before it returns, so that nothing needs to be imported
// from a file that is bad. An error names the line and the field, and wraps
// ErrInvalid unless r failed.
func ReadJSONLines(r io.Reader) ([]LicenseKeyWithActivations, error) {
	var keys []LicenseKeyWithActivations
	br := bufio.NewReader(r)
	for line := 1; ; line++ {
		text, readErr := br.ReadBytes('\n')
		if readErr != nil && readErr != io.EOF {
			return nil, fmt.Errorf("licensekey: line %d: %w", line, readErr)
		}
		if text = bytes.TrimSpace(text); len(text) > 0 {
			k, err := decodeLine(text)
			if err != nil {
				return nil, fmt.Errorf("licensekey: line %d: %w", line, err)
			}
			keys = append(keys, k)
		}
		if readErr == io.EOF {
			return keys, nil
		}
	}
}

func decodeLine(text []byte) (k LicenseKeyWithActivations, err error) {
	v, err := jsonvalue.Decode(text)
	if err != nil {
		return k, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	object, ok := v.(*jsonvalue.Object)
	if !ok {
		return k, fmt.Errorf("%w: not a JSON object", ErrInvalid)
	}
	if err := decodeStruct(reflect.ValueOf(&k).Elem(), object, ""); err != nil {
		return k, err
	}
	return CheckImport(k)
}

// decodeStruct fills dst by its json tags. Unlike encoding/json it takes members
// of exactly that name only, and its errors name the whole path to a field.
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
	// encoding/json would store U+FFFD for a lone surrogate.
	if text, ok := v.(string); ok && !storable(text) {
		return invalid(path, "must be Unicode text without NUL")
	}
	if dst.Kind() == reflect.Pointer {
		dst.Set(reflect.New(dst.Type().Elem()))
		dst = dst.Elem()
	}
	switch {
	case dst.Type() == reflect.TypeFor[[]Activation]():
		return decodeActivations(dst, v, path)
	case dst.Kind() == reflect.Struct && !dst.Addr().Type().Implements(unmarshaler):
		object, ok := v.(*jsonvalue.Object)
		if !ok {
			return invalid(path, "must be an object")
		}
		return decodeStruct(dst, object, path+".")
	}
	err := json.Unmarshal(jsonvalue.Append(nil, v), dst.Addr().Interface())
	var mismatch *json.UnmarshalTypeError
	if errors.As(err, &mismatch) {
		return invalid(path, "a "+mismatch.Value+" is not of type "+mismatch.Type.String())
	}
	if err != nil {
		return invalid(path, err.Error())
	}
	return nil
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

// WriteJSONLine writes a license key as a line that [ReadJSONLines] reads back:
// what is read and written again is the same line.
func WriteJSONLine(w io.Writer, k LicenseKeyWithActivations) error {
	if k.Activations == nil {
		k.Activations = []Activation{}
	}
	// Unlike json.Marshal, this leaves the JSON inside, of meta and conditions,
	// as it is.
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(k); err != nil {
		return fmt.Errorf("licensekey: write license key %v: %w", k.ID, err)
	}
	return nil
}
