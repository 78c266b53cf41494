package licensekey_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/memstore"
)

// oneSeat returns a store with one license key, which has one seat, and the
// beginning of a request for an activation of it.
func oneSeat(t *testing.T) (store *memstore.Store, id uuid.UUID, begin string) {
	t.Helper()
	store = memstore.New()
	k, err := store.Issue(t.Context(), licensekey.IssueRequest{OrganizationID: orgA, LimitActivations: 1, Now: frozen})
	if err != nil {
		t.Fatal(err)
	}
	return store, k.ID, fmt.Sprintf(`{"organization_id":%q,"key":%q,`, orgA, string(k.Key))
}

func TestSameDevice(t *testing.T) {
	t.Parallel()
	first := `"label":"laptop","conditions":{"device":1,"os":"x"},"meta":{"id":"A","n":1}}`
	tests := []struct {
		name    string
		config  func(licensekey.ActivateRequest, licensekey.Activation) bool
		request string
		same    bool
	}{
		{"off", nil, first, false},
		{"label", licensekey.SameLabel, `"label":"laptop"}`, true},
		{"another label", licensekey.SameLabel, `"label":"Laptop","meta":{"id":"A"}}`, false},
		{"conditions", licensekey.SameConditions, `"label":"","conditions":{"os":"x","device":1.0}}`, true},
		{"conditions as validate compares them", licensekey.SameConditions, `"label":"","conditions":{"os":"x","device":true}}`, true},
		{"more conditions", licensekey.SameConditions, `"label":"laptop","conditions":{"os":"x","device":1,"a":1}}`, false},
		{"other conditions", licensekey.SameConditions, `"label":"laptop","conditions":{"os":"x","device":"1"}}`, false},
		{"no conditions", licensekey.SameConditions, `"label":"laptop","conditions":{}}`, false},
		{"meta", licensekey.SameMeta("id"), `"label":"","meta":{"id":"A"}}`, true},
		{"meta, a number", licensekey.SameMeta("n"), `"label":"","meta":{"n":1.0}}`, true},
		{"other meta", licensekey.SameMeta("id"), `"label":"laptop","meta":{"id":"B"}}`, false},
		{"meta of another name", licensekey.SameMeta("id"), `"label":"laptop","meta":{"ID":"A"}}`, false},
		{"no meta", licensekey.SameMeta("id"), `"label":"laptop"}`, false},
	}
	for _, tt := range tests {
		store, id, begin := oneSeat(t)
		for _, path := range []string{licensekey.ActivatePath, licensekey.UsersActivatePath} {
			h := licensekey.NewHandler(store, licensekey.Config{SameDevice: tt.config})
			if k, err := store.Get(t.Context(), id); err != nil || len(k.Activations) == 0 {
				serve(h, newRequest("POST", path, begin+first))
			}
			before, err := store.Get(t.Context(), id)
			if err != nil || len(before.Activations) != 1 {
				t.Fatalf("%s: Get = %d activations, %v, want 1", tt.name, len(before.Activations), err)
			}
			got := serve(h, newRequest("POST", path, begin+tt.request))
			if !tt.same {
				wantResponse(t, tt.name, got, 403, `{"error":"NotPermitted","detail":"License key activation limit already reached"}`)
				continue
			}
			var response struct {
				ID    uuid.UUID `json:"id"`
				Label string    `json:"label"`
			}
			if err := json.Unmarshal(got.Body.Bytes(), &response); err != nil || got.Code != 200 ||
				response.ID != before.Activations[0].ID || response.Label != "laptop" {
				t.Errorf("%s: sent %s: got %d %s, want 200 and the activation %v", tt.name, tt.request, got.Code, got.Body, before.Activations[0].ID)
			}
			after, err := store.Get(t.Context(), id)
			if err != nil || !reflect.DeepEqual(after, before) {
				t.Errorf("%s: sent %s: the license key is now\n%v, %v\nwant\n%v", tt.name, tt.request, after, err, before)
			}
		}
	}
}

// TestSameNothingToCompare compares what is empty or cannot be read: it is of no
// device.
func TestSameNothingToCompare(t *testing.T) {
	t.Parallel()
	for _, text := range []string{``, `{}`, `{"id":1`, `[]`, `null`, "\xff", `{"id":null}`, `{"id":""}`} {
		req := licensekey.ActivateRequest{Meta: json.RawMessage(text), Conditions: json.RawMessage(text)}
		a := licensekey.Activation{Meta: json.RawMessage(text), Conditions: json.RawMessage(text)}
		empty := len(text) < len(`{"id":""}`) // conditions with a member are not
		if licensekey.SameLabel(req, a) || licensekey.SameMeta("id")(req, a) || empty && licensekey.SameConditions(req, a) {
			t.Errorf("%q twice is taken for one device", text)
		}
		req.Meta, req.Conditions = json.RawMessage(`{"id":1}`), json.RawMessage(`{"id":1}`)
		if licensekey.SameMeta("id")(req, a) || licensekey.SameConditions(req, a) {
			t.Errorf(`{"id":1} and %q are taken for one device`, text)
		}
	}
}

// TestSameDeviceTogether sends the same request many times at once.
func TestSameDeviceTogether(t *testing.T) {
	t.Parallel()
	store, id, begin := oneSeat(t)
	h := licensekey.NewActivateHandler(store, licensekey.Config{SameDevice: licensekey.SameLabel})
	var mu sync.Mutex
	responses := make(map[string]int)
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			got := serve(h, newRequest("POST", "/", begin+`"label":"laptop"}`))
			mu.Lock()
			defer mu.Unlock()
			responses[fmt.Sprint(got.Code, got.Body)]++
		})
	}
	wg.Wait()
	k, err := store.Get(t.Context(), id)
	if err != nil || len(k.Activations) != 1 || len(responses) != 1 {
		t.Fatalf("64 requests of one device: %d activations, %v, and the responses %v, want one of each", len(k.Activations), err, responses)
	}
	for response := range responses {
		if !strings.HasPrefix(response, `200 {"id":"`+k.Activations[0].ID.String()) {
			t.Errorf("got %s, want 200 and the activation %v", response, k.Activations[0].ID)
		}
	}
}

// TestSameDevicePanics responds with 500, and serves the next request.
func TestSameDevicePanics(t *testing.T) {
	t.Parallel()
	store, _, begin := oneSeat(t)
	config := licensekey.Config{Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), SameDevice: licensekey.SameLabel}
	h := licensekey.NewActivateHandler(store, config)
	config.SameDevice = func(licensekey.ActivateRequest, licensekey.Activation) bool { panic("boom") }
	panics := licensekey.NewActivateHandler(store, config)
	body := begin + `"label":"laptop"}`
	first := serve(h, newRequest("POST", "/", body))
	got := serve(panics, newRequest("POST", "/", body))
	if got.Code != http.StatusInternalServerError || strings.Contains(got.Body.String(), "boom") {
		t.Errorf("SameDevice panics: got %d %s, want 500 without the panic", got.Code, got.Body)
	}
	wantResponse(t, "after the panic", serve(h, newRequest("POST", "/", body)), 200, first.Body.String())
}
