package bboltstore_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
)

// BenchmarkList asks for one license key in stores of 10,000 keys and of -keys, by
// each filter that leads to one, and for a page of many. All keys are of one
// organization.
func BenchmarkList(b *testing.B) {
	for _, keys := range []int{10_000, *manyKeys} {
		f, reqs := benchStore(b, keys)
		k, err := f.GetByKey(b.Context(), org, reqs[0].Key)
		if err != nil {
			b.Fatal(err)
		}
		for _, list := range []struct {
			name string
			req  licensekey.ListRequest
			want int
		}{
			{"Email", licensekey.ListRequest{Email: *k.Customer.Email}, 1},
			{"Customer", licensekey.ListRequest{CustomerIDs: []uuid.UUID{k.CustomerID}}, 1},
			{"Suffix", licensekey.ListRequest{KeySuffix: k.KeySuffix()}, 1},
			{"Organization", licensekey.ListRequest{OrganizationIDs: []uuid.UUID{org}}, 100},
			{"OrganizationOffset", licensekey.ListRequest{OrganizationIDs: []uuid.UUID{org}, Offset: keys / 2}, 100},
		} {
			b.Run(fmt.Sprintf("%s/%dkeys", list.name, keys), func(b *testing.B) {
				for b.Loop() {
					if page, err := f.List(context.Background(), list.req); err != nil || len(page) < list.want {
						b.Fatalf("List = %d keys, %v, want %d or more", len(page), err, list.want)
					}
				}
			})
		}
		count(b, f, fmt.Sprintf("CountOrganization/%dkeys", keys), licensekey.ListRequest{OrganizationIDs: []uuid.UUID{org}}, keys)
		count(b, f, fmt.Sprintf("CountStatus/%dkeys", keys), licensekey.ListRequest{
			OrganizationIDs: []uuid.UUID{org}, Statuses: []licensekey.Status{licensekey.StatusRevoked},
		}, 0)
	}
}

func count(b *testing.B, f file, name string, req licensekey.ListRequest, want int) {
	b.Helper()
	b.Run(name, func(b *testing.B) {
		for b.Loop() {
			if n, err := f.Count(context.Background(), req); err != nil || n != want {
				b.Fatalf("Count = %d, %v, want %d", n, err, want)
			}
		}
	})
}
