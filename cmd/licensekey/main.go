// Command licensekey serves the license-key API over an embedded database file,
// and manages the license keys in that file. It is a complete self-hosted server.
//
// Usage:
//
//	licensekey [COMMAND] [FLAGS] [ARGUMENT]
//
// The commands are:
//
//	serve          serve the API; the default
//	issue          issue a license key
//	list           list license keys
//	show ID        show a license key with its activations
//	update ID      change a license key
//	rotate ID      give a license key a new key string
//	import [FILE]  add license keys from JSON Lines, by default from standard input
//	export         write every license key as JSON Lines
//	backup FILE    write a copy of the database, also while a server has it open
//	licenses       print the licenses of the software in this program
//	help           list the commands
//
// Every command but licenses and help takes -db, the database file, by default
// licenses.db. Stop the server before you run any other of these but backup: only
// one process can have the file open. The flags of serve are:
//
//	-addr ADDRESS           listen there, by default on 127.0.0.1:8080; port 0 takes a free port
//	-memory                 keep everything in memory, without a file
//	-import FILE            first add the license keys of a JSON Lines file
//	-token TOKEN=ID         accept a bearer token for the organization ID; repeatable
//	-polar-version VERSION  the API version of requests that ask for none
//
// The filters of list and the values of issue, update and rotate are flags too.
// licensekey COMMAND -h shows them. SIGINT and SIGTERM end every command. A server
// first finishes the requests in flight. An import that has not finished adds
// nothing. A second signal ends the program at once.
package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/licensekit/licensekey/bboltstore"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	err := run(ctx, os.Args[1:], terminal{os.Stdin, os.Stdout, os.Stderr})
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "licensekey:", err)
		os.Exit(1)
	}
}

// terminal is what a command reads and writes.
type terminal struct {
	stdin          io.Reader
	stdout, stderr io.Writer
}

// command is one subcommand. setup declares its flags, and returns the function that
// runs the command after the flags are parsed.
type command struct {
	args, summary string
	setup         func(flags *flag.FlagSet, t terminal) func(ctx context.Context, args []string) error
}

var commands = map[string]command{
	"serve":    {"", "serve the license-key API (the default)", serveCommand},
	"issue":    {"", "issue a license key", issueCommand},
	"list":     {"", "list license keys", listCommand},
	"show":     {"ID", "show a license key with its activations", showCommand},
	"update":   {"ID", "change a license key", updateCommand},
	"rotate":   {"ID", "give a license key a new key string", rotateCommand},
	"import":   {"[FILE]", "add license keys from JSON Lines; those already there are left alone", importCommand},
	"backup":   {"FILE", "write a copy of the database, also of one that a server has open", backupCommand},
	"export":   {"", "write every license key as JSON Lines, the import format", exportCommand},
	"licenses": {"", "print the licenses of the software in this program", licensesCommand},
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
		return fmt.Errorf("unknown command %q; licensekey help lists them", name)
	}
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(t.stderr)
	flags.Usage = func() {
		fmt.Fprintf(t.stderr, "usage: licensekey %s\n\n%s\n\n", strings.TrimSpace(name+" [FLAGS] "+c.args), c.summary)
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
	fmt.Fprint(w, "usage: licensekey [COMMAND] [FLAGS] [ARGUMENT]; licensekey COMMAND -h shows the flags\n\n")
	for _, name := range []string{"serve", "issue", "list", "show", "update", "rotate", "import", "export", "backup", "licenses"} {
		fmt.Fprintf(w, "  %-8s %s\n", name, commands[name].summary)
	}
	_, err := fmt.Fprint(w, "\nAll but serve, backup and licenses need the database file for themselves: stop the server first.\n")
	return err
}

//go:embed third_party_licenses.txt
var thirdPartyLicenses string

func licensesCommand(_ *flag.FlagSet, t terminal) func(context.Context, []string) error {
	return func(context.Context, []string) error {
		_, err := io.WriteString(t.stdout, thirdPartyLicenses)
		return err
	}
}

func dbFlag(flags *flag.FlagSet) *string {
	return flags.String("db", "licenses.db", "database file, created if it is not there")
}

// withStore opens the database file, runs f, and closes the file.
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
