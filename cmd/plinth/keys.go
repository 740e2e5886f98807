package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/plinth3d/plinth/pipeline/asset"
)

func newKeys(c console) *cobra.Command {
	cmd := group("keys", "Issue, list and revoke API keys", newKeysIssue(c), newKeysList(c), newKeysRevoke(c))
	cmd.Long = "Keys keeps the API keys of merchants.\n\n" + notYet
	return cmd
}

func newKeysIssue(c console) *cobra.Command {
	var (
		f      ledgerFlags
		name   string
		scopes []string
		life   time.Duration
	)
	cmd := &cobra.Command{
		Use:   "issue MERCHANT",
		Short: "Issue an API key and print its secret, once",
		Long: `Issue makes an API key of a merchant. Its secret goes to stdout and is kept nowhere:
whoever loses it issues another and revokes this one.

` + notYet,
		Example: `  plinth keys issue acme --scope upload,read --name "web shop"
  plinth keys issue acme --scope read --for 720h --json | jq -r .secret`,
		Args: args(1, 1, "one merchant"),
		RunE: func(cmd *cobra.Command, args []string) error {
			k := asset.Key{Merchant: args[0], Name: name}
			for _, s := range scopes {
				k.Scopes = append(k.Scopes, asset.Scope(s))
			}
			switch {
			case len(scopes) == 0:
				return usageError{fmt.Errorf("--scope is missing: some of upload, read, admin")}
			case life < 0:
				return usageError{fmt.Errorf("--for is %s; it must not be below 0", life)}
			case life > 0:
				k.Expires = time.Now().Add(life)
			}
			return f.with(cmd.Context(), func(l asset.Ledger) error { return runIssue(cmd.Context(), c, l, k, f.json) })
		},
	}
	f.add(cmd)
	cmd.Flags().StringSliceVar(&scopes, "scope", nil, "what it may do: some of upload, read, admin (required)")
	cmd.Flags().StringVar(&name, "name", "", "what it is for, for people")
	cmd.Flags().DurationVar(&life, "for", 0, "how long it is good; 0 is until it is revoked")
	_ = cmd.RegisterFlagCompletionFunc("scope", cobra.FixedCompletions([]string{"upload", "read", "admin"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func runIssue(ctx context.Context, c console, l asset.Ledger, k asset.Key, asJSON bool) error {
	k, secret, err := l.IssueKey(ctx, operator(), k)
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(c, struct {
			asset.Key
			Secret string `json:"secret"`
		}{k, secret})
	}
	_, _ = fmt.Fprintf(c.err, "key %s of %s; keep its secret, it is not shown again:\n", k.ID, k.Merchant)
	_, err = fmt.Fprintln(c.out, secret)
	return err
}

func newKeysList(c console) *cobra.Command {
	var f ledgerFlags
	cmd := &cobra.Command{
		Use:     "list MERCHANT",
		Short:   "List a merchant's API keys, without secrets, the oldest first",
		Example: `  plinth keys list acme`,
		Args:    args(1, 1, "one merchant"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.with(cmd.Context(), func(l asset.Ledger) error {
				all, err := merchantKeys(cmd.Context(), l, args[0])
				if err != nil {
					return err
				}
				return printKeys(c, f.json, all...)
			})
		},
	}
	f.add(cmd)
	return cmd
}

func merchantKeys(ctx context.Context, l asset.Ledger, merchant string) ([]asset.Key, error) {
	all, err := pages(func(k asset.Key) string { return k.ID },
		func(after string) ([]asset.Key, error) { return l.Keys(ctx, merchant, after, 1000) })
	slices.SortFunc(all, func(a, b asset.Key) int { return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID)) })
	return all, err
}

func newKeysRevoke(c console) *cobra.Command {
	var f ledgerFlags
	cmd := &cobra.Command{
		Use:     "revoke MERCHANT KEY",
		Short:   "Revoke an API key, by its ID: from now on it opens nothing",
		Example: `  plinth keys revoke acme pk_abcdefghijklmnop`,
		Args:    args(2, 2, "a merchant and the ID of a key"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.with(cmd.Context(), func(l asset.Ledger) error {
				if err := l.RevokeKey(cmd.Context(), operator(), args[0], args[1]); err != nil {
					return err
				}
				all, err := merchantKeys(cmd.Context(), l, args[0])
				if err != nil {
					return err
				}
				return printKeys(c, f.json, slices.DeleteFunc(all, func(k asset.Key) bool { return k.ID != args[1] })...)
			})
		},
	}
	f.add(cmd)
	return cmd
}

func printKeys(c console, asJSON bool, list ...asset.Key) error {
	if asJSON {
		return printJSON(c, list...)
	}
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"Key", "Name", "Scopes", "Created", "Expires", "Revoked"})
	for _, k := range list {
		names := make([]string, len(k.Scopes))
		for i, s := range k.Scopes {
			names[i] = string(s)
		}
		t.AppendRow(table.Row{k.ID, k.Name, strings.Join(names, " "), when(k.Created), when(k.Expires), when(k.Revoked)})
	}
	_, err := fmt.Fprintln(c.out, t.Render())
	return err
}
