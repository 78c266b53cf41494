// Package schema holds the wire contract as data: one OpenAPI 3.1 document.
//
// The handler of package licensekey validates request bodies against the
// document's components and can serve it; tests hold the handler's answers
// against it. A program that mounts the handler needs nothing from here.
package schema

import (
	"bytes"
	_ "embed"
	"fmt"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/licensekit/licensekey/internal/jsonvalue"
)

//go:embed openapi.json
var document []byte

// documentURL is absolute so that the compiler does not resolve the document's
// name against the working directory. Nothing is fetched from it.
const documentURL = "https://licensekit.github.io/licensekey/openapi.json"

// Document returns a copy of the OpenAPI 3.1 document, as JSON.
func Document() []byte {
	return bytes.Clone(document)
}

// Component is a schema of the document, compiled. It is safe for concurrent
// use.
type Component struct {
	schema *jsonschema.Schema
	fields []string // the names under "properties", in the document's order
}

// Compile compiles the schema that the document has under
// #/components/schemas/name. Formats are asserted, the document's own
// among them.
func Compile(name string) (*Component, error) {
	c := jsonschema.NewCompiler()
	c.Draft = jsonschema.Draft2020
	c.AssertFormat = true
	c.Formats = formats
	if err := c.AddResource(documentURL, bytes.NewReader(document)); err != nil {
		return nil, fmt.Errorf("schema: read the document: %w", err)
	}
	s, err := c.Compile(documentURL + "#/components/schemas/" + name)
	if err != nil {
		return nil, fmt.Errorf("schema: compile %s: %w", name, err)
	}
	fields, err := propertyNames(name)
	if err != nil {
		return nil, err
	}
	return &Component{schema: s, fields: fields}, nil
}

// propertyNames reads the order of a component's properties, which the compiled
// schema no longer has.
func propertyNames(component string) ([]string, error) {
	v, err := jsonvalue.Decode(document)
	if err != nil {
		return nil, fmt.Errorf("schema: read the document: %w", err)
	}
	for _, name := range []string{"components", "schemas", component, "properties"} {
		obj, ok := v.(*jsonvalue.Object)
		if !ok {
			return nil, fmt.Errorf("schema: component %s: no object holds %q", component, name)
		}
		v, _ = obj.Get(name)
	}
	var names []string
	if obj, ok := v.(*jsonvalue.Object); ok {
		for _, m := range obj.Members {
			names = append(names, m.Name)
		}
	}
	return names, nil
}
