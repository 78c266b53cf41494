package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/internal/filled"
)

func testUpdate(t *testing.T, s licensekey.ManagedStore) {
	k := newKey(orgA, "KEY-1", 2)
	mustImport(t, s, 1, k)
	status, usage, limit, expires := licensekey.StatusDisabled, int64(7), int64(1), now.Add(time.Hour)
	got, err := s.Update(t.Context(), licensekey.UpdateRequest{
		ID: k.ID, Status: &status, Usage: &usage, LimitActivations: &limit, LimitUsage: &usage, ExpiresAt: &expires, Now: now,
	})
	if err != nil {
		t.Fatalf("Update = %v", err)
	}
	k.Status, k.Usage, k.LimitActivations, k.LimitUsage, k.ExpiresAt, k.ModifiedAt = status, usage, &limit, &usage, &expires, &now
	wantStored(t, s, k)
	wantStored(t, s, licensekey.LicenseKeyWithActivations{LicenseKey: got, Activations: k.Activations})
	wantActivateError(t, s, activation(k), licensekey.ErrNotGranted)

	zero, never, metadata := int64(0), time.Time{}, json.RawMessage(`{ "order": "A-1" }`)
	if _, err := s.Update(t.Context(), licensekey.UpdateRequest{
		ID: k.ID, LimitActivations: &zero, LimitUsage: &zero, ExpiresAt: &never, Metadata: metadata, Now: now,
	}); err != nil {
		t.Fatalf("Update = %v", err)
	}
	k.LimitActivations, k.LimitUsage, k.ExpiresAt, k.Metadata = nil, nil, nil, metadata
	wantStored(t, s, k)

	negative, lost, far := int64(-1), licensekey.Status("lost"), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, req := range []licensekey.UpdateRequest{
		{ID: k.ID, Usage: &negative}, {ID: k.ID, LimitUsage: &negative}, {ID: k.ID, LimitActivations: &negative}, {ID: k.ID, Status: &lost},
		{ID: k.ID, ExpiresAt: &far}, {ID: k.ID, Now: far}, {ID: k.ID, Metadata: json.RawMessage("[]")},
	} {
		if _, err := s.Update(t.Context(), req); !errors.Is(err, licensekey.ErrInvalid) {
			t.Errorf("Update(%+v) = %v, want ErrInvalid", req, err)
		}
	}
	if _, err := s.Update(t.Context(), licensekey.UpdateRequest{ID: uuid.New()}); !errors.Is(err, licensekey.ErrNotFound) {
		t.Errorf("Update of an unknown key = %v, want ErrNotFound", err)
	}
	wantStored(t, s, k)
}

// testUpdateNothing updates a license key, and rotates it, to the values that it
// has. It stays as it is, the time of its last change too.
func testUpdateNothing(t *testing.T, s licensekey.ManagedStore) {
	k := filled.LicenseKey()
	mustImport(t, s, 1, k)
	later, zone := now.Add(time.Hour), time.FixedZone("", 3600)
	expires := k.ExpiresAt.In(zone)
	for name, req := range map[string]licensekey.UpdateRequest{
		"nothing": {ID: k.ID, Now: later},
		"the same values": {ID: k.ID, Status: &k.Status, Usage: &k.Usage, LimitActivations: k.LimitActivations,
			LimitUsage: k.LimitUsage, ExpiresAt: &expires, Now: later},
	} {
		got, err := s.Update(t.Context(), req)
		if err != nil {
			t.Errorf("Update to %s = %v, want nil", name, err)
		}
		wantSame(t, "Update to "+name, licensekey.LicenseKeyWithActivations{LicenseKey: got}, nil, licensekey.LicenseKeyWithActivations{LicenseKey: k.LicenseKey})
		wantStored(t, s, k)
	}
	if _, err := s.Rotate(t.Context(), licensekey.RotateRequest{ID: k.ID, Key: k.Key, Now: later}); err != nil {
		t.Errorf("Rotate to the same key string = %v, want nil", err)
	}
	wantStored(t, s, k)
}

func testEndActivation(t *testing.T, s licensekey.ManagedStore) {
	k, other := withLimit("KEY-1", 2, 2), newKey(orgA, "KEY-2", 1)
	mustImport(t, s, 2, k, other)
	first, stranger := k.Activations[0], uuid.New()
	for name, req := range map[string]licensekey.EndActivationRequest{
		"an unknown license key":             {LicenseKeyID: uuid.New(), ActivationID: first.ID},
		"an unknown activation":              {LicenseKeyID: k.ID, ActivationID: uuid.New()},
		"an activation of another key":       {LicenseKeyID: k.ID, ActivationID: other.Activations[0].ID},
		"the license key of someone else":    {LicenseKeyID: k.ID, ActivationID: first.ID, CustomerID: stranger},
		"the license key of other customers": {LicenseKeyID: k.ID, ActivationID: first.ID, CustomerID: other.CustomerID},
	} {
		if ended, err := s.EndActivation(t.Context(), req); !errors.Is(err, licensekey.ErrNotFound) || ended.ID != uuid.Nil {
			t.Errorf("EndActivation of %s = %v, %v, want ErrNotFound", name, ended.ID, err)
		}
	}
	wantStored(t, s, k)
	wantActivateError(t, s, activation(k), licensekey.ErrActivationLimit)
	mine := licensekey.EndActivationRequest{LicenseKeyID: k.ID, ActivationID: first.ID, CustomerID: k.CustomerID}
	ended, err := s.EndActivation(t.Context(), mine)
	if err != nil || ended.ID != first.ID || ended.Label != first.Label || ended.LicenseKeyID != k.ID {
		t.Errorf("EndActivation = %+v, %v, want %+v", ended, err, first)
	}
	if _, err := s.EndActivation(t.Context(), mine); !errors.Is(err, licensekey.ErrNotFound) {
		t.Errorf("EndActivation again = %v, want ErrNotFound", err)
	}
	wantNotFound(t, s, deactivation(k, 0))
	k.Activations = k.Activations[1:]
	wantStored(t, s, k)
	// The seat is free at once.
	wantActivated(t, s, activation(k))
	anyone := licensekey.EndActivationRequest{LicenseKeyID: k.ID, ActivationID: k.Activations[0].ID}
	if _, err := s.EndActivation(t.Context(), anyone); err != nil {
		t.Errorf("EndActivation without a customer = %v, want nil", err)
	}
}

// testEndActivationOnce lets many callers end one activation: half of them by its
// id, half of them by the key string.
func testEndActivationOnce(t *testing.T, s licensekey.ManagedStore) {
	k := newKey(orgA, "KEY-1", 1)
	mustImport(t, s, 1, k)
	ended := 0
	for i, err := range together(callers, func(i int) error {
		if i%2 == 0 {
			return s.Deactivate(t.Context(), deactivation(k, 0))
		}
		_, err := s.EndActivation(t.Context(), licensekey.EndActivationRequest{LicenseKeyID: k.ID, ActivationID: k.Activations[0].ID})
		return err
	}) {
		if err == nil {
			ended++
		} else if !errors.Is(err, licensekey.ErrNotFound) {
			t.Errorf("caller %d: %v, want nil or ErrNotFound", i, err)
		}
	}
	if ended != 1 {
		t.Errorf("%d callers have ended one activation, want 1", ended)
	}
}

func testRotate(t *testing.T, s licensekey.ManagedStore) {
	k, other := newKey(orgA, "OLD", 2), newKey(orgA, "TAKEN", 0)
	revoked := newKey(orgA, "REVOKED", 0)
	revoked.Status = licensekey.StatusRevoked
	mustImport(t, s, 3, k, other, revoked)
	got, err := s.Rotate(t.Context(), licensekey.RotateRequest{ID: k.ID, Prefix: "MYAPP", Now: now})
	if err != nil || got.Key == k.Key {
		t.Fatalf("Rotate = %s, %v, want a new key", asJSON(got), err)
	}
	old := k
	k.Key, k.ModifiedAt = got.Key, &now
	wantStored(t, s, k)
	wantNotFound(t, s, deactivation(old, 0))
	wantDeactivated(t, s, deactivation(k, 0))
	k.Activations = k.Activations[1:]

	tests := []struct {
		name string
		req  licensekey.RotateRequest
		want error
	}{
		{"taken", licensekey.RotateRequest{ID: k.ID, Key: "TAKEN"}, licensekey.ErrExists},
		{"revoked", licensekey.RotateRequest{ID: revoked.ID}, licensekey.ErrRevoked},
		{"unknown", licensekey.RotateRequest{ID: uuid.New()}, licensekey.ErrNotFound},
		{"NUL", licensekey.RotateRequest{ID: k.ID, Key: "\x00"}, licensekey.ErrInvalid},
	}
	for _, tt := range tests {
		if _, err := s.Rotate(t.Context(), tt.req); !errors.Is(err, tt.want) {
			t.Errorf("%s: Rotate = %v, want %v", tt.name, err, tt.want)
		}
	}
	wantStored(t, s, k)
	wantStored(t, s, other)
	// A disabled key can be rotated, also to the same key string. Other license
	// keys can have its old key strings.
	status := licensekey.StatusDisabled
	if _, err := s.Update(t.Context(), licensekey.UpdateRequest{ID: k.ID, Status: &status, Now: now}); err != nil {
		t.Fatalf("Update = %v", err)
	}
	k.Status = status
	for _, key := range []licensekey.Key{k.Key, "OLD"} {
		if _, err := s.Rotate(t.Context(), licensekey.RotateRequest{ID: k.ID, Key: key, Now: now}); err != nil {
			t.Errorf("Rotate to %q = %v, want nil", string(key), err)
		}
		k.Key = key
		wantStored(t, s, k)
	}
}

// testRotateRace lets callers make and end activations with the old key string while
// it is replaced. Once Rotate has returned, none of them can change what Get shows.
func testRotateRace(t *testing.T, s licensekey.ManagedStore) {
	const ending, making = 16, 4
	rounds(func(round int) bool {
		k := newKey(orgA, licensekey.NewKey("OLD"), ending)
		limit := int64(ending + making)
		k.LimitActivations = &limit
		mustImport(t, s, 1, k)
		var after licensekey.LicenseKeyWithActivations
		for i, err := range together(ending+making+1, func(i int) (err error) {
			switch {
			case i < ending:
				err = s.Deactivate(t.Context(), deactivation(k, i))
			case i < ending+making:
				_, err = s.Activate(t.Context(), activation(k))
			default:
				if _, err = s.Rotate(t.Context(), licensekey.RotateRequest{ID: k.ID, Now: now}); err == nil {
					after, err = s.Get(t.Context(), k.ID)
				}
			}
			return err
		}) {
			if err != nil && (i == ending+making || !errors.Is(err, licensekey.ErrNotFound)) {
				t.Errorf("round %d: call %d = %v", round, i, err)
			}
		}
		got, err := s.Get(t.Context(), k.ID)
		wantSame(t, "Get after calls by the key string that Rotate has replaced", got, err, after)
		if err := s.Delete(t.Context(), k.ID); err != nil {
			t.Errorf("Delete = %v, want nil", err)
		}
		return !t.Failed() && round < 300
	})
}

func testDelete(t *testing.T, s licensekey.ManagedStore) {
	k, other := newKey(orgA, "KEY-1", 2), newKey(orgA, "KEY-2", 1)
	mustImport(t, s, 2, k, other)
	if err := s.Delete(t.Context(), k.ID); err != nil {
		t.Errorf("Delete = %v, want nil", err)
	}
	if err := s.Delete(t.Context(), k.ID); !errors.Is(err, licensekey.ErrNotFound) {
		t.Errorf("second Delete = %v, want ErrNotFound", err)
	}
	if _, err := s.Get(t.Context(), k.ID); !errors.Is(err, licensekey.ErrNotFound) {
		t.Errorf("Get of a deleted key = %v, want ErrNotFound", err)
	}
	if _, err := s.GetByKey(t.Context(), orgA, k.Key); !errors.Is(err, licensekey.ErrNotFound) {
		t.Errorf("GetByKey of a deleted key = %v, want ErrNotFound", err)
	}
	wantNotFound(t, s, deactivation(k, 0))
	wantStored(t, s, other)
	// Its id and key string can be used again, and its activations stay deleted.
	again := k
	again.Activations = nil
	mustImport(t, s, 1, again)
	wantStored(t, s, again)
}

func testAdminCanceled(t *testing.T, s licensekey.ManagedStore) {
	k := newKey(orgA, "KEY-1", 1)
	mustImport(t, s, 1, k)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, call := range adminCalls(ctx, s, k) {
		wantCanceled(t, name, call)
	}
	wantStored(t, s, k)
	if keys, err := s.List(t.Context(), licensekey.ListRequest{}); err != nil || len(keys) != 1 {
		t.Errorf("after canceled calls List has %d keys, %v, want 1", len(keys), err)
	}
}

// testErrorsChangeNothing makes calls that fail, and looks at the license key
// after each.
func testErrorsChangeNothing(t *testing.T, s licensekey.ManagedStore) {
	past, limit := now, int64(2)
	for name, change := range map[string]func(*licensekey.LicenseKeyWithActivations){
		"revoked":  func(k *licensekey.LicenseKeyWithActivations) { k.Status = licensekey.StatusRevoked },
		"disabled": func(k *licensekey.LicenseKeyWithActivations) { k.Status = licensekey.StatusDisabled },
		"expired":  func(k *licensekey.LicenseKeyWithActivations) { k.ExpiresAt = &past },
		"used up":  func(k *licensekey.LicenseKeyWithActivations) { k.LimitUsage, k.Usage = &limit, limit },
		"conditions": func(k *licensekey.LicenseKeyWithActivations) {
			k.Activations[0].Conditions = json.RawMessage(`{"a":1}`)
		},
	} {
		k := newKey(orgA, licensekey.Key(name), 2)
		change(&k)
		mustImport(t, s, 1, k)
		validate := validation(k)
		validate.ActivationID, validate.IncrementUsage = &k.Activations[0].ID, 1
		if _, err := s.Validate(t.Context(), validate); err == nil {
			t.Errorf("%s: Validate = nil, want an error", name)
		}
		wantStored(t, s, k)
		if _, err := s.Activate(t.Context(), activation(k)); err == nil {
			t.Errorf("%s: Activate = nil, want an error", name)
		}
		wantStored(t, s, k)
		miss := deactivation(k, 0)
		miss.ActivationID = uuid.New()
		wantNotFound(t, s, miss)
		wantStored(t, s, k)
		taken := activation(k)
		taken.ActivationID = k.Activations[1].ID
		if _, err := s.Activate(t.Context(), taken); err == nil {
			t.Errorf("%s: Activate with the id of a live activation = nil, want an error", name)
		}
		wantStored(t, s, k)
	}
}

// testSameChangesNothing activates again on a device that has a seat, and looks at
// the license key after each call. It has no other free seat, and then one.
func testSameChangesNothing(t *testing.T, s licensekey.ManagedStore) {
	for _, limit := range []int64{2, 3} {
		k := withLimit(licensekey.Key(fmt.Sprint(limit)), limit, 2)
		k.Activations[1].Label = "laptop"
		mustImport(t, s, 1, k)
		for range 2 {
			wantAgain(t, s, fromDevice(k, "laptop"), k.Activations[1])
			wantStored(t, s, k)
		}
	}
}

// adminCalls returns a call of each method of the management API. All of them can
// succeed.
func adminCalls(ctx context.Context, s licensekey.Admin, k licensekey.LicenseKeyWithActivations) map[string]func() error {
	return map[string]func() error{
		"Issue": func() error { _, err := s.Issue(ctx, licensekey.IssueRequest{OrganizationID: orgA}); return err },
		"Import": func() error {
			_, err := s.Import(ctx, []licensekey.LicenseKeyWithActivations{newKey(orgA, "KEY-2", 0)})
			return err
		},
		"Get":      func() error { _, err := s.Get(ctx, k.ID); return err },
		"GetByKey": func() error { _, err := s.GetByKey(ctx, orgA, k.Key); return err },
		"List":     func() error { _, err := s.List(ctx, licensekey.ListRequest{}); return err },
		"Count":    func() error { _, err := s.Count(ctx, licensekey.ListRequest{}); return err },
		"UpdateCustomer": func() error {
			_, err := s.UpdateCustomer(ctx, licensekey.UpdateCustomerRequest{Customer: licensekey.Customer{ID: k.CustomerID}})
			return err
		},
		"Update": func() error { _, err := s.Update(ctx, licensekey.UpdateRequest{ID: k.ID}); return err },
		"EndActivation": func() error {
			_, err := s.EndActivation(ctx, licensekey.EndActivationRequest{LicenseKeyID: k.ID, ActivationID: k.Activations[0].ID})
			return err
		},
		"Rotate": func() error { _, err := s.Rotate(ctx, licensekey.RotateRequest{ID: k.ID}); return err },
		"Delete": func() error { return s.Delete(ctx, k.ID) },
	}
}

func testAdminClosed(t *testing.T, s licensekey.ManagedStore) {
	k := newKey(orgA, "KEY-1", 1)
	mustImport(t, s, 1, k)
	if err := s.Check(t.Context()); err != nil {
		t.Errorf("Check = %v, want nil", err)
	}
	calls := adminCalls(t.Context(), s, k)
	calls["Check"] = func() error { return s.Check(t.Context()) }
	calls["Deactivate"] = func() error { return s.Deactivate(t.Context(), deactivation(k, 0)) }
	calls["Activate"] = func() error { _, err := s.Activate(t.Context(), activation(k)); return err }
	calls["Validate"] = func() error { _, err := s.Validate(t.Context(), validation(k)); return err }
	wantClosed(t, s, calls)
}
