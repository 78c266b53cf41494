package storetest

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
)

// fullKey returns a granted license key that a store can hold, with two activations.
// No field of it is zero, and no two fields are equal unless they must be. So a test
// finds what a store forgets or mixes up. Each call returns the same key, in memory
// of its own.
func fullKey(t testing.TB) licensekey.LicenseKeyWithActivations {
	t.Helper()
	k := licensekey.LicenseKeyWithActivations{Activations: make([]licensekey.Activation, 2)}
	f := filler{t: t}
	f.fill("license key", reflect.ValueOf(&k.LicenseKey).Elem())
	f.fill("activation", reflect.ValueOf(&k.Activations[0]).Elem())
	f.fill("activation", reflect.ValueOf(&k.Activations[1]).Elem())
	k.Status, k.Customer.Type, k.Customer.ID = licensekey.StatusGranted, licensekey.CustomerTeam, k.CustomerID
	for i := range k.Activations {
		k.Activations[i].LicenseKeyID = k.ID
	}
	return k
}

// filler sets fields to values that it has not used before. Each time is later than
// the one before it.
type filler struct {
	t testing.TB
	n int64
}

func (f *filler) fill(path string, v reflect.Value) {
	f.t.Helper()
	f.n++
	switch p := v.Addr().Interface().(type) {
	case *uuid.UUID:
		id := uuid.MustParse("f0000000-0000-4000-8000-000000000000")
		binary.BigEndian.PutUint32(id[12:], uint32(f.n))
		*p = id
		return
	case *time.Time:
		*p = now.Add(time.Duration(f.n) * (time.Hour + time.Microsecond))
		return
	case *json.RawMessage:
		*p = json.RawMessage(fmt.Sprintf(`{"z":%d.0,"a":"<&> \u0000 \\u2028"}`, f.n))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("%s <&> é %d", path, f.n))
	case reflect.Int64:
		v.SetInt(f.n)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(path, v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			f.fill(path, v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f.fill(v.Type().Field(i).Name, v.Field(i))
		}
	default:
		f.t.Fatalf("storetest cannot fill %s, a %v", path, v.Type())
	}
}

// scribble overwrites everything that v points to, in pointers and slices, at any
// depth. So a test finds memory that a store shares with v.
func scribble(v any) {
	local := reflect.New(reflect.TypeOf(v)).Elem()
	local.Set(reflect.ValueOf(v))
	overwrite(local)
}

func overwrite(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			overwrite(v.Elem())
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			overwrite(v.Index(i))
		}
	case reflect.Struct:
		if _, ok := v.Interface().(time.Time); ok {
			v.SetZero()
			return
		}
		for i := range v.NumField() {
			overwrite(v.Field(i))
		}
	case reflect.String:
		v.SetString("scribbled")
	case reflect.Int64:
		v.SetInt(v.Int() + 1000)
	case reflect.Uint8:
		v.SetUint(v.Uint() ^ 0xff)
	case reflect.Bool:
		v.SetBool(!v.Bool())
	}
}

// checkTimes checks all times in what a store has returned. Each must be in UTC and
// in whole microseconds, as package rules makes them.
func checkTimes(t testing.TB, what string, v any) {
	t.Helper()
	findTimes(reflect.ValueOf(v), func(at time.Time) {
		if at.Location() != time.UTC || !at.Equal(at.Truncate(time.Microsecond)) {
			t.Errorf("%s returned the time %v in the zone %q, want whole microseconds and time.UTC", what, at, at.Location())
		}
	})
}

func findTimes(v reflect.Value, found func(time.Time)) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			findTimes(v.Elem(), found)
		}
	case reflect.Slice:
		for i := range v.Len() {
			findTimes(v.Index(i), found)
		}
	case reflect.Struct:
		if at, ok := v.Interface().(time.Time); ok {
			found(at)
			return
		}
		for i := range v.NumField() {
			findTimes(v.Field(i), found)
		}
	}
}
