package licensekey

import "log/slog"

// The types that hold a license key show themselves without it: to every verb
// of fmt by String and GoString, and to every slog handler by LogValue.

// String names r without its key.
func (r DeactivateRequest) String() string {
	return "deactivate " + r.ActivationID.String() + " of organization " + r.OrganizationID.String()
}

// GoString is String.
func (r DeactivateRequest) GoString() string { return r.String() }

// LogValue is String.
func (r DeactivateRequest) LogValue() slog.Value { return slog.StringValue(r.String()) }

// String names r without its key.
func (r ActivateRequest) String() string {
	return "activate " + r.ActivationID.String() + " of organization " + r.OrganizationID.String()
}

// GoString is String.
func (r ActivateRequest) GoString() string { return r.String() }

// LogValue is String.
func (r ActivateRequest) LogValue() slog.Value { return slog.StringValue(r.String()) }

// String names r without its key.
func (r ValidateRequest) String() string {
	return "validate a license key of organization " + r.OrganizationID.String()
}

// GoString is String.
func (r ValidateRequest) GoString() string { return r.String() }

// LogValue is String.
func (r ValidateRequest) LogValue() slog.Value { return slog.StringValue(r.String()) }

// String names r without its key.
func (r IssueRequest) String() string {
	return "issue a license key of organization " + r.OrganizationID.String()
}

// GoString is String.
func (r IssueRequest) GoString() string { return r.String() }

// LogValue is String.
func (r IssueRequest) LogValue() slog.Value { return slog.StringValue(r.String()) }

// String names r without its key.
func (r RotateRequest) String() string {
	return "rotate license key " + r.ID.String()
}

// GoString is String.
func (r RotateRequest) GoString() string { return r.String() }

// LogValue is String.
func (r RotateRequest) LogValue() slog.Value { return slog.StringValue(r.String()) }

// String names k without its key.
func (k LicenseKey) String() string {
	return "license key " + k.ID.String()
}

// GoString is String.
func (k LicenseKey) GoString() string { return k.String() }

// LogValue is String.
func (k LicenseKey) LogValue() slog.Value { return slog.StringValue(k.String()) }
