package licensekey

import (
	"bytes"
	"cmp"
	"encoding/json"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Status says whether a license key may be used. There is no status for an
// expired key: whether a key has expired follows from ExpiresAt.
type Status string

// The statuses of a license key.
const (
	StatusGranted  Status = "granted"  // in force
	StatusRevoked  Status = "revoked"  // withdrawn; Rotate rejects it, Update can grant it again
	StatusDisabled Status = "disabled" // switched off by the organization
)

// LicenseKey is a license key as stored. Its fields are the members of a license
// key in Polar's API, and have the same meanings and JSON names. Its JSON form
// shows the key string.
type LicenseKey struct {
	ID             uuid.UUID  `json:"id"`
	CreatedAt      time.Time  `json:"created_at"`
	ModifiedAt     *time.Time `json:"modified_at"` // of the last update, rotation or validation; nil: none yet
	OrganizationID uuid.UUID  `json:"organization_id"`
	BenefitID      uuid.UUID  `json:"benefit_id"` // zero if the host has no benefits
	CustomerID     uuid.UUID  `json:"customer_id"`
	UserID         uuid.UUID  `json:"user_id"` // kept for old clients; new keys have the customer's id
	Customer       Customer   `json:"customer"`

	Key    Key    `json:"key"`
	Status Status `json:"status"`

	LimitActivations *int64     `json:"limit_activations"` // nil or 0: the key takes no activations
	LimitUsage       *int64     `json:"limit_usage"`       // nil or 0: usage has no limit
	Usage            int64      `json:"usage"`             // the sum of the increments, at most MaxUsage
	Validations      int64      `json:"validations"`       // how many succeeded, at most MaxValidations
	LastValidatedAt  *time.Time `json:"last_validated_at"` // nil: never
	ExpiresAt        *time.Time `json:"expires_at"`        // nil: never

	// Metadata is the host's own: one JSON object, which no response shows. Nil is
	// stored as {}.
	Metadata json.RawMessage `json:"metadata"`

	// Who and what the license key was sold with; nil if the host has no such
	// thing. An id is that of the object beside it, if there is one.
	MemberID       *uuid.UUID    `json:"member_id"`
	Member         *Member       `json:"member"`
	SubscriptionID *uuid.UUID    `json:"subscription_id"`
	Subscription   *Subscription `json:"subscription"`
	OrderID        *uuid.UUID    `json:"order_id"`
	Order          *Order        `json:"order"`
}

// DisplayKey returns the key as it may be shown to people: the last six
// characters after "****-". A key of six characters or fewer is shown in full.
func (k LicenseKey) DisplayKey() string { return "****-" + k.KeySuffix() }

// KeySuffix returns the last six characters of the key string, or all of a shorter
// one.
func (k LicenseKey) KeySuffix() string {
	runes := []rune(string(k.Key))
	return string(runes[max(0, len(runes)-6):])
}

// LogValue implements [slog.LogValuer]. It names the license key by its id,
// without the key string.
func (k LicenseKey) LogValue() slog.Value {
	return slog.GroupValue(slog.String("id", k.ID.String()))
}

// Clone returns a copy that shares no memory with k.
func (k LicenseKey) Clone() LicenseKey {
	k.ModifiedAt = clonePointer(k.ModifiedAt)
	k.Customer = k.Customer.Clone()
	k.LimitActivations = clonePointer(k.LimitActivations)
	k.LimitUsage = clonePointer(k.LimitUsage)
	k.LastValidatedAt = clonePointer(k.LastValidatedAt)
	k.ExpiresAt = clonePointer(k.ExpiresAt)
	k.Metadata = bytes.Clone(k.Metadata)
	k.MemberID = clonePointer(k.MemberID)
	k.Member = k.Member.clone()
	k.SubscriptionID = clonePointer(k.SubscriptionID)
	k.Subscription = k.Subscription.clone()
	k.OrderID = clonePointer(k.OrderID)
	k.Order = clonePointer(k.Order)
	return k
}

// Activation is a device, or whatever else an app calls an instance of itself,
// that holds one of a license key's seats.
type Activation struct {
	ID           uuid.UUID `json:"id"`
	LicenseKeyID uuid.UUID `json:"license_key_id"`
	Label        string    `json:"label"` // what the app calls the device; may be empty
	// A validation that names the activation must meet Conditions. Meta is
	// returned to the app. Each is one JSON object. Its members keep their order.
	// Its numbers keep their kind (1 is not 1.0), and integers keep all digits.
	// Nil is stored as {}.
	Conditions json.RawMessage `json:"conditions"`
	Meta       json.RawMessage `json:"meta"`
	CreatedAt  time.Time       `json:"created_at"`
	ModifiedAt *time.Time      `json:"modified_at"`
}

// Clone returns a copy that shares no memory with a.
func (a Activation) Clone() Activation {
	a.Conditions = bytes.Clone(a.Conditions)
	a.Meta = bytes.Clone(a.Meta)
	a.ModifiedAt = clonePointer(a.ModifiedAt)
	return a
}

// SortActivations sorts activations, in place, as [Admin] returns them: oldest
// first, and by id if they were made at the same time.
func SortActivations(activations []Activation) {
	slices.SortFunc(activations, func(a, b Activation) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), bytes.Compare(a.ID[:], b.ID[:]))
	})
}

// LicenseKeyWithActivations is a license key with its live activations: those
// that have not been deactivated.
type LicenseKeyWithActivations struct {
	LicenseKey
	Activations []Activation `json:"activations"`
}

// The types of a customer.
const (
	CustomerIndividual = "individual"
	CustomerTeam       = "team"
)

// Customer is the person or the team that a license key was issued to. The fields
// have the meanings of Polar's API. A nil pointer is null there.
type Customer struct {
	ID                     uuid.UUID       `json:"id"`
	CreatedAt              time.Time       `json:"created_at"`
	ModifiedAt             *time.Time      `json:"modified_at"`
	Metadata               json.RawMessage `json:"metadata"` // one JSON object; nil is stored as {}
	ExternalID             *string         `json:"external_id"`
	Email                  *string         `json:"email"`
	EmailVerified          bool            `json:"email_verified"`
	Type                   string          `json:"type"` // CustomerIndividual or CustomerTeam
	Name                   *string         `json:"name"`
	BillingName            *string         `json:"billing_name"`
	BillingAddress         *Address        `json:"billing_address"`
	TaxID                  []string        `json:"tax_id"` // the number and its kind, as in {"911144442", "us_ein"}
	Locale                 *string         `json:"locale"`
	OrganizationID         uuid.UUID       `json:"organization_id"`
	DefaultPaymentMethodID *uuid.UUID      `json:"default_payment_method_id"`
	DeletedAt              *time.Time      `json:"deleted_at"`
	FirstUserEventAt       *time.Time      `json:"first_user_event_at"`
	AvatarURL              *string         `json:"avatar_url"`
}

// Clone returns a copy that shares no memory with c.
func (c Customer) Clone() Customer {
	c.ModifiedAt = clonePointer(c.ModifiedAt)
	c.Metadata = bytes.Clone(c.Metadata)
	c.ExternalID = clonePointer(c.ExternalID)
	c.Email = clonePointer(c.Email)
	c.Name = clonePointer(c.Name)
	c.BillingName = clonePointer(c.BillingName)
	c.BillingAddress = c.BillingAddress.clone()
	c.TaxID = slices.Clone(c.TaxID)
	c.Locale = clonePointer(c.Locale)
	c.DefaultPaymentMethodID = clonePointer(c.DefaultPaymentMethodID)
	c.DeletedAt = clonePointer(c.DeletedAt)
	c.FirstUserEventAt = clonePointer(c.FirstUserEventAt)
	c.AvatarURL = clonePointer(c.AvatarURL)
	return c
}

// Address is a postal address.
type Address struct {
	Line1      *string `json:"line1"`
	Line2      *string `json:"line2"`
	PostalCode *string `json:"postal_code"`
	City       *string `json:"city"`
	State      *string `json:"state"`   // ISO 3166-2, as in "US-NY"
	Country    string  `json:"country"` // ISO 3166-1 alpha-2
}

func (a *Address) clone() *Address {
	if a == nil {
		return nil
	}
	return &Address{
		Line1:      clonePointer(a.Line1),
		Line2:      clonePointer(a.Line2),
		PostalCode: clonePointer(a.PostalCode),
		City:       clonePointer(a.City),
		State:      clonePointer(a.State),
		Country:    a.Country,
	}
}

func clonePointer[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}
