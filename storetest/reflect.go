package storetest

import (
	"reflect"
	"testing"
	"time"
)

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
