package bboltstore

import (
	"bytes"
	"context"
	"slices"

	"go.etcd.io/bbolt"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/rules"
)

// Import implements [licensekey.Admin], in one transaction. It takes time and
// memory in proportion to what it adds, and other changes wait for it. If ctx
// ends before the transaction is committed, nothing is added.
func (s *Store) Import(ctx context.Context, keys []licensekey.LicenseKeyWithActivations) (added int, err error) {
	checked, err := rules.Imports(keys)
	if err != nil {
		return 0, err
	}
	err = s.update(ctx, func(tx *bbolt.Tx) (func() error, error) {
		return func() error {
			fresh := unknown(tx, checked)
			added = len(fresh)
			return putAll(ctx, tx, fresh)
		}, nil
	})
	if err != nil {
		return 0, err
	}
	return added, nil
}

// imported is a license key to add, with the key of its look-up.
type imported struct {
	licensekey.LicenseKeyWithActivations
	lookup []byte
}

// unknown returns the license keys that are not there yet: of those with one id
// or one key string in an organization, the first.
func unknown(tx *bbolt.Tx, keys []licensekey.LicenseKeyWithActivations) []imported {
	ids, lookups := make(map[string]bool, len(keys)), make(map[string]bool, len(keys))
	fresh := make([]imported, 0, len(keys))
	for _, k := range keys {
		lookup := lookupKey(k.OrganizationID, k.Key)
		if ids[string(k.ID[:])] || lookups[string(lookup)] || exists(tx, k.LicenseKey) {
			continue
		}
		ids[string(k.ID[:])], lookups[string(lookup)] = true, true
		fresh = append(fresh, imported{k, lookup})
	}
	return fresh
}

// checkEvery is after how many records a long call looks at its context.
const checkEvery = 1000

// putAll writes the records of license keys, bucket by bucket in the order of
// its keys. bbolt keeps what is put into an empty bucket in one page until the
// commit: in any other order each record would move half of those before it.
func putAll(ctx context.Context, tx *bbolt.Tx, keys []imported) error {
	slices.SortFunc(keys, func(a, b imported) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	for i, k := range keys {
		if i%checkEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := putLicenseKey(tx, k.LicenseKey, state{}); err != nil {
			return err
		}
		if err := putActivations(tx, k.LicenseKeyWithActivations); err != nil {
			return err
		}
	}
	slices.SortFunc(keys, func(a, b imported) int { return bytes.Compare(a.lookup, b.lookup) })
	lookups := tx.Bucket(lookupBucket)
	for i, k := range keys {
		if i%checkEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := lookups.Put(k.lookup, k.ID[:]); err != nil {
			return err
		}
	}
	return nil
}

// putActivations writes the activations of k. Each has the slot of its place in
// k.
func putActivations(tx *bbolt.Tx, k licensekey.LicenseKeyWithActivations) error {
	order := make([]int, len(k.Activations))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return bytes.Compare(k.Activations[i].ID[:], k.Activations[j].ID[:]) })
	for _, slot := range order {
		if err := putActivation(tx, slot, k.Activations[slot]); err != nil {
			return err
		}
	}
	return nil
}
