package main

import (
	"encoding/json"
	"fmt"
	"iter"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/plinth3d/plinth/pipeline"
)

func newConfig(c console) *cobra.Command {
	var recipe, asJSON bool
	cmd := &cobra.Command{
		Use:   "config",
		Short: "List all settings with their environment names and defaults, or the built-in recipe",
		Example: `  plinth config
  plinth config --json | jq -r 'select(.command == "worker") | .environment'
  plinth config --recipe > recipe.json`,
		Args: args(0, 0, "nothing"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if recipe {
				enc := json.NewEncoder(c.out)
				enc.SetIndent("", "  ")
				return enc.Encode(pipeline.Default())
			}
			all := allSettings(cmd.Root())
			if asJSON {
				return printJSON(c, all...)
			}
			t := table.NewWriter()
			t.SetStyle(table.StyleLight)
			t.AppendHeader(table.Row{"Command", "Flag", "Environment", "Default", "What"})
			for _, s := range all {
				t.AppendRow(table.Row{s.Command, s.Flag, s.Environment, s.Default, s.What})
			}
			_, err := fmt.Fprintln(c.out, t.Render())
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, one setting a line")
	cmd.Flags().BoolVar(&recipe, "recipe", false, "print the built-in recipe as JSON")
	_ = cmd.Flags().SetAnnotation("recipe", byHand, []string{"PLINTH_RECIPE is a file"}) // it is there
	return cmd
}

// setting is a flag of a command.
type setting struct {
	Command     string `json:"command"`
	Flag        string `json:"flag"`
	Environment string `json:"environment"`
	Default     string `json:"default"`
	What        string `json:"what"`
}

// allSettings are those of all commands under root.
func allSettings(root *cobra.Command) (all []setting) {
	for sub := range below(root) {
		name := strings.TrimPrefix(sub.CommandPath(), root.Name()+" ")
		sub.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if isSetting(f) {
				all = append(all, setting{name, "--" + f.Name, variable(f.Name), f.DefValue, f.Usage})
			}
		})
	}
	return all
}

// below yields the commands under one, those of groups after their group.
func below(cmd *cobra.Command) iter.Seq[*cobra.Command] {
	return func(yield func(*cobra.Command) bool) {
		for _, sub := range cmd.Commands() {
			if !yield(sub) {
				return
			}
			for deeper := range below(sub) {
				if !yield(deeper) {
					return
				}
			}
		}
	}
}
