package licensekey

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode/utf8"
)

// activation writes the members of an activation as clients see it, without its
// conditions.
func (w *responseWriter) activation(a Activation) {
	w.id("id", a.ID)
	w.id("license_key_id", a.LicenseKeyID)
	w.text("label", a.Label)
	w.raw("meta", a.Meta)
	w.time("created_at", a.CreatedAt)
	w.timeOrNull("modified_at", a.ModifiedAt)
}

// licenseKey writes the members of a license key as clients see it.
func (w *responseWriter) licenseKey(k LicenseKey) {
	w.id("id", k.ID)
	w.time("created_at", k.CreatedAt)
	w.timeOrNull("modified_at", k.ModifiedAt)
	w.id("organization_id", k.OrganizationID)
	w.id("user_id", k.UserID)
	w.id("customer_id", k.CustomerID)
	w.object("user", func() { w.user(k) })
	w.object("customer", func() { w.customer(k.Customer) })
	w.id("benefit_id", k.BenefitID)
	w.text("key", string(k.Key))
	w.text("display_key", k.DisplayKey())
	w.text("status", string(k.Status))
	w.intOrNull("limit_activations", k.LimitActivations)
	w.int("usage", k.Usage)
	w.intOrNull("limit_usage", k.LimitUsage)
	w.int("validations", k.Validations)
	w.timeOrNull("last_validated_at", k.LastValidatedAt)
	w.timeOrNull("expires_at", k.ExpiresAt)
}

// user writes the customer in the form of Polar's former users.
func (w *responseWriter) user(k LicenseKey) {
	w.id("id", k.UserID)
	w.textOrNull("email", email(k.Customer))
	w.text("public_name", publicName(k.Customer))
	w.textOrNull("avatar_url", avatarURL(k.Customer))
}

func (w *responseWriter) customer(c Customer) {
	w.id("id", c.ID)
	w.time("created_at", c.CreatedAt)
	w.timeOrNull("modified_at", c.ModifiedAt)
	w.raw("metadata", c.Metadata)
	w.textOrNull("external_id", c.ExternalID)
	w.textOrNull("email", email(c))
	w.bool("email_verified", c.EmailVerified)
	w.text("type", c.Type)
	w.textOrNull("name", c.Name)
	w.textOrNull("billing_name", c.BillingName)
	if a := c.BillingAddress; a != nil {
		w.object("billing_address", func() { w.address(*a) })
	} else {
		w.null("billing_address")
	}
	w.textsOrNull("tax_id", c.TaxID)
	w.textOrNull("locale", c.Locale)
	w.id("organization_id", c.OrganizationID)
	w.idOrNull("default_payment_method_id", c.DefaultPaymentMethodID)
	w.timeOrNull("deleted_at", c.DeletedAt)
	w.timeOrNull("first_user_event_at", c.FirstUserEventAt)
	w.textOrNull("avatar_url", avatarURL(c))
}

func (w *responseWriter) address(a Address) {
	w.textOrNull("line1", a.Line1)
	w.textOrNull("line2", a.Line2)
	w.textOrNull("postal_code", a.PostalCode)
	w.textOrNull("city", a.City)
	w.textOrNull("state", a.State)
	w.text("country", a.Country)
}

// email returns the customer's e-mail. A customer without one gets "", because old
// clients reject null, except a team, which gets null: old clients do not know
// teams.
func email(c Customer) *string {
	if c.Email == nil && c.Type != CustomerTeam {
		return new(string)
	}
	return c.Email
}

// avatarURL returns the stored URL, or else the one that Polar derives from the
// e-mail. It is null only for a team without an e-mail.
func avatarURL(c Customer) *string {
	if c.AvatarURL != nil {
		return c.AvatarURL
	}
	address := email(c)
	if address == nil {
		return nil
	}
	sum := sha256.Sum256([]byte(strings.ToLower(*address)))
	url := "https://www.gravatar.com/avatar/" + hex.EncodeToString(sum[:]) + "?d=404"
	return &url
}

// publicName returns the first character of the customer's name, or else of the
// e-mail, or else a question mark.
func publicName(c Customer) string {
	for _, text := range []*string{c.Name, c.Email} {
		if text != nil && *text != "" {
			_, size := utf8.DecodeRuneInString(*text)
			return (*text)[:size]
		}
	}
	return "?"
}
