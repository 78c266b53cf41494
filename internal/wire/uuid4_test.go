package wire_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey/internal/wire"
)

func TestParseUUID4(t *testing.T) {
	t.Parallel()
	want := uuid.MustParse("0a0a0a0a-0000-4000-8000-00000000000a")
	for _, text := range []string{
		"0a0a0a0a-0000-4000-8000-00000000000a", "0A0A0a0a-0000-4000-8000-00000000000A", "0a0a0a0a00004000800000000000000a",
		"{0a0a0a0a-0000-4000-8000-00000000000a}", "urn:uuid:0a0a0a0a-0000-4000-8000-00000000000a",
	} {
		if got, err := wire.ParseUUID4(text); got != want || err != nil {
			t.Errorf("ParseUUID4(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
	for _, variant := range "89abAB" {
		text := "0a0a0a0a-0000-4000-" + string(variant) + "000-00000000000a"
		if _, err := wire.ParseUUID4(text); err != nil {
			t.Errorf("ParseUUID4(%q) = %v, want nil", text, err)
		}
	}
}

func TestParseUUID4Errors(t *testing.T) {
	t.Parallel()
	const version = "UUID version 4 expected"
	tests := []struct{ text, want string }{
		{"00000000000000000000000000000000", version},
		{"017f22e2-79b0-7cc3-98c4-dc0c0c07398f", version},
		{"ac710000-0000-4000-f000-0000000000f1", version},
		{"{ac710000-0000-4000-0000-0000000000f0}", version},
		{"", "invalid length: expected length 32 for simple format, found 0"},
		{"0a0a0a0a0000400080000000000000", "invalid length: expected length 32 for simple format, found 30"},
		{"nope", "invalid character: found `n` at 1"},
		{" 0a0a0a0a-0000-4000-8000-00000000000a", "invalid character: found ` ` at 1"},
		{"0a0a0a0a-0000-4000-8000-00000000000\x00", "invalid character: found `\x00` at 36"},
		{"0a-é", "invalid character: found `é` at 4"},
		{"URN:UUID:0a0a0a0a-0000-4000-8000-00000000000a", "invalid character: found `U` at 1"},
		{"urn:uuid:0a0a0a0a-0000-4000-8000-00000000000x", "invalid character: found `x` at 36"},
		{"urn:uuid:x", "invalid character: found `x` at 10"},
		{"{x}", "invalid character: found `x` at 2"},
		{"{}", "invalid group count: expected 5, found 1"},
		{"{0a0a0a0a00004000800000000000000a}", "invalid group count: expected 5, found 1"},
		{"0a0a0a0a-0000-4000-800000000000000a", "invalid group count: expected 5, found 4"},
		{"0a0a0a0a-0000-4000-8000-0000-0000000a", "invalid group count: expected 5, found 6"},
		{"0a0a0a0-0000-4000-8000-00000000000a", "invalid group length in group 0: expected 8, found 7"},
		{"0a0a0a0a-000-4000-8000-00000000000a", "invalid group length in group 1: expected 4, found 3"},
		{"0a0a0a0a-0000-40000-8000-00000000000a", "invalid group length in group 2: expected 4, found 5"},
		{"0a0a0a0a-0000-4000--00000000000a", "invalid group length in group 3: expected 4, found 0"},
		{"0a0a0a0a-0000-4000-8000-00000000000", "invalid group length in group 4: expected 12, found 11"},
		{"0a0a0a0a-0000-4000-8000-00000000000ab", "invalid group length in group 4: expected 12, found 13"},
	}
	for _, tt := range tests {
		id, err := wire.ParseUUID4(tt.text)
		if err == nil || err.Error() != tt.want {
			t.Errorf("ParseUUID4(%q) = %v, %v, want %q", tt.text, id, err, tt.want)
		}
	}
}

func FuzzParseUUID4(f *testing.F) {
	for _, text := range []string{"0a0a0a0a-0000-4000-8000-00000000000a", "{0a0a0a0a-0000-4000-8000-00000000000a}", "urn:uuid:-", "{", "0a0a0a0a00004000800000000000000a"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, err := wire.ParseUUID4(text)
		var syntax *wire.UUIDSyntaxError
		if err != nil {
			if !errors.As(err, &syntax) && !errors.Is(err, wire.ErrUUIDVersion) {
				t.Errorf("ParseUUID4(%q) = %v, an undocumented error", text, err)
			}
			return
		}
		plain := strings.ReplaceAll(strings.Trim(strings.TrimPrefix(text, "urn:uuid:"), "{}"), "-", "")
		if id.Version() != 4 || id.Variant() != uuid.RFC4122 || strings.ReplaceAll(id.String(), "-", "") != strings.ToLower(plain) {
			t.Errorf("ParseUUID4(%q) = %v", text, id)
		}
	})
}
