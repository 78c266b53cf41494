package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/internal/recorded"
)

const orgA = "0a0a0a0a-0000-4000-8000-00000000000a"

// do runs the program and returns what it printed; it must succeed.
func do(t *testing.T, args ...string) string {
	t.Helper()
	cmd := programCommand(args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("licensekey %q: %v: %s", args, err, &stderr)
	}
	return stdout.String()
}

// fails runs the program, which must fail, and returns what it printed.
func fails(t *testing.T, args ...string) string {
	t.Helper()
	out, err := programCommand(args...).CombinedOutput()
	if err == nil {
		t.Errorf("licensekey %q succeeded with %s, want an error", args, out)
	}
	return string(out)
}

func field(t *testing.T, text, name string) string {
	t.Helper()
	m := regexp.MustCompile(`(?m)^` + name + ` +(.*)$`).FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("there is no %s in %q", name, text)
	}
	return m[1]
}

// TestLookingAfterKeys takes a key through its life from the command line.
func TestLookingAfterKeys(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "licenses.db")
	issued := do(t, "issue", "-db", db, "-org", orgA, "-prefix", "MYAPP", "-activations", "2", "-usage", "10",
		"-expires", "2099-01-31T00:00:00Z", "-email", "ada@example.com", "-name", "Ada")
	id, key := field(t, issued, "id"), field(t, issued, "key")
	if !strings.HasPrefix(key, "MYAPP-") || field(t, issued, "seats") != "2" || field(t, issued, "usage") != "0 of 10" {
		t.Errorf("issue printed %s", issued)
	}
	other := do(t, "issue", "-db", db, "-org", "0b0b0b0b-0000-4000-8000-00000000000b", "-key", "OTHER")
	if list := do(t, "list", "-db", db); !strings.Contains(list, id) || !strings.Contains(list, field(t, other, "id")) || strings.Contains(list, key) {
		t.Errorf("list printed %s, want both keys by their ids, and no whole key", list)
	}
	if list := do(t, "list", "-db", db, "-org", orgA, "-status", "granted"); !strings.Contains(list, id) || strings.Contains(list, field(t, other, "id")) {
		t.Errorf("list of an organization printed %s", list)
	}
	if list := do(t, "list", "-db", db); !strings.Contains(list, "0 of 2") {
		t.Errorf("list printed %s, want no seat taken of the 2", list)
	}
	updated := do(t, "update", "-db", db, "-status", "disabled", "-usage", "3", "-limit-usage", "0", "-expires", "never", id)
	if field(t, updated, "status") != "disabled" || field(t, updated, "usage") != "3 of -" || field(t, updated, "expires") != "never" {
		t.Errorf("update printed %s", updated)
	}
	rotated := do(t, "rotate", "-db", db, "-prefix", "NEW", id)
	if !strings.HasPrefix(field(t, rotated, "key"), "NEW-") || field(t, rotated, "id") != id {
		t.Errorf("rotate printed %s", rotated)
	}
	if shown := do(t, "show", "-db", db, id); !strings.Contains(shown, `"email": "ada@example.com"`) || !strings.Contains(shown, `"activations": `) {
		t.Errorf("show printed %s", shown)
	}
	do(t, "update", "-db", db, "-status", "revoked", id)
	if out := fails(t, "rotate", "-db", db, id); !strings.Contains(out, "revoked") {
		t.Errorf("rotate of a revoked key: %s", out)
	}
}

// TestExportImport holds that the import of an export gives the same export.
func TestExportImport(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, second := filepath.Join(dir, "first.db"), filepath.Join(dir, "second.db")
	do(t, "import", "-db", first, tempFile(t, "seed.jsonl", string(recorded.Seed)))
	export := do(t, "export", "-db", first)
	if n := strings.Count(export, "\n"); n != 25 {
		t.Errorf("export has %d lines, want 25", n)
	}
	cmd := programCommand("import", "-db", second)
	cmd.Stdin = strings.NewReader(export)
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "imported 25 of 25") {
		t.Errorf("import from standard input: %v, %s", err, out)
	}
	if again := do(t, "export", "-db", second); again != export {
		t.Errorf("the export of the import differs:\n%s\nfrom\n%s", again, export)
	}
}

func TestCommandsWhileServing(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "licenses.db")
	p := start(t, "-db", db)
	for _, args := range [][]string{{"list"}, {"export"}, {"issue", "-org", orgA}} {
		out := fails(t, append([]string{args[0], "-db", db}, args[1:]...)...)
		if !strings.Contains(out, db) || !strings.Contains(out, "in use") || !strings.Contains(out, "stop it first") {
			t.Errorf("licensekey %q while the server runs: %s", args, out)
		}
	}
	p.stop(t, syscall.SIGTERM)
}

// TestBackup holds that a backup, of a running server and of a stopped one, has
// what the database has.
func TestBackup(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, running, stopped := filepath.Join(dir, "licenses.db"), filepath.Join(dir, "running.db"), filepath.Join(dir, "stopped.db")
	p := start(t, "-db", db, "-import", tempFile(t, "seed.jsonl", string(recorded.Seed)))
	do(t, "backup", "-db", db, running)
	p.stop(t, syscall.SIGTERM)
	do(t, "backup", "-db", db, stopped)
	want := do(t, "export", "-db", db)
	for _, backup := range []string{running, stopped} {
		if got := do(t, "export", "-db", backup); got != want {
			t.Errorf("the export of %s is\n%s\nwant\n%s", backup, got, want)
		}
		if info, err := os.Stat(backup); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v, want mode 600", backup, info.Mode(), err)
		}
	}
	if _, err := os.Stat(socketPath(db)); !os.IsNotExist(err) {
		t.Errorf("the stopped server has left its socket: %v", err)
	}
	fails(t, "backup", "-db", filepath.Join(dir, "nothing.db"), filepath.Join(dir, "x.db"))
	if entries, _ := os.ReadDir(dir); len(entries) != 3 {
		t.Errorf("the backups have left %v", entries)
	}
}

func TestCommandsReject(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "licenses.db")
	for want, args := range map[string][]string{
		"unknown command": {"nope"},
		"organization_id": {"issue", "-db", db},
		"invalid value":   {"issue", "-db", db, "-org", "x"},
		"parsing time":    {"issue", "-db", db, "-org", orgA, "-expires", "soon"},
		"1 arguments":     {"show", "-db", db},
		"UUID":            {"show", "-db", db, "x"},
		"not found":       {"show", "-db", db, orgA},
		"TOKEN=":          {"-memory", "-token", "x"},
		"no such file":    {"import", "-db", db, "no-such-file"},
		"0 arguments":     {"list", "-db", db, "x"},
	} {
		if out := fails(t, args...); !strings.Contains(out, want) {
			t.Errorf("licensekey %q printed %s, want %q in it", args, out, want)
		}
	}
	for _, name := range []string{"serve", "issue", "list", "show", "update", "rotate", "import", "export", "backup"} {
		if out, err := programCommand(name, "-h").CombinedOutput(); err != nil || !strings.Contains(string(out), "-db") {
			t.Errorf("licensekey %s -h: %v, %s", name, err, out)
		}
		if !strings.Contains(do(t, "help"), name) {
			t.Errorf("licensekey help leaves out %s", name)
		}
	}
}

// TestTokens calls the server-side routes of a program with and without tokens.
func TestTokens(t *testing.T) {
	t.Parallel()
	seed := tempFile(t, "seed.jsonl", string(recorded.Seed))
	body := `{"key":"AAAA-ACTIVE-0001","organization_id":"` + orgA + `"}`
	p := start(t, "-memory", "-import", seed, "-token", "secret="+orgA, "-token", "other=0b0b0b0b-0000-4000-8000-00000000000b")
	for token, want := range map[string]int{"secret": 200, "other": 404, "wrong": 401, "": 401} {
		if status, got := authorized(t, token, p.url+licensekey.ServerValidatePath, body); status != want {
			t.Errorf("validate with the token %q = %d %s, want %d", token, status, got, want)
		}
	}
	p.stop(t, os.Interrupt)
	p = start(t, "-memory", "-import", seed)
	if status, _ := authorized(t, "secret", p.url+licensekey.ServerValidatePath, body); status != 404 {
		t.Errorf("validate on a server without tokens = %d, want 404", status)
	}
	p.stop(t, os.Interrupt)
}

func TestLicenses(t *testing.T) {
	t.Parallel()
	got := do(t, "licenses")
	for _, want := range []string{"The Go standard library", "github.com/google/uuid", "jsonschema/v5", "go.etcd.io/bbolt", "golang.org/x/sys", "Apache License"} {
		if !strings.Contains(got, want) {
			t.Errorf("licenses printed no %q:\n%s", want, got)
		}
	}
}
