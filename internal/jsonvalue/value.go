// Package jsonvalue reads and writes JSON the way Polar's server does.
//
// [Scan] reports a malformed text with the message and the position of
// CPython's json module, because Polar's clients see them in a 422. [Append]
// writes a value as Polar's server echoes it: compact, members in their order,
// floats in their shortest form. encoding/json does neither, and it ignores the
// case of member names.
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

// linearMembers is the size up to which a scan of the members is cheaper than
// a map of their names.
const linearMembers = 16

// set sets the value of the named member. index maps names to positions in
// Members; it is nil until the object has linearMembers members. The caller
// passes the result to the next call.
func (o *Object) set(index map[string]int, name string, v any) map[string]int {
	if index == nil && len(o.Members) >= linearMembers {
		index = make(map[string]int, 2*linearMembers)
		for i := range o.Members {
			index[o.Members[i].Name] = i
		}
	}
	if index != nil {
		if i, ok := index[name]; ok {
			o.Members[i].Value = v
			return index
		}
		index[name] = len(o.Members)
	} else {
		for i := range o.Members {
			if o.Members[i].Name == name {
				o.Members[i].Value = v
				return nil
			}
		}
	}
	o.Members = append(o.Members, Member{Name: name, Value: v})
	return index
}
