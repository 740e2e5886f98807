package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
)

func newBatchStatus(c console) *cobra.Command {
	var s settings
	var asJSON, watch bool
	cmd := &cobra.Command{
		Use:   "status PLAN",
		Short: "Tell how a plan stands: what is done, how fast it goes, what failed and why",
		Example: `  plinth batch status plan-4f2a.json
  plinth batch status plan-4f2a.json --watch
  plinth batch status plan-4f2a.json --json | jq -r '.failures[].reproduce'`,
		Args: args(1, 1, "one plan"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runBatchStatus(cmd.Context(), c, s, args[0], asJSON, watch)
		},
	}
	s.addData(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().BoolVar(&watch, "watch", false, "tell it again every two seconds, until all has ended")
	return cmd
}

// watching is how often --watch looks.
const watching = 2 * time.Second

func runBatchStatus(ctx context.Context, c console, s settings, file string, asJSON, watch bool) (err error) {
	p, err := readPlan(file)
	if err != nil {
		return err
	}
	place, closing, err := openBatch(ctx, c, s, p, file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closing()) }()
	for {
		h, err := pipeline.ReadBatchHistory(journalOf(file), p)
		if err != nil {
			return err
		}
		r, err := newBatchReport(ctx, place, p, h)
		if err != nil {
			return err
		}
		if watch && !asJSON && isTerminal(c.out) {
			_, _ = fmt.Fprint(c.out, "\x1b[H\x1b[2J")
		}
		if err := r.print(c, asJSON); err != nil || !watch || r.Ended() == r.Models {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(watching):
		}
	}
}

// batchReport is how a plan stands.
type batchReport struct {
	Plan string `json:"plan"`
	pipeline.BatchTally
	RolledBack bool           `json:"rolledBack"`
	PerMinute  float64        `json:"perMinute"` // models that end, by the last ones
	Seconds    float64        `json:"seconds"`   // until all have ended, at this pace; 0 is unknown
	Failures   []batchFailure `json:"failures"`
}

type batchFailure struct {
	Model string `json:"model"`
	asset.Failure
}

func newBatchReport(ctx context.Context, place pipeline.BatchPlace, p pipeline.BatchPlan, h pipeline.BatchHistory) (r batchReport, err error) {
	all, err := place.Survey(ctx, p)
	if err != nil {
		return r, err
	}
	pipeline.AddHistory(all, p, h)
	r = batchReport{Plan: p.ID, BatchTally: pipeline.Tally(all), RolledBack: h.RolledBack, Failures: []batchFailure{}}
	var ends []time.Time
	for k, s := range all {
		if !s.Ended.IsZero() {
			ends = append(ends, s.Ended)
		}
		if s.Failure != nil {
			r.Failures = append(r.Failures, batchFailure{p.Models[k].Name(), *s.Failure})
		}
	}
	if len(ends) == 0 { // a folder has no times
		ends = h.Ends
	}
	slices.SortFunc(ends, time.Time.Compare)
	working := p.In != "" || r.Queued+r.Running > 0 // of a folder nobody knows
	if left := r.Models - r.Ended(); left > 0 && working {
		rate := pipeline.Rate(ends, time.Now())
		r.PerMinute = 60 * rate
		if rate > 0 {
			r.Seconds = float64(left) / rate
		}
	}
	return r, nil
}

func (r batchReport) print(c console, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(c.out).Encode(r)
	}
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"Plan", "Models", "Left", "Waiting", "Running", "Ready", "Live", "Failed", "Overtaken"})
	t.AppendRow(table.Row{r.Plan, r.Models, r.Left, r.Queued, r.Running, r.Ready, r.Live, r.Failed, r.Overtaken})
	_, err := fmt.Fprintln(c.out, t.Render())
	if r.Seconds > 0 {
		_, _ = fmt.Fprintf(c.out, "%.1f a minute; at this pace all has ended in %s.\n", r.PerMinute, time.Duration(r.Seconds*float64(time.Second)).Round(time.Second))
	}
	if r.RolledBack {
		_, _ = fmt.Fprintln(c.out, "It was rolled back.")
	}
	if r.Overtaken > 0 {
		_, _ = fmt.Fprintf(c.out, "%d are overtaken, and left alone: their files or what is live of them changed after this was planned. Plan again to make these.\n", r.Overtaken)
	}
	for _, f := range r.Failures {
		tellFailure(c, f.Model, f.Failure)
	}
	return err
}
