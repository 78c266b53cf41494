package rules

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/internal/jsonvalue"
)

// The checks here guard everything that is stored: nothing gets in that could
// not be read back, asked for over the API, or exported and imported again.

// maxDepth is how many arrays and objects may be nested in stored JSON.
// encoding/json, which reads records back, reads up to 10,000 for a whole record.
const maxDepth = 100

func invalid(field, problem string) error {
	return fmt.Errorf("%w: %s: %s", licensekey.ErrInvalid, field, problem)
}

// checkLicenseKey brings k to the form in which it is stored. Its error says why k
// cannot be stored.
func checkLicenseKey(k *licensekey.LicenseKey) error {
	err := normalizeTimes([]namedTime{
		{"created_at", &k.CreatedAt}, {"modified_at", k.ModifiedAt}, {"last_validated_at", k.LastValidatedAt}, {"expires_at", k.ExpiresAt},
	})
	switch {
	case err != nil:
		return err
	case k.CreatedAt.IsZero():
		return invalid("created_at", "is missing or zero")
	case !slices.Contains([]licensekey.Status{licensekey.StatusGranted, licensekey.StatusRevoked, licensekey.StatusDisabled}, k.Status):
		return invalid("status", "must be granted, revoked or disabled")
	}
	if err := checkKey(string(k.Key)); err != nil {
		return err
	}
	if err := checkIDs(k); err != nil {
		return err
	}
	if err := checkRanges(k); err != nil {
		return err
	}
	if err := checkCustomer(&k.Customer); err != nil {
		return err
	}
	if err := checkRelations(k); err != nil {
		return err
	}
	return normalizeObject("metadata", &k.Metadata)
}

// checkKey rejects key strings that are a mistake wherever they come from: no
// customer could type them. It accepts blanks and Unicode's line separators at the
// ends: the recorded license keys have them, and apps send such a key as it is.
func checkKey(key string) error {
	switch {
	case strings.TrimSpace(key) == "":
		return invalid("key", "must not be empty")
	case !utf8.ValidString(key):
		return invalid("key", "must be Unicode text")
	case strings.ContainsFunc(key, unicode.IsControl):
		return invalid("key", "must not contain control characters, such as tabs and line ends")
	case strings.TrimFunc(key, isInvisible) != key:
		return invalid("key", "must not begin or end with an invisible character, such as a no-break space or a byte order mark")
	}
	return nil
}

// checkNewKey rejects key strings that are not to be given to new customers: what
// checkKey rejects, and any white space at the ends.
func checkNewKey(key licensekey.Key) error {
	if strings.TrimSpace(string(key)) != string(key) {
		return invalid("key", "must not begin or end with white space")
	}
	return checkKey(string(key))
}

// isInvisible reports whether r is a space that no key of a keyboard makes, or has
// no shape at all.
func isInvisible(r rune) bool {
	return unicode.Is(unicode.Zs, r) && r != ' ' || unicode.Is(unicode.Cf, r)
}

func checkIDs(k *licensekey.LicenseKey) error {
	for _, id := range []namedID{
		{"id", k.ID}, {"organization_id", k.OrganizationID}, {"customer_id", k.CustomerID}, {"user_id", k.UserID},
		{"customer.id", k.Customer.ID}, {"customer.organization_id", k.Customer.OrganizationID},
	} {
		if err := checkID(id); err != nil {
			return err
		}
	}
	if k.BenefitID != uuid.Nil {
		if err := checkID(namedID{"benefit_id", k.BenefitID}); err != nil {
			return err
		}
	}
	if k.Customer.ID != k.CustomerID {
		return invalid("customer_id", "must be the customer's id")
	}
	return nil
}

type namedID struct {
	field string
	id    uuid.UUID
}

// checkID rejects ids that no client could ask the API for: clients may send only
// UUIDs of version 4 and of the RFC 9562 variant.
func checkID(n namedID) error {
	if err := checkVersion(n); err != nil {
		return err
	}
	if n.id.Variant() != uuid.RFC4122 {
		return invalid(n.field, fmt.Sprintf("%v is no UUID of the RFC 9562 variant", n.id))
	}
	return nil
}

// checkVersion does the same as checkID, but accepts any variant. It is for the
// ids of existing activations: Polar has made some of other variants.
func checkVersion(n namedID) error {
	switch {
	case n.id == uuid.Nil:
		return invalid(n.field, "is missing or zero")
	case n.id.Version() != 4:
		return invalid(n.field, fmt.Sprintf("%v is no UUID of version 4", n.id))
	}
	return nil
}

func checkRanges(k *licensekey.LicenseKey) error {
	for _, n := range []struct {
		field   string
		n       *int64 // may be nil
		largest int64
	}{
		{"limit_activations", k.LimitActivations, licensekey.MaxUsage},
		{"limit_usage", k.LimitUsage, licensekey.MaxUsage},
		{"usage", &k.Usage, licensekey.MaxUsage},
		{"validations", &k.Validations, licensekey.MaxValidations},
	} {
		switch {
		case n.n == nil:
		case *n.n < 0:
			return invalid(n.field, "must not be negative")
		case *n.n > n.largest:
			return invalid(n.field, fmt.Sprintf("must not be over %d", n.largest))
		}
	}
	return nil
}

func checkCustomer(c *licensekey.Customer) error {
	if c.Type != licensekey.CustomerIndividual && c.Type != licensekey.CustomerTeam {
		return invalid("customer.type", "must be individual or team")
	}
	for _, text := range customerTexts(c) {
		if text.text != nil && !storable(*text.text) {
			return invalid("customer."+text.field, "must be Unicode text without NUL")
		}
	}
	err := normalizeTimes([]namedTime{
		{"customer.created_at", &c.CreatedAt}, {"customer.modified_at", c.ModifiedAt},
		{"customer.deleted_at", c.DeletedAt}, {"customer.first_user_event_at", c.FirstUserEventAt},
	})
	if err != nil {
		return err
	}
	return normalizeObject("customer.metadata", &c.Metadata)
}

type namedText struct {
	field string
	text  *string // may be nil
}

func customerTexts(c *licensekey.Customer) []namedText {
	texts := []namedText{
		{"external_id", c.ExternalID}, {"email", c.Email}, {"name", c.Name}, {"billing_name", c.BillingName},
		{"locale", c.Locale}, {"avatar_url", c.AvatarURL},
	}
	for i := range c.TaxID {
		texts = append(texts, namedText{fmt.Sprintf("tax_id[%d]", i), &c.TaxID[i]})
	}
	if a := c.BillingAddress; a != nil {
		texts = append(texts, namedText{"billing_address.line1", a.Line1}, namedText{"billing_address.line2", a.Line2},
			namedText{"billing_address.postal_code", a.PostalCode}, namedText{"billing_address.city", a.City},
			namedText{"billing_address.state", a.State}, namedText{"billing_address.country", &a.Country})
	}
	return texts
}

// checkActivation brings a to the form in which it is stored. Its error says why a
// cannot be stored, with path before the name of the field.
func checkActivation(a *licensekey.Activation, licenseKeyID uuid.UUID, path string) error {
	if err := checkVersion(namedID{path + "id", a.ID}); err != nil {
		return err
	}
	if err := normalizeTimes([]namedTime{{path + "created_at", &a.CreatedAt}, {path + "modified_at", a.ModifiedAt}}); err != nil {
		return err
	}
	switch {
	case a.CreatedAt.IsZero():
		return invalid(path+"created_at", "is missing or zero")
	case a.LicenseKeyID != licenseKeyID:
		return invalid(path+"license_key_id", "must be the license key's id")
	case !storable(a.Label):
		return invalid(path+"label", "must be Unicode text without NUL")
	}
	if err := normalizeObject(path+"conditions", &a.Conditions); err != nil {
		return err
	}
	return normalizeObject(path+"meta", &a.Meta)
}

// storable reports whether a request could carry s. The handler rejects other
// texts.
func storable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsRune(s, 0)
}

type namedTime struct {
	field string
	at    *time.Time // may be nil
}

// normalizeTimes brings times to UTC and whole microseconds, as responses show
// them. It rejects times that JSON cannot hold.
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
	if depth(object) > maxDepth {
		return invalid(field, fmt.Sprintf("must not nest over %d deep", maxDepth))
	}
	*text = jsonvalue.Append(nil, object)
	return nil
}

// depth returns how many objects and arrays enclose the innermost value of v.
func depth(v any) int {
	deepest := 0
	switch v := v.(type) {
	case *jsonvalue.Object:
		for _, member := range v.Members {
			deepest = max(deepest, depth(member.Value))
		}
	case []any:
		for _, elem := range v {
			deepest = max(deepest, depth(elem))
		}
	default:
		return 0
	}
	return deepest + 1
}
