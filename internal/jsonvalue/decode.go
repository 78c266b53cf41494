package jsonvalue

// Decode reads the one JSON value that text holds. Of members with one name
// the last counts. The error is ErrUTF8, ErrLimit or a *SyntaxError.
func Decode(text []byte) (any, error) {
	raw, err := Scan(string(text), maxDepth)
	if err != nil {
		return nil, err
	}
	return raw.Value(), nil
}
