package bboltstore

import (
	"bytes"
	"container/heap"
	"context"
	"iter"
	"slices"
	"time"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"github.com/licensekit/licensekey"
)

// List implements [licensekey.Admin]. It may show a change whose sync is not yet
// complete. It uses the index of the filter that leaves the fewest license keys: in
// this order KeySuffix, ExternalID, Email, CustomerIDs, BenefitIDs, OrganizationIDs.
// It reads the license keys that pass this filter, up to the end of the page, and
// decodes those of the page only. What Offset leaves out is read in the index alone
// if there is no other filter. If a record cannot be read, the error has the id of
// its license key.
//
// All of this takes place in one read transaction. See [Store.Backup] for what has
// to wait for it.
func (s *Store) List(ctx context.Context, req licensekey.ListRequest) (page []licensekey.Listed, err error) {
	err = s.view(ctx, func(tx *bbolt.Tx) error {
		skip := max(req.Offset, 0)
		for id, err := range matching(ctx, tx, req) {
			if err != nil {
				return err
			}
			if skip > 0 {
				skip--
				continue
			}
			listed, err := getListed(tx, id)
			if err != nil {
				return err
			}
			if page = append(page, listed); len(page) == req.PageSize() {
				return nil
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return page, nil
}

// Count implements [licensekey.Admin]. With one kind of filter, it reads an index
// and nothing else; see [Store.List].
func (s *Store) Count(ctx context.Context, req licensekey.ListRequest) (n int, err error) {
	req.After = licensekey.Cursor{}
	err = s.view(ctx, func(tx *bbolt.Tx) error {
		for _, err := range matching(ctx, tx, req) {
			if err != nil {
				return err
			}
			n++
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

// getListed reads a license key that an index has.
func getListed(tx *bbolt.Tx, id uuid.UUID) (licensekey.Listed, error) {
	k, st, err := getLicenseKey(tx, id, new(recordCache))
	if err != nil {
		return licensekey.Listed{}, err
	}
	seats, err := countLive(tx, id, st)
	return licensekey.Listed{LicenseKey: k, Seats: seats}, err
}

// matching yields the ids of the license keys that pass the filters of req, in the
// order of lists, from req.After on. After an error it yields nothing.
func matching(ctx context.Context, tx *bbolt.Tx, req licensekey.ListRequest) iter.Seq2[uuid.UUID, error] {
	return func(yield func(uuid.UUID, error) bool) {
		p, err := choose(ctx, tx, req)
		if err != nil {
			yield(uuid.Nil, err)
			return
		}
		i := 0
		for place := range p.places(tx, req.After) {
			id := uuid.UUID(place[timeSize:])
			passes := true
			err := look(ctx, i)
			if i++; err == nil {
				passes, err = p.rest(tx, id)
			}
			if !passes && err == nil {
				continue
			}
			if !yield(id, err) || err != nil {
				return
			}
		}
	}
}

// plan is how to find what a ListRequest asks for.
type plan struct {
	index  []byte   // the bucket of an index of license keys
	values [][]byte // the values to find in it, in order and each once
	// rest reports whether a license key that is found there passes the filters
	// that the index does not answer.
	rest func(tx *bbolt.Tx, id uuid.UUID) (bool, error)
}

// choose returns the plan that finds the fewest license keys which do not pass.
func choose(ctx context.Context, tx *bbolt.Tx, req licensekey.ListRequest) (p plan, err error) {
	if req.KeySuffix != "" {
		return plan{bySuffixBucket, [][]byte{hash(req.KeySuffix)}, decodedRest(req)}, nil
	}
	switch {
	case req.Email != "" || req.ExternalID != "":
		p.index = byCustomerBucket
		p.values, err = findCustomers(ctx, tx, req)
		req.Email, req.ExternalID, req.CustomerIDs = "", "", nil
	case len(req.CustomerIDs) > 0:
		p.index, p.values = byCustomerBucket, valuesOf(req.CustomerIDs)
		req.CustomerIDs = nil
	case len(req.BenefitIDs) > 0:
		p.index, p.values = byBenefitBucket, valuesOf(req.BenefitIDs)
		req.BenefitIDs = nil
	case len(req.OrganizationIDs) > 0:
		p.index, p.values = byOrganizationBucket, valuesOf(req.OrganizationIDs)
		req.OrganizationIDs = nil
	default:
		p.index, p.values = byTimeBucket, [][]byte{nil}
	}
	p.rest = headRest(req)
	return p, err
}

func valuesOf(ids []uuid.UUID) [][]byte {
	var values [][]byte
	for _, id := range ids {
		values = append(values, bytes.Clone(id[:]))
	}
	slices.SortFunc(values, bytes.Compare)
	return slices.CompactFunc(values, bytes.Equal)
}

// headRest checks filters of which the head of a license key has the value. It
// reads nothing if there are none.
func headRest(req licensekey.ListRequest) func(*bbolt.Tx, uuid.UUID) (bool, error) {
	filters := len(req.OrganizationIDs) + len(req.BenefitIDs) + len(req.CustomerIDs) + len(req.Statuses)
	return func(tx *bbolt.Tx, id uuid.UUID) (bool, error) {
		if filters == 0 {
			return true, nil
		}
		head, _, err := splitRecord(id, tx.Bucket(keysBucket).Get(id[:]))
		return err == nil && req.Matches(head.licenseKey()), err
	}
}

// decodedRest checks all filters.
func decodedRest(req licensekey.ListRequest) func(*bbolt.Tx, uuid.UUID) (bool, error) {
	return func(tx *bbolt.Tx, id uuid.UUID) (bool, error) {
		k, _, err := getLicenseKey(tx, id, new(recordCache))
		return err == nil && req.Matches(k), err
	}
}

// places yields the places that the index has for the values, in the order of
// lists, from after on. They are valid until the transaction ends.
func (p plan) places(tx *bbolt.Tx, after licensekey.Cursor) iter.Seq[[]byte] {
	first := placeAfter(after)
	return func(yield func([]byte) bool) {
		var runs runs
		for _, value := range p.values {
			r := &run{cursor: tx.Bucket(p.index).Cursor(), value: value}
			if key, _ := r.cursor.Seek(slices.Concat(value, first)); r.at(key) {
				runs = append(runs, r)
			}
		}
		heap.Init(&runs)
		for len(runs) > 0 {
			r := runs[0]
			if !yield(r.place) {
				return
			}
			if key, _ := r.cursor.Next(); r.at(key) {
				heap.Fix(&runs, 0)
			} else {
				heap.Pop(&runs)
			}
		}
	}
}

// placeAfter returns the first place that may come after c in the order of lists.
func placeAfter(c licensekey.Cursor) []byte {
	switch {
	case c.IsZero() || c.CreatedAt.Year() < 0:
		return nil
	case c.CreatedAt.Year() > 9999:
		return bytes.Repeat([]byte{0xff}, placeSize)
	case c.CreatedAt.Nanosecond()%1000 != 0: // between two stored times
		return packCreated(c.CreatedAt.Add(time.Microsecond))
	}
	// The zero byte makes it the first of the byte strings after the place of c.
	return slices.Concat(packCreated(c.CreatedAt), c.ID[:], []byte{0})
}

// run is the records of an index that have one value.
type run struct {
	cursor *bbolt.Cursor
	value  []byte
	place  []byte // of the record that the cursor is at
}

// at sets the record that the cursor is at, and reports whether it has the value.
func (r *run) at(key []byte) bool {
	if key == nil || !bytes.HasPrefix(key, r.value) {
		return false
	}
	r.place = key[len(r.value):]
	return true
}

// runs is a heap of runs, by their places.
type runs []*run

func (r runs) Len() int           { return len(r) }
func (r runs) Less(i, j int) bool { return bytes.Compare(r[i].place, r[j].place) < 0 }
func (r runs) Swap(i, j int)      { r[i], r[j] = r[j], r[i] }
func (r *runs) Push(x any)        { *r = append(*r, x.(*run)) }

func (r *runs) Pop() any {
	last := (*r)[len(*r)-1]
	*r = (*r)[:len(*r)-1]
	return last
}
