package schema

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/licensekit/licensekey/internal/jsonvalue"
)

// Violation is one entry of the detail list of a 422, a ValidationError of the
// document. Its words are those of pydantic, which Polar's clients know.
type Violation struct {
	Type  string // what is wrong, as a name: "missing", "string_type", …
	Loc   []any  // where: "body", then member names (string) and indices (int)
	Msg   string // what is wrong, as a sentence
	Input any    // the value that is wrong, as decoded
	Ctx   any    // a *jsonvalue.Object with details, or nil
}

// Missing is the Violation of a required value that is not there.
func Missing(loc []any, input any) Violation {
	return Violation{Type: "missing", Loc: loc, Msg: "Field required", Input: input}
}

// Check validates body and returns what is wrong with it: nothing, or at least
// one Violation, field by field in the order in which the document names them.
// An error means that body could not be validated.
func (c *Component) Check(body *jsonvalue.Object) ([]Violation, error) {
	err := c.schema.Validate(jsonvalue.Plain(body))
	if err == nil {
		return nil, nil
	}
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return nil, fmt.Errorf("schema: validate: %w", err)
	}
	keywords := failedKeywords(nil, invalid)
	var violations []Violation
	for _, name := range c.fields {
		value, ok := body.Get(name)
		if !ok {
			if slices.Contains(c.schema.Required, name) {
				violations = append(violations, Missing([]any{"body", name}, body))
			}
			continue
		}
		for _, keyword := range keywords["/"+name] {
			v := fieldViolation(c.schema.Properties[name], keyword, value)
			v.Loc, v.Input = []any{"body", name}, value
			violations = append(violations, v)
		}
	}
	if len(violations) == 0 {
		return nil, fmt.Errorf("schema: no words for a violation: %w", err)
	}
	return violations, nil
}

// failedKeywords collects, by instance location, the keywords that failed: the
// leaves of the tree of causes. Their messages are the library's own and stay
// out of the answer.
func failedKeywords(found map[string][]string, err *jsonschema.ValidationError) map[string][]string {
	if found == nil {
		found = make(map[string][]string)
	}
	for _, cause := range err.Causes {
		failedKeywords(found, cause)
	}
	if len(err.Causes) == 0 {
		keyword := err.KeywordLocation[strings.LastIndexByte(err.KeywordLocation, '/')+1:]
		found[err.InstanceLocation] = append(found[err.InstanceLocation], keyword)
	}
	return found
}

// fieldViolation words the failure of a keyword of a field's schema.
func fieldViolation(s *jsonschema.Schema, keyword string, value any) Violation {
	switch {
	case keyword == "type" && s.Format == "uuid4":
		return Violation{Type: "uuid_type", Msg: "UUID input should be a string, bytes or UUID object"}
	case keyword == "type" && slices.Equal(s.Types, []string{"string"}):
		return Violation{Type: "string_type", Msg: "Input should be a valid string"}
	case keyword == "format" && s.Format == "uuid4":
		return uuidViolation(value)
	case keyword == "format" && s.Format == "text":
		return Violation{
			Type: "value_error",
			Msg:  "Value error, This value contains invalid characters",
			Ctx:  context("error", &jsonvalue.Object{}),
		}
	default:
		return Violation{Type: "value_error", Msg: "Value error, This value does not match its schema"}
	}
}

func uuidViolation(value any) Violation {
	text, _ := value.(string)
	_, err := ParseUUID4(text)
	var syntax *UUIDSyntaxError
	if errors.As(err, &syntax) {
		return Violation{
			Type: "uuid_parsing",
			Msg:  "Input should be a valid UUID, " + syntax.Msg,
			Ctx:  context("error", syntax.Msg),
		}
	}
	return Violation{Type: "uuid_version", Msg: ErrUUIDVersion.Error(), Ctx: context("expected_version", 4)}
}

func context(name string, value any) *jsonvalue.Object {
	return &jsonvalue.Object{Members: []jsonvalue.Member{{Name: name, Value: value}}}
}
