package memstore

import (
	"slices"

	"github.com/licensekit/licensekey"
)

// order keeps license keys in the order of lists. Adding and removing are cheap,
// because the order is only brought up to date when after is called. That takes
// linear time, besides sorting what was added. Removed license keys stay until they
// are more than the others.
type order struct {
	sorted []*entry
	added  []*entry // since sorted was made, in any order
	live   int      // how many of sorted and added are not removed
}

func (o *order) add(e *entry) {
	o.added = append(o.added, e)
	o.live++
}

// remove says that an entry of o has been marked as removed.
func (o *order) remove() {
	o.live--
	if len(o.sorted)+len(o.added) > 2*o.live {
		o.sorted = slices.DeleteFunc(o.sorted, isRemoved)
		o.added = slices.DeleteFunc(o.added, isRemoved)
	}
}

// after returns the license keys that follow a place. Some of them may have been
// removed.
func (o *order) after(place licensekey.Cursor) []*entry {
	if len(o.added) > 0 {
		o.update()
	}
	if place.IsZero() {
		return o.sorted
	}
	first, _ := slices.BinarySearchFunc(o.sorted, place, func(e *entry, c licensekey.Cursor) int {
		if e.licenseKey.Cursor().Compare(c) > 0 {
			return 1
		}
		return -1
	})
	return o.sorted[first:]
}

// update merges the added license keys into sorted, without the removed ones.
func (o *order) update() {
	slices.SortFunc(o.added, compareEntries)
	merged := make([]*entry, 0, o.live)
	rest := o.sorted
	for _, e := range o.added {
		n, _ := slices.BinarySearchFunc(rest, e, compareEntries)
		merged = append(append(merged, rest[:n]...), e)
		rest = rest[n:]
	}
	merged = append(merged, rest...)
	o.sorted, o.added = slices.DeleteFunc(merged, isRemoved), nil
}

func compareEntries(a, b *entry) int { return a.licenseKey.Cursor().Compare(b.licenseKey.Cursor()) }

func isRemoved(e *entry) bool { return e.removed }

// index keeps license keys in order for each value of something that they have.
type index[V comparable] map[V]*order

func (x index[V]) add(v V, e *entry) {
	o := x[v]
	if o == nil {
		o = new(order)
		x[v] = o
	}
	o.add(e)
}

// remove says that an entry with the value v has been marked as removed.
func (x index[V]) remove(v V) {
	x[v].remove()
	if x[v].live == 0 {
		delete(x, v)
	}
}

// of returns the license keys that have one of the values, in an order for each
// value.
func (x index[V]) of(values ...V) []*order {
	var orders []*order
	for _, v := range values {
		if o := x[v]; o != nil && !slices.Contains(orders, o) {
			orders = append(orders, o)
		}
	}
	return orders
}
