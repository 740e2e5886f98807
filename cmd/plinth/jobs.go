package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/plinth3d/plinth/pipeline/asset"
)

func newJobs(c console) *cobra.Command {
	var (
		s      settings
		states []string
		limit  int
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "jobs",
		Short: "List jobs: what waits, runs, is done, and what is buried and why",
		Example: `  plinth jobs
  plinth jobs --state failed --json`,
		Args: args(0, 0, "nothing"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runJobs(cmd.Context(), c, s, states, limit, asJSON)
		},
	}
	s.addData(cmd)
	cmd.Flags().StringSliceVar(&states, "state", nil, "only these: queued, running, ready, failed")
	cmd.Flags().IntVar(&limit, "limit", 100, "at most so many, the last changed first")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, one job a line")
	return cmd
}

func runJobs(ctx context.Context, c console, s settings, names []string, limit int, asJSON bool) (err error) {
	var states []asset.State
	for _, n := range names {
		switch state := asset.State(n); state {
		case asset.Queued, asset.Running, asset.Ready, asset.Failed:
			states = append(states, state)
		default:
			return usageError{fmt.Errorf("--state is %q, not queued, running, ready or failed", n)}
		}
	}
	h, err := s.open(ctx, c, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	list, err := h.catalog.Jobs(ctx, limit, states...)
	if err != nil {
		return err
	}
	if asJSON {
		enc := json.NewEncoder(c.out)
		for _, v := range list {
			if err := enc.Encode(v); err != nil {
				return err
			}
		}
		return nil
	}
	t := table.NewWriter()
	t.SetOutputMirror(c.out)
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"Model", "Version", "State", "Stage", "%", "Tries", "Changed"})
	for _, v := range list {
		t.AppendRow(table.Row{v.Model, v.Version, v.State, v.Stage, int(v.Percent), v.Attempts, v.Updated.Local().Format(time.DateTime)})
	}
	t.Render()
	for _, v := range list {
		if v.Failure != nil {
			_, _ = fmt.Fprintf(c.out, "%s: %s\n  see it again: %s\n", v.Model, v.Failure.Reason, v.Failure.Reproduce)
		}
	}
	return nil
}
