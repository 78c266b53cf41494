package storetest_test

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
)

// reads makes List and Count of a slice of all license keys. A part that is nil is
// right.
type reads struct {
	order   func(a, b licensekey.Listed) int
	matches func(licensekey.ListRequest, licensekey.LicenseKey) bool
	start   func(licensekey.ListRequest, []licensekey.Listed) int // where the page begins, without Offset
	request func(licensekey.ListRequest) licensekey.ListRequest   // what is read instead
	seats   func(licensekey.Listed) int
	counts  func(licensekey.ListRequest, []licensekey.Listed) int
}

func (r reads) change(w *wrapped) {
	w.list = func(ctx context.Context, req licensekey.ListRequest) ([]licensekey.Listed, error) {
		if r.request != nil {
			req = r.request(req)
		}
		keys, err := r.found(ctx, w, req)
		start, _ := slices.BinarySearchFunc(keys, req.After, func(k licensekey.Listed, after licensekey.Cursor) int {
			return cmpAfter(k.Cursor().Compare(after) > 0 || after.IsZero())
		})
		if r.start != nil {
			start = r.start(req, keys)
		}
		start = min(start+max(req.Offset, 0), len(keys))
		return keys[start:min(start+req.PageSize(), len(keys))], err
	}
	w.count = func(ctx context.Context, req licensekey.ListRequest) (int, error) {
		keys, err := r.found(ctx, w, req)
		if r.counts != nil {
			return r.counts(req, keys), err
		}
		return len(keys), err
	}
}

func cmpAfter(after bool) int {
	if after {
		return 1
	}
	return -1
}

// found returns all license keys that pass the filters of req, in order.
func (r reads) found(ctx context.Context, w *wrapped, req licensekey.ListRequest) (keys []licensekey.Listed, err error) {
	all, err := w.Store.List(ctx, licensekey.ListRequest{Limit: 1 << 30})
	for _, k := range all {
		if r.seats != nil {
			k.Seats = r.seats(k)
		}
		matches := req.Matches
		if r.matches != nil {
			matches = func(k licensekey.LicenseKey) bool { return r.matches(req, k) }
		}
		if matches(k.LicenseKey) {
			keys = append(keys, k)
		}
	}
	if r.order != nil {
		slices.SortFunc(keys, r.order)
	}
	return keys, err
}

// filters changes one filter: it takes it from the request, and looks at it itself.
func filters(take func(*licensekey.ListRequest), looks func(licensekey.ListRequest, licensekey.LicenseKey) bool) func(*wrapped) {
	return reads{matches: func(req licensekey.ListRequest, k licensekey.LicenseKey) bool {
		rest := req
		take(&rest)
		return rest.Matches(k) && looks(req, k)
	}}.change
}

// byEmail is a filter by an e-mail that must be equal once both are changed.
func byEmail(change func(string) string) func(*wrapped) {
	return filters(func(r *licensekey.ListRequest) { r.Email = "" }, func(r licensekey.ListRequest, k licensekey.LicenseKey) bool {
		return r.Email == "" || k.Customer.Email != nil && change(*k.Customer.Email) == change(r.Email)
	})
}

func bySuffix(suffix func(wanted, key string) bool) func(*wrapped) {
	return filters(func(r *licensekey.ListRequest) { r.KeySuffix = "" }, func(r licensekey.ListRequest, k licensekey.LicenseKey) bool {
		return r.KeySuffix == "" || suffix(r.KeySuffix, string(k.Key))
	})
}

// foldsExternalIDs does not look at the case of external ids.
var foldsExternalIDs = filters(func(r *licensekey.ListRequest) { r.ExternalID = "" }, func(r licensekey.ListRequest, k licensekey.LicenseKey) bool {
	return r.ExternalID == "" || k.Customer.ExternalID != nil && strings.EqualFold(*k.Customer.ExternalID, r.ExternalID)
})

// firstValue looks at the first value of a filter only.
var firstValue = reads{matches: func(req licensekey.ListRequest, k licensekey.LicenseKey) bool {
	req.OrganizationIDs = req.OrganizationIDs[:min(1, len(req.OrganizationIDs))]
	req.BenefitIDs = req.BenefitIDs[:min(1, len(req.BenefitIDs))]
	return req.Matches(k)
}}.change

// anyFilter lists the license keys that pass the filter by customers or by benefits.
var anyFilter = reads{matches: func(req licensekey.ListRequest, k licensekey.LicenseKey) bool {
	byCustomer := licensekey.ListRequest{CustomerIDs: req.CustomerIDs}
	if len(req.CustomerIDs) > 0 && len(req.BenefitIDs) > 0 && byCustomer.Matches(k) {
		return true
	}
	return req.Matches(k)
}}.change

// listsTwice merges the lists of the values of a filter, and lists a license key for
// each of them.
func listsTwice(w *wrapped) {
	list := w.list
	w.list = func(ctx context.Context, req licensekey.ListRequest) ([]licensekey.Listed, error) {
		var merged []licensekey.Listed
		for _, id := range req.CustomerIDs {
			one := req
			one.CustomerIDs = []uuid.UUID{id}
			page, err := list(ctx, one)
			if err != nil {
				return nil, err
			}
			merged = append(merged, page...)
		}
		if len(req.CustomerIDs) == 0 {
			return list(ctx, req)
		}
		slices.SortFunc(merged, func(a, b licensekey.Listed) int { return a.Cursor().Compare(b.Cursor()) })
		return merged[:min(len(merged), req.PageSize())], nil
	}
}

// listsByID lists in the order of ids.
var listsByID = reads{
	order: func(a, b licensekey.Listed) int { return bytes.Compare(a.ID[:], b.ID[:]) },
	start: func(req licensekey.ListRequest, keys []licensekey.Listed) int {
		return countOf(keys, func(k licensekey.Listed) bool { return bytes.Compare(k.ID[:], req.After.ID[:]) <= 0 })
	},
}.change

// afterTheMoment begins a page after all license keys of a moment.
var afterTheMoment = reads{start: func(req licensekey.ListRequest, keys []licensekey.Listed) int {
	return countOf(keys, func(k licensekey.Listed) bool { return !req.After.IsZero() && !k.CreatedAt.After(req.After.CreatedAt) })
}}.change

// atThePlace leaves out the license key after the cursor, if the one at the cursor is
// deleted.
var atThePlace = reads{start: func(req licensekey.ListRequest, keys []licensekey.Listed) int {
	at := countOf(keys, func(k licensekey.Listed) bool { return !req.After.IsZero() && k.Cursor().Compare(req.After) < 0 })
	if !req.After.IsZero() {
		at++
	}
	return at
}}.change

// findsThePlace looks for the license key at the cursor, and begins anew if it is
// deleted.
var findsThePlace = reads{start: func(req licensekey.ListRequest, keys []licensekey.Listed) int {
	return 1 + slices.IndexFunc(keys, func(k licensekey.Listed) bool { return k.ID == req.After.ID })
}}.change

// zeroIsAPlace takes the zero cursor for a place in the year 1.
var zeroIsAPlace = reads{start: func(req licensekey.ListRequest, keys []licensekey.Listed) int {
	return countOf(keys, func(k licensekey.Listed) bool { return k.Cursor().Compare(req.After) <= 0 })
}}.change

func countOf(keys []licensekey.Listed, of func(licensekey.Listed) bool) (n int) {
	for _, k := range keys {
		if of(k) {
			n++
		}
	}
	return n
}

// ignoresOffset lists the first page again and again.
var ignoresOffset = reads{request: func(req licensekey.ListRequest) licensekey.ListRequest {
	req.Offset = 0
	return req
}}.change

// offsetFromStart counts an offset from the first license key, not from the cursor.
var offsetFromStart = reads{request: func(req licensekey.ListRequest) licensekey.ListRequest {
	if req.Offset > 0 {
		req.After = licensekey.Cursor{}
	}
	return req
}}.change

// seatsOfTheKey says how many seats a license key has, not how many are taken.
var seatsOfTheKey = reads{seats: func(k licensekey.Listed) int {
	if k.LimitActivations == nil {
		return 0
	}
	return int(*k.LimitActivations)
}}.change

// keepsCountOfEnded counts the seats of an activation that was ended by its id.
func keepsCountOfEnded(w *wrapped) {
	ended := make(map[uuid.UUID]int)
	w.end = func(ctx context.Context, req licensekey.EndActivationRequest) (licensekey.Activation, error) {
		a, err := w.Store.EndActivation(ctx, req)
		if err == nil {
			ended[req.LicenseKeyID]++
		}
		return a, err
	}
	reads{seats: func(k licensekey.Listed) int { return k.Seats + ended[k.ID] }}.change(w)
}

// countsPage counts the license keys of one page.
var countsPage = reads{counts: func(req licensekey.ListRequest, keys []licensekey.Listed) int { return min(len(keys), req.PageSize()) }}.change

// countsRest counts the license keys after the cursor.
var countsRest = reads{counts: func(req licensekey.ListRequest, keys []licensekey.Listed) int {
	return countOf(keys, func(k licensekey.Listed) bool { return req.After.IsZero() || k.Cursor().Compare(req.After) > 0 })
}}.change

// countsWithoutEmail does not look at the e-mail when it counts.
func countsWithoutEmail(w *wrapped) {
	w.count = func(ctx context.Context, req licensekey.ListRequest) (int, error) {
		req.Email = ""
		return w.Store.Count(ctx, req)
	}
}

// lowerASCII lowers the letters of ASCII only.
func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, s)
}
