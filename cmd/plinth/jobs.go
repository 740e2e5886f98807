package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud"
)

func newJobs(c console) *cobra.Command {
	cmd := newJobsList(c)
	list := newJobsList(c)
	list.Use = "list"
	cmd.Short += "; and act on them"
	cmd.Args = noSuch
	cmd.AddCommand(list, newJobsShow(c), newJobsRedrive(c), newJobsBury(c), newJobsDrop(c))
	return cmd
}

// addOperator adds the flags of operator.
func (s *settings) addOperator(cmd *cobra.Command) {
	s.addData(cmd)
	s.addQueue(cmd)
	cmd.Flags().DurationVar(&s.lease, "lease", leaseTime, "what the workers have: a queue on NATS is set up by it")
}

// operator opens what a person at a terminal acts on: the catalog, and a queue that others
// share. The local queue stays with the process that owns it, which finds in the catalog what
// is queued.
func (s *settings) operator(ctx context.Context, c console) (*home, error) {
	h, err := s.openThere(ctx, c)
	if err != nil || s.where.queue == "local" {
		return h, err
	}
	h.slots = 1 // it leases nothing
	if err := h.openQueue(ctx); err != nil {
		return nil, errors.Join(err, h.close())
	}
	return h, nil
}

type jobsListOptions struct {
	settings
	states     []string
	most       int
	json, dead bool
}

func newJobsList(c console) *cobra.Command {
	var o jobsListOptions
	cmd := &cobra.Command{
		Use:   "jobs",
		Short: "List jobs: what waits, runs, is done, and what is buried and why",
		Long: `List tells of the jobs in the catalog. With --dead it tells of the dead letters of all
lanes of SQS instead: those of jobs that can't succeed, with reason, and messages that
nobody understands: these are told by their ID and the beginning of what is in them, and
"drop" deletes them.`,
		Example: `  plinth jobs list
  plinth jobs list --state failed --json
  plinth jobs list --dead --catalog dynamodb://plinth --store s3://plinth-derived --queue sqs://plinth`,
		Args: args(0, 0, "nothing"),
		RunE: func(cmd *cobra.Command, _ []string) error { return runJobsList(cmd.Context(), c, o) },
	}
	o.addOperator(cmd)
	cmd.Flags().StringSliceVar(&o.states, "state", nil, "only these: queued, running, ready, failed")
	cmd.Flags().IntVar(&o.most, "most", 100, "at most so many, the last changed first")
	cmd.Flags().BoolVar(&o.json, "json", false, "print JSON, one job a line")
	cmd.Flags().BoolVar(&o.dead, "dead", false, "list the dead letters of SQS")
	return cmd
}

func runJobsList(ctx context.Context, c console, o jobsListOptions) (err error) {
	var states []asset.State
	for _, n := range o.states {
		switch state := asset.State(n); state {
		case asset.Queued, asset.Running, asset.Ready, asset.Failed:
			states = append(states, state)
		default:
			return usageError{fmt.Errorf("--state is %q, not queued, running, ready or failed", n)}
		}
	}
	if o.most < 1 {
		return usageError{fmt.Errorf("--most is %d, less than 1", o.most)}
	}
	if o.dead {
		return o.listDead(ctx, c)
	}
	h, err := o.openThere(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	list, err := h.catalog.Jobs(ctx, o.most, states...)
	if err != nil {
		return err
	}
	if o.json {
		return printJSON(c, list...)
	}
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"Model", "Version", "State", "Stage", "%", "Tries", "Changed"})
	for _, v := range list {
		t.AppendRow(table.Row{nameOf(v.Ref()), v.Version, v.State, v.Stage, int(v.Percent), v.Attempts, when(v.Updated)})
	}
	_, err = fmt.Fprintln(c.out, t.Render())
	for _, v := range list {
		if v.Failure != nil {
			tellFailure(c, nameOf(v.Ref()), *v.Failure)
		}
	}
	return err
}

// nameOf is a model's name for people.
func nameOf(j asset.Job) string {
	if j.Merchant == asset.Merchant {
		return j.Model
	}
	return j.Merchant + "/" + j.Model
}

// A deadLetter is a message that SQS keeps apart, as told to programs.
type deadLetter struct {
	asset.Burial
	asset.Job
	Queue    string    `json:"queue"` // it lies in
	Lane     string    `json:"lane"`
	ID       string    `json:"id"`
	Receives int       `json:"receives"` // in its lane; 0 is unknown
	Sent     time.Time `json:"sent"`
	Body     string    `json:"body,omitempty"` // of a message that is no job
}

// name is the model's name for people.
func (l deadLetter) name() string {
	if l.Model == "" {
		return noJob
	}
	return nameOf(l.Job)
}

func (s *settings) letter(b cloud.BuriedJob) deadLetter {
	l := deadLetter{
		Burial: b.Burial, Job: b.Job, Lane: b.Lane, ID: b.ID, Receives: b.Receives, Sent: b.Sent,
		Queue: cloud.DeadName(strings.TrimPrefix(s.where.queue, "sqs://"), b.Lane),
	}
	if b.Job.Model == "" {
		l.Body = b.Body
	}
	return l
}

func (o *jobsListOptions) listDead(ctx context.Context, c console) (err error) {
	h, err := o.operator(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	if h.lanes == nil {
		return usageError{fmt.Errorf("--dead is about SQS, and --queue is %s; what is buried there is in plinth jobs list --state failed", o.where.queue)}
	}
	found, err := h.lanes.Buried(ctx, o.most)
	if err != nil {
		return err
	}
	var letters []deadLetter
	for _, b := range found {
		letters = append(letters, o.letter(b))
	}
	if o.json {
		return printJSON(c, letters...)
	}
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"Model", "Version", "Lane", "Receives", "Code", "Stage", "Sent"})
	for _, l := range letters {
		t.AppendRow(table.Row{l.name(), l.Version, l.Lane, l.Receives, l.Code, l.Stage, when(l.Sent)})
	}
	_, err = fmt.Fprintln(c.out, t.Render())
	for _, l := range letters {
		name := l.name()
		if name == noJob {
			name = l.ID
			_, _ = fmt.Fprintf(c.out, "%s: %s\n", name, beginning(l.Body))
		}
		if l.Reason != "" {
			tellFailure(c, name, l.Failure)
		}
	}
	return err
}
