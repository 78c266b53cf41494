package licensekey_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// readmeStore goes before a method of a store, to make a file of it.
const readmeStore = `package store

import (
	"context"
	"crypto/sha256"
	"database/sql"

	"github.com/licensekit/licensekey"
)

type Store struct{ db *sql.DB }

var _ licensekey.Deactivator = (*Store)(nil)

`

var goBlock = regexp.MustCompile("(?s)```go\n(.*?)```")

// TestReadme holds that the Go code of the README compiles and passes go vet.
func TestReadme(t *testing.T) {
	t.Parallel()
	goCommand, err := exec.LookPath("go")
	if err != nil {
		t.Skip("there is no go command to compile with")
	}
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := goBlock.FindAllSubmatch(text, -1)
	if len(blocks) == 0 {
		t.Fatal("README.md has no Go code")
	}
	for _, block := range blocks {
		code := string(block[1])
		if !strings.HasPrefix(code, "package ") {
			code = readmeStore + code
		}
		file := filepath.Join(t.TempDir(), "readme.go")
		if err := os.WriteFile(file, []byte(code), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.CommandContext(t.Context(), goCommand, "vet", file).CombinedOutput(); err != nil {
			t.Errorf("go vet of\n%s\ngot %v: %s\nwant no error", code, err, out)
		}
	}
}
