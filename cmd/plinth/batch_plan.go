package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
)

type batchPlanOptions struct {
	settings
	in, out, plan      string
	filter             pipeline.BatchFilter
	sample, processors int
	prices             string
	onDemand, json     bool
}

func newBatchPlan(c console) *cobra.Command {
	var o batchPlanOptions
	cmd := &cobra.Command{
		Use:   "plan [FOLDER -o OUT]",
		Short: "Look which models a recipe would change, and what that takes",
		Long: `Plan looks which models of a catalog are live as another recipe, or an older program,
made them, and writes them to a file. Nothing else is changed. With FOLDER it looks at
the models in there and at what "plinth convert" or a batch has written to OUT.

Models whose newest upload waits or is being made are left out; those whose newest upload
failed are too, unless --failed; those refused on arrival wait for another upload. What was rolled back after this recipe made it stays so,
unless --rolled-back: then a run makes it live again, without making it anew.

What it takes is concluded from a --sample of the models, small and large ones, that is
really made here, and then thrown away: CPU seconds for each byte of source. The range
is what it would be if all were as quick, or slow, as one of these. Dollars are those of
Fargate tasks, SQS, S3, DynamoDB and logs, if a processor there is as fast as one here.

The same catalog and recipe give the same plan, but for the estimate.`,
		Example: `  plinth batch plan --data /var/lib/plinth --recipe recipe.json
  plinth batch plan models/ -o out
  plinth batch plan --catalog dynamodb://plinth --store s3://plinth-derived --merchant acme --model 'chair-*' --processors 16`,
		Args: args(0, 1, "at most one folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.in = args[0]
			}
			return runBatchPlan(cmd.Context(), c, o)
		},
	}
	o.addData(cmd)
	o.recipe.add(cmd)
	f := cmd.Flags()
	f.StringVarP(&o.out, "out", "o", "", "folder that the files of FOLDER are made to")
	f.StringVar(&o.plan, "plan", "", "file to write the plan to; empty is plan-ID.json")
	f.StringSliceVar(&o.filter.Merchants, "merchant", []string{asset.Merchant}, "whose models; * is everybody's")
	f.StringSliceVar(&o.filter.Models, "model", nil, "only models of these names, which may have *, ? and [a-z]")
	f.BoolVar(&o.filter.Failed, "failed", false, "also models whose newest upload failed")
	f.BoolVar(&o.filter.Withdrawn, "rolled-back", false, "also models that this recipe made and that were rolled back then")
	f.IntVar(&o.sample, "sample", 3, "models to make to see how long it takes; 0 is none")
	f.IntVar(&o.processors, "processors", runtime.NumCPU(), "processors that will be at work, for the estimate")
	f.StringVar(&o.prices, "prices", "", "file with what AWS asks, in the form of the built-in list; empty is that")
	f.BoolVar(&o.onDemand, "on-demand", false, "the price of tasks that aren't Spot")
	f.BoolVar(&o.json, "json", false, "print the plan as JSON instead of the table")
	return cmd
}

func runBatchPlan(ctx context.Context, c console, o batchPlanOptions) error {
	switch {
	case (o.in == "") != (o.out == ""):
		return usageError{errors.New("batch plan needs FOLDER and -o OUT together, or neither")}
	case o.sample < 0 || o.processors < 1:
		return usageError{fmt.Errorf("--sample is %d and --processors %d; they are at least 0 and 1", o.sample, o.processors)}
	}
	p, err := o.make(ctx, c)
	if err != nil {
		return err
	}
	if p.Estimate != nil {
		p.Estimate.On(o.processors)
		if p.Estimate.Dollars, err = o.dollars(p); err != nil {
			return err
		}
	}
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	if o.plan == "" {
		o.plan = "plan-" + p.ID + ".json"
	}
	if o.in != "" || o.filter.Withdrawn {
		if err := pipeline.RetireBatchJournal(journalOf(o.plan), p); err != nil {
			return err
		}
	}
	if err := writeWhole(o.plan, append(text, '\n')); err != nil {
		return fmt.Errorf("write the plan: %w", err)
	}
	if o.json {
		_, err := c.out.Write(append(text, '\n'))
		return err
	}
	return o.print(c, p)
}

// make makes the plan, with an estimate if one is wanted.
func (o *batchPlanOptions) make(ctx context.Context, c console) (p pipeline.BatchPlan, err error) {
	load := func(_ context.Context, i pipeline.BatchItem) ([]byte, error) {
		return newBatchFolder(p, "", 1).load(i)
	}
	if o.in != "" {
		if p, err = planFolder(ctx, o); err != nil {
			return p, err
		}
	} else {
		h, err := o.openThere(ctx, c)
		if err != nil {
			return p, err
		}
		defer func() { err = errors.Join(err, h.close()) }()
		r, err := h.serverRecipe()
		if err != nil {
			return p, err
		}
		if p, err = planCatalog(ctx, h, r, o.filter); err != nil {
			return p, err
		}
		load = func(ctx context.Context, i pipeline.BatchItem) ([]byte, error) {
			return pipeline.LoadSource(ctx, h.store, i.Merchant, i.Source, r.Limits.Bytes)
		}
	}
	if o.sample == 0 || len(p.Models) == 0 {
		return p, nil
	}
	e, err := pipeline.BatchSample{Models: o.sample, Load: load}.Estimate(ctx, p)
	p.Estimate = &e
	return p, err
}

func planCatalog(ctx context.Context, h *home, r pipeline.Recipe, f pipeline.BatchFilter) (pipeline.BatchPlan, error) {
	if slices.Contains(f.Merchants, "*") {
		var err error
		if f.Merchants, err = h.catalog.Merchants(ctx); err != nil {
			return pipeline.BatchPlan{}, err
		}
	}
	p, err := pipeline.PlanBatch(ctx, h.catalog, h.store, r, f)
	if err != nil {
		return p, err
	}
	if p.Catalog = h.where.catalog; h.records != nil {
		p.Data, err = h.dataFolder()
	}
	p.Seal()
	return p, err
}

func (o *batchPlanOptions) print(c console, p pipeline.BatchPlan) error {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"Made by", "Models", "Bytes"})
	type sum struct {
		models int
		bytes  int64
	}
	sums := map[asset.RecipeRef]*sum{}
	var order []asset.RecipeRef
	for _, i := range p.Models {
		if sums[i.From] == nil {
			sums[i.From] = &sum{}
			order = append(order, i.From)
		}
		sums[i.From].models++
		sums[i.From].bytes += i.Bytes
	}
	for _, from := range order {
		name := fmt.Sprintf("%s %.8s", from.Name, from.Hash)
		if from.Hash == "" {
			name = "nothing yet"
		}
		t.AppendRow(table.Row{name, sums[from].models, sums[from].bytes})
	}
	t.AppendFooter(table.Row{"All", len(p.Models), p.Bytes})
	_, err := fmt.Fprintf(c.out, "%s\nTo be made by %s %.8s. Left out: %d are made by it, %d are unfinished, %d failed, %d were refused on arrival, %d were rolled back.\n%s",
		t.Render(), p.Recipe.Name, p.Hash, p.Left.Same, p.Left.Unfinished, p.Left.Failed, p.Left.Refused, p.Left.Withdrawn, estimated(p.Estimate))
	if err == nil && p.Left.Withdrawn > 0 {
		_, err = fmt.Fprintln(c.out, "With --rolled-back those that were rolled back are taken too, and made live again.")
	}
	if err == nil && len(p.Models) > 0 {
		_, err = fmt.Fprintf(c.out, "To do it: %s\n", o.toRun(p))
	}
	return err
}

// toRun is the command that carries the plan out.
func (o *batchPlanOptions) toRun(p pipeline.BatchPlan) string {
	words := []string{"plinth", "batch", "run", o.plan}
	if p.In != "" {
		return command(words...)
	}
	line := command(append(words, o.backendFlags()...)...)
	if _, set := os.LookupEnv(variable("queue")); p.Catalog != "local" && !set {
		line += " --queue sqs://NAME"
	}
	return line
}

// estimated is an estimate in words.
func estimated(e *pipeline.BatchEstimate) string {
	if e == nil || e.Sampled == 0 {
		return ""
	}
	spread := fmt.Sprintf("%.3g to %.3g", e.Low, e.High)
	if e.Sampled == 1 {
		spread = "a range takes a larger --sample"
	}
	out := fmt.Sprintf("It takes about %.3g CPU seconds (%s), %.2g minutes of %d processors, and makes %d files of %d bytes, by a sample of %d models with %d bytes",
		e.CPUSeconds, spread, e.Minutes, e.Processors, e.Files, e.OutBytes, e.Sampled, e.SampledBytes)
	if e.Refused > 0 {
		out += fmt.Sprintf(", of which %d can't be made", e.Refused)
	}
	if e.Dollars != nil {
		out += fmt.Sprintf("; on AWS it costs about %.3g dollars", *e.Dollars)
	}
	return out + ".\n"
}
