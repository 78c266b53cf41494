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

// The database format, version 2.
//
//	licensekey.format       "version" → 4 bytes, big endian
//	licensekey.keys         license key id → licensekey.LicenseKey as JSON, without what is in its state
//	licensekey.states       license key id → state, see appendState; the zero state has no record
//	licensekey.recent       the same, for the states that changed last
//	licensekey.lookup       organization id, SHA-256 of the key string → license key id
//	licensekey.activations  license key id, activation id → slot as a varint, licensekey.Activation as JSON
//
// Ids are their 16 bytes. The lookup hashes the key string because a bbolt key
// has at most 32 KiB, and so that the time of a look-up tells nothing about how
// much of a guess was right.
//
// The cost of a change is that of the pages which its commit writes: whole ones,
// at random places, with all the branches above them. So what validations and
// deactivations change is kept apart, in small records of which many share a
// page, and those that changed last are in a small bucket of their own, whose
// pages the changes of one commit share. The record of an activation that has
// ended stays until the license key is next activated, which writes to its
// neighbours anyway, or deleted.
const formatVersion = 2

var (
	formatBucket      = []byte("licensekey.format")
	keysBucket        = []byte("licensekey.keys")
	statesBucket      = []byte("licensekey.states")
	recentBucket      = []byte("licensekey.recent")
	lookupBucket      = []byte("licensekey.lookup")
	activationsBucket = []byte("licensekey.activations")

	versionKey = []byte("version")
)

// prepare checks the format of the database, or lays it out in an empty one. A
// database that the host shares may hold other buckets.
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
		return fmt.Errorf("%w: the database has version %d, this program reads version %d", ErrFormat, v, formatVersion)
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

// encode writes a record. Unlike json.Marshal it leaves the JSON inside, of
// meta and conditions, as it is.
func encode(record any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(record); err != nil {
		return nil, fmt.Errorf("encode a record: %w", err)
	}
	return buf.Bytes(), nil
}

// decode reads a record. The result shares no memory with data, which is gone
// when the transaction ends.
func decode(data []byte, record any) error {
	if err := json.Unmarshal(data, record); err != nil {
		return fmt.Errorf("decode a record: %w", err)
	}
	return nil
}
