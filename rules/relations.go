package rules

import (
	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
)

// relate fills in the ids of what a license key was sold with.
func relate(k *licensekey.LicenseKey) {
	if k.MemberID == nil && k.Member != nil {
		k.MemberID = copyOf(k.Member.ID)
	}
	if k.SubscriptionID == nil && k.Subscription != nil {
		k.SubscriptionID = copyOf(k.Subscription.ID)
	}
	if k.OrderID == nil && k.Order != nil {
		k.OrderID = copyOf(k.Order.ID)
	}
}

func copyOf(id uuid.UUID) *uuid.UUID { return &id }

// checkRelations checks what a license key was sold with.
func checkRelations(k *licensekey.LicenseKey) error {
	if err := checkMember(k); err != nil {
		return err
	}
	if err := checkSubscription(k); err != nil {
		return err
	}
	return checkOrder(k)
}

func checkMember(k *licensekey.LicenseKey) error {
	m := k.Member
	if m == nil {
		return checkOptionalID("member_id", k.MemberID, nil)
	}
	if !storable(m.Email) || m.ExternalID != nil && !storable(*m.ExternalID) {
		return invalid("member", "must have Unicode texts without NUL")
	}
	return checkOptionalID("member_id", k.MemberID, &m.ID)
}

func checkSubscription(k *licensekey.LicenseKey) error {
	s := k.Subscription
	if s == nil {
		return checkOptionalID("subscription_id", k.SubscriptionID, nil)
	}
	if !storable(s.Status) {
		return invalid("subscription.status", "must be Unicode text without NUL")
	}
	err := normalizeTimes([]namedTime{
		{"subscription.current_period_start", &s.CurrentPeriodStart}, {"subscription.current_period_end", &s.CurrentPeriodEnd},
		{"subscription.ends_at", s.EndsAt},
	})
	if err != nil {
		return err
	}
	return checkOptionalID("subscription_id", k.SubscriptionID, &s.ID)
}

func checkOrder(k *licensekey.LicenseKey) error {
	o := k.Order
	if o == nil {
		return checkOptionalID("order_id", k.OrderID, nil)
	}
	if !storable(o.Status) {
		return invalid("order.status", "must be Unicode text without NUL")
	}
	if err := normalizeTimes([]namedTime{{"order.created_at", &o.CreatedAt}}); err != nil {
		return err
	}
	return checkOptionalID("order_id", k.OrderID, &o.ID)
}

// checkOptionalID checks an id that may be nil, against that of its object if
// there is one.
func checkOptionalID(field string, id, object *uuid.UUID) error {
	if id == nil {
		return nil
	}
	if object != nil && *object != *id {
		return invalid(field, "must be the id of the object beside it")
	}
	return checkID(namedID{field, *id})
}
