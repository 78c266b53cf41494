package licensekey_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/internal/conformance"
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
	Components struct {
		Responses map[string]struct {
			Content map[string]struct {
				Schema struct {
					Ref string `json:"$ref"`
				}
			}
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

// TestDocumentHasTheRoutes holds the routes and the document against each other.
func TestDocumentHasTheRoutes(t *testing.T) {
	t.Parallel()
	doc := readDocument(t)
	routes := []string{licensekey.DeactivatePath}
	if paths := slices.Sorted(maps.Keys(doc.Paths)); !slices.Equal(paths, routes) {
		t.Errorf("the document has the paths %q, the handler %q", paths, routes)
	}
	h := licensekey.NewHandler(memstore.New(), licensekey.Config{})
	for path, item := range doc.Paths {
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
			_, documented := item[strings.ToLower(method)]
			got := serve(h, newRequest(method, path, ""))
			if answered := got.Code != http.StatusMethodNotAllowed && got.Code != http.StatusNotFound; answered != documented {
				t.Errorf("%s %s: answered %d, in the document: %v", method, path, got.Code, documented)
			}
		}
	}
}

// TestAnswersAreDocumented validates an answer of each status against the
// schema that the document has for it.
func TestAnswersAreDocumented(t *testing.T) {
	t.Parallel()
	doc := readDocument(t)
	compiler := jsonschema.NewCompiler()
	compiler.Draft = jsonschema.Draft2020
	const url = "https://licensekey.test/openapi.json"
	if err := compiler.AddResource(url, bytes.NewReader(schema.Document())); err != nil {
		t.Fatal(err)
	}
	responses := doc.Paths[licensekey.DeactivatePath]["post"].Responses
	seen := map[string]bool{}
	for _, sample := range sampleAnswers(t) {
		status := strconv.Itoa(sample.status)
		seen[status] = true
		response, ok := responses[status]
		if !ok {
			t.Errorf("the document has no %s, which the handler answers", status)
			continue
		}
		if sample.body == "" {
			continue
		}
		component := doc.Components.Responses[strings.TrimPrefix(response.Ref, "#/components/responses/")]
		compiled, err := compiler.Compile(url + component.Content["application/json"].Schema.Ref)
		if err != nil {
			t.Fatalf("%s: %v", status, err)
		}
		var body any
		decoder := json.NewDecoder(strings.NewReader(sample.body))
		decoder.UseNumber()
		if err := decoder.Decode(&body); err != nil {
			t.Fatalf("%s %.1000s: %v", status, sample.body, err)
		}
		if err := compiled.Validate(body); err != nil {
			t.Errorf("%s %.1000s\nis not what the document says: %v", status, sample.body, err)
		}
	}
	if documented := slices.Sorted(maps.Keys(responses)); !slices.Equal(documented, slices.Sorted(maps.Keys(seen))) {
		t.Errorf("the document has the statuses %v, the handler answered %v", documented, seen)
	}
}

type sampleAnswer struct {
	status int
	body   string
}

// sampleAnswers are the recorded answers, and those that no recorded request
// gets.
func sampleAnswers(t *testing.T) []sampleAnswer {
	t.Helper()
	var samples []sampleAnswer
	for _, c := range conformance.Deactivate(t) {
		if c.IsExact() && c.Request.Path == licensekey.DeactivatePath {
			samples = append(samples, sampleAnswer{c.Response.Status, c.Response.Body})
		}
	}
	broken := licensekey.NewHandler(faultyStore{before: func(licensekey.DeactivateRequest) error { return errDisk }},
		licensekey.Config{BodyLimit: 1000, Logger: newLogger("text", new(bytes.Buffer))})
	for _, r := range []*http.Request{
		newRequest("GET", licensekey.DeactivatePath, ""),
		newRequest("POST", licensekey.DeactivatePath, "\xff"),
		newRequest("POST", licensekey.DeactivatePath, strings.Repeat(" ", 1001)),
		newRequest("POST", licensekey.DeactivatePath, goodBody),
	} {
		got := serve(broken, r)
		samples = append(samples, sampleAnswer{got.Code, got.Body.String()})
	}
	return samples
}

func TestServesDocument(t *testing.T) {
	t.Parallel()
	h := licensekey.NewHandler(memstore.New(), licensekey.Config{OpenAPI: true})
	got := serve(h, newRequest("GET", licensekey.OpenAPIPath, ""))
	wantAnswer(t, "GET "+licensekey.OpenAPIPath, got, 200, string(schema.Document()))
	if ct := got.Header().Get("Content-Type"); ct != "application/json" {
		t.Errorf("GET %s: Content-Type is %q", licensekey.OpenAPIPath, ct)
	}
	wantAnswer(t, "POST "+licensekey.OpenAPIPath, serve(h, newRequest("POST", licensekey.OpenAPIPath, "")), 405, `{"detail":"Method Not Allowed"}`)
}
