package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
)

type batchRunOptions struct {
	settings
	plan           string
	lane           string
	rate           float64
	concurrency    int
	canary, stopOn share
	retry          bool
	json, quiet    bool
}

func newBatchRun(c console) *cobra.Command {
	o := batchRunOptions{canary: 0.05, stopOn: 0.02}
	cmd := &cobra.Command{
		Use:   "run PLAN",
		Short: "Carry a plan out, a canary first; started again, it does the rest",
		Long: `Run has the models of a plan made. Started again, after whatever end, it does what is
left; once nothing is, it does nothing. PLAN.journal beside the plan says what it did.

The --canary ends before anything else begins. The run stops as soon as more than
--stop-on of the models that ended failed, and at least two did (one, with 0%); of the
canary, and of the rest, the first 50 count as ended from the start. What has begun by
then ends. To go on, say a higher --stop-on; to try again what failed, --retry.

A model that got another upload since it was planned, or of which someone else made
another version live, is left alone.

Who works: on AWS the workers, which take jobs from --lane after all that others wait
for. With the local queue, "plinth serve" or "plinth worker" if one runs on the folder;
if none does, run works itself. Models of a folder are made by run itself, --slots at a
time; what else workers are told doesn't count there.`,
		Example: `  plinth batch run plan-4f2a.json
  plinth batch run plan-4f2a.json --canary 1% --stop-on 0%
  plinth batch run plan-4f2a.json --catalog dynamodb://plinth --store s3://plinth-derived --queue sqs://plinth --rate 5`,
		Args: args(1, 1, "one plan"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.plan = args[0]
			return runBatchRun(cmd.Context(), c, o)
		},
	}
	o.addData(cmd)
	o.addWork(cmd)
	f := cmd.Flags()
	f.StringVar(&o.lane, "lane", "backfill", "lane of SQS that jobs go to")
	f.Float64Var(&o.rate, "rate", 10, "models to begin in a second, at most")
	f.IntVar(&o.concurrency, "concurrency", 64, "models that have begun and not ended, at most")
	f.Var(&o.canary, "canary", "share of the models that end before others begin")
	f.Var(&o.stopOn, "stop-on", "share of the models that may fail")
	f.BoolVar(&o.retry, "retry", false, "try again what failed or was overtaken")
	f.BoolVar(&o.json, "json", false, "print how it ended as JSON")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "show no progress")
	return cmd
}

func runBatchRun(ctx context.Context, c console, o batchRunOptions) error {
	if !(o.rate > 0 && o.rate <= 1e6) || o.concurrency < 1 {
		return usageError{fmt.Errorf("--rate is %g and --concurrency %d; they are above 0", o.rate, o.concurrency)}
	}
	p, err := readPlan(o.plan)
	if err == nil {
		err = p.Check()
	}
	if err == nil && p.In == "" {
		err = o.isFor(p) // before there is a journal
	}
	if err != nil {
		return err
	}
	return withJournal(o.plan, p, func(j *pipeline.BatchJournal) error {
		if p.In != "" {
			return o.runFolder(ctx, c, p, j)
		}
		return o.runCatalog(ctx, c, p, j)
	})
}

func (o *batchRunOptions) runFolder(ctx context.Context, c console, p pipeline.BatchPlan, j *pipeline.BatchJournal) (err error) {
	if o.slots < 1 {
		return usageError{fmt.Errorf("--slots is %d, less than 1", o.slots)}
	}
	f := newBatchFolder(p, o.plan, o.slots)
	if err := f.sweep(); err != nil { // of a run that was killed
		return err
	}
	o.concurrency = min(o.concurrency, o.slots)
	run := o.run(p, j, f, 20*time.Millisecond)
	b := newBatchBar(c, p, o.quiet || o.json, nil)
	run.Progress = b.set
	_, err = run.Run(ctx)
	err = errors.Join(err, f.close())
	b.finish(err == nil)
	return o.end(ctx, c, p, f, err)
}

func (o *batchRunOptions) run(p pipeline.BatchPlan, j *pipeline.BatchJournal, place pipeline.BatchPlace, every time.Duration) *pipeline.BatchRun {
	return &pipeline.BatchRun{
		Plan: p, Place: place, Journal: j, Rate: o.rate, Concurrency: o.concurrency,
		Canary: float64(o.canary), StopOn: float64(o.stopOn), Retry: o.retry, Every: every,
	}
}

func (o *batchRunOptions) runCatalog(ctx context.Context, c console, p pipeline.BatchPlan, j *pipeline.BatchJournal) (err error) {
	h, err := o.openFor(ctx, c, p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	b := newBatchBar(c, p, o.quiet || o.json, h.log)
	if b.bar.all != nil {
		h.log = slog.New(slog.NewTextHandler(b.bar.all, nil)) // above the bar
	}
	place := &pipeline.BatchCatalog{Catalog: h.catalog, Store: h.store, Recipe: p.Recipe}
	work, err := o.openLine(ctx, h, place)
	if err != nil {
		b.finish(false)
		return err
	}
	run := o.run(p, j, place, time.Second)
	run.Progress = b.set
	if work {
		run.Every = 100 * time.Millisecond
	}
	err = runWith(ctx, h, work, run)
	b.finish(err == nil)
	return o.end(ctx, c, p, place, err)
}

// openLine finds out who does the work, and how they get it: if it is this process, work.
func (o *batchRunOptions) openLine(ctx context.Context, h *home, place *pipeline.BatchCatalog) (work bool, err error) {
	err = h.openQueue(ctx)
	switch {
	case h.where.queue == "local" && errors.Is(err, asset.ErrConflict):
		return false, nil // whoever has the queue looks into the catalog
	case err != nil:
		return false, err
	case h.lanes != nil:
		if err := o.checkLane(o.lane); err != nil {
			return false, err
		}
		place.Send = func(ctx context.Context, j asset.Job) error { return h.lanes.SendTo(ctx, o.lane, j) }
		return false, nil
	}
	place.Send = h.jobs.Send
	return h.where.queue == "local", nil
}

// runWith carries a plan out, and works itself if nobody else does.
func runWith(ctx context.Context, h *home, work bool, run *pipeline.BatchRun) error {
	if !work {
		_, err := run.Run(ctx)
		return err
	}
	if err := h.resume(ctx); err != nil {
		return err
	}
	worker, _, err := h.worker()
	if err != nil {
		return err
	}
	working, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- worker.Run(working) }()
	_, err = run.Run(ctx)
	stop()
	return errors.Join(err, <-ended)
}

// end tells how a run ended, and how to go on.
func (o *batchRunOptions) end(ctx context.Context, c console, p pipeline.BatchPlan, place pipeline.BatchPlace, err error) error {
	stopped, broken := errors.Is(err, pipeline.ErrTooManyFailed), ctx.Err() != nil
	if errors.Is(err, pipeline.ErrRolledBack) {
		return err
	}
	if err != nil && !stopped && !broken {
		return fmt.Errorf("%w; what is done stays done, %s goes on", err, o.again(p))
	}
	h, bad := pipeline.ReadBatchHistory(journalOf(o.plan), p)
	if bad != nil {
		return bad
	}
	report, bad := newBatchReport(context.WithoutCancel(ctx), place, p, h)
	if bad == nil {
		bad = report.print(c, o.json)
	}
	if bad != nil {
		return bad
	}
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(c.err, "plinth: "+format+"\n", args...) }
	switch {
	case stopped:
		say("stopped: %v. Go on with --stop-on higher than %s%s", err, &o.stopOn, o.back(p))
		return failed{exitInput}
	case broken:
		say("broken off: %d of %d have not begun, %d wait for workers or are with them. Go on with: %s", report.Left, report.Models, report.Queued+report.Running, o.again(p))
		return failed{exitUnavailable}
	case report.Failed > 0:
		say("%d failed. Try them again with --retry", report.Failed)
		return failed{exitInput}
	}
	return nil
}

// again is the command that goes on.
func (o *batchRunOptions) again(p pipeline.BatchPlan) string {
	words := []string{"plinth", "batch", "run", o.plan}
	if p.In == "" {
		words = append(append(words, o.backendFlags()...), o.queueFlags()...)
		words = append(words, given("--lane", o.lane, "backfill")...)
	}
	return command(words...)
}

// back tells of the command that undoes a plan, where something was live before.
func (o *batchRunOptions) back(p pipeline.BatchPlan) string {
	if !slices.ContainsFunc(p.Models, func(i pipeline.BatchItem) bool { return i.Previous != "" }) {
		return ""
	}
	words := []string{"plinth", "batch", "rollback", o.plan}
	if p.In == "" {
		words = append(words, o.backendFlags()...)
	}
	return ", or go back with: " + command(words...)
}
