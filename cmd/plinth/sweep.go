package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/plinth3d/plinth/pipeline"
)

func newSweep(c console) *cobra.Command {
	var (
		s           settings
		older       time.Duration
		dry, asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "sweep",
		Short: "Remove garbage: files of attempts that came to no end",
		Long: `Sweep removes renditions that the manifest of no version needs, current or not, and
checkpoints, once they are old. Sources and recipes stay. It may run beside workers and
other sweeps, at any time; once a day is enough.`,
		Example: `  plinth sweep --dry-run
  plinth sweep --catalog dynamodb://plinth --store s3://plinth-derived --older 168h --json`,
		Args: args(0, 0, "nothing"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runSweep(cmd.Context(), c, s, pipeline.Sweep{Older: older, DryRun: dry}, asJSON)
		},
	}
	s.addData(cmd)
	cmd.Flags().DurationVar(&older, "older", 72*time.Hour, "only what was stored so long ago, 48h at least")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "count, remove nothing")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func runSweep(ctx context.Context, c console, s settings, sweep pipeline.Sweep, asJSON bool) (err error) {
	if sweep.Older < pipeline.LeastAge {
		return usageError{fmt.Errorf("--older is %s, less than %s; an attempt may be about to need what is younger", sweep.Older, pipeline.LeastAge)}
	}
	h, err := s.openThere(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	sweep.Store, sweep.Catalog = h.store, h.catalog
	swept, err := sweep.Run(ctx)
	if err != nil && swept == (pipeline.Swept{}) {
		return err // nothing was done
	}
	if asJSON {
		return errors.Join(err, json.NewEncoder(c.out).Encode(swept))
	}
	did := "removed"
	if sweep.DryRun {
		did = "would remove"
	}
	_, _ = fmt.Fprintf(c.out, "%s %d files, %d bytes, of %d; %d old ones are needed, %d are younger than %s\n",
		did, swept.Removed, swept.Bytes, swept.Blobs, swept.Needed, swept.Young, sweep.Older)
	return err
}
