package bboltstore

import (
	"bytes"

	"github.com/google/uuid"
)

// subjects names what a decision looks at and what its change affects.
type subjects struct {
	all      bool      // everything
	id       uuid.UUID // of a license key; zero is none
	customer uuid.UUID // the id of a customer; zero is none
	lookups  [2][]byte // lookup keys; nil is none
}

func (s *subjects) addLookup(lookup []byte) {
	if s.lookups[0] == nil {
		s.lookups[0] = lookup
		return
	}
	s.lookups[1] = lookup
}

func (s *subjects) overlap(other *subjects) bool {
	if s.all || other.all || s.id == other.id && s.id != uuid.Nil || s.customer == other.customer && s.customer != uuid.Nil {
		return true
	}
	for _, lookup := range s.lookups {
		for _, l := range other.lookups {
			if lookup != nil && bytes.Equal(lookup, l) {
				return true
			}
		}
	}
	return false
}
