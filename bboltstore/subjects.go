package bboltstore

import (
	"bytes"
	"slices"
)

// subjects names what a decision looks at and what its change affects: the bytes of
// license key ids and of lookup keys.
type subjects struct {
	all  bool // everything
	keys [][]byte
}

func (s *subjects) add(key []byte) { s.keys = append(s.keys, key) }

func (s *subjects) overlap(other subjects) bool {
	if s.all || other.all {
		return true
	}
	return slices.ContainsFunc(s.keys, func(key []byte) bool {
		return slices.ContainsFunc(other.keys, func(k []byte) bool { return bytes.Equal(key, k) })
	})
}
