package licensekey

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey/internal/jsonvalue"
)

// answerSize is room for a license key with its customer and an activation, as
// most are.
const answerSize = 2 << 10

// activationRead is an activation as clients see it, without its conditions.
func activationRead(a Activation) *jsonvalue.Object {
	return object(
		"id", a.ID.String(),
		"license_key_id", a.LicenseKeyID.String(),
		"label", a.Label,
		"meta", objectOf(a.Meta),
		"created_at", wireTime(a.CreatedAt),
		"modified_at", optional(a.ModifiedAt, wireTime),
	)
}

// licenseKeyRead is a license key as clients see it.
func licenseKeyRead(k LicenseKey) *jsonvalue.Object {
	return object(
		"id", k.ID.String(),
		"created_at", wireTime(k.CreatedAt),
		"modified_at", optional(k.ModifiedAt, wireTime),
		"organization_id", k.OrganizationID.String(),
		"user_id", k.UserID.String(),
		"customer_id", k.CustomerID.String(),
		"user", userRead(k),
		"customer", customerRead(k.Customer),
		"benefit_id", k.BenefitID.String(),
		"key", string(k.Key),
		"display_key", k.DisplayKey(),
		"status", string(k.Status),
		"limit_activations", optional(k.LimitActivations, wireInt),
		"usage", wireInt(k.Usage),
		"limit_usage", optional(k.LimitUsage, wireInt),
		"validations", wireInt(k.Validations),
		"last_validated_at", optional(k.LastValidatedAt, wireTime),
		"expires_at", optional(k.ExpiresAt, wireTime),
	)
}

// userRead is the customer in the form of Polar's former users.
func userRead(k LicenseKey) *jsonvalue.Object {
	c := k.Customer
	return object(
		"id", k.UserID.String(),
		"email", email(c),
		"public_name", publicName(c),
		"avatar_url", avatarURL(c),
	)
}

func customerRead(c Customer) *jsonvalue.Object {
	return object(
		"id", c.ID.String(),
		"created_at", wireTime(c.CreatedAt),
		"modified_at", optional(c.ModifiedAt, wireTime),
		"metadata", objectOf(c.Metadata),
		"external_id", optional(c.ExternalID, wireText),
		"email", email(c),
		"email_verified", c.EmailVerified,
		"type", c.Type,
		"name", optional(c.Name, wireText),
		"billing_name", optional(c.BillingName, wireText),
		"billing_address", optional(c.BillingAddress, addressRead),
		"tax_id", taxID(c.TaxID),
		"locale", optional(c.Locale, wireText),
		"organization_id", c.OrganizationID.String(),
		"default_payment_method_id", optional(c.DefaultPaymentMethodID, wireID),
		"deleted_at", optional(c.DeletedAt, wireTime),
		"first_user_event_at", optional(c.FirstUserEventAt, wireTime),
		"avatar_url", avatarURL(c),
	)
}

func addressRead(a Address) any {
	return object(
		"line1", optional(a.Line1, wireText),
		"line2", optional(a.Line2, wireText),
		"postal_code", optional(a.PostalCode, wireText),
		"city", optional(a.City, wireText),
		"state", optional(a.State, wireText),
		"country", a.Country,
	)
}

// email is never null, which old clients refuse.
func email(c Customer) string {
	if c.Email == nil {
		return ""
	}
	return *c.Email
}

// avatarURL is never null, which old clients refuse: without one it is where
// Polar would look for it.
func avatarURL(c Customer) string {
	if c.AvatarURL != nil {
		return *c.AvatarURL
	}
	sum := sha256.Sum256([]byte(strings.ToLower(email(c))))
	return "https://www.gravatar.com/avatar/" + hex.EncodeToString(sum[:]) + "?d=404"
}

// publicName is the initial of the customer's name, or else of the email.
func publicName(c Customer) string {
	name := strings.ToUpper(email(c))
	if c.Name != nil && *c.Name != "" {
		name = *c.Name
	}
	_, size := utf8.DecodeRuneInString(name)
	return name[:size]
}

// optional shows what p points to, or null.
func optional[T any](p *T, show func(T) any) any {
	if p == nil {
		return nil
	}
	return show(*p)
}

func wireText(s string) any   { return s }
func wireID(id uuid.UUID) any { return id.String() }
func wireInt(n int64) any     { return n }

// wireTime shows a time with six decimals or none.
func wireTime(t time.Time) any {
	t = t.UTC().Truncate(time.Microsecond)
	if t.Nanosecond() == 0 {
		return t.Format("2006-01-02T15:04:05Z")
	}
	return t.Format("2006-01-02T15:04:05.000000Z")
}

func taxID(parts []string) any {
	if parts == nil {
		return nil
	}
	list := make([]any, len(parts))
	for i, part := range parts {
		list[i] = part
	}
	return list
}

// objectOf reads a stored JSON object.
func objectOf(text json.RawMessage) *jsonvalue.Object {
	v, _ := jsonvalue.Decode(text)
	if object, ok := v.(*jsonvalue.Object); ok {
		return object
	}
	return &jsonvalue.Object{}
}
