// Package wire holds what a client sees and no store knows: the limits of
// request bodies, their decoding and validation, pydantic's messages, headers,
// CORS, and the bodies of error responses.
package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/licensekit/licensekey/internal/jsonvalue"
	"github.com/licensekit/licensekey/schema"
)

// documentURL is absolute so that the compiler does not resolve the document's
// name against the working directory. Nothing is fetched from it.
const documentURL = "https://licensekit.github.io/licensekey/openapi.json"

// Component is the compiled schema of a request body. It is safe for concurrent
// use.
type Component struct {
	schema *jsonschema.Schema
	fields []string // the names under "properties", in the document's order
}

// components holds the compiled components. Each is compiled once per process.
var components struct {
	sync.Mutex
	byName map[string]*Component
}

// Compile returns the schema that the document has under
// #/components/schemas/name. It panics if there is none. It is safe for concurrent
// use.
func Compile(name string) *Component {
	components.Lock()
	defer components.Unlock()
	if c, ok := components.byName[name]; ok {
		return c
	}
	c, err := compile(name)
	if err != nil {
		panic(fmt.Sprintf("wire: component %s of the embedded document: %v", name, err))
	}
	if components.byName == nil {
		components.byName = map[string]*Component{}
	}
	components.byName[name] = c
	return c
}

// compile compiles a component. Its schema also checks formats, including those
// that the document defines for itself.
func compile(name string) (*Component, error) {
	document, err := laxDocument()
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.Draft = jsonschema.Draft2020
	c.AssertFormat = true
	c.Formats = formats
	if err := c.AddResource(documentURL, bytes.NewReader(document)); err != nil {
		return nil, err
	}
	s, err := c.Compile(documentURL + "#/components/schemas/" + name)
	if err != nil {
		return nil, err
	}
	return &Component{schema: s, fields: propertyNames(name)}, nil
}

// laxKeyword is the name of the member that holds the schema for the validation of
// requests. It stands in the stricter schema that clients should follow.
const laxKeyword = "x-lax-schema"

// laxDocument returns the document with the schemas for the validation of requests.
func laxDocument() ([]byte, error) {
	var document any
	if err := json.Unmarshal(schema.Document(), &document); err != nil {
		return nil, err
	}
	return json.Marshal(lax(document))
}

func lax(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if s, ok := v[laxKeyword]; ok {
			return s
		}
		for name, value := range v {
			v[name] = lax(value)
		}
	case []any:
		for i, value := range v {
			v[i] = lax(value)
		}
	}
	return v
}

// propertyNames reads the order of a component's properties, which the compiled
// schema no longer has.
func propertyNames(component string) []string {
	v, _ := jsonvalue.Decode(schema.Document())
	for _, name := range []string{"components", "schemas", component, "properties"} {
		if object, ok := v.(*jsonvalue.Object); ok {
			v, _ = object.Get(name)
		}
	}
	var names []string
	if object, ok := v.(*jsonvalue.Object); ok {
		for _, m := range object.Members {
			names = append(names, m.Name)
		}
	}
	return names
}
