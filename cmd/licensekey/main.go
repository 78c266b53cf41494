// Command example answers license-key calls over an embedded database file, and
// looks after the keys in it: the whole of a self-hosted server, and an example
// of mounting the package.
//
//	go run ./example                                serve
//	go run ./example issue -org ID -activations 5   issue a license key
//	go run ./example help                           the other commands
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/bboltstore"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], terminal{os.Stdin, os.Stdout, os.Stderr})
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "example:", err)
		os.Exit(1)
	}
}

// terminal is what a command reads and writes.
type terminal struct {
	stdin          io.Reader
	stdout, stderr io.Writer
}

// command is one subcommand. setup declares its flags and returns what to do
// once they are set.
type command struct {
	args, summary string
	setup         func(flags *flag.FlagSet, t terminal) func(ctx context.Context, args []string) error
}

var commands = map[string]command{
	"serve":  {"", "answer license-key calls (the default)", serveCommand},
	"issue":  {"", "issue a license key", issueCommand},
	"list":   {"", "list license keys", listCommand},
	"show":   {"ID", "show a license key with its activations", showCommand},
	"update": {"ID", "change a license key", updateCommand},
	"rotate": {"ID", "give a license key a new key string", rotateCommand},
	"import": {"[FILE]", "add license keys from JSON Lines; those already there are left alone", importCommand},
	"backup": {"FILE", "write a copy of the database, also of one that a server has open", backupCommand},
	"export": {"", "write every license key as JSON Lines, the import format", exportCommand},
}

// run runs the command that args name.
func run(ctx context.Context, args []string, t terminal) error {
	name := "serve"
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		name, args = args[0], args[1:]
	}
	if name == "help" {
		return printUsage(t.stdout)
	}
	c, ok := commands[name]
	if !ok {
		return fmt.Errorf("unknown command %q; example help lists them", name)
	}
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(t.stderr)
	flags.Usage = func() {
		fmt.Fprintf(t.stderr, "usage: example %s\n\n%s\n\n", strings.TrimSpace(name+" [FLAGS] "+c.args), c.summary)
		flags.PrintDefaults()
	}
	do := c.setup(flags, t)
	if err := flags.Parse(args); err != nil {
		return err
	}
	want := 0
	if c.args != "" {
		want = 1
	}
	if n := flags.NArg(); n > want || n < want && !strings.HasPrefix(c.args, "[") {
		return fmt.Errorf("%s takes %d arguments after its flags, not %d", name, want, n)
	}
	return do(ctx, flags.Args())
}

func printUsage(w io.Writer) error {
	fmt.Fprint(w, "usage: example [COMMAND] [FLAGS] [ARGUMENT]; example COMMAND -h shows the flags\n\n")
	for _, name := range []string{"serve", "issue", "list", "show", "update", "rotate", "import", "export", "backup"} {
		fmt.Fprintf(w, "  %-7s %s\n", name, commands[name].summary)
	}
	_, err := fmt.Fprint(w, "\nAll but serve and backup need the database file for themselves: stop the server first.\n")
	return err
}

func dbFlag(flags *flag.FlagSet) *string {
	return flags.String("db", "licenses.db", "database file, created if it is not there")
}

// withStore opens the database file for the time of f.
func withStore(path string, f func(s *bboltstore.Store) error) (err error) {
	s, err := bboltstore.Open(path, nil)
	if errors.Is(err, bboltstore.ErrLocked) {
		return fmt.Errorf("%w; if that is the server, stop it first", err)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return f(s)
}

// store is what both stores are.
type store interface {
	licensekey.ManagedStore
	io.Closer
}
