package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// liveWhen says when shoppers get what was made live.
const liveWhen = `It is live at an origin within its --manifest-ttl, a second by default, of the next
request: that one may still get what was live before. Ten seconds later at most, none
does. A content delivery network and browsers keep an answer for a minute, and up to ten
minutes more while they ask for what is new.`

func newVersions(c console) *cobra.Command {
	return group("versions", "List the versions of a model, and choose which is live", newVersionsList(c), newVersionsPublish(c), newVersionsRollback(c))
}

// versionFlags are what the commands about versions share.
type versionFlags struct {
	settings
	merchant string
	json     bool
}

func (f *versionFlags) add(c console, cmd *cobra.Command) {
	f.addData(cmd)
	cmd.Flags().StringVar(&f.merchant, "merchant", asset.Merchant, "whose model, unless it is MERCHANT/MODEL")
	cmd.Flags().BoolVar(&f.json, "json", false, "print JSON, one version a line")
	cmd.ValidArgsFunction = f.models(c, &f.merchant, 1)
}

// with runs do with the catalog and the versions of a model.
func (f *versionFlags) with(ctx context.Context, c console, model string, do func(*home, []asset.Version) error) (err error) {
	j, err := parseRef(model, f.merchant)
	if err != nil {
		return err
	}
	if j.Version != "" {
		return usageError{fmt.Errorf("%.200q names a version, which has no place here: say %s", model, nameOf(asset.Job{Merchant: j.Merchant, Model: j.Model}))}
	}
	h, err := f.openThere(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	list, err := versionsOf(ctx, h.catalog, j)
	if err != nil {
		return err
	}
	return do(h, list)
}

func newVersionsList(c console) *cobra.Command {
	var f versionFlags
	cmd := &cobra.Command{
		Use:   "list MODEL",
		Short: "List the versions of a model, the newest upload first",
		Example: `  plinth versions list chair
  plinth versions list chair --merchant acme --json`,
		Args: args(1, 1, "one model"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.with(cmd.Context(), c, args[0], func(_ *home, list []asset.Version) error { return f.print(c, list...) })
		},
	}
	f.add(c, cmd)
	return cmd
}

func newVersionsPublish(c console) *cobra.Command {
	var f versionFlags
	cmd := &cobra.Command{
		Use:   "publish MODEL VERSION",
		Short: "Make a version live, be it older or newer than the one that is",
		Long: `Publish makes a version live that is ready. What is in line or being made now does not
take its place; a later upload does.

` + liveWhen,
		Example: `  plinth versions publish chair 4f2a9c01d2e3b4a5`,
		Args:    args(2, 2, "a model and a version"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.with(cmd.Context(), c, args[0], func(h *home, list []asset.Version) error {
				i := slices.IndexFunc(list, func(v asset.Version) bool { return v.Version == args[1] })
				if i < 0 {
					return fmt.Errorf("%w: %s has no version %.80q; plinth versions list %s shows them", asset.ErrNotFound, args[0], args[1], args[0])
				}
				return f.restore(cmd.Context(), c, h, list[i])
			})
		},
	}
	f.add(c, cmd)
	return cmd
}

func newVersionsRollback(c console) *cobra.Command {
	var f versionFlags
	cmd := &cobra.Command{
		Use:   "rollback MODEL",
		Short: "Make the version live that came before the one that is",
		Long: `Rollback makes the newest of the versions live that are ready and were uploaded before
the one that is live. Again, it goes one further back; "publish" goes anywhere.

` + liveWhen,
		Example: `  plinth versions rollback chair --merchant acme`,
		Args:    args(1, 1, "one model"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.with(cmd.Context(), c, args[0], func(h *home, list []asset.Version) error {
				before, err := beforeLive(list)
				if err != nil {
					return err
				}
				return f.restore(cmd.Context(), c, h, before)
			})
		},
	}
	f.add(c, cmd)
	return cmd
}

// beforeLive is the newest ready version that was uploaded before the live one. list has
// the newest first.
func beforeLive(list []asset.Version) (asset.Version, error) {
	live := slices.IndexFunc(list, func(v asset.Version) bool { return v.Live })
	if live < 0 {
		return asset.Version{}, fmt.Errorf("%w: no version of %s is live", asset.ErrInvalid, list[0].Model)
	}
	for _, v := range list[live+1:] {
		if v.State == asset.Ready {
			return v, nil
		}
	}
	return asset.Version{}, fmt.Errorf("%w: no version of %s is ready that came before %s, which is live", asset.ErrInvalid, list[live].Model, list[live].Version)
}

// restore makes a version live.
func (f *versionFlags) restore(ctx context.Context, c console, h *home, v asset.Version) error {
	if v.State != asset.Ready {
		return fmt.Errorf("%w: version %s of %s is %s, not ready", asset.ErrInvalid, v.Version, v.Model, v.State)
	}
	if err := h.catalog.Restore(ctx, v.Merchant, v.Model, v.Version); err != nil {
		return err
	}
	v.Live = true
	if f.json {
		return f.print(c, v)
	}
	_, err := fmt.Fprintf(c.out, "%s: %s is live\n", v.Model, v.Version)
	return err
}

func (f *versionFlags) print(c console, list ...asset.Version) error {
	if f.json {
		return printJSON(c, list...)
	}
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"Version", "Live", "State", "Recipe", "Source", "Bytes", "Uploaded"})
	for _, v := range list {
		live := ""
		if v.Live {
			live = "live"
		}
		t.AppendRow(table.Row{v.Version, live, v.State, fmt.Sprintf("%s %.8s", v.Recipe.Name, v.Recipe.Hash), fmt.Sprintf("%.8s", v.Source), v.Bytes, when(v.Submitted)})
	}
	_, err := fmt.Fprintln(c.out, t.Render())
	return err
}
