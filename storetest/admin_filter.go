package storetest

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
)

// keyOf returns a license key with what filters look at. An e-mail or an external
// id that is "" is null.
func keyOf(organizationID uuid.UUID, key licensekey.Key, email, externalID string) licensekey.LicenseKeyWithActivations {
	k := newKey(organizationID, key, 0)
	if email != "" {
		k.Customer.Email = &email
	}
	if externalID != "" {
		k.Customer.ExternalID = &externalID
	}
	return k
}

// testListFilters lists with each filter alone, with several values, and with
// several filters.
func testListFilters(t *testing.T, s licensekey.ManagedStore) {
	x, y, orgC := uuid.New(), uuid.New(), uuid.New()
	a, b, c := keyOf(orgA, "A-000001", "ada@example.com", "1"), keyOf(orgA, "A-000002", "bo@example.com", "2"), keyOf(orgB, "B-000001", "Ada@example.com", "1")
	d, e := keyOf(orgB, "B-000002", "", ""), keyOf(orgC, "C-000001", "cy@example.com", "1")
	f := newKey(orgA, "A-000003", 0)
	f.Customer, f.CustomerID = a.Customer, a.CustomerID
	a.BenefitID, b.BenefitID, c.BenefitID, f.BenefitID = x, y, x, y
	b.Status, c.Status, e.Status = licensekey.StatusRevoked, licensekey.StatusDisabled, licensekey.StatusRevoked
	mustImport(t, s, 6, a, b, c, d, e, f)
	type keys = []licensekey.LicenseKeyWithActivations
	type ids = []uuid.UUID
	granted, revoked, disabled := licensekey.StatusGranted, licensekey.StatusRevoked, licensekey.StatusDisabled
	tests := []struct {
		name string
		req  licensekey.ListRequest
		want keys
	}{
		{"everything", licensekey.ListRequest{}, keys{a, b, c, d, e, f}},
		{"organization", licensekey.ListRequest{OrganizationIDs: ids{orgA}}, keys{a, b, f}},
		{"two organizations", licensekey.ListRequest{OrganizationIDs: ids{orgC, orgA}}, keys{a, b, e, f}},
		{"an organization twice, and an unknown one", licensekey.ListRequest{OrganizationIDs: ids{orgB, uuid.New(), orgB}}, keys{c, d}},
		{"benefit", licensekey.ListRequest{BenefitIDs: ids{x}}, keys{a, c}},
		{"two benefits", licensekey.ListRequest{BenefitIDs: ids{x, y}}, keys{a, b, c, f}},
		{"no benefit", licensekey.ListRequest{BenefitIDs: ids{uuid.Nil}}, keys{d, e}},
		{"customer", licensekey.ListRequest{CustomerIDs: ids{a.CustomerID}}, keys{a, f}},
		{"two customers", licensekey.ListRequest{CustomerIDs: ids{c.CustomerID, a.CustomerID, a.CustomerID}}, keys{a, c, f}},
		{"status", licensekey.ListRequest{Statuses: []licensekey.Status{revoked}}, keys{b, e}},
		{"two statuses", licensekey.ListRequest{Statuses: []licensekey.Status{granted, disabled}}, keys{a, c, d, f}},
		{"unknown status", licensekey.ListRequest{Statuses: []licensekey.Status{"expired"}}, nil},
		{"e-mail", licensekey.ListRequest{Email: "ada@example.com"}, keys{a, c, f}},
		{"external id", licensekey.ListRequest{ExternalID: "1"}, keys{a, c, e, f}},
		{"suffix", licensekey.ListRequest{KeySuffix: "000001"}, keys{a, c, e}},

		{"organization and benefit", licensekey.ListRequest{OrganizationIDs: ids{orgB}, BenefitIDs: ids{x, y}}, keys{c}},
		{"organization and customer", licensekey.ListRequest{OrganizationIDs: ids{orgB, orgC}, CustomerIDs: ids{a.CustomerID}}, nil},
		{"benefit and status", licensekey.ListRequest{BenefitIDs: ids{x, y}, Statuses: []licensekey.Status{granted}}, keys{a, f}},
		{"customer and benefit", licensekey.ListRequest{CustomerIDs: ids{a.CustomerID, b.CustomerID}, BenefitIDs: ids{y}}, keys{b, f}},
		{"e-mail and organization", licensekey.ListRequest{Email: "ADA@EXAMPLE.COM", OrganizationIDs: ids{orgB}}, keys{c}},
		{"e-mail and external id", licensekey.ListRequest{Email: "bo@example.com", ExternalID: "1"}, nil},
		{"external id and status", licensekey.ListRequest{ExternalID: "1", Statuses: []licensekey.Status{revoked, disabled}}, keys{c, e}},
		{"suffix and organization", licensekey.ListRequest{KeySuffix: "000001", OrganizationIDs: ids{orgA, orgB}}, keys{a, c}},
		{"suffix and e-mail", licensekey.ListRequest{KeySuffix: "000003", Email: "ada@example.com"}, keys{f}},
		{"all filters", licensekey.ListRequest{OrganizationIDs: ids{orgA}, BenefitIDs: ids{x}, CustomerIDs: ids{a.CustomerID},
			Statuses: []licensekey.Status{granted}, Email: "ada@example.com", ExternalID: "1", KeySuffix: "000001"}, keys{a}},
	}
	for _, tt := range tests {
		wantListed(t, s, tt.name, tt.req, tt.want...)
	}
}

// testListEmail holds that e-mails are compared as strings.EqualFold compares them,
// and not as patterns.
func testListEmail(t *testing.T, s licensekey.ManagedStore) {
	emails := []string{
		"ada@example.com", "ADA@Example.COM", "ada@example.co", "ada@example.com ", " ada@example.com", "a_a@example.com", "%@example.com",
		"josé@example.com", "JOSÉ@example.com", "jose\u0301@example.com", "straße@example.com", "STRAẞE@example.com", "STRASSE@example.com",
		"σίσυφος@example.com", "ΣΊΣΥΦΟΣ@example.com", "karl@example.com", "\u212aarl@example.com", "iſa@example.com", "ISA@example.com",
		"İsa@example.com", "ısa@example.com", "юля@пример.рф", "ЮЛЯ@ПРИМЕР.РФ", "鍵@example.com", "\ufffd@example.com", "ada",
		strings.Repeat("x", 10_000) + "@example.com", strings.Repeat("X", 10_000) + "@example.com", strings.Repeat("x", 10_001) + "@example.com",
	}
	var keys []licensekey.LicenseKeyWithActivations
	for _, email := range emails {
		keys = append(keys, keyOf(orgA, licensekey.NewKey(""), email, ""))
	}
	mustImport(t, s, len(keys)+1, append(keys, keyOf(orgA, "NONE", "", "ada@example.com"))...)
	for _, email := range append(emails, "nobody@example.com", "Ada@Example.Com", "a\x00", "ada@example.com\x00", "%", "ADA@EXAMPLE.COM\x00"+string(keys[0].CustomerID[:])) {
		var want []licensekey.LicenseKeyWithActivations
		for _, k := range keys {
			if strings.EqualFold(email, *k.Customer.Email) {
				want = append(want, k)
			}
		}
		wantListed(t, s, "e-mail", licensekey.ListRequest{Email: email}, want...)
	}
}

// testListExternalID holds that external ids are compared exactly.
func testListExternalID(t *testing.T, s licensekey.ManagedStore) {
	texts := []string{
		"EXT-1", "ext-1", "Ext-1", "EXT-1 ", " EXT-1", "EXT-10", "EXT-", "EXT_1", "%", "\u00e9", "e\u0301", "ß", "ẞ", "鍵", "\x01", "EXT-1\x01",
		strings.Repeat("x", 40_000), strings.Repeat("x", 40_001),
	}
	var keys []licensekey.LicenseKeyWithActivations
	for _, text := range texts {
		keys = append(keys, keyOf(orgA, licensekey.NewKey(""), "", text))
	}
	mustImport(t, s, len(keys)+1, append(keys, keyOf(orgA, "NONE", "EXT-2", ""))...)
	for i, text := range texts {
		wantListed(t, s, "external id", licensekey.ListRequest{ExternalID: text}, keys[i])
	}
	for _, unknown := range []string{"EXT", "EXT-2", "EXT-1\x00", "EXT-1\x00" + string(keys[0].CustomerID[:]), "\xff", "\ufffd"} {
		wantListed(t, s, "unknown external id", licensekey.ListRequest{ExternalID: unknown})
	}
}

// testListSuffix holds that a suffix is of six characters, not bytes, or all of a
// shorter key. Rotate changes it.
func testListSuffix(t *testing.T, s licensekey.ManagedStore) {
	texts := []licensekey.Key{
		"A", "ABC", "abc", "XYZABC", "WXYZABC", "MYAPP-XYZABC", "ABC ", "ABC%", "ABC___", "ключ-鍵-🔑", "еще ключ-鍵-🔑", "юч-鍵-🔑", "ч-鍵-🔑", "🔑🔑🔑🔑🔑🔑🔑",
		"\ufffd", "\u00e9", "e\u0301", repeated(64 << 10), random(64 << 10),
	}
	var keys []licensekey.LicenseKeyWithActivations
	for _, text := range texts {
		keys = append(keys, newKey(orgA, text, 0), newKey(orgB, text, 0))
	}
	mustImport(t, s, len(keys), keys...)
	suffixes := map[string]bool{
		"": true, "BC": true, "A\x00": true, "ABC\x00": true, "\xff": true, "WXYZABC": true, "XYZ": true, "%": true, "%ABC": true,
		"-🔑": true, "\x91": true, "ABC\x00" + string(keys[2].ID[:]): true,
	}
	for _, text := range texts {
		runes := []rune(string(text))
		suffixes[string(runes[max(0, len(runes)-6):])] = true
	}
	for suffix := range suffixes {
		var want []licensekey.LicenseKeyWithActivations
		for _, k := range keys {
			runes := []rune(string(k.Key))
			if suffix == "" || string(runes[max(0, len(runes)-6):]) == suffix {
				want = append(want, k)
			}
		}
		wantListed(t, s, "suffix", licensekey.ListRequest{KeySuffix: suffix}, want...)
	}
	k := newKey(orgA, "BEFORE", 0)
	mustImport(t, s, 1, k)
	for _, suffix := range []string{"-AFTER", "BEFORE", "-AFTER"} {
		if _, err := s.Rotate(t.Context(), licensekey.RotateRequest{ID: k.ID, Key: licensekey.Key("KEY" + suffix), Now: now}); err != nil {
			t.Fatalf("Rotate = %v", err)
		}
		wantListed(t, s, "the new suffix", licensekey.ListRequest{KeySuffix: suffix}, k)
		other := map[string]string{"-AFTER": "BEFORE", "BEFORE": "-AFTER"}[suffix]
		wantListed(t, s, "the suffix before Rotate", licensekey.ListRequest{KeySuffix: other})
	}
}

// testListChanged lists after changes of what the filters look at.
func testListChanged(t *testing.T, s licensekey.ManagedStore) {
	k, other := keyOf(orgA, "KEY-1", "ada@example.com", "1"), keyOf(orgA, "KEY-2", "ada@example.com", "1")
	mustImport(t, s, 2, k, other)
	byStatus := func(status licensekey.Status) licensekey.ListRequest {
		return licensekey.ListRequest{Statuses: []licensekey.Status{status}}
	}
	for _, status := range []licensekey.Status{licensekey.StatusRevoked, licensekey.StatusGranted, licensekey.StatusDisabled} {
		if _, err := s.Update(t.Context(), licensekey.UpdateRequest{ID: k.ID, Status: &status, Now: now}); err != nil {
			t.Fatalf("Update = %v", err)
		}
		if status != licensekey.StatusGranted {
			wantListed(t, s, "the new status", byStatus(status), k)
			wantListed(t, s, "the old status", byStatus(licensekey.StatusGranted), other)
		}
	}
	requests := map[string]licensekey.ListRequest{
		"everything": {}, "organization": {OrganizationIDs: []uuid.UUID{orgA}}, "no benefit": {BenefitIDs: []uuid.UUID{{}}},
		"customers": {CustomerIDs: []uuid.UUID{k.CustomerID, other.CustomerID}}, "e-mail": {Email: "ada@example.com"}, "external id": {ExternalID: "1"},
	}
	for name, req := range requests {
		wantListed(t, s, name, req, k, other)
	}
	if err := s.Delete(t.Context(), k.ID); err != nil {
		t.Fatalf("Delete = %v", err)
	}
	for name, req := range requests {
		wantListed(t, s, name+", after Delete", req, other)
	}
	mustImport(t, s, 1, k)
	for name, req := range requests {
		wantListed(t, s, name+", after Import of what was deleted", req, k, other)
	}
}
