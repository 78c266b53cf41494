package licensekey

import (
	"encoding/json"
	"fmt"
	"math/big"
	"time"

	"github.com/licensekit/licensekey/internal/jsonvalue"
)

// MaxUsage is the largest usage that a license key can have, as in Polar.
const MaxUsage = 2147483647

// UsageLimitError is the ErrUsageLimit of a license key.
type UsageLimitError struct {
	// Remaining is how much usage is left. It is negative if the limit has been
	// lowered below the usage.
	Remaining int64
}

func (e *UsageLimitError) Error() string {
	return fmt.Sprintf("%v: %d left", ErrUsageLimit, e.Remaining)
}

// Unwrap returns ErrUsageLimit.
func (e *UsageLimitError) Unwrap() error { return ErrUsageLimit }

// CheckActivate decides whether k, with that many live activations, takes the
// one that req describes, and returns it as it is to be stored. In this order
// it returns ErrNotGranted, ErrExpired, ErrNoActivations, ErrActivationLimit,
// or ErrInvalid. It changes nothing.
func CheckActivate(req ActivateRequest, k LicenseKey, live int) (Activation, error) {
	if err := checkUsable(k, req.Now); err != nil {
		return Activation{}, err
	}
	if k.LimitActivations == nil || *k.LimitActivations == 0 {
		return Activation{}, ErrNoActivations
	}
	if int64(live) >= *k.LimitActivations {
		return Activation{}, ErrActivationLimit
	}
	a := Activation{
		ID:           req.ActivationID,
		LicenseKeyID: k.ID,
		Label:        req.Label,
		Conditions:   req.Conditions,
		Meta:         req.Meta,
		CreatedAt:    req.Now,
	}
	a = a.Clone()
	if err := checkActivation(&a, k.ID, "activation."); err != nil {
		return Activation{}, err
	}
	return a, nil
}

// CheckValidate decides whether k passes the validation that req describes, and
// returns it as it is to be stored: counted, used and modified. a is the live
// activation that req names; nil means that there is none, or that req names
// none. In this order it returns ErrNotGranted, ErrExpired, ErrNotFound for the
// activation, ErrConditions, ErrBenefit, ErrCustomer, a *UsageLimitError, or
// ErrUsageRange. It changes nothing.
func CheckValidate(req ValidateRequest, k LicenseKey, a *Activation) (LicenseKey, error) {
	if err := checkUsable(k, req.Now); err != nil {
		return LicenseKey{}, err
	}
	if req.ActivationID != nil && a == nil {
		return LicenseKey{}, ErrNotFound
	}
	if req.ActivationID != nil && !conditionsMet(a.Conditions, req.Conditions) {
		return LicenseKey{}, ErrConditions
	}
	if req.BenefitID != nil && *req.BenefitID != k.BenefitID {
		return LicenseKey{}, ErrBenefit
	}
	if req.CustomerID != nil && *req.CustomerID != k.CustomerID {
		return LicenseKey{}, ErrCustomer
	}
	if err := checkUsage(req.IncrementUsage, k); err != nil {
		return LicenseKey{}, err
	}
	k = k.Clone()
	now := req.Now.UTC().Truncate(time.Microsecond)
	k.Validations++
	k.Usage += req.IncrementUsage
	k.LastValidatedAt = clonePointer(&now)
	k.ModifiedAt = clonePointer(&now)
	return k, nil
}

// checkUsable is what activations and validations have in common.
func checkUsable(k LicenseKey, now time.Time) error {
	if k.Status != StatusGranted {
		return ErrNotGranted
	}
	if k.ExpiresAt != nil && !now.Before(*k.ExpiresAt) {
		return ErrExpired
	}
	return nil
}

func checkUsage(increment int64, k LicenseKey) error {
	if increment < 0 {
		return invalid("increment_usage", "must not be negative")
	}
	if k.LimitUsage != nil && *k.LimitUsage > 0 && increment > 0 {
		if remaining := *k.LimitUsage - k.Usage; increment > remaining {
			return &UsageLimitError{Remaining: remaining}
		}
	}
	if increment > 0 && increment > MaxUsage-k.Usage {
		return ErrUsageRange
	}
	return nil
}

// conditionsMet says whether the stored conditions are empty or equal the given
// ones, as JSON values: members in any order, and 1, 1.0 and true being equal.
func conditionsMet(stored, given json.RawMessage) bool {
	want := decodeObject(stored)
	return len(want.Members) == 0 || equalValues(want, decodeObject(given))
}

// decodeObject reads a JSON object; what is none is empty.
func decodeObject(text json.RawMessage) *jsonvalue.Object {
	v, _ := jsonvalue.Decode(text)
	if object, ok := v.(*jsonvalue.Object); ok {
		return object
	}
	return &jsonvalue.Object{}
}

func equalValues(a, b any) bool {
	if x, ok := numberOf(a); ok {
		y, ok := numberOf(b)
		return ok && x.Cmp(y) == 0
	}
	switch a := a.(type) {
	case *jsonvalue.Object:
		b, ok := b.(*jsonvalue.Object)
		return ok && equalObjects(a, b)
	case []any:
		b, ok := b.([]any)
		return ok && equalLists(a, b)
	case string:
		b, ok := b.(string)
		return ok && a == b
	default:
		return a == nil && b == nil
	}
}

func equalObjects(a, b *jsonvalue.Object) bool {
	if len(a.Members) != len(b.Members) {
		return false
	}
	for _, member := range a.Members {
		value, ok := b.Get(member.Name)
		if !ok || !equalValues(member.Value, value) {
			return false
		}
	}
	return true
}

func equalLists(a, b []any) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !equalValues(a[i], b[i]) {
			return false
		}
	}
	return true
}

// numberOf returns the value of a number or a boolean. It is exact: two large
// integers that are the same float64 differ.
func numberOf(v any) (*big.Float, bool) {
	switch v := v.(type) {
	case bool:
		if v {
			return big.NewFloat(1), true
		}
		return new(big.Float), true
	case float64:
		return big.NewFloat(v), true
	case json.Number:
		n, ok := new(big.Int).SetString(v.String(), 10)
		if !ok {
			return nil, false
		}
		return new(big.Float).SetInt(n), true
	}
	return nil, false
}
