package bboltstore

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"github.com/licensekit/licensekey"
)

// The database format, version 3.
//
//	licensekey.format       "version" → 4 bytes, big endian
//	licensekey.keys         license key id → lookup key, licensekey.LicenseKey as JSON without what is in its state
//	licensekey.states       license key id → state, see appendState; the zero state has no record
//	licensekey.recent       the same, for the states that changed last
//	licensekey.lookup       lookup key → license key id
//	licensekey.activations  license key id → how many records follow for it, as a varint; none if there are none
//	                        license key id, activation id → licensekey.Activation as JSON
//
// An id is stored as its 16 bytes. A lookup key has 48 bytes: the organization id
// and the SHA-256 of the key string. The key string is hashed because a bbolt key
// has at most 32 KiB, and so that the time of a look-up does not tell how much of a
// guess was right. The record of a license key begins with its lookup key, so that
// a license key whose JSON cannot be read can be deleted.
//
// The cost of a change is what its commit writes: whole pages, at random places,
// with all the branch pages above them. The layout keeps the number of pages small:
//
//   - Validations and deactivations write only the state of a license key. States
//     are small, so many of them share a page.
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
//     marks. So Activate need not read the activations that are there.
const formatVersion = 3

// lookupSize is the size of a lookup key.
const lookupSize = 16 + sha256.Size

var (
	formatBucket      = []byte("licensekey.format")
	keysBucket        = []byte("licensekey.keys")
	statesBucket      = []byte("licensekey.states")
	recentBucket      = []byte("licensekey.recent")
	lookupBucket      = []byte("licensekey.lookup")
	activationsBucket = []byte("licensekey.activations")

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
		for _, name := range [][]byte{formatBucket, keysBucket, statesBucket, recentBucket, lookupBucket, activationsBucket} {
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
	for _, name := range [][]byte{keysBucket, statesBucket, recentBucket, lookupBucket, activationsBucket} {
		if tx.Bucket(name) == nil {
			return fmt.Errorf("%w: the bucket %q is missing", ErrFormat, name)
		}
	}
	return nil
}

func lookupKey(organizationID uuid.UUID, key licensekey.Key) []byte {
	sum := sha256.Sum256([]byte(key))
	return slices.Concat(organizationID[:], sum[:])
}

// encodeLicenseKey returns the record of k. Counters and times, which change
// often, are in its state; the record has zeros for them.
func encodeLicenseKey(k licensekey.LicenseKey) ([]byte, error) {
	var none state
	none.applyTo(&k)
	text, err := encode(k)
	if err != nil {
		return nil, err
	}
	return append(lookupKey(k.OrganizationID, k.Key), text...), nil
}

// splitRecord returns the lookup key and the JSON in the record of a license key.
func splitRecord(id uuid.UUID, record []byte) (lookup, text []byte, err error) {
	if len(record) < lookupSize {
		return nil, nil, fmt.Errorf("license key %v: the record is cut short", id)
	}
	return record[:lookupSize], record[lookupSize:], nil
}

// encode writes a record. Unlike json.Marshal, it does not escape the JSON that the
// record contains: meta, conditions and metadata.
func encode(record any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(record); err != nil {
		return nil, fmt.Errorf("encode a record: %w", err)
	}
	return buf.Bytes(), nil
}

// decode reads a record. The result shares no memory with data, which is valid only
// until the transaction ends.
func decode(data []byte, record any) error {
	if err := json.Unmarshal(data, record); err != nil {
		return fmt.Errorf("decode a record: %w", err)
	}
	return nil
}
