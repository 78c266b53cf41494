package wire

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/licensekit/licensekey/internal/jsonvalue"
)

// check validates b, which has the members of object. It returns what is wrong, or
// nil if nothing is. The violations are in the order in which the document names
// the fields.
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
	var invalid *jsonschema.ValidationError
	if err := c.schema.Validate(named); err == nil {
		return nil, nil
	} else if !errors.As(err, &invalid) {
		return nil, err
	}
	keywords := map[string][]string{}
	keywordsOfProperties(invalid, keywords)
	k := checker{}
	var violations []violation
	for i, name := range c.fields {
		loc := []any{"body", name}
		if b.members[i] != "" {
			violations = append(violations, k.check(c.schema.Properties[name], keywords[name], values[i], loc)...)
		} else if slices.Contains(c.schema.Required, name) {
			violations = append(violations, missing(loc, object))
		}
	}
	if len(violations) == 0 {
		return nil, errors.New("wire: a body is invalid, and no message says why")
	}
	return violations, nil
}

// checker remembers which keywords the outlines of members and names fail. A
// failed validation is expensive, and there are few different outlines.
type checker map[verdict][]string

type verdict struct {
	schema  *jsonschema.Schema
	outline any
}

// keywordsOfProperties adds to keywords, for each property of a component, the
// keywords that fail: those of its schema, and of the schema that it refers to.
func keywordsOfProperties(invalid *jsonschema.ValidationError, keywords map[string][]string) {
	for _, cause := range invalid.Causes {
		keywordsOfProperties(cause, keywords)
	}
	location := strings.Split(invalid.KeywordLocation, "/")
	if len(invalid.Causes) > 0 || len(location) < 4 || location[1] != "properties" {
		return
	}
	name, keyword := location[2], location[3]
	if keyword == "$ref" {
		keyword = location[4]
	}
	if !slices.Contains(keywords[name], keyword) {
		keywords[name] = append(keywords[name], keyword)
	}
}

// check describes what is wrong with a value that fails keywords of s.
func (k checker) check(s *jsonschema.Schema, keywords []string, v value, loc []any) []violation {
	if slices.Contains(keywords, "type") {
		return []violation{wrongType(s, v, loc)}
	}
	var violations []violation
	if v.raw.IsObject() && len(keywords) > 0 {
		violations = k.checkMembers(s, v.members, loc)
	}
	// As pydantic does, check an object as a whole only if its members are valid,
	// and check the format last.
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

// failedKeywords returns which keywords of s the outline of a member or of a
// name fails. The result must not be changed.
func (k checker) failedKeywords(s *jsonschema.Schema, outline any) []string {
	keywords, known := k[verdict{s, outline}]
	if known {
		return keywords
	}
	var invalid *jsonschema.ValidationError
	if errors.As(s.Validate(outline), &invalid) {
		for _, cause := range invalid.Causes {
			keywords = append(keywords, strings.Split(cause.KeywordLocation, "/")[1])
		}
	}
	k[verdict{s, outline}] = keywords
	return keywords
}

// checkMembers describes what is wrong with the names and values of an object.
func (k checker) checkMembers(s *jsonschema.Schema, members []pair, loc []any) []violation {
	if s.Ref != nil {
		s = s.Ref
	}
	var violations []violation
	values, _ := s.AdditionalProperties.(*jsonschema.Schema)
	for _, m := range members {
		at := append(slices.Clone(loc), memberName(m.name))
		if s.PropertyNames != nil {
			violations = append(violations, k.checkAlone(s.PropertyNames, value{raw: m.rawName, outline: outlineName(m.name)}, at, "[key]")...)
		}
		v := value{raw: m.raw, outline: outlineMember(m.raw)}
		if values != nil && len(k.failedKeywords(values, v.outline)) > 0 {
			for _, alternative := range values.AnyOf {
				violations = append(violations, k.checkAlone(alternative, v, at, alternativeNames[alternative.Types[0]])...)
			}
		}
	}
	return violations
}

// checkAlone describes what is wrong with a name or a member's value.
func (k checker) checkAlone(s *jsonschema.Schema, v value, at []any, kind string) []violation {
	keywords := k.failedKeywords(s, v.outline)
	if len(keywords) == 0 {
		return nil
	}
	return k.check(s, slices.Clone(keywords), v, append(slices.Clone(at), kind))
}

// alternativeNames are pydantic's names for the types that a value may have.
var alternativeNames = map[string]string{
	"string": "constrained-str", "integer": "int", "number": "float", "boolean": "bool",
}
