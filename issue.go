package licensekey

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey/internal/jsonvalue"
)

// IssueRequest describes a license key to issue. Only OrganizationID is
// required.
type IssueRequest struct {
	OrganizationID uuid.UUID
	BenefitID      uuid.UUID
	// Customer is who gets the key. Its zero ID, CreatedAt and Type are set to
	// a new id, Now and "individual", its OrganizationID to the request's.
	Customer Customer

	// Key is the key string. Empty means a new one from [NewKey] with Prefix.
	Key    string
	Prefix string
	// Status is StatusGranted if empty.
	Status Status

	LimitActivations int64     // 0: the key takes no activations
	LimitUsage       int64     // 0: usage has no limit
	ExpiresAt        time.Time // zero: never

	// ID is the license key's id. Zero means a new one.
	ID uuid.UUID
	// Now is the time of issue. Zero means time.Now().
	Now time.Time
}

// NewKey returns a new random key string: a version 4 UUID in upper case, after
// the prefix and a hyphen if there is a prefix.
func NewKey(prefix string) string {
	key := strings.ToUpper(uuid.NewString())
	if prefix != "" {
		key = prefix + "-" + key
	}
	return key
}

// CheckIssue returns the license key that req describes. Every store's Issue
// calls it first. It returns ErrInvalid.
func CheckIssue(req IssueRequest) (LicenseKey, error) {
	k := LicenseKey{
		ID:               orNew(req.ID),
		CreatedAt:        req.Now,
		OrganizationID:   req.OrganizationID,
		BenefitID:        req.BenefitID,
		Customer:         req.Customer,
		Key:              req.Key,
		Status:           req.Status,
		LimitActivations: nilIfZero(req.LimitActivations),
		LimitUsage:       nilIfZero(req.LimitUsage),
	}
	if k.CreatedAt.IsZero() {
		k.CreatedAt = time.Now()
	}
	if k.Key == "" {
		k.Key = NewKey(req.Prefix)
	}
	if k.Status == "" {
		k.Status = StatusGranted
	}
	if !req.ExpiresAt.IsZero() {
		k.ExpiresAt = &req.ExpiresAt
	}
	k.Customer.ID = orNew(k.Customer.ID)
	k.Customer.OrganizationID = k.OrganizationID
	if k.Customer.CreatedAt.IsZero() {
		k.Customer.CreatedAt = k.CreatedAt
	}
	if k.Customer.Type == "" {
		k.Customer.Type = "individual"
	}
	checked, err := CheckImport(LicenseKeyWithActivations{LicenseKey: k})
	return checked.LicenseKey, err
}

func orNew(id uuid.UUID) uuid.UUID {
	if id == uuid.Nil {
		return uuid.New()
	}
	return id
}

func nilIfZero(n int64) *int64 {
	if n == 0 {
		return nil
	}
	return &n
}

// CheckImport returns a copy of k as it is to be stored: times in UTC and whole
// microseconds, of the years 0 to 9999, customer and user ids filled in, JSON
// objects compact and never nil. Every store's Import calls it on each key
// first. It returns ErrInvalid, in an error that names the field as the JSON form
// does.
func CheckImport(k LicenseKeyWithActivations) (LicenseKeyWithActivations, error) {
	c := LicenseKeyWithActivations{LicenseKey: k.Clone()}
	if c.CustomerID == uuid.Nil {
		c.CustomerID = c.Customer.ID
	}
	if c.UserID == uuid.Nil {
		c.UserID = c.CustomerID
	}
	if err := checkLicenseKey(&c.LicenseKey); err != nil {
		return LicenseKeyWithActivations{}, err
	}
	seen := make(map[uuid.UUID]bool, len(k.Activations))
	for i, a := range k.Activations {
		a = a.Clone()
		if a.LicenseKeyID == uuid.Nil {
			a.LicenseKeyID = c.ID
		}
		path := fmt.Sprintf("activations[%d].", i)
		if err := checkActivation(&a, c.ID, path); err != nil {
			return LicenseKeyWithActivations{}, err
		}
		if seen[a.ID] {
			return LicenseKeyWithActivations{}, invalid(path+"id", "is there twice")
		}
		seen[a.ID] = true
		c.Activations = append(c.Activations, a)
	}
	return c, nil
}

// CheckImports is [CheckImport] of every key; an error names the key's index.
func CheckImports(keys []LicenseKeyWithActivations) ([]LicenseKeyWithActivations, error) {
	checked := make([]LicenseKeyWithActivations, len(keys))
	for i, k := range keys {
		var err error
		if checked[i], err = CheckImport(k); err != nil {
			return nil, fmt.Errorf("license key %d: %w", i, err)
		}
	}
	return checked, nil
}

func checkLicenseKey(k *LicenseKey) error {
	switch {
	case k.ID == uuid.Nil:
		return invalid("id", "is missing or zero")
	case k.CreatedAt.IsZero():
		return invalid("created_at", "is missing or zero")
	case k.OrganizationID == uuid.Nil:
		return invalid("organization_id", "is missing or zero")
	case !storable(k.Key):
		return invalid("key", "must be Unicode text without NUL")
	case !slices.Contains([]Status{StatusGranted, StatusRevoked, StatusDisabled}, k.Status):
		return invalid("status", "must be granted, revoked or disabled")
	case k.LimitActivations != nil && *k.LimitActivations < 0:
		return invalid("limit_activations", "must not be negative")
	case k.LimitUsage != nil && *k.LimitUsage < 0:
		return invalid("limit_usage", "must not be negative")
	case k.Usage < 0:
		return invalid("usage", "must not be negative")
	case k.Validations < 0:
		return invalid("validations", "must not be negative")
	case k.Customer.ID != k.CustomerID:
		return invalid("customer_id", "must be the customer's id")
	}
	c := &k.Customer
	err := normalizeTimes([]namedTime{
		{"created_at", &k.CreatedAt}, {"modified_at", k.ModifiedAt}, {"last_validated_at", k.LastValidatedAt}, {"expires_at", k.ExpiresAt},
		{"customer.created_at", &c.CreatedAt}, {"customer.modified_at", c.ModifiedAt}, {"customer.deleted_at", c.DeletedAt},
		{"customer.first_user_event_at", c.FirstUserEventAt},
	})
	if err != nil {
		return err
	}
	return normalizeObject("customer.metadata", &c.Metadata)
}

func checkActivation(a *Activation, licenseKeyID uuid.UUID, path string) error {
	switch {
	case a.ID == uuid.Nil:
		return invalid(path+"id", "is missing or zero")
	case a.CreatedAt.IsZero():
		return invalid(path+"created_at", "is missing or zero")
	case a.LicenseKeyID != licenseKeyID:
		return invalid(path+"license_key_id", "must be the license key's id")
	case !storable(a.Label):
		return invalid(path+"label", "must be Unicode text without NUL")
	}
	if err := normalizeTimes([]namedTime{{path + "created_at", &a.CreatedAt}, {path + "modified_at", a.ModifiedAt}}); err != nil {
		return err
	}
	if err := normalizeObject(path+"conditions", &a.Conditions); err != nil {
		return err
	}
	return normalizeObject(path+"meta", &a.Meta)
}

func invalid(field, problem string) error {
	return fmt.Errorf("%w: %s: %s", ErrInvalid, field, problem)
}

// storable says whether a request could carry s: the handler refuses others.
func storable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsRune(s, 0)
}

type namedTime struct {
	field string
	at    *time.Time // may be nil
}

// normalizeTimes brings times to what the wire can show, and refuses those that
// JSON cannot hold.
func normalizeTimes(times []namedTime) error {
	for _, t := range times {
		if t.at == nil {
			continue
		}
		*t.at = t.at.UTC().Truncate(time.Microsecond)
		if year := t.at.Year(); year < 0 || year > 9999 {
			return invalid(t.field, "must be in the years 0 to 9999")
		}
	}
	return nil
}

// normalizeObject brings a JSON object to the form in which it is returned.
func normalizeObject(field string, text *json.RawMessage) error {
	if *text == nil {
		*text = json.RawMessage("{}")
		return nil
	}
	v, err := jsonvalue.Decode(*text)
	object, ok := v.(*jsonvalue.Object)
	if err != nil || !ok {
		return invalid(field, "must be a JSON object")
	}
	*text = jsonvalue.Append(nil, object)
	return nil
}
