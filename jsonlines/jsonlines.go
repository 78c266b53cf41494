// Package jsonlines reads and writes license keys as JSON Lines, the import and
// export format. Each line is one license key, in the form in which Polar's API
// returns a license key with its activations (GET /v1/license-keys/{id}). In
// addition, an activation has its conditions.
//
// # What is read
//
// License keys may come one on each line, over several lines, one after the other,
// in JSON arrays, or as the items of pages like those of Polar's list. A byte order
// mark is dropped. Other files are rejected with an error that says what they seem
// to be: CSV, HTML, UTF-16, gzip, error responses, the output of Polar's SDK.
//
// A member without a safe default must be there. All others may be missing or, if
// the table has null, be null. Members that are not known are ignored. If a name
// comes twice in an object, the last value counts.
//
//	license key            if it is missing
//	id, created_at,        error
//	organization_id, key,
//	status, customer,
//	activations            error; an empty array says that there are none
//	customer_id            customer.id
//	user_id                customer.id
//	benefit_id             zero: no benefit
//	limit_activations      null: the key takes no activations
//	limit_usage            null: usage has no limit
//	usage, validations     0
//	modified_at,
//	last_validated_at      null: not yet
//	expires_at             null: never
//	metadata               {}
//	member, subscription,
//	order                  null; they need all their members, but external_id and ends_at
//	member_id,
//	subscription_id,
//	order_id               id of the object beside it, or null
//
//	customer               if it is missing
//	id                     error
//	created_at             created_at of the license key
//	organization_id        organization_id of the license key
//	type                   individual
//	email_verified         false
//	metadata               {}
//	all others             null
//
//	activation             if it is missing
//	id, label, created_at  error
//	license_key_id         id of the license key
//	conditions, meta       {}
//	modified_at            null: not yet
//
// A time has a date, a time of day and a zone, as in 2027-01-31T00:00:00Z. A blank
// in place of the T and offsets such as +0000 and +00 are read too. Dates alone,
// times without a zone, and numbers are rejected: they could mean several times.
package jsonlines

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"reflect"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/internal/jsonvalue"
	"github.com/licensekit/licensekey/rules"
)

// MaxSize is the size in bytes of the largest license key that is read or written:
// 32 MiB, enough for about 100,000 activations. A page of Polar's list has the same
// limit.
const MaxSize = 32 << 20

// All reads license keys one at a time. It needs memory for the largest of them, at
// most a few times [MaxSize], however long r is. Each license key has passed
// rules.Import, so it is as a store would keep it.
//
// After an error All yields nothing more. An error has the number of the line, and
// the path of the member or the column. It never has a key string. It wraps
// licensekey.ErrInvalid, unless it comes from r. The license keys before it were
// yielded already: to change nothing if any line is bad, read r twice, first to the
// end. The result can be used once, by one goroutine.
func All(r io.Reader) iter.Seq2[licensekey.LicenseKeyWithActivations, error] {
	return func(yield func(licensekey.LicenseKeyWithActivations, error) bool) {
		s := newStream(r)
		for {
			text, at, err := s.next()
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(licensekey.LicenseKeyWithActivations{}, fmt.Errorf("jsonlines: %w", err))
				return
			}
			for path, object := range licenseKeys(text) {
				k, err := decode(object, path)
				if err != nil {
					err = fmt.Errorf("jsonlines: %w", at.invalid(err.Error()))
				}
				if !yield(k, err) || err != nil {
					return
				}
			}
		}
	}
}

// licenseKeys yields what text holds: one license key, or the items of a page. path
// goes before the names of members in errors.
func licenseKeys(text jsonvalue.Raw) iter.Seq2[string, jsonvalue.Raw] {
	return func(yield func(path string, object jsonvalue.Raw) bool) {
		items, ok := member(text, "items")
		if has(text, "key") || !ok || !items.IsArray() {
			yield("", text)
			return
		}
		i := 0
		for item := range items.Elements() {
			if !yield(fmt.Sprintf("items[%d]", i), item) {
				return
			}
			i++
		}
	}
}

// decode returns the license key that object holds.
func decode(object jsonvalue.Raw, path string) (licensekey.LicenseKeyWithActivations, error) {
	var k licensekey.LicenseKeyWithActivations
	if object.IsObject() && isErrorResponse(object) {
		return k, problem{path, "this is an error response, and no license key; repeat the request that failed"}
	}
	if err := decodeField(reflect.ValueOf(&k).Elem(), object, path); err != nil {
		return licensekey.LicenseKeyWithActivations{}, err
	}
	k, err := rules.Import(k)
	if err != nil {
		return k, problem{path, plain(err)}
	}
	return k, nil
}

// Read returns all license keys of r, as [All] reads them. It reads to the end
// before it returns, so that nothing is imported from a file with a bad line: then
// it returns only the error. It needs memory in proportion to the file.
func Read(r io.Reader) ([]licensekey.LicenseKeyWithActivations, error) {
	var keys []licensekey.LicenseKeyWithActivations
	for k, err := range All(r) {
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// Write writes a license key as one line, which [All] reads back. Reading the line
// and writing it again gives the same line. The line contains the key string in
// plain text. An error has the id of the license key. A license key of more than
// [MaxSize] is an error, and nothing is written.
func Write(w io.Writer, k licensekey.LicenseKeyWithActivations) error {
	if k.Activations == nil {
		k.Activations = []licensekey.Activation{}
	}
	// Unlike json.Marshal, this leaves the JSON inside, of meta and conditions,
	// as it is.
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	err := enc.Encode(k)
	if err == nil && line.Len() > MaxSize {
		err = fmt.Errorf("%w: has %d bytes, more than %d", licensekey.ErrInvalid, line.Len(), MaxSize)
	}
	if err == nil {
		_, err = w.Write(line.Bytes())
	}
	if err != nil {
		return fmt.Errorf("jsonlines: write license key %v: %w", k.ID, err)
	}
	return nil
}
