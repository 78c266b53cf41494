package schema_test

import (
	"log"
	"net/http"

	"github.com/licensekit/licensekey/schema"
)

// The document on a path of its own. With Config.OpenAPI the handler serves it
// too.
func ExampleDocument() {
	document := schema.Document()
	http.HandleFunc("GET /docs/openapi.json", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if _, err := w.Write(document); err != nil {
			log.Print(err)
		}
	})
}
