package memstore

import (
	"context"
	"iter"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/internal/casefold"
)

// List implements [licensekey.Admin]. A filter by statuses alone looks at every
// license key.
func (s *Store) List(ctx context.Context, req licensekey.ListRequest) (page []licensekey.Listed, err error) {
	// update and not read: the order of license keys may have to be brought up to date.
	err = s.update(ctx, func() error {
		skip := req.Offset
		for e, err := range s.matching(ctx, req) {
			if err != nil {
				return err
			}
			if skip > 0 {
				skip--
				continue
			}
			page = append(page, licensekey.Listed{LicenseKey: e.current().Clone(), Seats: len(e.activations)})
			if len(page) == req.PageSize() {
				break
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return page, nil
}

// Count implements [licensekey.Admin].
func (s *Store) Count(ctx context.Context, req licensekey.ListRequest) (n int, err error) {
	req.After = licensekey.Cursor{}
	err = s.update(ctx, func() error {
		if onlyOrganizations(req) {
			for _, o := range s.candidates(req) {
				n += o.live
			}
			return nil
		}
		for _, err := range s.matching(ctx, req) {
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

// onlyOrganizations reports whether req has no filter but that by organizations.
func onlyOrganizations(req licensekey.ListRequest) bool {
	return len(req.BenefitIDs)+len(req.CustomerIDs)+len(req.Statuses) == 0 && req.Email+req.ExternalID+req.KeySuffix == ""
}

// matching yields the license keys after req.After that pass the filters of req, in
// order. If ctx ends meanwhile, it yields an error last.
func (s *Store) matching(ctx context.Context, req licensekey.ListRequest) iter.Seq2[*entry, error] {
	return func(yield func(*entry, error) bool) {
		i := 0
		for e := range merged(s.candidates(req), req.After) {
			if err := look(ctx, i); err != nil {
				yield(nil, err)
				return
			}
			i++
			if !e.removed && req.Matches(e.current()) && !yield(e, nil) {
				return
			}
		}
	}
}

// candidates returns the license keys that pass one of the filters of req: the one
// that lets the fewest pass, as a rule.
func (s *Store) candidates(req licensekey.ListRequest) []*order {
	switch {
	case req.KeySuffix != "":
		return s.bySuffix.of(req.KeySuffix)
	case req.Email != "":
		return keysOf(s.customers.byEmail[casefold.Fold(req.Email)])
	case req.ExternalID != "":
		return keysOf(s.customers.byExternalID[req.ExternalID])
	case len(req.CustomerIDs) > 0:
		return keysOf(s.customers.withIDs(req.CustomerIDs))
	case len(req.BenefitIDs) > 0:
		return s.byBenefit.of(req.BenefitIDs...)
	case len(req.OrganizationIDs) > 0:
		return s.byOrganization.of(req.OrganizationIDs...)
	}
	return []*order{&s.all}
}

// merged yields what the orders have after a place, in one order. No license key is
// in two of them.
func merged(orders []*order, after licensekey.Cursor) iter.Seq[*entry] {
	rest := make([][]*entry, len(orders))
	for i, o := range orders {
		rest[i] = o.after(after)
	}
	return func(yield func(*entry) bool) {
		for {
			first := -1
			for i, entries := range rest {
				if len(entries) > 0 && (first < 0 || compareEntries(entries[0], rest[first][0]) < 0) {
					first = i
				}
			}
			if first < 0 || !yield(rest[first][0]) {
				return
			}
			rest[first] = rest[first][1:]
		}
	}
}
