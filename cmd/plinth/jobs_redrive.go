package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud"
)

type jobsRedriveOptions struct {
	settings
	names          []string
	merchant, code string
	lane           string
	stale          time.Duration
	all, yes       bool
	dryRun, json   bool
}

func newJobsRedrive(c console) *cobra.Command {
	var o jobsRedriveOptions
	cmd := &cobra.Command{
		Use:   "redrive [MODEL[@VERSION]...]",
		Short: "Put jobs in line again that failed, once the cause is gone",
		Long: `Redrive puts failed jobs in line again: those that are named, those that failed with a
--code, or --all. Their dead letters go back to the lanes they came from; a job without
one is sent to --lane. With the local queue, a "plinth serve" or "plinth worker" that
runs takes them within a second or two, and one that doesn't does when it starts.

A job whose model got another upload since is left alone, unless its @VERSION is named:
it would be live in the place of that. So is one whose file was refused on arrival, and
isn't stored: its merchant uploads it again.

--stale sends unfinished jobs again whose state hasn't changed for that long: a process
that ended between catalog and queue leaves such. Workers do that by themselves for what
has been queued for an hour. One that is in line or being made all the same is handed out
a second time, which does no harm.`,
		Example: `  plinth jobs redrive chair
  plinth jobs redrive --code failed --dry-run
  plinth jobs redrive --all --yes --catalog dynamodb://plinth --store s3://plinth-derived --queue sqs://plinth
  plinth jobs redrive --stale 1h --catalog dynamodb://plinth --store s3://plinth-derived --queue sqs://plinth`,
		Args: args(0, -1, "models"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.names = args
			return runJobsRedrive(cmd.Context(), c, o)
		},
	}
	o.addOperator(cmd)
	f := cmd.Flags()
	f.StringVar(&o.merchant, "merchant", asset.Merchant, "whose models, unless they are MERCHANT/MODEL")
	f.StringVar(&o.code, "code", "", "all that failed with this code")
	f.BoolVar(&o.all, "all", false, "all that failed, and all dead letters")
	f.BoolVar(&o.yes, "yes", false, "--all is meant, which nothing is done without")
	f.DurationVar(&o.stale, "stale", 0, "send unfinished jobs whose state is older than this")
	f.StringVar(&o.lane, "lane", "", "lane of SQS for jobs without a dead letter; empty is the first")
	f.BoolVar(&o.dryRun, "dry-run", false, "only tell what would be done")
	f.BoolVar(&o.json, "json", false, "print JSON, one job a line")
	cmd.ValidArgsFunction = o.models(c, &o.merchant, math.MaxInt)
	return cmd
}

func (o *jobsRedriveOptions) check() error {
	ways := 0
	for _, given := range []bool{len(o.names) > 0, o.code != "", o.all, o.stale != 0} {
		if given {
			ways++
		}
	}
	switch {
	case ways != 1:
		return usageError{errors.New("redrive needs one of: names of models, --code, --all, --stale")}
	case o.stale < 0:
		return usageError{fmt.Errorf("--stale is %s, below 0", o.stale)}
	case o.stale > 0 && o.where.queue == "local":
		return usageError{errors.New("--stale is for queues that are shared; whoever owns the local one looks each minute")}
	case o.all && !o.yes && !o.dryRun:
		return usageError{errors.New("redrive --all wants --yes; --dry-run tells what it would do")}
	case o.lane != "":
		return o.checkLane(o.lane)
	}
	return nil
}

// redriven is what is done about a job.
type redriven struct {
	asset.Job
	Code   string `json:"code,omitempty"`   // with which it failed
	Letter string `json:"letter,omitempty"` // ID of its dead letter, if it is about that
	Lane   string `json:"lane,omitempty"`   // it goes to
	Action string `json:"action"`           // queue, send, or none
	Why    string `json:"why,omitempty"`    // none
	Body   string `json:"body,omitempty"`   // of a dead letter that is no job

	version asset.Version
}

func runJobsRedrive(ctx context.Context, c console, o jobsRedriveOptions) (err error) {
	if err := o.check(); err != nil {
		return err
	}
	h, err := o.operator(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	list, err := o.choose(ctx, h)
	if err != nil {
		return err
	}
	letters, err := h.letters(ctx)
	if err != nil {
		return err
	}
	list, again := o.match(list, letters)
	if o.code != "" && len(list) == 0 {
		return noSuchCode(ctx, h, o.code, letters)
	}
	if !o.dryRun {
		if err := o.redrive(ctx, h, list, again); err != nil {
			return err
		}
	}
	return o.print(c, list)
}

// choose finds the jobs that are meant.
func (o *jobsRedriveOptions) choose(ctx context.Context, h *home) (list []redriven, err error) {
	switch {
	case o.stale > 0:
		return o.chooseStale(ctx, h)
	case len(o.names) > 0:
		return o.chooseNamed(ctx, h)
	}
	failed, err := h.catalog.Jobs(ctx, math.MaxInt32, asset.Failed)
	if err != nil {
		return nil, err
	}
	for _, v := range failed {
		if o.code != "" && (v.Failure == nil || v.Failure.Code != o.code) {
			continue
		}
		newest, err := h.catalog.Newest(ctx, v.Merchant, v.Model)
		if err != nil {
			return nil, err
		}
		r, err := failure(ctx, h, v, newest.Version == v.Version)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, nil
}

func (o *jobsRedriveOptions) chooseStale(ctx context.Context, h *home) (list []redriven, err error) {
	open, err := h.catalog.Unfinished(ctx)
	for _, v := range open {
		if time.Since(v.Updated) >= o.stale {
			list = append(list, redriven{Job: v.Ref(), Action: "send", version: v})
		}
	}
	return list, err
}

func (o *jobsRedriveOptions) chooseNamed(ctx context.Context, h *home) (list []redriven, err error) {
	for _, name := range o.names {
		j, err := parseRef(name, o.merchant)
		if err != nil {
			return nil, err
		}
		v, newest, err := find(ctx, h.catalog, j)
		if err != nil {
			return nil, err
		}
		switch v.State {
		case asset.Ready:
			return nil, fmt.Errorf("%w: version %s of %s is ready; there is nothing to redrive", asset.ErrInvalid, v.Version, nameOf(v.Ref()))
		case asset.Failed:
			r, err := failure(ctx, h, v, newest || j.Version != "")
			if err != nil {
				return nil, err
			}
			list = append(list, r)
		default: // its message may be gone, or with the dead letters for no known reason
			list = append(list, redriven{Job: v.Ref(), Action: "send", version: v})
		}
	}
	return list, nil
}

// failure is what is to be done about a version that failed. One that was refused on arrival
// keeps its diagnosis: a job would find no source.
func failure(ctx context.Context, h *home, v asset.Version, wanted bool) (redriven, error) {
	r := redriven{Job: v.Ref(), Action: "queue", version: v}
	if v.Failure != nil {
		r.Code = v.Failure.Code
	}
	stored, err := pipeline.Stored(ctx, h.store, v)
	switch {
	case !stored:
		r.Action, r.Why = "none", "nothing to redrive: its file was refused; upload again"
	case !wanted:
		r.Action, r.Why = "none", "its model got another upload since"
	}
	return r, err
}

// match finds the dead letters of jobs, and returns the IDs of those that go back. Letters
// of no such job do so with --all, or with their --code.
func (o *jobsRedriveOptions) match(list []redriven, letters []cloud.BuriedJob) ([]redriven, map[string]bool) {
	again := map[string]bool{}
	known := map[asset.Job]int{}
	for k, r := range list {
		known[r.Job] = k
	}
	for _, b := range letters {
		k, of := known[b.Job]
		switch {
		case of && list[k].Action != "none":
			list[k].Letter, list[k].Lane = b.ID, b.Lane
		case o.all, o.code != "" && b.Code == o.code:
			r := redriven{Job: b.Job, Code: b.Code, Letter: b.ID, Lane: b.Lane, Action: "send"}
			if b.Job.Model == "" {
				r.Body = b.Body
			}
			list = append(list, r)
		default:
			continue
		}
		again[b.ID] = true
	}
	return list, again
}

// noSuchCode says that nothing failed with a code, and which codes there are.
func noSuchCode(ctx context.Context, h *home, code string, letters []cloud.BuriedJob) error {
	failed, err := h.catalog.Jobs(ctx, math.MaxInt32, asset.Failed)
	if err != nil {
		return err
	}
	var codes []string
	for _, v := range failed {
		if v.Failure != nil {
			codes = append(codes, v.Failure.Code)
		}
	}
	for _, b := range letters {
		codes = append(codes, b.Code)
	}
	slices.Sort(codes)
	codes = slices.DeleteFunc(slices.Compact(codes), func(c string) bool { return c == "" })
	if len(codes) == 0 {
		return fmt.Errorf("%w: no failed job has the code %.80q; there are none with any", asset.ErrNotFound, code)
	}
	return fmt.Errorf("%w: no failed job has the code %.80q; there are: %s", asset.ErrNotFound, code, strings.Join(codes, ", "))
}

// redrive queues what failed in the catalog, and sends it: by its dead letter where there
// is one. Those that came after they were looked at stay.
func (o *jobsRedriveOptions) redrive(ctx context.Context, h *home, list []redriven, again map[string]bool) error {
	for _, r := range list {
		if r.Action != "queue" {
			continue
		}
		if _, err := h.catalog.Submit(ctx, r.version); err != nil {
			return err
		}
	}
	gone := map[string]bool{}
	if len(again) > 0 {
		done, err := h.lanes.RedriveAll(ctx, func(b cloud.BuriedJob) bool { return again[b.ID] })
		if err != nil {
			return err
		}
		for _, b := range done {
			gone[b.ID] = true
		}
	}
	for _, r := range list {
		// A letter that somebody else looks at just now goes later; its job goes now.
		if r.Action == "none" || gone[r.Letter] || r.version.Version == "" {
			continue
		}
		if err := o.send(ctx, h, r.Job); err != nil {
			return err
		}
	}
	return nil
}

func (o *jobsRedriveOptions) send(ctx context.Context, h *home, j asset.Job) error {
	switch {
	case h.lanes != nil && o.lane != "":
		return h.lanes.SendTo(ctx, o.lane, j)
	case h.jobs != nil:
		return h.jobs.Send(ctx, j)
	}
	return nil // who owns the local queue finds it in the catalog
}

func (o *jobsRedriveOptions) print(c console, list []redriven) error {
	if o.json {
		return printJSON(c, list...)
	}
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"Model", "Version", "Failed with", "Dead letter", "Lane", "Done"})
	for _, r := range list {
		done := map[string]string{"queue": "in line again", "send": "sent again", "none": "left alone: " + r.Why}[r.Action]
		if o.dryRun && r.Action != "none" {
			done = "would be " + done
		}
		name := nameOf(r.Job)
		if r.Model == "" {
			name = noJob
		}
		t.AppendRow(table.Row{name, r.Version, r.Code, r.Letter, r.Lane, done})
	}
	_, err := fmt.Fprintln(c.out, t.Render())
	for _, r := range list {
		if r.Model == "" {
			_, _ = fmt.Fprintf(c.out, "%s: %s\n", r.Letter, beginning(r.Body))
		}
	}
	return err
}
