package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/internal/recorded"
)

// TestImportInterrupted holds that one signal ends an import whose input has not
// ended, and that nothing is added.
func TestImportInterrupted(t *testing.T) {
	t.Parallel()
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			db := filepath.Join(t.TempDir(), "licenses.db")
			cmd := programCommand("import", "-db", db)
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			stdin, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			// The input is more than a pipe holds, so the program is reading it
			// once it is written.
			input := string(recorded.Seed) + strings.Repeat("\n", 1<<20)
			if _, err := io.WriteString(stdin, input); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			err = cmd.Wait()
			if cmd.ProcessState.ExitCode() != 1 || !strings.Contains(out.String(), "import standard input: context canceled") {
				t.Errorf("after %v the import ended with %v: %s\nwant status 1 and an error that says why", sig, err, &out)
			}
			if export := do(t, "export", "-db", db); export != "" {
				t.Errorf("the interrupted import has added %s", export)
			}
		})
	}
}

// TestSecondSignal holds that a second signal ends a server at once, while it
// still waits for a request in flight.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	p := start(t, "-memory")
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, err = io.WriteString(conn, "POST "+licensekey.DeactivatePath+" HTTP/1.1\r\nHost: x\r\n"+
		"Content-Type: application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n")
	if err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil || !strings.Contains(line, "100 Continue") {
		t.Fatalf("the server sent %q, %v, want a sign that it reads the request", line, err)
	}
	ended := make(chan error, 1)
	go func() { ended <- p.cmd.Wait() }()
	for {
		select {
		case err := <-ended:
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.Exited() {
				t.Errorf("the server ended with %v, want the signal to end it: %s", err, &p.stderr)
			}
			return
		default:
			// The first signal begins the shutdown; one of the next ends it.
			if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
				t.Fatal(err)
			}
			runtime.Gosched()
		}
	}
}
