package licensekey_test

import (
	"reflect"
	"testing"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/internal/filled"
)

// TestClone holds that a copy has every field and shares no memory, so that a
// new field cannot be forgotten in a Clone method.
func TestClone(t *testing.T) {
	t.Parallel()
	k := filled.LicenseKey()
	if got := k.LicenseKey.Clone(); !reflect.DeepEqual(got, k.LicenseKey) {
		t.Errorf("LicenseKey.Clone = %+v, want %+v", got, k.LicenseKey)
	} else {
		wantNothingShared(t, "LicenseKey", reflect.ValueOf(got), reflect.ValueOf(k.LicenseKey))
	}
	if got := k.Activations[0].Clone(); !reflect.DeepEqual(got, k.Activations[0]) {
		t.Errorf("Activation.Clone = %+v, want %+v", got, k.Activations[0])
	} else {
		wantNothingShared(t, "Activation", reflect.ValueOf(got), reflect.ValueOf(k.Activations[0]))
	}
	var none licensekey.LicenseKey
	if got := none.Clone(); !reflect.DeepEqual(got, none) {
		t.Errorf("Clone of the zero LicenseKey = %+v", got)
	}
}

// wantNothingShared compares the pointers and slices in a and b, which are equal.
func wantNothingShared(t *testing.T, path string, a, b reflect.Value) {
	t.Helper()
	switch a.Kind() {
	case reflect.Pointer:
		if a.Pointer() == b.Pointer() {
			t.Errorf("%s is shared", path)
		}
		wantNothingShared(t, path, a.Elem(), b.Elem())
	case reflect.Slice:
		if a.Pointer() == b.Pointer() {
			t.Errorf("%s is shared", path)
		}
	case reflect.Struct:
		for i := range a.NumField() {
			field := a.Type().Field(i)
			if field.IsExported() {
				wantNothingShared(t, path+"."+field.Name, a.Field(i), b.Field(i))
			}
		}
	}
}
