package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var printed = regexp.MustCompile(`(?m)^# (\d+): .*\ncurl -i (http://\S+) -H 'Content-Type: application/json' -d '(.*)'$`)

// TestExample sends the requests that the example prints.
func TestExample(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "licenses.db")
	first := start(t, db)
	var statuses []int
	for _, command := range printed.FindAllStringSubmatch(first, -1) {
		want, err := strconv.Atoi(command[1])
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.Post(command[2], "application/json", strings.NewReader(command[3]))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != want {
			t.Errorf("sent %s: got %d %s (%v), want %d", command[3], resp.StatusCode, body, err, want)
		}
		statuses = append(statuses, resp.StatusCode)
	}
	if len(statuses) != 3 {
		t.Errorf("the example printed %d commands, want 3:\n%s", len(statuses), first)
	}
}

// TestExampleWithKeys starts the example twice on one file: the second start finds
// a key and issues none.
func TestExampleWithKeys(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "licenses.db")
	for _, want := range []int{3, 0} {
		t.Run(strconv.Itoa(want), func(t *testing.T) {
			if got := printed.FindAllString(start(t, db), -1); len(got) != want {
				t.Errorf("the example printed the commands %q, want %d", got, want)
			}
		})
	}
}

// start runs the example until the test ends, and returns what it printed
// before it listened.
func start(t *testing.T, db string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, stdout := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, "127.0.0.1:0", db, stdout)
		stdout.CloseWithError(err)
		ended <- err
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the example ended with %v", err)
		}
	})
	var text strings.Builder
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "listening on http://") {
			return text.String()
		}
		text.WriteString(lines.Text() + "\n")
	}
	t.Fatalf("the example ended before it listened; it printed %q", &text)
	return ""
}
