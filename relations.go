package licensekey

import (
	"time"

	"github.com/google/uuid"
)

// Member is the member of a customer's team that a license key belongs to. Polar
// shows it from version 2026-10 on.
type Member struct {
	ID         uuid.UUID `json:"id"`
	Email      string    `json:"email"`
	ExternalID *string   `json:"external_id"`
}

func (m *Member) clone() *Member {
	if m == nil {
		return nil
	}
	return &Member{ID: m.ID, Email: m.Email, ExternalID: clonePointer(m.ExternalID)}
}

// Subscription is the subscription that a license key was sold with. Polar shows
// it from version 2027-01 on.
type Subscription struct {
	ID                 uuid.UUID  `json:"id"`
	Status             string     `json:"status"` // as in Polar: "active", "canceled", …
	CurrentPeriodStart time.Time  `json:"current_period_start"`
	CurrentPeriodEnd   time.Time  `json:"current_period_end"`
	CancelAtPeriodEnd  bool       `json:"cancel_at_period_end"`
	EndsAt             *time.Time `json:"ends_at"`
}

func (s *Subscription) clone() *Subscription {
	if s == nil {
		return nil
	}
	c := *s
	c.EndsAt = clonePointer(s.EndsAt)
	return &c
}

// Order is the order that a license key was sold with. Polar shows it from
// version 2027-01 on.
type Order struct {
	ID        uuid.UUID `json:"id"`
	CreatedAt time.Time `json:"created_at"`
	Status    string    `json:"status"` // as in Polar: "paid", "refunded", …
	Paid      bool      `json:"paid"`
}
