package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
)

func newBatchRollback(c console) *cobra.Command {
	var s settings
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "rollback PLAN",
		Short: "Make what was live before a plan live again",
		Long: `Rollback makes the version live again that was when the plan was made, for each model
that is live as the plan made it or would be once its job is done. Other models, those
with a newer upload among them, stay as they are. It may be started again at any time.

` + liveWhen + `

A model of which nothing was live before stays as it is; in a folder, remove OUT/MODEL to
be rid of it. To go forward again, plan with --rolled-back.`,
		Example: `  plinth batch rollback plan-4f2a.json
  plinth batch rollback plan-4f2a.json --catalog dynamodb://plinth --store s3://plinth-derived`,
		Args: args(1, 1, "one plan"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runBatchRollback(cmd.Context(), c, s, args[0], asJSON)
		},
	}
	s.addData(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// errNothingBefore says that there is nothing to go back to. The plan can still be run.
var errNothingBefore = fmt.Errorf("%w: nothing was live of any of the plan's models before it: there is nothing to roll back; what it made in a folder goes by removing OUT/MODEL", asset.ErrInvalid)

// restoring is how many models are rolled back at a time.
const restoring = 16

func runBatchRollback(ctx context.Context, c console, s settings, file string, asJSON bool) (err error) {
	p, err := readPlan(file)
	if err != nil {
		return err
	}
	first := 0
	for _, i := range p.Models {
		if i.Previous == "" {
			first++
		}
	}
	if first == len(p.Models) {
		return errNothingBefore
	}
	place, closing, err := openBatch(ctx, c, s, p, file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closing()) }()
	restored := 0
	err = withJournal(file, p, func(j *pipeline.BatchJournal) error {
		if err := j.RollBack(); err != nil {
			return err
		}
		restored, err = rollBack(ctx, place, p, j)
		return err
	})
	if err != nil {
		return fmt.Errorf("%w; %d of %d models are rolled back, start it again to go on", err, restored, len(p.Models))
	}
	if asJSON {
		return printJSON(c, map[string]any{"plan": p.ID, "models": len(p.Models), "restored": restored, "first": first})
	}
	_, err = fmt.Fprintf(c.out, "%d of %d models are rolled back; of %d nothing was live before, and they stay as they are; the other %d are not live as the plan made them.\n",
		restored, len(p.Models), first, len(p.Models)-restored-first)
	return err
}

func rollBack(ctx context.Context, place batchPlace, p pipeline.BatchPlan, j *pipeline.BatchJournal) (restored int, err error) {
	var mu sync.Mutex
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(restoring)
	for _, i := range p.Models {
		if inner.Err() != nil {
			break
		}
		group.Go(func() error {
			did, err := place.RollBack(inner, i)
			if err != nil || !did {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			restored++
			return j.Restored(i)
		})
	}
	err = errors.Join(group.Wait(), ctx.Err())
	return restored, err
}
