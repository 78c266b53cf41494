package memstore

import (
	"bytes"
	"slices"

	"github.com/google/uuid"
)

// order keeps ids in their order. Adding and removing are cheap, because the order
// is only brought up to date when after is called. That takes linear time, besides
// sorting the added ids.
type order struct {
	sorted  []uuid.UUID // may have removed ids
	added   []uuid.UUID // since sorted was made; in any order, and perhaps more than once
	removed int         // since sorted was made
}

func (o *order) add(id uuid.UUID) { o.added = append(o.added, id) }

func (o *order) remove() { o.removed++ }

// after returns the ids that follow id. Some of them may have been removed. has
// reports whether an id is still there.
func (o *order) after(id uuid.UUID, has func(uuid.UUID) bool) []uuid.UUID {
	if len(o.added) > 0 || o.removed > len(o.sorted)/2 {
		o.update(has)
	}
	first, found := slices.BinarySearchFunc(o.sorted, id, compareIDs)
	if found {
		first++
	}
	return o.sorted[first:]
}

// update merges the added ids into sorted, and drops the removed ones.
func (o *order) update(has func(uuid.UUID) bool) {
	slices.SortFunc(o.added, compareIDs)
	merged := make([]uuid.UUID, 0, len(o.sorted)+len(o.added))
	rest := o.sorted
	for _, id := range o.added {
		n, _ := slices.BinarySearchFunc(rest, id, compareIDs)
		merged = append(append(merged, rest[:n]...), id)
		rest = rest[n:]
	}
	merged = slices.Compact(append(merged, rest...))
	*o = order{sorted: slices.DeleteFunc(merged, func(id uuid.UUID) bool { return !has(id) })}
}

func compareIDs(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }
