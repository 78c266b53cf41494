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
