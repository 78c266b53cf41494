package jsonvalue

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

const (
	maxDepth  = 10_000 // nested arrays and objects, as in encoding/json
	maxDigits = 4_300  // of one integer, as in CPython
)

// ErrLimit says that a text nests deeper, or holds a longer integer, than
// Decode reads.
var ErrLimit = errors.New("jsonvalue: text exceeds the decoder's limits")

// ErrUTF8 says that a text is not UTF-8.
var ErrUTF8 = errors.New("jsonvalue: text is not UTF-8")

// SyntaxError says where and why a text is not JSON.
type SyntaxError struct {
	Msg string // in the words of CPython's json module
	Pos int    // in code points, from 0
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s: char %d", e.Msg, e.Pos)
}

// Decode reads the one JSON value that text holds. Of members with one name
// the last counts. The error is ErrUTF8, ErrLimit or a *SyntaxError.
func Decode(text []byte) (any, error) {
	if !utf8.Valid(text) {
		return nil, ErrUTF8
	}
	d := decoder{text: text}
	d.skipSpace()
	v, err := d.value(0)
	if err != nil {
		return nil, err
	}
	d.skipSpace()
	if d.pos < len(text) {
		return nil, d.syntaxError("Extra data", d.pos)
	}
	return v, nil
}

// decoder follows the C scanner of CPython step by step: which of two errors
// is reported, and where, is part of what clients see.
type decoder struct {
	text []byte
	pos  int
}

func (d *decoder) syntaxError(msg string, pos int) error {
	return &SyntaxError{Msg: msg, Pos: utf8.RuneCount(d.text[:pos])}
}

// peek returns the byte at the current position, or 0 at the end: no error
// message depends on telling the end from a NUL.
func (d *decoder) peek() byte {
	if d.pos < len(d.text) {
		return d.text[d.pos]
	}
	return 0
}

func (d *decoder) skipSpace() {
	for d.pos < len(d.text) {
		switch d.text[d.pos] {
		case ' ', '\t', '\n', '\r':
			d.pos++
		default:
			return
		}
	}
}

func (d *decoder) value(depth int) (any, error) {
	switch c := d.peek(); c {
	case '"':
		return d.string()
	case '{':
		return d.object(depth + 1)
	case '[':
		return d.array(depth + 1)
	case 'n':
		return nil, d.literal("null")
	case 't':
		return true, d.literal("true")
	case 'f':
		return false, d.literal("false")
	default:
		return d.number()
	}
}

func (d *decoder) literal(word string) error {
	if len(d.text)-d.pos < len(word) || string(d.text[d.pos:d.pos+len(word)]) != word {
		return d.syntaxError("Expecting value", d.pos)
	}
	d.pos += len(word)
	return nil
}

func (d *decoder) object(depth int) (any, error) {
	if depth > maxDepth {
		return nil, ErrLimit
	}
	d.pos++
	d.skipSpace()
	obj := &Object{}
	if d.peek() == '}' {
		d.pos++
		return obj, nil
	}
	obj.Members = make([]Member, 0, 4)
	var index map[string]int
	for {
		if d.peek() != '"' {
			return nil, d.syntaxError("Expecting property name enclosed in double quotes", d.pos)
		}
		name, err := d.string()
		if err != nil {
			return nil, err
		}
		d.skipSpace()
		if d.peek() != ':' {
			return nil, d.syntaxError("Expecting ':' delimiter", d.pos)
		}
		d.pos++
		d.skipSpace()
		v, err := d.value(depth)
		if err != nil {
			return nil, err
		}
		index = obj.set(index, name, v)
		more, err := d.more('}', "Illegal trailing comma before end of object")
		if err != nil {
			return nil, err
		}
		if !more {
			return obj, nil
		}
	}
}

func (d *decoder) array(depth int) (any, error) {
	if depth > maxDepth {
		return nil, ErrLimit
	}
	d.pos++
	d.skipSpace()
	list := []any{}
	if d.peek() == ']' {
		d.pos++
		return list, nil
	}
	for {
		v, err := d.value(depth)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
		more, err := d.more(']', "Illegal trailing comma before end of array")
		if err != nil {
			return nil, err
		}
		if !more {
			return list, nil
		}
	}
}

// more reads what follows an element: the closing character, or a comma that
// another element follows.
func (d *decoder) more(closing byte, trailingComma string) (bool, error) {
	d.skipSpace()
	switch d.peek() {
	case closing:
		d.pos++
		return false, nil
	case ',':
		comma := d.pos
		d.pos++
		d.skipSpace()
		if d.peek() == closing {
			return false, d.syntaxError(trailingComma, comma)
		}
		return true, nil
	default:
		return false, d.syntaxError("Expecting ',' delimiter", d.pos)
	}
}

// linearMembers is the size up to which a scan of the members is cheaper than
// a map of their names.
const linearMembers = 16

// set gives the named member its value. The index of names is built when the
// object outgrows a scan, and passed from call to call.
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

func (d *decoder) number() (any, error) {
	start := d.pos
	if d.peek() == '-' {
		d.pos++
	}
	first := d.pos
	switch c := d.peek(); {
	case c == '0':
		d.pos++
	case '1' <= c && c <= '9':
		d.skipDigits()
	default:
		return nil, d.syntaxError("Expecting value", start)
	}
	digits := d.pos - first
	isFloat := d.fraction()
	isFloat = d.exponent() || isFloat
	text := string(d.text[start:d.pos])
	if isFloat {
		// Out of range, ParseFloat returns ±Inf, as CPython does.
		f, _ := strconv.ParseFloat(text, 64)
		return f, nil
	}
	if digits > maxDigits {
		return nil, ErrLimit
	}
	if text == "-0" {
		text = "0"
	}
	return json.Number(text), nil
}

func (d *decoder) skipDigits() {
	for c := d.peek(); '0' <= c && c <= '9'; c = d.peek() {
		d.pos++
	}
}

// fraction reads a point with the digits after it, if both are there.
func (d *decoder) fraction() bool {
	if d.peek() != '.' {
		return false
	}
	point := d.pos
	d.pos++
	d.skipDigits()
	if d.pos == point+1 {
		d.pos = point
		return false
	}
	return true
}

// exponent reads an exponent, if it is whole.
func (d *decoder) exponent() bool {
	if c := d.peek(); c != 'e' && c != 'E' {
		return false
	}
	start := d.pos
	d.pos++
	if c := d.peek(); c == '+' || c == '-' {
		d.pos++
	}
	first := d.pos
	d.skipDigits()
	if d.pos == first {
		d.pos = start
		return false
	}
	return true
}
