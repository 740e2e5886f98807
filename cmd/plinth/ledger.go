package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud"
	"github.com/plinth3d/plinth/pipeline/local"
)

// ledgerFlags are what commands on merchants and keys share.
type ledgerFlags struct {
	data, ledger string
	json         bool
	makes        bool // a ledger, where there is none yet
}

func (f *ledgerFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.data, "data", "data", "folder that holds everything")
	cmd.Flags().StringVar(&f.ledger, "ledger", "local", "where merchants and keys are: local, in the data folder; or postgres://USER@HOST/DATABASE, whose password comes from PGPASSWORD, or postgres+iam://...")
	cmd.Flags().BoolVar(&f.json, "json", false, "print JSON, one object a line")
}

// with opens the ledger for do.
func (f *ledgerFlags) with(ctx context.Context, do func(asset.Ledger) error) (err error) {
	var l interface {
		asset.Ledger
		Close() error
	}
	file := filepath.Join(f.data, "catalog.db")
	switch {
	case f.ledger == "local" && !f.makes && !exists(file):
		return fmt.Errorf("%w: the folder %s has no catalog.db; --data names the one of plinth merchants create, or say --ledger", asset.ErrNotFound, f.data)
	case f.ledger == "local":
		l, err = local.OpenLedger(ctx, file)
	case strings.HasPrefix(f.ledger, "postgres"):
		l, err = cloud.OpenLedger(ctx, f.ledger)
	default:
		// It isn't repeated: there may be a password in it.
		return usageError{errors.New("--ledger is not local, postgres://USER@HOST/DATABASE or postgres+iam://USER@HOST/DATABASE")}
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	return do(l)
}

// operator is who the audit says it was: the account that runs the command.
func operator() string {
	if u, err := user.Current(); err == nil {
		return "cli:" + u.Username
	}
	return "cli:" + strconv.Itoa(os.Getuid()) // in a container accounts may have no names
}

// pages calls next, with the last item's place, until a page is empty, and returns all.
func pages[T any](place func(T) string, next func(after string) ([]T, error)) (all []T, err error) {
	for after := ""; ; {
		page, err := next(after)
		if err != nil || len(page) == 0 {
			return all, err
		}
		all, after = append(all, page...), place(page[len(page)-1])
	}
}

// printJSON prints one object a line.
func printJSON[T any](c console, list ...T) error {
	enc := json.NewEncoder(c.out)
	for _, v := range list {
		if err := enc.Encode(v); err != nil {
			return err
		}
	}
	return nil
}

// group is a command that only has others.
func group(use, short string, subs ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Args: noSuch,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var examples []string
	for _, s := range subs {
		examples = append(examples, s.Example)
	}
	cmd.Example = strings.Join(examples, "\n")
	cmd.AddCommand(subs...)
	return cmd
}

// noSuch refuses what follows a group and is none of its commands.
func noSuch(cmd *cobra.Command, given []string) error {
	if len(given) > 0 {
		return usageError{fmt.Errorf("unknown command %q of %s", given[0], cmd.CommandPath())}
	}
	return nil
}

// when is a time for a table.
func when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format(time.DateTime)
}
