package bboltstore

import (
	"encoding/binary"
	"fmt"

	"go.etcd.io/bbolt"
)

// The database format, version 4.
//
//	licensekey.format       "version" → 4 bytes, big endian
//	licensekey.keys         license key id → head, then licensekey.LicenseKey as JSON without its customer and its state
//	licensekey.customers    customer id → head, then licensekey.Customer as JSON
//	licensekey.states       license key id → state, see appendState; the zero state has no record
//	licensekey.recent       the same, for the states that changed last
//	licensekey.lookup       lookup key → license key id
//	licensekey.activations  license key id → how many records follow for it, as a varint; none if there are none
//	                        license key id, activation id → licensekey.Activation as JSON
//
// Indexes of license keys. They have one record for each license key, with no value:
//
//	licensekey.by-time          place
//	licensekey.by-organization  organization id, place
//	licensekey.by-benefit       benefit id, place
//	licensekey.by-customer      customer id, place
//	licensekey.by-suffix        hash of the last six characters of the key string, place
//
// Indexes of customers. They have one record for each customer that has such a text:
//
//	licensekey.by-email         hash of the e-mail in folded case, customer id
//	licensekey.by-external-id   hash of the external id, customer id
//
// An id is stored as its 16 bytes. A lookup key has 48 bytes: the organization id
// and the SHA-256 of the key string. The key string is hashed because a bbolt key
// has at most 32 KiB, and so that the time of a look-up does not tell how much of a
// guess was right.
//
// A place is where a license key is in the order of lists: the time of creation in
// 8 bytes that sort as the times do, and the license key id. So a page of a list is
// a run of neighbours in an index, and counting reads nothing else.
//
// A hash has the first 8 bytes of a SHA-256, with the last bit set: zeros stand for
// no text. Two texts may have the same hash, so whoever has found a record by a hash
// compares the text.
//
// A record of a license key or a customer begins with a head of fixed size, from
// which all its index records follow. So it can be deleted even if its JSON cannot
// be read, and a list can leave it out without reading the JSON. See licenseKeyHead
// and customerHead.
//
// A customer is there as long as a license key has it: by-customer tells whether
// the last one is gone.
//
// The cost of a change is what its commit writes: whole pages, at random places,
// with all the branch pages above them. The layout keeps the number of pages small:
//
//   - Validations and deactivations write only the state of a license key. States
//     are small, so many of them share a page. Nothing that an index has is in the
//     state: only Issue, Import, Rotate, UpdateCustomer and Delete change indexes.
//   - The states that changed last are in a small bucket of their own. The
//     changes of one commit share its pages. See flushEvery.
//   - A deactivation leaves the record of the activation where it is and puts a
//     mark into the state: the first two bytes of the activation id. The next
//     activation of the license key, which writes to these pages anyway, deletes
//     the records of all marks. So does a deactivation that finds maxEnded marks.
//   - A mark belongs to exactly one record: that of an activation which has ended.
//     If two records begin with the same two bytes, the record is deleted at once
//     instead of marked, and an activation first deletes the ended record that has
//     the mark of the new one.
//   - The number of records is stored just before them, where an activation writes
//     anyway. The number of live activations is that number minus the number of
//     marks. So Activate and List need not read the activations that are there.
const formatVersion = 4

var (
	formatBucket         = []byte("licensekey.format")
	keysBucket           = []byte("licensekey.keys")
	customersBucket      = []byte("licensekey.customers")
	statesBucket         = []byte("licensekey.states")
	recentBucket         = []byte("licensekey.recent")
	lookupBucket         = []byte("licensekey.lookup")
	activationsBucket    = []byte("licensekey.activations")
	byTimeBucket         = []byte("licensekey.by-time")
	byOrganizationBucket = []byte("licensekey.by-organization")
	byBenefitBucket      = []byte("licensekey.by-benefit")
	byCustomerBucket     = []byte("licensekey.by-customer")
	bySuffixBucket       = []byte("licensekey.by-suffix")
	byEmailBucket        = []byte("licensekey.by-email")
	byExternalIDBucket   = []byte("licensekey.by-external-id")

	// buckets are all buckets but the one of the format.
	buckets = [][]byte{
		keysBucket, customersBucket, statesBucket, recentBucket, lookupBucket, activationsBucket,
		byTimeBucket, byOrganizationBucket, byBenefitBucket, byCustomerBucket, bySuffixBucket, byEmailBucket, byExternalIDBucket,
	}

	versionKey = []byte("version")
)

// prepare checks the format of the database, or creates the buckets if there are
// none. A database that the host has opened may hold other buckets.
func (s *Store) prepare() (err error) {
	defer recoverAs(&err)
	fresh := false
	err = s.db.View(func(tx *bbolt.Tx) error {
		if tx.Bucket(formatBucket) != nil {
			return checkFormat(tx)
		}
		fresh = true
		if name, _ := tx.Cursor().First(); name != nil && s.owned {
			return fmt.Errorf("%w: it holds the bucket %q and none of ours", ErrFormat, name)
		}
		return nil
	})
	if err != nil || !fresh {
		return err
	}
	return s.db.Update(func(tx *bbolt.Tx) error {
		for _, name := range append([][]byte{formatBucket}, buckets...) {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return fmt.Errorf("create bucket %s: %w", name, err)
			}
		}
		version := binary.BigEndian.AppendUint32(nil, formatVersion)
		return tx.Bucket(formatBucket).Put(versionKey, version)
	})
}

func checkFormat(tx *bbolt.Tx) error {
	version := tx.Bucket(formatBucket).Get(versionKey)
	if len(version) != 4 {
		return fmt.Errorf("%w: the version is not readable", ErrFormat)
	}
	if v := binary.BigEndian.Uint32(version); v != formatVersion {
		return fmt.Errorf("%w: the database has version %d, this program reads version %d; "+
			"export the license keys with a program that reads version %d, and import them into a new database",
			ErrFormat, v, formatVersion, v)
	}
	for _, name := range buckets {
		if tx.Bucket(name) == nil {
			return fmt.Errorf("%w: the bucket %q is missing", ErrFormat, name)
		}
	}
	return nil
}
