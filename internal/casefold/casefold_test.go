package casefold_test

import (
	"strings"
	"testing"
	"unicode"

	"github.com/licensekit/licensekey/internal/casefold"
)

func TestFold(t *testing.T) {
	t.Parallel()
	texts := []string{
		"", "a", "A", "ada@example.com", "ADA@Example.COM", "k", "K", "\u212a", "s", "S", "ſ", "ss", "SS", "ß", "ẞ", "i", "I", "ı", "İ",
		"é", "É", "e\u0301", "σ", "ς", "Σ", "ж", "Ж", "鍵", "\ufffd", "\xff", "\xff\xff",
	}
	for _, a := range texts {
		for _, b := range texts {
			if got, want := casefold.Fold(a) == casefold.Fold(b), strings.EqualFold(a, b); got != want {
				t.Errorf("Fold(%q) == Fold(%q) is %v, want %v as strings.EqualFold", a, b, got, want)
			}
		}
	}
}

// TestFoldRunes compares every rune with its upper and its lower case. Beyond 0x20000
// no rune has one.
func TestFoldRunes(t *testing.T) {
	t.Parallel()
	for r := range rune(0x20000) {
		for _, other := range []rune{unicode.ToUpper(r), unicode.ToLower(r), unicode.ToTitle(r)} {
			a, b := string(r), string(other)
			if got, want := casefold.Fold(a) == casefold.Fold(b), strings.EqualFold(a, b); got != want {
				t.Errorf("Fold(%q) == Fold(%q) is %v, want %v as strings.EqualFold", a, b, got, want)
			}
		}
	}
}
