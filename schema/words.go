package schema

import (
	"errors"
	"fmt"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/licensekit/licensekey/internal/jsonvalue"
)

// typeViolation words a value of a type that s does not take.
func typeViolation(s *jsonschema.Schema, value any, loc []any) Violation {
	v := Violation{Loc: loc, Input: value}
	_, isText := value.(string)
	switch {
	case s.Format == "uuid4":
		v.Type, v.Msg = "uuid_type", "UUID input should be a string, bytes or UUID object"
	case s.Format == "natural":
		v.Type, v.Msg = errNotInteger.Type, errNotInteger.Msg
	case s.Ref != nil:
		v.Type, v.Msg = "dict_type", "Input should be a valid dictionary"
	case s.Types[0] == "string":
		v.Type, v.Msg = "string_type", "Input should be a valid string"
	case s.Types[0] == "integer" && isText:
		v.Type, v.Msg = errIntegerText.Type, errIntegerText.Msg
	case s.Types[0] == "integer":
		v.Type, v.Msg = errNotInteger.Type, errNotInteger.Msg
	case s.Types[0] == "number" && isText:
		v.Type, v.Msg = "float_parsing", "Input should be a valid number, unable to parse string as a number"
	case s.Types[0] == "number":
		v.Type, v.Msg = "float_type", "Input should be a valid number"
	case isText:
		v.Type, v.Msg = "bool_parsing", "Input should be a valid boolean, unable to interpret input"
	default:
		v.Type, v.Msg = "bool_type", "Input should be a valid boolean"
	}
	return v
}

// keywordViolation words the failure of a keyword other than type. It is not ok
// for one that fails only because of a member.
func keywordViolation(s *jsonschema.Schema, keyword string, value any, loc []any) (v Violation, ok bool) {
	v = Violation{Loc: loc, Input: value}
	switch {
	case keyword == "minLength":
		v.Type, v.Ctx = "string_too_short", context("min_length", s.MinLength)
		v.Msg = fmt.Sprintf("String should have at least %d character%s", s.MinLength, plural(s.MinLength))
	case keyword == "maxLength":
		v.Type, v.Ctx = "string_too_long", context("max_length", s.MaxLength)
		v.Msg = fmt.Sprintf("String should have at most %d character%s", s.MaxLength, plural(s.MaxLength))
	case keyword == "maxProperties":
		n := len(value.(*jsonvalue.Object).Members)
		v.Type = "too_long"
		v.Msg = fmt.Sprintf("Dictionary should have at most %d items after validation, not %d", s.Ref.MaxProperties, n)
		v.Ctx = &jsonvalue.Object{Members: []jsonvalue.Member{
			{Name: "field_type", Value: "Dictionary"},
			{Name: "max_length", Value: s.Ref.MaxProperties},
			{Name: "actual_length", Value: n},
		}}
	case keyword == "format" && s.Format == "uuid4":
		v.Type, v.Msg, v.Ctx = uuidWords(value)
	case keyword == "format" && s.Format == "natural":
		v.Type, v.Msg, v.Ctx = naturalWords(value)
	case keyword == "format":
		v.Type, v.Msg = "value_error", "Value error, This value contains invalid characters"
		v.Ctx = context("error", &jsonvalue.Object{})
	default:
		return v, false
	}
	return v, true
}

func uuidWords(value any) (kind, msg string, ctx any) {
	text, _ := value.(string)
	_, err := ParseUUID4(text)
	var syntax *UUIDSyntaxError
	if errors.As(err, &syntax) {
		return "uuid_parsing", "Input should be a valid UUID, " + syntax.Msg, context("error", syntax.Msg)
	}
	return "uuid_version", ErrUUIDVersion.Error(), context("expected_version", 4)
}

func naturalWords(value any) (kind, msg string, ctx any) {
	problem := errNotInteger
	_, err := ParseNatural(value)
	if errors.As(err, &problem) && problem == errNegative {
		ctx = context("ge", 0)
	}
	return problem.Type, problem.Msg, ctx
}

func context(name string, value any) *jsonvalue.Object {
	return &jsonvalue.Object{Members: []jsonvalue.Member{{Name: name, Value: value}}}
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}
