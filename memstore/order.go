package memstore

import (
	"bytes"
	"slices"

	"github.com/google/uuid"
)

// order holds the ids of license keys in their order, for [Store.List]. New ids
// wait aside until a list needs them, so that adding many costs one sort.
type order struct {
	sorted []uuid.UUID // some may be of license keys that are deleted
	fresh  []uuid.UUID
}

func (o *order) add(id uuid.UUID) { o.fresh = append(o.fresh, id) }

// sort merges the fresh ids into the sorted ones, and drops those of license
// keys that are deleted. Without fresh ids it does nothing.
func (o *order) sort(known map[uuid.UUID]*entry) {
	if len(o.fresh) == 0 {
		return
	}
	slices.SortFunc(o.fresh, compareIDs)
	merged := make([]uuid.UUID, 0, len(o.sorted)+len(o.fresh))
	a, b := o.sorted, o.fresh
	for len(a) > 0 || len(b) > 0 {
		next := &a
		if len(a) == 0 || len(b) > 0 && compareIDs(b[0], a[0]) < 0 {
			next = &b
		}
		id := (*next)[0]
		*next = (*next)[1:]
		again := len(merged) > 0 && merged[len(merged)-1] == id // deleted and added again
		if known[id] != nil && !again {
			merged = append(merged, id)
		}
	}
	o.sorted, o.fresh = merged, nil
}

// after returns the sorted ids that follow id.
func (o *order) after(id uuid.UUID) []uuid.UUID {
	first, found := slices.BinarySearchFunc(o.sorted, id, compareIDs)
	if found {
		first++
	}
	return o.sorted[first:]
}

func compareIDs(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }
