package jsonvalue_test

import (
	"testing"

	"github.com/licensekit/licensekey/internal/jsonvalue"
)

func TestEqual(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		a, b  string
		equal bool
	}{
		{`1`, `1.0`, true}, {`1`, `true`, true}, {`0`, `false`, true}, {`1`, `"1"`, false}, {`null`, `0`, false}, {`null`, `null`, true},
		{`"a"`, `"a"`, true}, {`"a"`, `"A"`, false}, {`[]`, `{}`, false}, {`[1,2]`, `[2,1]`, false}, {`[1,[2]]`, `[true,[2.0]]`, true},
		{`{"a":1,"b":2}`, `{"b":2,"a":1}`, true}, {`{"a":1}`, `{"a":1,"b":2}`, false}, {`{"a":null}`, `{"b":null}`, false},
		{`12345678901234567890`, `12345678901234567891`, false}, {`1e400`, `1e500`, true}, {`1e400`, `-1e400`, false},
	} {
		a, err := jsonvalue.Decode([]byte(tt.a))
		if err != nil {
			t.Fatal(err)
		}
		b, err := jsonvalue.Decode([]byte(tt.b))
		if err != nil {
			t.Fatal(err)
		}
		if jsonvalue.Equal(a, b) != tt.equal || jsonvalue.Equal(b, a) != tt.equal {
			t.Errorf("Equal(%s, %s) = %v and %v, want %v", tt.a, tt.b, jsonvalue.Equal(a, b), jsonvalue.Equal(b, a), tt.equal)
		}
	}
}

func TestDecodeObject(t *testing.T) {
	t.Parallel()
	for text, members := range map[string]int{``: 0, `{}`: 0, `{"a":1}`: 1, `[]`: -1, `null`: -1, `{"a":`: -1, "{\"\xff\":1}": -1} {
		object, ok := jsonvalue.DecodeObject([]byte(text))
		if ok != (members >= 0) || ok && len(object.Members) != members {
			t.Errorf("DecodeObject(%q) = %v, %v, want %d members", text, object, ok, members)
		}
	}
}
