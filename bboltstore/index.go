package bboltstore

import (
	"bytes"
	"slices"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"
)

// index is a bucket that leads from a value to license keys or customers. Its
// records have no values.
type index struct {
	bucket []byte
	// key returns the index record of what has that id and head, or nil if there
	// is none.
	key func(head []byte, id uuid.UUID) []byte
}

// licenseKeyIndexes are the indexes of license keys. A record ends with a place.
var licenseKeyIndexes = []index{
	placesBy(byTimeBucket, func(licenseKeyHead) []byte { return nil }),
	placesBy(byOrganizationBucket, licenseKeyHead.organizationID),
	placesBy(byBenefitBucket, licenseKeyHead.benefitID),
	placesBy(byCustomerBucket, licenseKeyHead.customerID),
	placesBy(bySuffixBucket, licenseKeyHead.suffix),
}

func placesBy(bucket []byte, value func(licenseKeyHead) []byte) index {
	return index{bucket, func(head []byte, id uuid.UUID) []byte {
		return slices.Concat(value(head), licenseKeyHead(head).createdAt(), id[:])
	}}
}

// customerIndexes are the indexes of customers. A record ends with the customer id.
var customerIndexes = []index{
	customersBy(byEmailBucket, customerHead.email),
	customersBy(byExternalIDBucket, customerHead.externalID),
}

func customersBy(bucket []byte, value func(customerHead) []byte) index {
	return index{bucket, func(head []byte, id uuid.UUID) []byte {
		if hash := value(head); !bytes.Equal(hash, noHash) {
			return slices.Concat(hash, id[:])
		}
		return nil
	}}
}

// reindex replaces the index records of a license key or a customer. A head that is
// nil has none.
func reindex(tx *bbolt.Tx, indexes []index, id uuid.UUID, before, after []byte) error {
	for _, index := range indexes {
		from, to := index.keyOf(before, id), index.keyOf(after, id)
		if bytes.Equal(from, to) {
			continue
		}
		bucket := tx.Bucket(index.bucket)
		if from != nil {
			if err := bucket.Delete(from); err != nil {
				return err
			}
		}
		if to != nil {
			if err := bucket.Put(to, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

func (i index) keyOf(head []byte, id uuid.UUID) []byte {
	if head == nil {
		return nil
	}
	return i.key(head, id)
}

// has reports whether an index has a record that begins with value.
func has(tx *bbolt.Tx, bucket, value []byte) bool {
	key, _ := tx.Bucket(bucket).Cursor().Seek(value)
	return bytes.HasPrefix(key, value)
}
