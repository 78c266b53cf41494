package schema_test

import (
	"bytes"
	"testing"

	"github.com/licensekit/licensekey/schema"
)

func TestDocumentIsACopy(t *testing.T) {
	t.Parallel()
	before := schema.Document()
	clear(schema.Document())
	if !bytes.Equal(before, schema.Document()) {
		t.Error("changing what Document returned has changed the document")
	}
}
