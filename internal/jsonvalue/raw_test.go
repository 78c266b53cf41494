package jsonvalue_test

import (
	"strings"
	"testing"

	"github.com/licensekit/licensekey/internal/jsonvalue"
)

func scan(t *testing.T, text string) jsonvalue.Raw {
	t.Helper()
	raw, err := jsonvalue.Scan(text, 10)
	if err != nil {
		t.Fatalf("Scan(%q) = %v", text, err)
	}
	return raw
}

func TestScanDepth(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]error{
		`[[[]],[[]],{"a":[{}]}]`: jsonvalue.ErrLimit, `[[[]],[[]],{"a":[0]}]`: nil, `{}`: nil, `[[{"a":[]}]]`: jsonvalue.ErrLimit,
	} {
		if _, err := jsonvalue.Scan(text, 3); err != want {
			t.Errorf("Scan(%q) with 3 levels = %v, want %v", text, err, want)
		}
	}
}

func TestMembers(t *testing.T) {
	t.Parallel()
	var got []string
	for name, value := range scan(t, ` { "a" : [ 1 , { "b" : "]}\"" } ] , "\u0062":"x\\" ,"c":-1.5e3, "c":null } `).Members() {
		got = append(got, name.Text()+" "+string(value))
	}
	want := `a [ 1 , { "b" : "]}\"" } ]|b "x\\"|c -1.5e3|c null`
	if s := strings.Join(got, "|"); s != want {
		t.Errorf("Members = %s\nwant %s", s, want)
	}
	for range scan(t, `{}`).Members() {
		t.Error("{} has a member")
	}
}

func TestElements(t *testing.T) {
	t.Parallel()
	var got []string
	for elem := range scan(t, ` [ 1 , [2, "]"] ,{"a":[3]}, null] `).Elements() {
		got = append(got, string(elem))
	}
	want := `1|[2, "]"]|{"a":[3]}|null`
	if s := strings.Join(got, "|"); s != want {
		t.Errorf("Elements = %s\nwant %s", s, want)
	}
	for range scan(t, `[ ]`).Elements() {
		t.Error("[ ] has an element")
	}
}

func TestCompactor(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, want string }{
		{` { "b" : 1 , "a" : [ 1.0 , 1e400 , -0 ] } `, `{"b":1,"a":[1.0,null,0]}`},
		{`{"a":1,"b":{"x":1,"y":2,"x":3},"\u0061":{"z":true}}`, `{"a":{"z":true},"b":{"x":3,"y":2}}`},
		{`"\u0041\/\u0001"`, `"A/\u0001"`}, {`[ ]`, `[]`}, {`{ }`, `{}`}, {`null`, `null`},
	}
	var c jsonvalue.Compactor
	for _, tt := range tests {
		raw := scan(t, tt.text)
		for room := range len(tt.want) {
			if got, ok := c.Append([]byte("x"), raw, room); ok || string(got) != "x" {
				t.Errorf("Append(x, %s, %d) = %s, %v, want x, false", tt.text, room, got, ok)
			}
		}
		if got, ok := c.Append([]byte("x"), raw, 100); !ok || string(got) != "x"+tt.want {
			t.Errorf("Append(x, %s, 100) = %s, %v, want x%s", tt.text, got, ok, tt.want)
		}
	}
}
