// Package jsonvalue reads and writes JSON the way Polar's server does.
//
// [Decode] reports a malformed text with the words and the position of
// CPython's json module, which clients of Polar see in a 422. [Append] writes
// a value as that server echoes it: compact, members in their order, floats in
// their shortest form. encoding/json offers neither, and folds the case of
// member names.
package jsonvalue

// A decoded value is one of
//
//	nil            null
//	bool           true, false
//	json.Number    an integer of any size, in its shortest form
//	float64        a number with a fraction or an exponent; ±Inf if it is too large
//	string         UTF-8, where an escaped lone surrogate is its three-byte
//	               generalized form, which is not valid UTF-8
//	[]any          an array
//	*Object        an object

// Object is a JSON object: its members in the order in which their names first
// came, each with the value that came last.
type Object struct {
	Members []Member
}

// Member is one name and value of an Object.
type Member struct {
	Name  string
	Value any
}

// Get returns the value of the member with exactly that name.
func (o *Object) Get(name string) (value any, ok bool) {
	for i := range o.Members {
		if o.Members[i].Name == name {
			return o.Members[i].Value, true
		}
	}
	return nil, false
}
