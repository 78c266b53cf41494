package jsonvalue

// Decode reads the one JSON value that text holds. If several members of an object
// have the same name, the last one counts. The error is ErrUTF8, ErrLimit or a
// *SyntaxError.
func Decode(text []byte) (any, error) {
	raw, err := Scan(string(text), maxDepth)
	if err != nil {
		return nil, err
	}
	return raw.Value(), nil
}

// DecodeObject does the same as Decode, and reports whether text is an object. Empty
// text is an empty object.
func DecodeObject(text []byte) (object *Object, ok bool) {
	if len(text) == 0 {
		return &Object{}, true
	}
	v, err := Decode(text)
	object, ok = v.(*Object)
	return object, ok && err == nil
}
