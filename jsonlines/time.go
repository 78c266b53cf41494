package jsonlines

import (
	"regexp"
	"strings"
	"time"

	"github.com/licensekit/licensekey/internal/jsonvalue"
)

// timeForm has four groups: date, time of day, hours and minutes of the offset. Both
// last are empty for Z.
var timeForm = regexp.MustCompile(`^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d(?:\.\d+)?) ?(?:[Zz]|([+-]\d\d)(?::?(\d\d))?)$`)

// parseTime reads a time as RFC 3339, PostgreSQL and date -Iseconds write it.
func parseTime(value jsonvalue.Raw) (time.Time, bool) {
	if !value.IsString() {
		return time.Time{}, false
	}
	parts := timeForm.FindStringSubmatch(value.Text())
	if parts == nil {
		return time.Time{}, false
	}
	zone := "Z"
	if hours, minutes := parts[3], parts[4]; hours != "" {
		zone = hours + ":" + minutes + strings.Repeat("0", 2-len(minutes))
	}
	var at time.Time
	err := at.UnmarshalText([]byte(parts[1] + "T" + parts[2] + zone))
	return at, err == nil
}
