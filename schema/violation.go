package schema

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
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
	named := make(map[string]any, len(c.fields))
	for _, name := range c.fields {
		if value, ok := body.Get(name); ok {
			named[name] = outline(value)
		}
	}
	err := c.schema.Validate(named)
	if err == nil {
		return nil, nil
	}
	var violations []Violation
	for _, name := range c.fields {
		loc := []any{"body", name}
		if value, ok := body.Get(name); ok {
			violations = append(violations, check(c.schema.Properties[name], value, loc)...)
		} else if slices.Contains(c.schema.Required, name) {
			violations = append(violations, Missing(loc, body))
		}
	}
	if len(violations) == 0 {
		return nil, fmt.Errorf("schema: no words for a violation: %w", err)
	}
	return violations, nil
}

// maxChecked is how many members of an object, or elements of an array, are
// looked at: more than any schema of a request takes, and few enough that a body
// made of nothing else costs no more than another.
const maxChecked = 1000

// outline returns v in the form that the validator takes: every object as a
// map[string]any, infinity as a json.Number beyond float64, for which it has no
// words, and no more than maxChecked of anything.
func outline(v any) any {
	switch v := v.(type) {
	case float64:
		if math.IsInf(v, 0) {
			return json.Number(strconv.FormatFloat(math.Copysign(1, v), 'f', 0, 64) + "e400")
		}
		return v
	case *jsonvalue.Object:
		members := v.Members[:min(len(v.Members), maxChecked)]
		m := make(map[string]any, len(members))
		for _, member := range members {
			m[member.Name] = outline(member.Value)
		}
		return m
	case []any:
		list := make([]any, min(len(v), maxChecked))
		for i := range list {
			list[i] = outline(v[i])
		}
		return list
	default:
		return v
	}
}

// check words what is wrong with one value. It asks each schema about its own
// value alone, since the location of an error does not tell apart a member with
// the empty name from its object.
func check(s *jsonschema.Schema, value any, loc []any) []Violation {
	keywords := failedKeywords(s, value)
	if slices.Contains(keywords, "type") {
		return []Violation{typeViolation(s, value, loc)}
	}
	var violations []Violation
	if object, ok := value.(*jsonvalue.Object); ok && len(keywords) > 0 {
		violations = checkMembers(s, object, loc)
	}
	// Like pydantic, look at a whole only if its parts are right, and at its
	// format last.
	slices.SortStableFunc(keywords, func(a, b string) int {
		return cmp.Compare(strings.Count(a, "format"), strings.Count(b, "format"))
	})
	for _, keyword := range keywords {
		if len(violations) > 0 {
			break
		}
		if v, ok := keywordViolation(s, keyword, value, loc); ok {
			violations = append(violations, v)
		}
	}
	return violations
}

// failedKeywords returns the keywords of s, and of the schema that it refers to,
// that value fails.
func failedKeywords(s *jsonschema.Schema, value any) []string {
	var invalid *jsonschema.ValidationError
	if !errors.As(s.Validate(outline(value)), &invalid) {
		return nil
	}
	var keywords []string
	for _, cause := range invalid.Causes {
		location := strings.Split(cause.KeywordLocation, "/")
		if location[1] != "$ref" {
			keywords = append(keywords, location[1])
			continue
		}
		for _, inner := range cause.Causes {
			keywords = append(keywords, strings.Split(inner.KeywordLocation, "/")[2])
		}
	}
	return keywords
}

// checkMembers words what is wrong with the names and values of an object.
func checkMembers(s *jsonschema.Schema, object *jsonvalue.Object, loc []any) []Violation {
	if s.Ref != nil {
		s = s.Ref
	}
	var violations []Violation
	values, _ := s.AdditionalProperties.(*jsonschema.Schema)
	for _, member := range object.Members[:min(len(object.Members), maxChecked)] {
		at := append(slices.Clone(loc), member.Name)
		if s.PropertyNames != nil {
			violations = append(violations, check(s.PropertyNames, member.Name, append(slices.Clone(at), "[key]"))...)
		}
		if values != nil && len(failedKeywords(values, member.Value)) > 0 {
			for _, alternative := range values.AnyOf {
				name := alternativeNames[alternative.Types[0]]
				violations = append(violations, check(alternative, member.Value, append(slices.Clone(at), name))...)
			}
		}
	}
	return violations
}

// alternativeNames are pydantic's names for the types that a value may have.
var alternativeNames = map[string]string{
	"string": "constrained-str", "integer": "int", "number": "float", "boolean": "bool",
}
