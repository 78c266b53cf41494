package jsonlines_test

import (
	"embed"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/internal/filled"
	"github.com/licensekit/licensekey/jsonlines"
)

//go:embed testdata/*.json testdata/*.jsonl
var inputs embed.FS

// TestInputs reads files as people have them.
func TestInputs(t *testing.T) {
	t.Parallel()
	tests := []struct {
		file string
		keys int
		want string // in the error; empty: no error
	}{
		{"good.jsonl", 2, ""},
		{"bom.jsonl", 2, ""},
		{"pretty-array.json", 1, ""},
		{"delta-before.jsonl", 2, ""},
		{"delta-after.jsonl", 2, ""},
		{"key-same-twice.jsonl", 2, ""}, // a store reports it
		{"times.jsonl", 1, ""},
		{"key-missing.jsonl", 0, "line 1: key: is missing"},
		{"key-empty.jsonl", 0, "line 1: key: must not be empty"},
		{"key-spaces.jsonl", 0, "line 1: key: must not contain control characters"},
		{"activation-id-v7.jsonl", 0, "line 1: activations[0].id: 0199d2f0-7c4e-7a3b-8f21-3d5c7e9a1b2c is no UUID of version 4"},
		{"fields-missing.jsonl", 0, "line 1: activations[0].label: is missing"},
		{"polar-list-page.json", 0, "line 1: items[0].activations: is missing; Polar's list GET /v1/license-keys/ leaves it out, GET /v1/license-keys/{id} has it"},
		{"sdk-camelcase.jsonl", 0, "line 1: createdAt: this looks like the output of Polar's SDK (camelCase); export the API's own JSON, where this is created_at"},
		{"old-schema.jsonl", 0, "line 1: created_at: is missing; GET /v1/license-keys/{id} of Polar's API has it"},
	}
	for _, tt := range tests {
		text, err := inputs.ReadFile("testdata/" + tt.file)
		if err != nil {
			t.Fatal(err)
		}
		wantRead(t, tt.file, string(text), tt.keys, tt.want)
	}
	if entries, err := inputs.ReadDir("testdata"); err != nil || len(entries) != len(tests) {
		t.Errorf("testdata has %d files, %v, want %d", len(entries), err, len(tests))
	}
}

// wantRead reads text, and expects a number of keys or an error that contains want.
func wantRead(t *testing.T, name, text string, keys int, want string) {
	t.Helper()
	got, err := jsonlines.Read(strings.NewReader(text))
	if want == "" {
		if err != nil || len(got) != keys {
			t.Errorf("Read of %s = %d keys, %v, want %d", name, len(got), err, keys)
		}
		return
	}
	if !errors.Is(err, licensekey.ErrInvalid) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "TRIAL") {
		t.Errorf("Read of %s\ngot  %d keys, %v\nwant an error with %q and without a key", name, len(got), err, want)
	}
}

func TestForms(t *testing.T) {
	t.Parallel()
	pretty := strings.ReplaceAll(goodLine, ",", ",\n  ")
	tests := []struct {
		text string
		keys int
		want string
	}{
		{"", 0, ""},
		{" \r\n\t\n", 0, ""},
		{"[]", 0, ""},
		{goodLine + goodLine, 2, ""},
		{pretty + "\n" + pretty, 2, ""},
		{"[\n" + goodLine + ",\n" + goodLine + "\n]", 2, ""},
		{"[" + goodLine + "][" + pretty + "]" + goodLine, 3, ""},
		{"\ufeff" + goodLine + "\n\ufeff" + goodLine, 2, ""},
		{`{"items":[` + goodLine + "," + goodLine + `],"pagination":{"total_count":2}}` + goodLine, 3, ""},
		{`[{"items":[` + goodLine + `]},{"pagination":{},"items":[]}]`, 1, ""},

		{"[" + goodLine + ",]", 0, "a comma after the last license key"},
		{"\n[" + goodLine, 0, "line 2: the array that begins here is not closed"},
		{"[," + goodLine + "]", 0, "line 1, column 2: a comma without"},
		{"[" + goodLine + " " + goodLine + "]", 0, "a comma between two license keys"},
		{goodLine + ",\n" + goodLine, 0, "a comma after a license key; remove the comma, or put all"},
		{"{\"id\": \"é\",\n \"key\": 1,}", 0, "line 2, column 10: a comma after the last element"},
		{"{\"id\":\"é\" \"key\"}", 0, "line 1, column 11: a comma, or the end"},
		{`{"id":"Zoë","key" 1}`, 0, "line 1, column 19: a colon"},
		{`{'id':1}`, 0, "line 1, column 2: here must be a name in double quotes"},
		{`{"usage":NaN}`, 0, "line 1, column 10: here must be a JSON value"},
		{`{"key":"\x"}`, 0, "line 1, column 9: a backslash"},
		{"{\"key\":\"a\n" + goodLine, 0, "line 1, column 10: a string is not closed on its line"},
		{"{\"key\":\"\xe9\"}", 0, "line 1, column 9: this is no UTF-8 text"},
		{"{\"a\":\"\ufffd\",\"key\":\"\xe9\"}", 0, "line 1, column 17: this is no UTF-8 text"},
		{goodLine + "\n" + goodLine[:len(goodLine)-30], 0, "line 2: a license key that begins here is not closed"},
		{goodLine + "\n" + goodLine[:len(goodLine)-1], 0, "line 2: a license key that begins here is not closed"},
		{goodLine[:len(goodLine)-1] + "\n" + goodLine, 0, "line 2, column 1: a comma, or the end of the object"},
		{`{"a":` + strings.Repeat("[", 2000) + strings.Repeat("]", 2000) + "}", 0, "nested too deeply"},
		{`{"a":` + strings.Repeat("9", 5000) + "}", 0, "too many digits"},

		{"id,created_at,key\n1,2,3\n", 0, "line 1: this looks like CSV"},
		{"\ufeff\"id\";\"key\"\n", 0, "line 1: this looks like CSV"},
		{"\x1f\x8b\x08\x00", 0, "compressed with gzip"},
		{"PK\x03\x04", 0, "ZIP archive or a spreadsheet"},
		{"<!DOCTYPE html>", 0, "line 1: this is HTML"},
		{goodLine + "\n<html>", 0, "line 2: this is HTML"},
		{"HTTP/1.1 200 OK\r\n", 0, "headers of an HTTP response"},
		{"\xff\xfe" + utf16LE(goodLine), 0, "UTF-16"},
		{"\xfe\xff\x00{", 0, "UTF-16"},
		{utf16LE(goodLine), 0, "UTF-16"},
		{goodLine + "\n" + `{"error":"ResourceNotFound","detail":"Not found"}`, 0, "line 2: this is an error response"},
		{`[{"detail":[]}]`, 0, "line 1: this is an error response"},
		{`null`, 0, "must be a JSON object"},
		{`["a","b"]`, 0, "must be a JSON object"},
		{`[[` + goodLine + `]]`, 0, "must be a JSON object"},
		{`{"items":[1]}`, 0, "line 1: items[0]: must be an object"},
		{"}", 0, "line 1: a license key must be a JSON object"},
	}
	for _, tt := range tests {
		wantRead(t, tt.text, tt.text, tt.keys, tt.want)
	}
}

// utf16LE returns text as PowerShell writes it.
func utf16LE(text string) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune(text)) {
		b.Write([]byte{byte(unit), byte(unit >> 8)})
	}
	return b.String()
}

func TestTimes(t *testing.T) {
	t.Parallel()
	const wanted = "expires_at: must be a time with date, time of day and zone"
	for text, want := range map[string]string{
		`"2027-01-31T00:00:00Z"`:           "2027-01-31T00:00:00Z",
		`"2027-01-31t00:00:00.123456789z"`: "2027-01-31T00:00:00.123456Z",
		`"2027-01-31 00:00:00+00:00"`:      "2027-01-31T00:00:00Z",
		`"2027-01-31 09:00:00+09"`:         "2027-01-31T00:00:00Z",
		`"2027-01-31T09:00:00 +0900"`:      "2027-01-31T00:00:00Z",
		`"2027-01-30T18:30:00-0530"`:       "2027-01-31T00:00:00Z",
		`"2027-01-31"`:                     "",
		`"2027-01-31T00:00:00"`:            "",
		`"2027-01-31T00:00Z"`:              "",
		`"2027-02-31T00:00:00Z"`:           "",
		`"2027-01-31T24:00:00Z"`:           "",
		`"Sun Jan 31 00:00:00 UTC 2027"`:   "",
		`"01/31/2027"`:                     "",
		`"1801353600"`:                     "",
		`1801353600`:                       "",
		`""`:                               "",
		`{"$date":"2027-01-31T00:00:00Z"}`: "",
	} {
		line := strings.Replace(goodLine, `"status"`, `"expires_at":`+text+`,"status"`, 1)
		keys, err := jsonlines.Read(strings.NewReader(line))
		switch {
		case want == "":
			if !errors.Is(err, licensekey.ErrInvalid) || !strings.Contains(err.Error(), wanted) {
				t.Errorf("Read of the time %s = %v, want an error with %q", text, err, wanted)
			}
		case err != nil || len(keys) != 1 || keys[0].ExpiresAt.Format("2006-01-02T15:04:05.999999999Z07:00") != want:
			t.Errorf("Read of the time %s = %v, %v, want %s", text, keys, err, want)
		}
	}
}

// endless repeats a text, and counts what was read.
type endless struct {
	begin, repeat string
	n             int
}

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		if e.n < len(e.begin) {
			p[i] = e.begin[e.n]
		} else {
			p[i] = e.repeat[(e.n-len(e.begin))%len(e.repeat)]
		}
		e.n++
	}
	return len(p), nil
}

// TestAllStreams holds that All reads little more than what it has yielded.
func TestAllStreams(t *testing.T) {
	t.Parallel()
	r := &endless{repeat: goodLine + "\n"}
	n := 0
	for _, err := range jsonlines.All(r) {
		if n++; err != nil || r.n > n*len(r.repeat)+64<<10 {
			t.Fatalf("after %d license keys of %d bytes: %v, and %d bytes read", n, len(r.repeat), err, r.n)
		}
		if n == 2000 {
			break
		}
	}
}

// TestAllBounded holds that All gives up on a license key that is too large.
func TestAllBounded(t *testing.T) {
	t.Parallel()
	for _, r := range []*endless{{begin: `{"a":"`, repeat: "é"}, {begin: `{"a":[0`, repeat: ",0"}} {
		for k, err := range jsonlines.All(r) {
			if !errors.Is(err, licensekey.ErrInvalid) || !strings.Contains(err.Error(), "line 1: a license key that begins here is larger than 32 MiB") {
				t.Errorf("All of an endless license key = %v, %v, want an error that it is too large", k, err)
			}
		}
		if r.n > jsonlines.MaxSize+64<<10 {
			t.Errorf("All has read %d bytes of an endless license key", r.n)
		}
	}
}

// TestAllStops holds that All yields what comes before an error, and one error.
func TestAllStops(t *testing.T) {
	t.Parallel()
	keys, errs := 0, 0
	for _, err := range jsonlines.All(strings.NewReader(goodLine + "\n{}\n" + goodLine)) {
		if err != nil {
			errs++
		} else {
			keys++
		}
	}
	if keys != 1 || errs != 1 {
		t.Errorf("All = %d license keys and %d errors, want 1 and 1", keys, errs)
	}
}

// TestWriteTooLarge holds that nothing is written that could not be read.
func TestWriteTooLarge(t *testing.T) {
	t.Parallel()
	k := filled.LicenseKey()
	k.Activations[0].Label = strings.Repeat("x", jsonlines.MaxSize)
	if err := jsonlines.Write(io.Discard, k); !errors.Is(err, licensekey.ErrInvalid) || !strings.Contains(err.Error(), k.ID.String()) {
		t.Errorf("Write of a license key that is too large = %v, want ErrInvalid with its id", err)
	}
}
