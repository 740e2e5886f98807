package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/plinth3d/plinth/pipeline/asset"
)

func newMerchants(c console) *cobra.Command {
	cmd := group("merchants", "Create, list and suspend merchants", newMerchantsCreate(c), newMerchantsList(c), newMerchantsSuspend(c))
	cmd.Long = "Merchants keeps the accounts of merchants.\n\n" + notYet
	return cmd
}

// notYet says what accounts guard.
const notYet = `Nothing is guarded by this yet: it is kept for the API of accounts, which follows. "plinth
serve" has one merchant, default, and asks nobody for a key.`

func newMerchantsCreate(c console) *cobra.Command {
	f := ledgerFlags{makes: true}
	var a asset.Account
	cmd := &cobra.Command{
		Use:   "create ID",
		Short: "Create a merchant",
		Long: `Create adds a merchant. Its ID is part of addresses: a to z, 0 to 9, dot, dash and
underscore.

` + notYet,
		Example: `  plinth merchants create acme --name "Acme Furniture" --models 5000 --bytes 200000000000`,
		Args:    args(1, 1, "one ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			a.Merchant = args[0]
			if a.Name == "" {
				a.Name = a.Merchant
			}
			return f.with(cmd.Context(), func(l asset.Ledger) error {
				made, err := l.CreateAccount(cmd.Context(), operator(), a)
				switch {
				case errors.Is(err, asset.ErrConflict):
					return fmt.Errorf("%w: there is a merchant %s already", asset.ErrInvalid, a.Merchant)
				case err != nil:
					return err
				}
				return printAccounts(c, f.json, made)
			})
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&a.Name, "name", "", "its name, for people; empty is the ID")
	cmd.Flags().Int64Var(&a.Limits.Models, "models", 0, "models it may have; 0 is any number")
	cmd.Flags().Int64Var(&a.Limits.Bytes, "bytes", 0, "bytes that may be kept for it; 0 is any number")
	cmd.Flags().BoolVar(&a.Limits.SignedURLs, "signed-urls", false, "serve its products at signed addresses only")
	return cmd
}

func newMerchantsList(c console) *cobra.Command {
	var f ledgerFlags
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List merchants by ID",
		Example: `  plinth merchants list --json | jq 'select(.suspended) | .merchant'`,
		Args:    args(0, 0, "nothing"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.with(cmd.Context(), func(l asset.Ledger) error {
				all, err := pages(func(a asset.Account) string { return a.Merchant },
					func(after string) ([]asset.Account, error) { return l.Accounts(cmd.Context(), after, 1000) })
				if err != nil {
					return err
				}
				return printAccounts(c, f.json, all...)
			})
		},
	}
	f.add(cmd)
	return cmd
}

func newMerchantsSuspend(c console) *cobra.Command {
	var f ledgerFlags
	var lift bool
	cmd := &cobra.Command{
		Use:   "suspend ID",
		Short: "Suspend a merchant: none of its keys opens anything",
		Example: `  plinth merchants suspend acme
  plinth merchants suspend acme --lift`,
		Args: args(1, 1, "one ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.with(cmd.Context(), func(l asset.Ledger) error {
				return runSuspend(cmd.Context(), c, l, args[0], !lift, f.json)
			})
		},
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&lift, "lift", false, "let it in again")
	return cmd
}

func runSuspend(ctx context.Context, c console, l asset.Ledger, merchant string, suspended, asJSON bool) error {
	if err := l.Suspend(ctx, operator(), merchant, suspended); err != nil {
		return err
	}
	a, err := l.Account(ctx, merchant)
	if err != nil {
		return err
	}
	return printAccounts(c, asJSON, a)
}

func printAccounts(c console, asJSON bool, list ...asset.Account) error {
	if asJSON {
		return printJSON(c, list...)
	}
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"Merchant", "Name", "Models", "Bytes", "Addresses", "State", "Created"})
	for _, a := range list {
		addresses, state := "open", "active"
		if a.Limits.SignedURLs {
			addresses = "signed"
		}
		if a.Suspended {
			state = "suspended"
		}
		t.AppendRow(table.Row{a.Merchant, a.Name, limit(a.Limits.Models), limit(a.Limits.Bytes), addresses, state, when(a.Created)})
	}
	_, err := fmt.Fprintln(c.out, t.Render())
	return err
}

func limit(n int64) string {
	if n == 0 {
		return "any"
	}
	return strconv.FormatInt(n, 10)
}
