package wire

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/licensekit/licensekey/internal/jsonvalue"
)

// check validates b, the members of object, and returns what is wrong: nothing,
// or at least one violation, field by field in the order in which the document
// names them.
func (b Body) check(object jsonvalue.Raw) ([]violation, error) {
	c := b.component
	values := make([]value, len(c.fields))
	named := make(map[string]any, len(c.fields))
	for i, name := range c.fields {
		if raw := b.members[i]; raw != "" {
			values[i] = newValue(raw)
			named[name] = values[i].outline
		}
	}
	err := c.schema.Validate(named)
	if err == nil {
		return nil, nil
	}
	var violations []violation
	for i, name := range c.fields {
		loc := []any{"body", name}
		if b.members[i] != "" {
			violations = append(violations, check(c.schema.Properties[name], values[i], loc)...)
		} else if slices.Contains(c.schema.Required, name) {
			violations = append(violations, missing(loc, object))
		}
	}
	if len(violations) == 0 {
		return nil, errors.New("wire: a body is invalid, and no message says why")
	}
	return violations, nil
}

// check describes what is wrong with one value. It asks each schema about its own
// value alone, since the location of an error does not tell apart a member with
// the empty name from its object.
func check(s *jsonschema.Schema, v value, loc []any) []violation {
	keywords := failedKeywords(s, v.outline)
	if slices.Contains(keywords, "type") {
		return []violation{wrongType(s, v, loc)}
	}
	var violations []violation
	if v.raw.IsObject() && len(keywords) > 0 {
		violations = checkMembers(s, v.members, loc)
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
		if violation, ok := wrongValue(s, keyword, v, loc); ok {
			violations = append(violations, violation)
		}
	}
	return violations
}

// failedKeywords returns the keywords of s, and of the schema that it refers to,
// that an outline fails.
func failedKeywords(s *jsonschema.Schema, outline any) []string {
	var invalid *jsonschema.ValidationError
	if !errors.As(s.Validate(outline), &invalid) {
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

// checkMembers describes what is wrong with the names and values of an object.
func checkMembers(s *jsonschema.Schema, members []pair, loc []any) []violation {
	if s.Ref != nil {
		s = s.Ref
	}
	var violations []violation
	values, _ := s.AdditionalProperties.(*jsonschema.Schema)
	for _, m := range members {
		at := append(slices.Clone(loc), memberName(m.name))
		if s.PropertyNames != nil {
			name := value{raw: m.rawName, outline: cut(m.name, maxName)}
			violations = append(violations, check(s.PropertyNames, name, append(slices.Clone(at), "[key]"))...)
		}
		v := value{raw: m.raw, outline: outlineMember(m.raw)}
		if values != nil && values.Validate(v.outline) != nil {
			for _, alternative := range values.AnyOf {
				kind := alternativeNames[alternative.Types[0]]
				violations = append(violations, check(alternative, v, append(slices.Clone(at), kind))...)
			}
		}
	}
	return violations
}

// alternativeNames are pydantic's names for the types that a value may have.
var alternativeNames = map[string]string{
	"string": "constrained-str", "integer": "int", "number": "float", "boolean": "bool",
}
