package storetest

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
)

var (
	modelSeed  = flag.Uint64("storetest.seed", 0, "seed of TestModel; 0 takes a new one")
	modelSteps = flag.Int("storetest.steps", 500, "how many operations each caller of TestModel makes")
)

// TestModel makes long random sequences of operations, several at the same time. It
// compares every result, and what is stored in the end, with a simple sequential
// model of the contract. It logs the seed of the sequences. -storetest.seed repeats
// the sequences of a seed, and -storetest.steps sets their length.
func TestModel[S licensekey.ManagedStore](t *testing.T, newStore Factory[S]) {
	seed := *modelSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("seed %d", seed)
	s := newStore(t, nil)
	var wg sync.WaitGroup
	models := make([]*model, 8)
	for i := range models {
		m := &model{Rand: rand.New(rand.NewPCG(seed, uint64(i))), now: now, organization: uuid.New(), customers: []uuid.UUID{uuid.New(), uuid.New(), uuid.New()}}
		models[i] = m
		wg.Go(func() {
			for step := range *modelSteps {
				if what, got, want := m.step(s); got != want {
					t.Errorf("seed %d, caller %d, step %d: %s\ngot  %s\nwant %s", seed, i, step, what, got, want)
					return
				}
			}
		})
	}
	wg.Wait()
	for _, m := range models {
		m.compare(t, s)
	}
}

// model is the contract as one caller sees it. Each caller has an organization of
// its own. The model keeps the license keys in a slice, and implements every rule
// without package rules.
type model struct {
	*rand.Rand
	now          time.Time
	organization uuid.UUID
	keys         []*modelKey
	customers    []uuid.UUID // whom keys are issued to again and again
	ended        []uuid.UUID // activations that were live once, of any key
}

type modelKey struct {
	licensekey.LicenseKey
	activations []licensekey.Activation
}

// step makes one random operation and returns what it was, the store's result
// and the model's.
func (m *model) step(s licensekey.ManagedStore) (what, got, want string) {
	m.now = m.now.Add(time.Duration(m.IntN(3)) * time.Second)
	switch n := m.IntN(100); {
	case n < 6 || len(m.keys) == 0:
		return m.issue(s)
	case n < 8:
		return m.remove(s)
	case n < 14:
		return m.update(s)
	case n < 18:
		return m.rotate(s)
	case n < 45:
		return m.activate(s)
	case n < 60:
		return m.deactivate(s)
	case n < 65:
		return m.endActivation(s)
	case n < 68:
		return m.updateCustomer(s)
	case n < 74:
		return m.list(s)
	default:
		return m.validate(s)
	}
}

// pick returns a license key, and the key string and organization for a request.
// Now and then no license key has these.
func (m *model) pick() (k *modelKey, key licensekey.Key, organization uuid.UUID) {
	k = m.keys[m.IntN(len(m.keys))]
	switch m.IntN(20) {
	case 0:
		return nil, k.Key + "x", k.OrganizationID
	case 1:
		return nil, k.Key, uuid.New()
	}
	return k, k.Key, k.OrganizationID
}

// pickActivation returns the index of a live activation of k and its id. Or it
// returns -1 and an id that no live activation of k has: an unknown one, one that
// has ended, or one of another key.
func (m *model) pickActivation(k *modelKey) (int, uuid.UUID) {
	switch n := m.IntN(8); {
	case n == 0:
		return -1, uuid.New()
	case n == 1 && len(m.ended) > 0:
		return -1, m.ended[m.IntN(len(m.ended))]
	case n == 2:
		if other := m.keys[m.IntN(len(m.keys))]; other != k && len(other.activations) > 0 {
			return -1, other.activations[m.IntN(len(other.activations))].ID
		}
	}
	if k == nil || len(k.activations) == 0 {
		return -1, uuid.New()
	}
	i := m.IntN(len(k.activations))
	return i, k.activations[i].ID
}

// result returns the text of a result, or of the sentinel that err wraps.
func result(err error, format string, values ...any) string {
	for _, sentinel := range []error{
		licensekey.ErrNotFound, licensekey.ErrNotGranted, licensekey.ErrExpired, licensekey.ErrNoActivations,
		licensekey.ErrActivationLimit, licensekey.ErrConditions, licensekey.ErrUsageLimit, licensekey.ErrRevoked, licensekey.ErrExists,
	} {
		if errors.Is(err, sentinel) {
			return sentinel.Error()
		}
	}
	if err != nil {
		return "unexpected: " + err.Error()
	}
	return fmt.Sprintf(format, values...)
}

func (m *model) issue(s licensekey.ManagedStore) (what, got, want string) {
	req := licensekey.IssueRequest{
		ID: uuid.New(), OrganizationID: m.organization, Key: licensekey.Key(fmt.Sprint("KEY-", m.IntN(40))),
		Now:              m.now.Truncate(time.Minute), // so that some have one time
		LimitActivations: int64(m.IntN(4)), LimitUsage: int64(m.IntN(3) * 10),
	}
	if m.IntN(3) == 0 {
		req.ExpiresAt = m.now.Add(time.Duration(m.IntN(60)) * time.Second)
	}
	req.Customer = m.someone()
	issued, err := s.Issue(context.Background(), req)
	got = result(err, "issued to %s", asJSON(issued.Customer))
	if m.taken(req.Key, nil) {
		return "issue " + string(req.Key), got, licensekey.ErrExists.Error()
	}
	m.keys = append(m.keys, &modelKey{LicenseKey: issued})
	return "issue " + string(req.Key), got, fmt.Sprintf("issued to %s", asJSON(m.issuedTo(req)))
}

func (m *model) taken(key licensekey.Key, but *modelKey) bool {
	return slices.ContainsFunc(m.keys, func(k *modelKey) bool { return k != but && k.Key == key })
}

func (m *model) remove(s licensekey.ManagedStore) (what, got, want string) {
	i := m.IntN(len(m.keys))
	k := m.keys[i]
	m.keys = slices.Delete(m.keys, i, i+1)
	for _, a := range k.activations {
		m.ended = append(m.ended, a.ID)
	}
	return "delete " + string(k.Key), result(s.Delete(context.Background(), k.ID), "deleted"), "deleted"
}

func (m *model) update(s licensekey.ManagedStore) (what, got, want string) {
	k := m.keys[m.IntN(len(m.keys))]
	status := []licensekey.Status{licensekey.StatusGranted, licensekey.StatusGranted, licensekey.StatusDisabled, licensekey.StatusRevoked}[m.IntN(4)]
	limit, never := int64(m.IntN(4)), time.Time{}
	updated, err := s.Update(context.Background(), licensekey.UpdateRequest{
		ID: k.ID, Status: &status, LimitActivations: &limit, ExpiresAt: &never, Now: m.now,
	})
	before := k.LicenseKey.Clone()
	k.Status, k.LimitActivations, k.ExpiresAt = status, &limit, nil
	if limit == 0 {
		k.LimitActivations = nil
	}
	if !reflect.DeepEqual(before, k.LicenseKey) {
		at := m.now
		k.ModifiedAt = &at
	}
	return "update " + string(k.Key), result(err, "%s", asJSON(updated)), string(asJSON(k.LicenseKey))
}

func (m *model) rotate(s licensekey.ManagedStore) (what, got, want string) {
	k := m.keys[m.IntN(len(m.keys))]
	key := licensekey.Key(fmt.Sprint("KEY-", m.IntN(40)))
	_, err := s.Rotate(context.Background(), licensekey.RotateRequest{ID: k.ID, Key: key, Now: m.now})
	what, got = "rotate "+string(k.Key+" to "+key), result(err, "rotated")
	if k.Status == licensekey.StatusRevoked {
		return what, got, licensekey.ErrRevoked.Error()
	}
	if m.taken(key, k) {
		return what, got, licensekey.ErrExists.Error()
	}
	if key != k.Key {
		at := m.now
		k.Key, k.ModifiedAt = key, &at
	}
	return what, got, "rotated"
}

func (m *model) endActivation(s licensekey.ManagedStore) (what, got, want string) {
	k := m.keys[m.IntN(len(m.keys))]
	i, id := m.pickActivation(k)
	req := licensekey.EndActivationRequest{LicenseKeyID: k.ID, ActivationID: id}
	if m.IntN(2) == 0 {
		req.CustomerID = k.CustomerID
	}
	ended, err := s.EndActivation(context.Background(), req)
	what, got = "end an activation of "+string(k.Key), result(err, "%s", ended.Label)
	if i < 0 {
		return what, got, licensekey.ErrNotFound.Error()
	}
	want = k.activations[i].Label
	m.ended = append(m.ended, id)
	k.activations = slices.Delete(k.activations, i, i+1)
	return what, got, want
}

func (m *model) activate(s licensekey.ManagedStore) (what, got, want string) {
	k, key, organization := m.pick()
	req := licensekey.ActivateRequest{OrganizationID: organization, Key: key, ActivationID: uuid.New(), Label: fmt.Sprint(m.IntN(9)), Now: m.now}
	if m.IntN(3) == 0 {
		req.Conditions, req.Meta = []byte(`{"major":1}`), []byte(`{"z":1.0,"a":"<&>"}`)
	}
	taken := false
	if k != nil && len(k.activations) > 0 && m.IntN(10) == 0 {
		req.ActivationID, taken = k.activations[m.IntN(len(k.activations))].ID, true
	}
	if m.IntN(4) == 0 {
		req.Same = func(a licensekey.Activation) bool { return a.Label == req.Label }
	}
	activated, err := s.Activate(context.Background(), req)
	what, got = "activate "+string(key), result(err, "%s", asJSON(activated))
	switch {
	case k == nil:
		return what, got, licensekey.ErrNotFound.Error()
	case k.Status != licensekey.StatusGranted:
		return what, got, licensekey.ErrNotGranted.Error()
	case m.expired(k):
		return what, got, licensekey.ErrExpired.Error()
	case k.LimitActivations == nil:
		return what, got, licensekey.ErrNoActivations.Error()
	}
	if i := k.findSame(req); i >= 0 {
		return what, got, string(asJSON(licensekey.Activated{Activation: k.activations[i], LicenseKey: k.LicenseKey}))
	}
	switch {
	case taken:
		return what, got, licensekey.ErrExists.Error()
	case len(k.activations) >= int(*k.LimitActivations):
		return what, got, licensekey.ErrActivationLimit.Error()
	}
	a := licensekey.Activation{
		ID: req.ActivationID, LicenseKeyID: k.ID, Label: req.Label, Conditions: orEmpty(req.Conditions), Meta: orEmpty(req.Meta), CreatedAt: m.now,
	}
	k.activations = append(k.activations, a)
	return what, got, string(asJSON(licensekey.Activated{Activation: a, LicenseKey: k.LicenseKey}))
}

// findSame returns the index of the oldest activation of which req.Same is true, or
// -1.
func (k *modelKey) findSame(req licensekey.ActivateRequest) int {
	if req.Same == nil {
		return -1
	}
	licensekey.SortActivations(k.activations)
	return slices.IndexFunc(k.activations, req.Same)
}

func (m *model) expired(k *modelKey) bool { return k.ExpiresAt != nil && !m.now.Before(*k.ExpiresAt) }

func (m *model) deactivate(s licensekey.ManagedStore) (what, got, want string) {
	k, key, organization := m.pick()
	i, id := m.pickActivation(k)
	err := s.Deactivate(context.Background(), licensekey.DeactivateRequest{OrganizationID: organization, Key: key, ActivationID: id, Now: m.now})
	what, got = "deactivate "+string(key), result(err, "deactivated")
	if i < 0 {
		return what, got, licensekey.ErrNotFound.Error()
	}
	k.activations = slices.Delete(k.activations, i, i+1)
	m.ended = append(m.ended, id)
	return what, got, "deactivated"
}

func (m *model) validate(s licensekey.ManagedStore) (what, got, want string) {
	k, key, organization := m.pick()
	req := licensekey.ValidateRequest{OrganizationID: organization, Key: key, IncrementUsage: int64(m.IntN(4)), Now: m.now}
	i, id := m.pickActivation(k)
	named := m.IntN(2) == 0
	if named {
		req.ActivationID = &id
	}
	if m.IntN(2) == 0 {
		req.Conditions = []byte(`{"major":1.0}`)
	}
	validated, err := s.Validate(context.Background(), req)
	what, got = fmt.Sprintf("validate %s +%d", string(key), req.IncrementUsage), result(err, "%s", asJSON(validated))
	switch {
	case k == nil:
		return what, got, licensekey.ErrNotFound.Error()
	case k.Status != licensekey.StatusGranted:
		return what, got, licensekey.ErrNotGranted.Error()
	case m.expired(k):
		return what, got, licensekey.ErrExpired.Error()
	case named && i < 0:
		return what, got, licensekey.ErrNotFound.Error()
	case named && string(k.activations[i].Conditions) != "{}" && req.Conditions == nil:
		return what, got, licensekey.ErrConditions.Error()
	case req.IncrementUsage > 0 && k.LimitUsage != nil && k.Usage+req.IncrementUsage > *k.LimitUsage:
		return what, got, licensekey.ErrUsageLimit.Error()
	}
	at := m.now
	k.Usage, k.Validations, k.LastValidatedAt, k.ModifiedAt = k.Usage+req.IncrementUsage, k.Validations+1, &at, &at
	passed := licensekey.Validated{LicenseKey: k.LicenseKey}
	if named {
		passed.Activation = &k.activations[i]
	}
	return what, got, string(asJSON(passed))
}

// compare compares what is stored with the model.
func (m *model) compare(t *testing.T, s licensekey.ManagedStore) {
	t.Helper()
	stored := 0
	for k, err := range licensekey.All(t.Context(), s, licensekey.ListRequest{OrganizationIDs: []uuid.UUID{m.organization}}) {
		if err != nil {
			t.Fatal(err)
		}
		if k.OrganizationID != m.organization {
			t.Errorf("All gave %s, want keys of the organization %v only", asJSON(k), m.organization)
		}
		stored++
	}
	if stored != len(m.keys) {
		t.Errorf("%d license keys are stored, want %d", stored, len(m.keys))
	}
	for _, k := range m.keys {
		licensekey.SortActivations(k.activations)
		wantStored(t, s, licensekey.LicenseKeyWithActivations{LicenseKey: k.LicenseKey, Activations: k.activations})
	}
}
