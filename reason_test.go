package licensekey_test

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/licensekit/licensekey"
)

// labels are the labels that Reason has promised. They never change.
var labels = map[string]struct {
	err   error
	label string
}{
	"ErrNotFound":         {licensekey.ErrNotFound, "not_found"},
	"ErrNotGranted":       {licensekey.ErrNotGranted, "not_granted"},
	"ErrExpired":          {licensekey.ErrExpired, "expired"},
	"ErrNoActivations":    {licensekey.ErrNoActivations, "no_activations"},
	"ErrActivationLimit":  {licensekey.ErrActivationLimit, "activation_limit"},
	"ErrConditions":       {licensekey.ErrConditions, "conditions"},
	"ErrBenefit":          {licensekey.ErrBenefit, "benefit"},
	"ErrCustomer":         {licensekey.ErrCustomer, "customer"},
	"ErrUsageLimit":       {licensekey.ErrUsageLimit, "usage_limit"},
	"ErrUsageRange":       {licensekey.ErrUsageRange, "usage_range"},
	"ErrRevoked":          {licensekey.ErrRevoked, "revoked"},
	"ErrExists":           {licensekey.ErrExists, "exists"},
	"ErrInvalid":          {licensekey.ErrInvalid, "invalid"},
	"ErrUnknown":          {licensekey.ErrUnknown, "unknown"},
	"ErrUnauthorized":     {licensekey.ErrUnauthorized, "unauthorized"},
	"ErrMethodNotAllowed": {licensekey.ErrMethodNotAllowed, "method_not_allowed"},
	"ErrBodyTooLarge":     {licensekey.ErrBodyTooLarge, "body_too_large"},
	"ErrUnreadableBody":   {licensekey.ErrUnreadableBody, "unreadable_body"},
	"ErrInvalidRequest":   {licensekey.ErrInvalidRequest, "invalid_request"},
}

func TestReason(t *testing.T) {
	t.Parallel()
	wantReason := func(err error, want string) {
		t.Helper()
		if got := licensekey.Reason(err); got != want {
			t.Errorf("Reason(%v): got %q, want %q", err, got, want)
		}
	}
	for _, row := range labels {
		wantReason(row.err, row.label)
		wantReason(fmt.Errorf("table activations: %w", row.err), row.label)
	}
	wantReason(nil, "")
	wantReason(&licensekey.UsageLimitError{Remaining: 1}, "usage_limit")
	wantReason(context.Canceled, "canceled")
	wantReason(context.DeadlineExceeded, "timeout")
	wantReason(errDisk, "internal")
	wantReason(errors.Join(licensekey.ErrExpired, licensekey.ErrNotGranted), "not_granted")
}

// TestEverySentinelHasAReason holds that every exported Err variable of the
// package has a label of its own, and that the comment of Reason has it.
func TestEverySentinelHasAReason(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("reason.go")
	if err != nil {
		t.Fatal(err)
	}
	names := sentinels(t)
	if len(names) != len(labels) {
		t.Errorf("the package has %d sentinels, the test %d: %v", len(names), len(labels), names)
	}
	owner := map[string]string{"": "nil", "internal": "any other error", "canceled": "context", "timeout": "context"}
	for _, name := range names {
		row, ok := labels[name]
		if !ok {
			t.Errorf("%s has no label in this test", name)
			continue
		}
		if other, taken := owner[row.label]; taken {
			t.Errorf("%s has the label %q of %s", name, row.label, other)
		}
		owner[row.label] = name
		if line := fmt.Sprintf("//\t%-19s %s", row.label, name); !strings.Contains(string(text), line) {
			t.Errorf("the comment of Reason lacks the line %q", line)
		}
	}
}

// sentinels returns the names of the package's exported Err variables.
func sentinels(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			if vars, ok := decl.(*ast.GenDecl); ok && vars.Tok == token.VAR {
				names = append(names, exportedErrors(vars)...)
			}
		}
	}
	return names
}

func exportedErrors(vars *ast.GenDecl) (names []string) {
	for _, spec := range vars.Specs {
		for _, ident := range spec.(*ast.ValueSpec).Names {
			if strings.HasPrefix(ident.Name, "Err") {
				names = append(names, ident.Name)
			}
		}
	}
	return names
}
