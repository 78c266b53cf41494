package licensekey_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/internal/recorded"
	"github.com/licensekit/licensekey/memstore"
	"github.com/licensekit/licensekey/schema"
)

// document is what these tests read of the OpenAPI document.
type document struct {
	Paths map[string]map[string]struct {
		Responses map[string]struct {
			Ref string `json:"$ref"`
		}
	}
}

func readDocument(t *testing.T) document {
	t.Helper()
	var doc document
	if err := json.Unmarshal(schema.Document(), &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// routes are the paths that a handler with everything on serves.
var routes = []string{
	licensekey.ActivatePath, licensekey.DeactivatePath, licensekey.ValidatePath,
	licensekey.ServerActivatePath, licensekey.ServerDeactivatePath, licensekey.ServerValidatePath,
	licensekey.UsersActivatePath, licensekey.UsersDeactivatePath, licensekey.UsersValidatePath,
}

// TestDocumentHasTheRoutes holds the routes and the document against each other.
func TestDocumentHasTheRoutes(t *testing.T) {
	t.Parallel()
	doc := readDocument(t)
	if paths := slices.Sorted(maps.Keys(doc.Paths)); !slices.Equal(paths, routes) {
		t.Errorf("the document has the paths %q, the handler %q", paths, routes)
	}
	h := licensekey.NewHandler(memstore.New(), licensekey.Config{Authorize: tokenOfOrgA})
	for path, item := range doc.Paths {
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
			_, documented := item[strings.ToLower(method)]
			got := serve(h, newRequest(method, path, ""))
			if served := got.Code != http.StatusMethodNotAllowed && got.Code != http.StatusNotFound; served != documented {
				t.Errorf("%s %s: got %d, in the document: %v", method, path, got.Code, documented)
			}
		}
	}
}

// TestResponsesAreDocumented validates responses of each status against the schema
// that the document has for it: for each path, the statuses that the handler
// gives are those that the document has.
func TestResponsesAreDocumented(t *testing.T) {
	t.Parallel()
	doc := readDocument(t)
	compiler := jsonschema.NewCompiler()
	compiler.Draft = jsonschema.Draft2020
	compiler.AssertFormat = true
	if err := compiler.AddResource(documentURL, bytes.NewReader(schema.Document())); err != nil {
		t.Fatal(err)
	}
	for _, path := range routes {
		documented := doc.Paths[path]["post"].Responses
		seen := map[string]bool{}
		for _, got := range sampleResponses(t, path) {
			status := strconv.Itoa(got.Code)
			seen[status] = true
			if _, ok := documented[status]; !ok {
				t.Errorf("%s: the document has no %s, which the handler gives", path, status)
			} else if got.Body.Len() > 0 {
				component := strings.TrimPrefix(documented[status].Ref, "#/components/responses/")
				checkDocumented(t, compiler, component, got.Body.String())
			}
		}
		if want := slices.Sorted(maps.Keys(documented)); !slices.Equal(want, slices.Sorted(maps.Keys(seen))) {
			t.Errorf("%s: the document has the statuses %v, the handler gave %v", path, want, seen)
		}
	}
}

const documentURL = "https://licensekey.test/openapi.json"

func checkDocumented(t *testing.T, compiler *jsonschema.Compiler, component, text string) {
	t.Helper()
	compiled, err := compiler.Compile(documentURL + "#/components/responses/" + component + "/content/application~1json/schema")
	if err != nil {
		t.Fatalf("%s: %v", component, err)
	}
	var body any
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&body); err != nil {
		t.Fatalf("%s %.1000s: %v", component, text, err)
	}
	if err := compiled.Validate(body); err != nil {
		t.Errorf("%s %.1000s\nis not what the document says: %v", component, text, err)
	}
}

// sampleResponses sends the recorded bodies of an operation to path, and what else
// it takes to get every status.
func sampleResponses(t *testing.T, path string) []*httptest.ResponseRecorder {
	t.Helper()
	cfg := licensekey.Config{Authorize: tokenOfOrgA, BodyLimit: 20_000, Logger: newLogger("text", new(bytes.Buffer))}
	h := licensekey.NewHandler(importSeed(t, memstore.New()), cfg)
	broken := licensekey.NewHandler(brokenStore, cfg)
	operation := path[strings.LastIndexByte(path, '/'):]
	var samples []*httptest.ResponseRecorder
	send := func(h http.Handler, method, body string) {
		r := newRequest(method, path, body)
		r.Header.Set("Authorization", "Bearer token-a")
		samples = append(samples, serve(h, r))
	}
	for _, c := range append(recorded.Deactivate(t), recorded.ActivateValidate(t)...) {
		if c.IsExact() && strings.HasSuffix(c.Request.Path, operation) {
			send(h, "POST", string(c.Request.Body))
			send(broken, "POST", string(c.Request.Body))
		}
	}
	send(h, "GET", "")
	send(h, "POST", "\xff")
	send(h, "POST", strings.Repeat(" ", 20_001))
	if strings.HasPrefix(path, "/v1/license-keys/") {
		samples = append(samples, serve(h, newRequest("POST", path, "{}")))
	}
	return samples
}

func TestServesDocument(t *testing.T) {
	t.Parallel()
	h := licensekey.NewHandler(memstore.New(), licensekey.Config{OpenAPI: true})
	got := serve(h, newRequest("GET", licensekey.OpenAPIPath, ""))
	wantResponse(t, "GET "+licensekey.OpenAPIPath, got, 200, string(schema.Document()))
	if ct := got.Header().Get("Content-Type"); ct != "application/json" {
		t.Errorf("GET %s: Content-Type is %q", licensekey.OpenAPIPath, ct)
	}
	wantResponse(t, "POST "+licensekey.OpenAPIPath, serve(h, newRequest("POST", licensekey.OpenAPIPath, "")), 405, `{"detail":"Method Not Allowed"}`)
}
