package jsonvalue

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// Compactor writes raw values in the form of [Append], directly from their text.
// It reuses its memory from call to call. The zero value is ready to use. It is
// not safe for concurrent use.
type Compactor struct {
	buf     []byte
	end     int      // the length that buf must not pass
	members []member // of the objects that are being written, outer ones first
	order   []int32
	spare   []byte
}

// member says where in buf the text of an object's member is.
type member struct {
	name     string
	from, to int32
}

// Append appends the compact form of r to buf, and returns true. If that would
// ever take more than room bytes, duplicate members included, it returns buf as
// it was, and false.
func (c *Compactor) Append(buf []byte, r Raw, room int) ([]byte, bool) {
	if c.members == nil {
		// A member takes at least five bytes: "":0 and a comma or a brace.
		if n := min(strings.Count(string(r), ":"), room/5+1); n > 0 {
			c.members = make([]member, 0, n)
			c.order = make([]int32, 0, n)
		}
	}
	c.members = c.members[:0]
	c.buf, c.end = buf, len(buf)+min(room, math.MaxInt-len(buf))
	text := cursor{text: string(r)}
	ok := c.value(&text)
	written := c.buf
	c.buf = nil
	if !ok {
		return written[:len(buf)], false
	}
	return written, true
}

// value writes the value at the position of text. It reports whether there was
// enough room.
func (c *Compactor) value(text *cursor) bool {
	switch text.peek() {
	case '{':
		return c.object(text)
	case '[':
		return c.array(text)
	}
	return c.scalar(text.skipValue())
}

func (c *Compactor) scalar(r Raw) bool {
	if r.IsString() {
		if len(c.buf)+(len(r)-2)/6 > c.end { // an escape has at most six bytes, and becomes at least one
			return false
		}
		c.buf = appendRawString(c.buf, r)
	} else if first := r[0]; first == '-' || '0' <= first && first <= '9' {
		c.buf = Append(c.buf, scalar(r))
	} else {
		c.buf = append(c.buf, r...)
	}
	return len(c.buf) <= c.end
}

// appendRawString appends a string. A string without escapes already has the form
// that Append writes.
func appendRawString(buf []byte, r Raw) []byte {
	if strings.IndexByte(string(r), '\\') < 0 {
		return append(buf, r...)
	}
	return AppendText(buf, r.Text())
}

func (c *Compactor) array(text *cursor) bool {
	c.buf = append(c.buf, '[')
	text.pos++
	comma := false
	for text.skipSpace(); text.peek() != ']'; text.skipComma() {
		if comma {
			c.buf = append(c.buf, ',')
		}
		comma = true
		if !c.value(text) {
			return false
		}
	}
	text.pos++
	c.buf = append(c.buf, ']')
	return len(c.buf) <= c.end
}

func (c *Compactor) object(text *cursor) bool {
	first := len(c.members)
	begin := len(c.buf)
	c.buf = append(c.buf, '{')
	text.pos++
	for text.skipSpace(); text.peek() != '}'; text.skipComma() {
		if len(c.members) > first {
			c.buf = append(c.buf, ',')
		}
		from := len(c.buf)
		name := text.skipValue()
		if !c.scalar(name) {
			return false
		}
		c.buf = append(c.buf, ':')
		text.skipColon()
		if !c.value(text) {
			return false
		}
		c.members = append(c.members, member{name.Text(), int32(from), int32(len(c.buf))})
	}
	text.pos++
	c.dropDuplicates(begin, c.members[first:])
	c.members = c.members[:first]
	c.buf = append(c.buf, '}')
	return len(c.buf) <= c.end
}

// dropDuplicates rewrites the object that begins at begin, if several of its
// members have the same name. It keeps one of them, at the place of the first and
// with the value of the last.
func (c *Compactor) dropDuplicates(begin int, members []member) {
	c.order = c.order[:0]
	for i := range members {
		c.order = append(c.order, int32(i))
	}
	slices.SortFunc(c.order, func(i, j int32) int {
		return cmp.Or(strings.Compare(members[i].name, members[j].name), cmp.Compare(i, j))
	})
	dropped := false
	for n := len(c.order) - 1; n > 0; n-- {
		i, j := c.order[n-1], c.order[n]
		if members[i].name == members[j].name {
			members[i].from, members[i].to = members[j].from, members[j].to
			members[j].to = members[j].from
			dropped = true
		}
	}
	if !dropped {
		return
	}
	c.spare = append(c.spare[:0], '{')
	for _, m := range members {
		if m.from == m.to {
			continue
		}
		if len(c.spare) > 1 {
			c.spare = append(c.spare, ',')
		}
		c.spare = append(c.spare, c.buf[m.from:m.to]...)
	}
	c.buf = append(c.buf[:begin], c.spare...)
}
