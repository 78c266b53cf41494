// Package filled makes a license key in which every field is set. With it, tests
// find a field that some list of fields leaves out. Only tests import it.
package filled

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
)

// LicenseKey returns a license key with two activations. Every field, also of its
// customer, has a value that can be stored and that no other field has, except
// ids that must be equal.
func LicenseKey() licensekey.LicenseKeyWithActivations {
	k := licensekey.LicenseKeyWithActivations{Activations: make([]licensekey.Activation, 2)}
	f := filler{at: time.Date(2026, 1, 15, 12, 0, 0, 123456000, time.UTC)}
	f.fill(reflect.ValueOf(&k).Elem())
	k.Status = licensekey.StatusGranted
	k.Customer.Type = licensekey.CustomerTeam
	k.Customer.ID = k.CustomerID
	k.Customer.OrganizationID = k.OrganizationID
	k.Member.ID, k.Subscription.ID, k.Order.ID = *k.MemberID, *k.SubscriptionID, *k.OrderID
	for i := range k.Activations {
		k.Activations[i].LicenseKeyID = k.ID
	}
	return k
}

// filler counts the values that it has given.
type filler struct {
	n  int
	at time.Time
}

func (f *filler) fill(v reflect.Value) {
	f.n++
	switch v.Interface().(type) {
	case uuid.UUID:
		id := uuid.MustParse(fmt.Sprintf("f1110000-0000-4000-8000-%012d", f.n))
		v.Set(reflect.ValueOf(id))
		return
	case time.Time:
		v.Set(reflect.ValueOf(f.at.Add(time.Duration(f.n) * (time.Hour + time.Microsecond))))
		return
	case json.RawMessage:
		v.SetBytes(fmt.Appendf(nil, `{"z":%d.0,"a":"<&> \u0000 \\u2028"}`, f.n))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			f.fill(v.Field(i))
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem())
	case reflect.Slice:
		if v.Len() == 0 {
			v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		}
		for i := range v.Len() {
			f.fill(v.Index(i))
		}
	case reflect.String:
		v.SetString(fmt.Sprintf("text <&> é %d", f.n))
	case reflect.Int64:
		v.SetInt(int64(f.n))
	case reflect.Bool:
		v.SetBool(true)
	default:
		panic(fmt.Sprintf("filled: no value for a %v", v.Type()))
	}
}
