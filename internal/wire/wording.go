package wire

import (
	"errors"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/licensekit/licensekey/internal/jsonvalue"
)

// problem is what can be wrong with a value, as pydantic describes it.
type problem struct {
	kind string // a name: "missing", "string_type", …
	msg  string // a sentence
	ctx  string // details, as a JSON object, or ""
}

// violation is one entry of the detail list of a 422, a ValidationError of the
// document.
type violation struct {
	problem
	loc   []any         // where: "body", then names (string or memberName) and positions (int)
	input jsonvalue.Raw // the value that is wrong
}

// memberName is the name of a member that the client chose.
type memberName string

var (
	requiredField  = &problem{"missing", "Field required", ""}
	notObject      = &problem{"model_attributes_type", "Input should be a valid dictionary or object to extract fields from", ""}
	dictType       = &problem{"dict_type", "Input should be a valid dictionary", ""}
	stringType     = &problem{"string_type", "Input should be a valid string", ""}
	uuidType       = &problem{"uuid_type", "UUID input should be a string, bytes or UUID object", ""}
	uuidVersion    = &problem{"uuid_version", ErrUUIDVersion.Error(), `{"expected_version":4}`}
	intType        = &problem{"int_type", "Input should be a valid integer", ""}
	intFromFloat   = &problem{"int_from_float", "Input should be a valid integer, got a number with a fractional part", ""}
	finiteNumber   = &problem{"finite_number", "Input should be a finite number", ""}
	intParsing     = &problem{"int_parsing", "Input should be a valid integer, unable to parse string as an integer", ""}
	intParsingSize = &problem{"int_parsing_size", "Unable to parse input string as an integer, exceeded maximum size", ""}
	atLeastZero    = &problem{"greater_than_equal", "Input should be greater than or equal to 0", `{"ge":0}`}
	floatType      = &problem{"float_type", "Input should be a valid number", ""}
	floatParsing   = &problem{"float_parsing", "Input should be a valid number, unable to parse string as a number", ""}
	boolType       = &problem{"bool_type", "Input should be a valid boolean", ""}
	boolParsing    = &problem{"bool_parsing", "Input should be a valid boolean, unable to interpret input", ""}
	invalidText    = &problem{"value_error", "Value error, This value contains invalid characters", `{"error":{}}`}
)

func missing(loc []any, input jsonvalue.Raw) violation {
	return violation{*requiredField, loc, input}
}

func notAnObject(input jsonvalue.Raw) violation {
	return violation{*notObject, []any{"body"}, input}
}

func invalidJSON(err *jsonvalue.SyntaxError) violation {
	return violation{problem{"json_invalid", "JSON decode error", errorContext(err.Msg)}, []any{"body", err.Pos}, "{}"}
}

// wrongType describes a value of a type that s does not allow.
func wrongType(s *jsonschema.Schema, v value, loc []any) violation {
	p := boolType
	isText := v.raw.IsString()
	switch {
	case s.Format == "uuid4":
		p = uuidType
	case s.Format == "nonnegative-integer":
		p = intType
	case s.Ref != nil:
		p = dictType
	case s.Types[0] == "string":
		p = stringType
	case s.Types[0] == "integer" && isText:
		p = intParsing
	case s.Types[0] == "integer":
		p = intType
	case s.Types[0] == "number" && isText:
		p = floatParsing
	case s.Types[0] == "number":
		p = floatType
	case isText:
		p = boolParsing
	}
	return violation{*p, loc, v.raw}
}

// wrongValue describes the failure of a keyword other than type. ok is false if the
// keyword fails only because of a member.
func wrongValue(s *jsonschema.Schema, keyword string, v value, loc []any) (_ violation, ok bool) {
	var p *problem
	switch {
	case keyword == "minLength":
		p = lengthProblem("string_too_short", "least", "min_length", s.MinLength)
	case keyword == "maxLength":
		p = lengthProblem("string_too_long", "most", "max_length", s.MaxLength)
	case keyword == "maxProperties":
		p = membersProblem(s.Ref.MaxProperties, v.total)
	case keyword == "format" && s.Format == "uuid4":
		p = uuidProblem(v.raw.Text())
	case keyword == "format" && s.Format == "nonnegative-integer":
		_, p = parseInteger(scalarOf(v.raw))
	case keyword == "format":
		p = invalidText
	}
	if p == nil {
		return violation{}, false
	}
	return violation{*p, loc, v.raw}, true
}

func lengthProblem(kind, direction, limit string, n int) *problem {
	plural := "s"
	if n == 1 {
		plural = ""
	}
	return &problem{
		kind: kind,
		msg:  fmt.Sprintf("String should have at %s %d character%s", direction, n, plural),
		ctx:  fmt.Sprintf(`{"%s":%d}`, limit, n),
	}
}

func membersProblem(limit, n int) *problem {
	return &problem{
		kind: "too_long",
		msg:  fmt.Sprintf("Dictionary should have at most %d items after validation, not %d", limit, n),
		ctx:  fmt.Sprintf(`{"field_type":"Dictionary","max_length":%d,"actual_length":%d}`, limit, n),
	}
}

func uuidProblem(text string) *problem {
	_, err := ParseUUID4(text)
	var syntax *UUIDSyntaxError
	if errors.As(err, &syntax) {
		return &problem{"uuid_parsing", "Input should be a valid UUID, " + syntax.Msg, errorContext(syntax.Msg)}
	}
	return uuidVersion
}

// errorContext returns the JSON object that holds the message of an error.
func errorContext(msg string) string {
	return `{"error":` + string(jsonvalue.AppendText(nil, msg)) + "}"
}

// uuidSyntaxProblem describes what is wrong with t, which is not a UUID. Lengths
// and positions count bytes of UTF-8.
func uuidSyntaxProblem(t string) string {
	s, offset := t, 0
	if braced(t) {
		s, offset = t[1:len(t)-1], 1
	} else if strings.HasPrefix(t, urnPrefix) {
		s, offset = t[len(urnPrefix):], len(urnPrefix)
	}
	for i, r := range s {
		if r != '-' && !isHex(r) {
			return fmt.Sprintf("invalid character: found `%c` at %d", r, i+offset+1)
		}
	}
	hyphens := strings.Count(s, "-")
	if s == t && hyphens == 0 {
		return fmt.Sprintf("invalid length: expected length 32 for simple format, found %d", len(t))
	}
	if hyphens != 4 {
		return fmt.Sprintf("invalid group count: expected 5, found %d", hyphens+1)
	}
	groups := strings.Split(s, "-")
	for i, want := range []int{8, 4, 4, 4} {
		if got := len(groups[i]); got != want {
			return fmt.Sprintf("invalid group length in group %d: expected %d, found %d", i, want, got)
		}
	}
	return fmt.Sprintf("invalid group length in group 4: expected 12, found %d", len(t)-24)
}

func isHex(r rune) bool {
	return '0' <= r && r <= '9' || 'a' <= r && r <= 'f' || 'A' <= r && r <= 'F'
}
