// Package schema holds the wire contract as data: one OpenAPI 3.1 document.
//
// The handler of package licensekey validates request bodies against the
// components of the document, and can serve the document. Tests compare the
// responses of the handler with it. A program that mounts the handler needs
// nothing from this package.
package schema

import (
	"bytes"
	_ "embed"
)

//go:embed openapi.json
var document []byte

// Document returns the OpenAPI 3.1 document, as JSON. Each call returns a new copy,
// which the caller may change.
func Document() []byte {
	return bytes.Clone(document)
}
