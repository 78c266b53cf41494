// Package schema holds the wire contract as data: one OpenAPI 3.1 document.
//
// The handler of package licensekey validates request bodies against the
// document's components and can serve it; tests hold the handler's responses
// against it. A program that mounts the handler needs nothing from here.
package schema

import (
	"bytes"
	_ "embed"
)

//go:embed openapi.json
var document []byte

// Document returns a copy of the OpenAPI 3.1 document, as JSON.
func Document() []byte {
	return bytes.Clone(document)
}
