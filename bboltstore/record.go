package bboltstore

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"github.com/licensekit/licensekey"
)

const (
	lookupSize = 16 + sha256.Size
	hashSize   = 8
	timeSize   = 8
	placeSize  = timeSize + 16
)

// licenseKeyHead is what the record of a license key begins with: lookup key, time
// of creation, benefit id, customer id, hash of the last six characters of the key
// string, and first letter of the status.
type licenseKeyHead []byte

const licenseKeyHeadSize = lookupSize + timeSize + 16 + 16 + hashSize + 1

func (h licenseKeyHead) lookup() []byte         { return h[:lookupSize] }
func (h licenseKeyHead) organizationID() []byte { return h[:16] }
func (h licenseKeyHead) createdAt() []byte      { return h[48:56] }
func (h licenseKeyHead) benefitID() []byte      { return h[56:72] }
func (h licenseKeyHead) customerID() []byte     { return h[72:88] }
func (h licenseKeyHead) suffix() []byte         { return h[88:96] }

// licenseKey returns a license key with the fields that the head has.
func (h licenseKeyHead) licenseKey() licensekey.LicenseKey {
	k := licensekey.LicenseKey{
		OrganizationID: uuid.UUID(h.organizationID()), BenefitID: uuid.UUID(h.benefitID()), CustomerID: uuid.UUID(h.customerID()),
	}
	for _, status := range []licensekey.Status{licensekey.StatusGranted, licensekey.StatusRevoked, licensekey.StatusDisabled} {
		if status[0] == h[licenseKeyHeadSize-1] {
			k.Status = status
		}
	}
	return k
}

func headOfLicenseKey(k licensekey.LicenseKey) licenseKeyHead {
	return slices.Concat(lookupKey(k.OrganizationID, k.Key), packCreated(k.CreatedAt), k.BenefitID[:], k.CustomerID[:],
		hash(k.KeySuffix()), []byte{k.Status[0]})
}

func lookupKey(organizationID uuid.UUID, key licensekey.Key) []byte {
	sum := sha256.Sum256([]byte(key))
	return slices.Concat(organizationID[:], sum[:])
}

// packCreated returns the microseconds since 1970 in bytes that sort as the times
// do, also those before 1970.
func packCreated(t time.Time) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(t.UnixMicro())^1<<63)
}

// hash returns the hash of a text in an index. It is not noHash for any text.
func hash(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	sum[hashSize-1] |= 1
	return sum[:hashSize]
}

// noHash stands for a text that is not there.
var noHash = make([]byte, hashSize)

// storedLicenseKey is the JSON in the record of a license key.
type storedLicenseKey struct {
	licensekey.LicenseKey
	Customer *struct{} `json:"customer,omitempty"` // hides that of the license key
}

// encodeLicenseKey returns the record of k. Counters and times, which change
// often, are in its state; the record has zeros for them.
func encodeLicenseKey(k licensekey.LicenseKey) ([]byte, error) {
	var none state
	none.applyTo(&k)
	text, err := encode(storedLicenseKey{LicenseKey: k})
	if err != nil {
		return nil, err
	}
	return append(headOfLicenseKey(k), text...), nil
}

// splitRecord returns the head and the JSON in the record of a license key. The
// record is nil if there is none.
func splitRecord(id uuid.UUID, record []byte) (head licenseKeyHead, text []byte, err error) {
	if len(record) < licenseKeyHeadSize {
		return nil, nil, fmt.Errorf("license key %v: the record is missing or cut short", id)
	}
	return record[:licenseKeyHeadSize], record[licenseKeyHeadSize:], nil
}

// recordCache holds the records of a license key and its customer that were read
// last, and the license key decoded from them. A change is decided twice, mostly on
// the same records, and decoding them is most of the work.
type recordCache struct {
	record, customer []byte
	k                licensekey.LicenseKey
}

func (c *recordCache) decode(tx *bbolt.Tx, id uuid.UUID, record []byte) error {
	head, text, err := splitRecord(id, record)
	if err != nil {
		return err
	}
	customer := tx.Bucket(customersBucket).Get(head.customerID())
	if bytes.Equal(record, c.record) && bytes.Equal(customer, c.customer) {
		return nil
	}
	var k licensekey.LicenseKey
	if err := decode(text, &k); err != nil {
		return fmt.Errorf("license key %v: %w", id, err)
	}
	if k.Customer, err = decodeCustomer(uuid.UUID(head.customerID()), customer); err != nil {
		return fmt.Errorf("license key %v: %w", id, err)
	}
	*c = recordCache{bytes.Clone(record), bytes.Clone(customer), k}
	return nil
}

// getLicenseKey reads a license key from its record, its customer and its state.
func getLicenseKey(tx *bbolt.Tx, id uuid.UUID, cache *recordCache) (licensekey.LicenseKey, state, error) {
	record := tx.Bucket(keysBucket).Get(id[:])
	if record == nil {
		return licensekey.LicenseKey{}, state{}, licensekey.ErrNotFound
	}
	if err := cache.decode(tx, id, record); err != nil {
		return licensekey.LicenseKey{}, state{}, err
	}
	st, err := getState(tx, id)
	k := cache.k
	st.applyTo(&k)
	return k, st, err
}

// putLicenseKey replaces the record and the state of a license key, and what leads
// to its record.
func putLicenseKey(tx *bbolt.Tx, k licensekey.LicenseKey, st state) error {
	st.copyFrom(k)
	if err := putState(tx, k.ID, st); err != nil {
		return err
	}
	before, _, err := splitRecord(k.ID, tx.Bucket(keysBucket).Get(k.ID[:]))
	if err != nil {
		return err
	}
	record, err := encodeLicenseKey(k)
	if err != nil {
		return err
	}
	if err := leadTo(tx, k.ID, before, record[:licenseKeyHeadSize]); err != nil {
		return err
	}
	return tx.Bucket(keysBucket).Put(k.ID[:], record)
}

// leadTo replaces the lookup and the index records of a license key.
func leadTo(tx *bbolt.Tx, id uuid.UUID, before, after licenseKeyHead) error {
	if err := reindex(tx, licenseKeyIndexes, id, before, after); err != nil {
		return err
	}
	if bytes.Equal(before.lookup(), after.lookup()) {
		return nil
	}
	lookup := tx.Bucket(lookupBucket)
	if err := lookup.Delete(before.lookup()); err != nil {
		return err
	}
	return lookup.Put(after.lookup(), id[:])
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
