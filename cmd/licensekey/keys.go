package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
	"github.com/licensekit/licensekey/bboltstore"
)

// idFlag declares a flag that takes a UUID.
func idFlag(flags *flag.FlagSet, id *uuid.UUID, name, usage string) {
	flags.Func(name, usage, func(s string) (err error) {
		*id, err = uuid.Parse(s)
		return err
	})
}

// timeFlag declares a flag that takes a time, or never.
func timeFlag(flags *flag.FlagSet, set func(time.Time), name, usage string) {
	flags.Func(name, usage, func(s string) error {
		if s == "never" {
			set(time.Time{})
			return nil
		}
		at, err := time.Parse(time.RFC3339, s)
		set(at)
		return err
	})
}

func issueCommand(flags *flag.FlagSet, t terminal) func(context.Context, []string) error {
	var req licensekey.IssueRequest
	db := dbFlag(flags)
	idFlag(flags, &req.OrganizationID, "org", "organization `ID` (required)")
	idFlag(flags, &req.BenefitID, "benefit", "benefit `ID`")
	idFlag(flags, &req.Customer.ID, "customer", "customer `ID`; a new one if it is not given")
	email := flags.String("email", "", "customer's email `address`")
	name := flags.String("name", "", "customer's `name`")
	flags.StringVar((*string)(&req.Key), "key", "", "key `string`; a new one if it is not given")
	flags.StringVar(&req.Prefix, "prefix", "", "`prefix` of a new key string, as in MYAPP-…")
	flags.Int64Var(&req.LimitActivations, "activations", 0, "how many `seats` the key has; 0: it takes no activations")
	flags.Int64Var(&req.LimitUsage, "usage", 0, "how much `usage` the key has; 0: without limit")
	timeFlag(flags, func(at time.Time) { req.ExpiresAt = at }, "expires", "`time` of expiry, as in 2027-01-31T00:00:00Z, or never")
	return func(ctx context.Context, _ []string) error {
		if *email != "" {
			req.Customer.Email = email
		}
		if *name != "" {
			req.Customer.Name = name
		}
		return withStore(*db, func(s *bboltstore.Store) error {
			k, err := s.Issue(ctx, req)
			if err != nil {
				return err
			}
			return printKey(t.stdout, k)
		})
	}
}

func listCommand(flags *flag.FlagSet, t terminal) func(context.Context, []string) error {
	var organization, benefit, customer uuid.UUID
	var status licensekey.Status
	db := dbFlag(flags)
	idFlag(flags, &organization, "org", "only keys of the organization `ID`")
	idFlag(flags, &benefit, "benefit", "only keys of the benefit `ID`")
	idFlag(flags, &customer, "customer", "only keys of the customer `ID`")
	flags.StringVar((*string)(&status), "status", "", "only keys that are granted, revoked or disabled")
	return func(ctx context.Context, _ []string) error {
		req := licensekey.ListRequest{
			OrganizationIDs: ifGiven(organization), BenefitIDs: ifGiven(benefit), CustomerIDs: ifGiven(customer), Statuses: ifGiven(status),
		}
		return withStore(*db, func(s *bboltstore.Store) error {
			w := tabwriter.NewWriter(t.stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "ID\tKEY\tSTATUS\tSEATS\tUSAGE\tEXPIRES\tCUSTOMER")
			for {
				page, err := s.List(ctx, req)
				if err != nil {
					return err
				}
				if len(page) == 0 {
					return w.Flush()
				}
				for _, k := range page {
					fmt.Fprintf(w, "%s\t%s\t%s\t%d of %s\t%d of %s\t%s\t%s\n", k.ID, k.DisplayKey(), k.Status,
						k.Seats, orDash(k.LimitActivations), k.Usage, orDash(k.LimitUsage), orNever(k.ExpiresAt), k.CustomerID)
				}
				req.After = page[len(page)-1].Cursor()
			}
		})
	}
}

// ifGiven returns the values of a filter: that of a flag, or none if the flag is not
// given.
func ifGiven[T comparable](v T) []T {
	var none T
	if v == none {
		return nil
	}
	return []T{v}
}

func orDash(limit *int64) string {
	if limit == nil {
		return "-"
	}
	return fmt.Sprint(*limit)
}

func orNever(at *time.Time) string {
	if at == nil {
		return "never"
	}
	return at.Format(time.RFC3339)
}

func showCommand(flags *flag.FlagSet, t terminal) func(context.Context, []string) error {
	db := dbFlag(flags)
	return func(ctx context.Context, args []string) error {
		id, err := uuid.Parse(args[0])
		if err != nil {
			return err
		}
		return withStore(*db, func(s *bboltstore.Store) error {
			k, err := s.Get(ctx, id)
			if err != nil {
				return err
			}
			enc := json.NewEncoder(t.stdout)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", "  ")
			return enc.Encode(k)
		})
	}
}

func updateCommand(flags *flag.FlagSet, t terminal) func(context.Context, []string) error {
	var req licensekey.UpdateRequest
	db := dbFlag(flags)
	flags.Func("status", "new `status`: granted, revoked or disabled", func(s string) error {
		status := licensekey.Status(s)
		req.Status = &status
		return nil
	})
	numberFlag(flags, &req.Usage, "usage", "new usage `count`")
	numberFlag(flags, &req.LimitActivations, "limit-activations", "new number of `seats`; 0: the key takes no activations")
	numberFlag(flags, &req.LimitUsage, "limit-usage", "new usage `limit`; 0: without limit")
	timeFlag(flags, func(at time.Time) { req.ExpiresAt = &at }, "expires", "new `time` of expiry, as in 2027-01-31T00:00:00Z, or never")
	return func(ctx context.Context, args []string) (err error) {
		if req.ID, err = uuid.Parse(args[0]); err != nil {
			return err
		}
		return withStore(*db, func(s *bboltstore.Store) error {
			k, err := s.Update(ctx, req)
			if err != nil {
				return err
			}
			return printKey(t.stdout, k)
		})
	}
}

// numberFlag declares a flag for a number. *number stays nil if the flag is not given.
func numberFlag(flags *flag.FlagSet, number **int64, name, usage string) {
	flags.Func(name, usage, func(s string) error {
		n := new(int64)
		if _, err := fmt.Sscan(s, n); err != nil {
			return err
		}
		*number = n
		return nil
	})
}

func rotateCommand(flags *flag.FlagSet, t terminal) func(context.Context, []string) error {
	var req licensekey.RotateRequest
	db := dbFlag(flags)
	flags.StringVar((*string)(&req.Key), "key", "", "new key `string`; a random one if it is not given")
	flags.StringVar(&req.Prefix, "prefix", "", "`prefix` of a random key string")
	return func(ctx context.Context, args []string) (err error) {
		if req.ID, err = uuid.Parse(args[0]); err != nil {
			return err
		}
		return withStore(*db, func(s *bboltstore.Store) error {
			k, err := s.Rotate(ctx, req)
			if err != nil {
				return err
			}
			return printKey(t.stdout, k)
		})
	}
}

// printKey prints a license key that was issued or changed, with its key string.
func printKey(w io.Writer, k licensekey.LicenseKey) error {
	_, err := fmt.Fprintf(w, "key      %s\nid       %s\nstatus   %s\nseats    %s\nusage    %d of %s\nexpires  %s\ncustomer %s\n",
		string(k.Key), k.ID, k.Status, orDash(k.LimitActivations), k.Usage, orDash(k.LimitUsage), orNever(k.ExpiresAt), k.CustomerID)
	return err
}
