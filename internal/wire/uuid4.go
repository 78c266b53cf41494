package wire

import (
	"errors"
	"strings"

	"github.com/google/uuid"
)

// ErrUUIDVersion is returned for a UUID that does not have version 4, or not the
// variant of RFC 9562.
var ErrUUIDVersion = errors.New("UUID version 4 expected")

// UUIDSyntaxError is returned for a text that is not a UUID. Msg describes it in
// the words of the uuid crate for Rust, which Polar's validation uses.
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
// hyphenated form in braces or after "urn:uuid:". Digits may be in upper or lower
// case. Spaces are not trimmed. The error is a *UUIDSyntaxError or ErrUUIDVersion.
func ParseUUID4(text string) (uuid.UUID, error) {
	t := text
	switch {
	case len(t) == hyphenatedLen+2 && braced(t):
		t = t[1 : len(t)-1]
	case len(t) == hyphenatedLen+len(urnPrefix) && strings.HasPrefix(t, urnPrefix):
		t = t[len(urnPrefix):]
	}
	if len(t) != simpleLen && len(t) != hyphenatedLen {
		return uuid.Nil, &UUIDSyntaxError{Msg: uuidSyntaxProblem(t)}
	}
	id, err := uuid.Parse(t)
	if err != nil {
		return uuid.Nil, &UUIDSyntaxError{Msg: uuidSyntaxProblem(t)}
	}
	if id.Version() != 4 || id.Variant() != uuid.RFC4122 {
		return uuid.Nil, ErrUUIDVersion
	}
	return id, nil
}

func braced(s string) bool {
	return len(s) >= 2 && s[0] == '{' && s[len(s)-1] == '}'
}
