package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/internal/recorded"
	"github.com/licensekit/licensekey/jsonlines"
	"github.com/licensekit/licensekey/memstore"
)

const programEnv = "LICENSEKEY_TEST_PROGRAM"

// TestMain runs the test binary as the program, if it is told to.
func TestMain(m *testing.M) {
	if os.Getenv(programEnv) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// program is licensekey running as a process of its own.
type program struct {
	cmd     *exec.Cmd
	url     string
	printed string // before it listened
	stderr  bytes.Buffer
}

func programCommand(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	// Under the race detector a process takes a second to exit, but for this.
	cmd.Env = append(os.Environ(), programEnv+"=1", "GORACE=atexit_sleep_ms=0")
	return cmd
}

func start(t *testing.T, args ...string) *program {
	t.Helper()
	p := &program{cmd: programCommand(append([]string{"-addr", "127.0.0.1:0"}, args...)...)}
	p.cmd.Stderr = &p.stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if url, found := strings.CutPrefix(lines.Text(), "listening on "); found {
			p.url = url
			return p
		}
		p.printed += lines.Text() + "\n"
	}
	_ = p.cmd.Wait()
	t.Fatalf("licensekey %q ended before it listened: %s", args, &p.stderr)
	return nil
}

func (p *program) stop(t *testing.T, sig os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("after %v the program ended with %v: %s", sig, err, &p.stderr)
	}
}

func request(t *testing.T, method, url, body string) (int, string) {
	t.Helper()
	return send(t, method, url, body, "")
}

// authorized sends a request with a bearer token.
func authorized(t *testing.T, token, url, body string) (int, string) {
	t.Helper()
	return send(t, "POST", url, body, "Bearer "+token)
}

func send(t *testing.T, method, url, body, authorization string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", authorization)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

var printedBody = regexp.MustCompile(`(?m)^# (\d+).*\ncurl .* -d '(.*)'$`)

// TestDemo does what the printed commands do, over either store.
func TestDemo(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-memory"}, {"-db", filepath.Join(t.TempDir(), "licenses.db")}} {
		p := start(t, args...)
		commands := printedBody.FindAllStringSubmatch(p.printed, -1)
		if len(commands) != 3 {
			t.Fatalf("%q printed %d commands, want 3:\n%s", args, len(commands), p.printed)
		}
		for _, c := range commands {
			if status, body := request(t, "POST", p.url+licensekey.DeactivatePath, c[2]); fmt.Sprint(status) != c[1] {
				t.Errorf("%q: sent %s: got %d %s, want %s", args, c[2], status, body, c[1])
			}
		}
		for path, want := range map[string]string{"/healthz": "ok\n", "/openapi.json": ""} {
			if status, body := request(t, "GET", p.url+path, ""); status != 200 || want != "" && body != want {
				t.Errorf("%q: GET %s = %d %q, want 200 %q", args, path, status, body, want)
			}
		}
		p.stop(t, os.Interrupt)
	}
}

func TestKeepsItsFile(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "licenses.db")
	seed := tempFile(t, "seed.jsonl", string(recorded.Seed))
	good := `{"key":"AAAA-ACTIVE-0001","organization_id":"0a0a0a0a-0000-4000-8000-00000000000a",` +
		`"activation_id":"ac710000-0000-4000-8000-000000000011"}`
	p := start(t, "-db", db, "-import", seed)
	if status, _ := request(t, "POST", p.url+licensekey.DeactivatePath, good); status != 204 {
		t.Errorf("deactivate = %d, want 204", status)
	}
	out, err := programCommand("-db", db).CombinedOutput()
	if err == nil || !strings.Contains(string(out), db) || !strings.Contains(string(out), "in use") {
		t.Errorf("a second program on the file: %v, %s\nwant an error that names the file and says that it is in use", err, out)
	}
	p.stop(t, syscall.SIGTERM)
	if strings.Contains(p.printed, "curl") {
		t.Errorf("a demo key was issued beside imported ones: %s", p.printed)
	}
	// The same import again leaves the ended activation ended.
	p = start(t, "-db", db, "-import", seed)
	if status, _ := request(t, "POST", p.url+licensekey.DeactivatePath, good); status != 404 {
		t.Errorf("deactivate after a restart = %d, want 404", status)
	}
	p.stop(t, syscall.SIGTERM)
}

func TestImportRejected(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "licenses.db")
	lines := bytes.SplitAfter(recorded.Seed, []byte("\n"))
	lines[2] = bytes.Replace(lines[2], []byte(`"status":"granted"`), []byte(`"status":"lost"`), 1)
	bad := tempFile(t, "bad.jsonl", string(bytes.Join(lines, nil)))
	out, err := programCommand("-db", db, "-addr", "127.0.0.1:0", "-import", bad).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "line 3: ") || !strings.Contains(string(out), "status: ") {
		t.Errorf("import of a bad line: %v, %s\nwant an error with line 3 and status", err, out)
	}
	// Nothing was imported, so the next start issues its demo key.
	p := start(t, "-db", db)
	p.stop(t, syscall.SIGTERM)
	if !strings.Contains(p.printed, "There were no license keys") {
		t.Errorf("a failed import has left keys: %s", p.printed)
	}
}

func TestBadFlags(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"-nope"}, {"-addr", "nowhere:x", "-memory"}, {"-memory", "-import", "no-such-file"}, {"-db", t.TempDir()},
	} {
		if out, err := programCommand(args...).CombinedOutput(); err == nil || len(out) == 0 {
			t.Errorf("licensekey %q: %v, %q, want an error that is printed", args, err, out)
		}
	}
	if out, err := programCommand("-h").CombinedOutput(); err != nil || !strings.Contains(string(out), "-import") {
		t.Errorf("licensekey -h: %v, %s", err, out)
	}
}

// TestRecordedCases sends the recorded requests to the running program.
func TestRecordedCases(t *testing.T) {
	t.Parallel()
	seed := tempFile(t, "seed.jsonl", string(recorded.Seed))
	keys, err := jsonlines.Read(bytes.NewReader(recorded.Seed))
	if err != nil {
		t.Fatal(err)
	}
	recorded.Replay(t, recorded.Deactivate(t), func() (string, func()) {
		p := start(t, "-memory", "-import", seed, "-polar-version", "2026-04")
		return strings.TrimPrefix(p.url, "http://"), func() {
			p.stop(t, syscall.SIGTERM)
			for _, k := range keys {
				if len(k.Key) > 3 && strings.Contains(p.stderr.String(), string(k.Key)) {
					t.Errorf("the log has the key %q:\n%s", string(k.Key), &p.stderr)
				}
			}
		}
	})
}

func tempFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// brokenStore can make no further changes.
type brokenStore struct{ *memstore.Store }

func (brokenStore) Check(context.Context) error { return errors.New("the disk is gone") }

func TestHealth(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	for _, tt := range []struct {
		store licensekey.ManagedStore
		want  int
	}{
		{memstore.New(), http.StatusOK},
		{brokenStore{memstore.New()}, http.StatusServiceUnavailable},
	} {
		w := httptest.NewRecorder()
		newHandler(tt.store, serveOptions{}, slog.New(slog.NewTextHandler(&log, nil))).ServeHTTP(w, httptest.NewRequest("GET", "/healthz", nil))
		if w.Code != tt.want || strings.Contains(w.Body.String(), "disk") {
			t.Errorf("GET /healthz over %T = %d %q, want %d and no reason", tt.store, w.Code, w.Body, tt.want)
		}
	}
	if !strings.Contains(log.String(), "the disk is gone") {
		t.Errorf("the log has %q, want the reason", &log)
	}
}
