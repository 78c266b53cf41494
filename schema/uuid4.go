package schema

import (
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
)

// ErrUUIDVersion says that a text is a UUID, but not of version 4 and the RFC
// variant.
var ErrUUIDVersion = errors.New("UUID version 4 expected")

// UUIDSyntaxError says that a text is not a UUID, in the words of the uuid
// crate that Polar's validation is built on.
type UUIDSyntaxError struct {
	Msg string
}

func (e *UUIDSyntaxError) Error() string { return e.Msg }

const (
	simpleLen     = 32 // 0a0a0a0a000040008000000000000000
	hyphenatedLen = 36 // 0a0a0a0a-0000-4000-8000-000000000000
	urnPrefix     = "urn:uuid:"
)

// ParseUUID4 reads a version 4 UUID: 32 hex digits, the hyphenated form, or the
// hyphenated form in braces or after "urn:uuid:". Digits are of either case;
// nothing is trimmed. The error is a *UUIDSyntaxError or ErrUUIDVersion.
func ParseUUID4(text string) (uuid.UUID, error) {
	t := text
	switch {
	case len(t) == hyphenatedLen+2 && braced(t):
		t = t[1 : len(t)-1]
	case len(t) == hyphenatedLen+len(urnPrefix) && strings.HasPrefix(t, urnPrefix):
		t = t[len(urnPrefix):]
	}
	if len(t) != simpleLen && len(t) != hyphenatedLen {
		return uuid.Nil, &UUIDSyntaxError{Msg: uuidProblem(t)}
	}
	id, err := uuid.Parse(t)
	if err != nil {
		return uuid.Nil, &UUIDSyntaxError{Msg: uuidProblem(t)}
	}
	if id.Version() != 4 || id.Variant() != uuid.RFC4122 {
		return uuid.Nil, ErrUUIDVersion
	}
	return id, nil
}

func braced(s string) bool {
	return len(s) >= 2 && s[0] == '{' && s[len(s)-1] == '}'
}

// uuidProblem words what is wrong with t, a text that is no UUID. Lengths and
// positions count bytes of UTF-8.
func uuidProblem(t string) string {
	s, offset := t, 0
	if braced(t) {
		s, offset = t[1:len(t)-1], 1
	} else if strings.HasPrefix(t, urnPrefix) {
		s, offset = t[len(urnPrefix):], len(urnPrefix)
	}
	for i, r := range s {
		if r != '-' && !isHex(r) {
			return fmt.Sprintf("invalid character: found `%c` at %d", r, i+offset+1)
		}
	}
	hyphens := strings.Count(s, "-")
	if s == t && hyphens == 0 {
		return fmt.Sprintf("invalid length: expected length 32 for simple format, found %d", len(t))
	}
	if hyphens != 4 {
		return fmt.Sprintf("invalid group count: expected 5, found %d", hyphens+1)
	}
	groups := strings.Split(s, "-")
	for i, want := range []int{8, 4, 4, 4} {
		if got := len(groups[i]); got != want {
			return fmt.Sprintf("invalid group length in group %d: expected %d, found %d", i, want, got)
		}
	}
	return fmt.Sprintf("invalid group length in group 4: expected 12, found %d", len(t)-24)
}

func isHex(r rune) bool {
	return '0' <= r && r <= '9' || 'a' <= r && r <= 'f' || 'A' <= r && r <= 'F'
}
