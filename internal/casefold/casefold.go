// Package casefold maps texts that differ only in upper and lower case to one text,
// so that an index can find e-mails without regard to case.
package casefold

import (
	"strings"
	"unicode"
)

// Fold returns the same text for all texts that are equal under [strings.EqualFold],
// and different texts for all others.
func Fold(s string) string { return strings.Map(smallest, s) }

// smallest returns the first of the runes that differ from r only in case.
func smallest(r rune) rune {
	first := r
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		first = min(first, other)
	}
	return first
}
