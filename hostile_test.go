package licensekey_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/memstore"
)

const hostileStart = `{"key":"K","organization_id":"0a0a0a0a-0000-4000-8000-00000000000a","label":"x",`

// fill repeats an element, with a number in it if it has a verb, as often as
// fits between start and end in size bytes.
func fill(size int, start, element, end string) string {
	var b strings.Builder
	b.WriteString(start)
	for i := 0; ; i++ {
		next := element
		if strings.Contains(element, "%") {
			next = fmt.Sprintf(element, i)
		}
		if b.Len()+len(next)+len(end)+1 > size {
			return b.String() + end
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(next)
	}
}

// hostileBodies are bodies of up to size bytes that are made to cost much.
func hostileBodies(size int) map[string]string {
	const control = `\u0001`
	deep := strings.Repeat(`{"a":`, 290)
	bodies := map[string]string{
		"numbers":             fill(size, `[`, `0`, `]`),
		"ignored numbers":     fill(size, `{"x":[`, `0`, `]}`),
		"long floats":         fill(size, `{"conditions":{"a":[`, `1e15`, `]}}`),
		"long floats of body": fill(size, `{"a":[`, `1e15`, `]}`),
		"distinct members":    fill(size, `{`, `"%d":0`, `}`),
		"same member":         fill(size, `{`, `"":0`, `}`),
		"empty objects":       fill(size, `{"key":[`, `{}`, `]}`),
		"empty lists":         fill(size, `{"key":[`, `[]`, `]}`),
		"objects in lists":    fill(size, `{"conditions":{"a":[`, `{"":0}`, `]}}`),
		"objects of 17":       fill(size, `{"key":[`, fill(120, `{`, `"%d":0`, `}`), `]}`),
		"bad members":         fill(size, hostileStart+`"meta":{`, `"%d":[]`, `}}`),
		"bad members twice":   fill(size/2, hostileStart+`"meta":{`, `"%d":[]`, `},`) + fill(size/2, `"conditions":{`, `"%d":null`, `}}`),
		"good members twice":  fill(size/2, hostileStart+`"meta":{`, `"%d":0`, `},`) + fill(size/2, `"conditions":{`, `"%d":0`, `}}`),
		"small fractions":     fill(size, hostileStart+`"conditions":{`, `"%x":1e-300`, `}}`),
		"large floats":        fill(size, hostileStart+`"conditions":{`, `"%x":1e300`, `}}`),
		"infinite floats":     fill(size, hostileStart+`"conditions":{`, `"%x":1e400`, `}}`),
		"large integers":      fill(size, hostileStart+`"conditions":{`, `"%x":1`+strings.Repeat("0", 4000), `}}`),
		"names of 1,000":      fill(size, hostileStart+`"conditions":{`, `"`+strings.Repeat("n", 1000)+`%d":[]`, `}}`),
		"escaped names":       fill(size, hostileStart+`"conditions":{`, `"`+strings.Repeat(control, 100)+`%d":[]`, `}}`),
		"control characters":  fill(size, hostileStart+`"conditions":{`, `"%d`+strings.Repeat(control, 36)+`":"`+strings.Repeat(control, 400)+`"`, `}}`),
		"control names":       fill(size/2, hostileStart+`"meta":{`, `"%d`+strings.Repeat(control, 45)+`":[]`, `},`) + fill(size/2, `"conditions":{`, `"%d`+strings.Repeat(control, 45)+`":""`, `}}`),
		"one long name":       hostileStart + `"conditions":{"` + strings.Repeat("n", size-150) + `":[]}}`,
		"long unknown name":   `{"` + strings.Repeat("n", size-20) + `":0}`,
		"long key":            `{"key":"` + strings.Repeat(control, size/6-20) + `"}`,
		"key with a NUL":      strings.TrimSuffix(hostileStart, `,`) + `,"key":"` + strings.Repeat("\u20ac", size/3-80) + `\u0000"}`,
		"long id":             `{"organization_id":"` + strings.Repeat("{", size-40) + `"}`,
		"long integer text":   hostileStart + `"increment_usage":"` + strings.Repeat("1_", size/2-100) + `1"}`,
		"infinite numbers":    fill(size, `{"key":[`, `2e308`, `]}`),
		"infinite fractions":  fill(size, `{"key":[`, `1.8e308`, `]}`),
		"deep":                strings.Repeat(`[`, size),
		"deep and wide":       fill(size, `{"x":`+deep+`[`, `0`, `]`+strings.Repeat(`}`, 291)),
		"deep duplicates":     fill(size, `{"x":`+strings.Repeat(`{"a":0,"a":`, 290)+`[`, `0`, `]`+strings.Repeat(`}`, 291)),
		"wide duplicates":     fill(size, `{"key":{`, `"%d":0,"a":0`, `}}`),
		"broken at the end":   fill(size, `{"x":[`, `0`, `]`),
		"spaces":              `{"key":[` + strings.Repeat(" ", size-20) + `]}`,
	}
	for name, body := range bodies {
		if len(body) > size {
			bodies[name] = body[:size]
		}
	}
	return bodies
}

type hostileRequest struct{ name, path, contentType, body string }

func hostileRequests(size int) []hostileRequest {
	var requests []hostileRequest
	for operation, path := range map[string]string{
		"deactivate": licensekey.DeactivatePath, "activate": licensekey.ActivatePath, "validate": licensekey.ValidatePath,
	} {
		for name, body := range hostileBodies(size) {
			requests = append(requests, hostileRequest{name + " to " + operation, path, "application/json", body})
		}
	}
	return append(requests,
		hostileRequest{"text of control characters", licensekey.ActivatePath, "text/plain", strings.Repeat("\x01", size)},
		hostileRequest{"half a text of control characters", licensekey.ActivatePath, "text/plain", strings.Repeat("\x01", size/2)},
	)
}

// counter is a ResponseWriter that keeps nothing.
type counter struct {
	discard
	status, size int
}

func (c *counter) WriteHeader(status int) { c.status = status }

func (c *counter) Write(p []byte) (int, error) {
	c.size += len(p)
	return len(p), nil
}

// TestHostileBodies holds that no body gets a response of over 256 KiB, or makes
// more than 1 MiB allocated for each 64 KiB sent. It does not run in parallel,
// since the runtime counts for the whole process.
func TestHostileBodies(t *testing.T) {
	h := licensekey.NewHandler(memstore.New(), licensekey.Config{})
	for _, size := range []int{1 << 10, 13 << 10, 64 << 10, licensekey.DefaultBodyLimit} {
		for _, req := range hostileRequests(size) {
			w := &counter{discard: discard{http.Header{}}}
			allocated := allocatedBy(func() {
				r := httptest.NewRequest("POST", req.path, strings.NewReader(req.body))
				r.Header.Set("Content-Type", req.contentType)
				h.ServeHTTP(w, r)
			})
			limit := uint64(1<<20) * uint64(max(1, (len(req.body)+64<<10-1)>>16))
			if w.size > 256<<10 || allocated > limit || w.status >= 500 {
				t.Errorf("%d bytes of %s: got %d with %d bytes, %d allocated, want at most %d and %d", len(req.body), req.name, w.status, w.size, allocated, 256<<10, limit)
			}
			t.Logf("%d bytes of %s: %d with %d bytes, %d allocated", len(req.body), req.name, w.status, w.size, allocated)
		}
	}
}

func allocatedBy(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// BenchmarkHostile measures the bodies that are made to cost much, at the size
// that is allowed by default.
func BenchmarkHostile(b *testing.B) {
	h := licensekey.NewHandler(memstore.New(), licensekey.Config{})
	for _, req := range hostileRequests(licensekey.DefaultBodyLimit) {
		b.Run(strings.ReplaceAll(req.name, " ", "_"), func(b *testing.B) {
			benchmarkHandler(b, h, req.path, req.contentType, req.body)
		})
	}
}
