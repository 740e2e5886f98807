package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/plinth3d/plinth/pipeline"
)

func newBatch(c console) *cobra.Command {
	cmd := group("batch", "Make a catalog or a folder of models anew by another recipe", newBatchPlan(c), newBatchRun(c), newBatchStatus(c), newBatchRollback(c))
	cmd.Long = `Batch makes many models anew: those of a catalog, local or on AWS, or of a folder of files.

"plan" looks which models a recipe would change and writes that to a file. "run" carries
the plan out, a share of it first as a canary, and goes on where it was when it is
started again. "status" tells how it stands, "rollback" makes what was live before the
plan live again.`
	return cmd
}

// openBatch opens what a plan is for. close gives it back.
func openBatch(ctx context.Context, c console, s settings, p pipeline.BatchPlan, file string) (place batchPlace, closing func() error, err error) {
	if p.In != "" {
		return newBatchFolder(p, file, 1), func() error { return nil }, nil
	}
	h, err := s.openFor(ctx, c, p)
	if err != nil {
		return nil, nil, err
	}
	return &pipeline.BatchCatalog{Catalog: h.catalog, Store: h.store, Recipe: p.Recipe}, h.close, nil
}

// openFor opens the catalog that a plan is for, and the store.
func (s *settings) openFor(ctx context.Context, c console, p pipeline.BatchPlan) (*home, error) {
	if err := s.isFor(p); err != nil {
		return nil, err
	}
	return s.openThere(ctx, c)
}

// batchPlace is where a plan is carried out and can be undone.
type batchPlace interface {
	pipeline.BatchPlace
	RollBack(context.Context, pipeline.BatchItem) (bool, error)
}

// readPlan reads the plan in a file.
func readPlan(file string) (pipeline.BatchPlan, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return pipeline.BatchPlan{}, fmt.Errorf("read the plan: %w", err)
	}
	p, err := pipeline.ParseBatchPlan(text)
	if err != nil {
		return p, fmt.Errorf("%s: %w", file, err)
	}
	return p, nil
}

// journalOf is where the journal of a plan is.
func journalOf(plan string) string { return plan + ".journal" }

// withJournal runs do with the journal of a plan, which nobody else writes meanwhile.
func withJournal(file string, p pipeline.BatchPlan, do func(*pipeline.BatchJournal) error) (err error) {
	j, err := pipeline.OpenBatchJournal(journalOf(file), p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	return do(j)
}

// share is a part of something as a flag: 5% or 0.05.
type share float64

func (s *share) String() string { return strconv.FormatFloat(100*float64(*s), 'g', -1, 64) + "%" }

func (s *share) Type() string { return "share" }

func (s *share) Set(text string) error {
	number, percent := strings.CutSuffix(text, "%")
	x, err := strconv.ParseFloat(number, 64)
	if percent {
		x /= 100
	}
	if err != nil || !(x >= 0 && x <= 1) {
		return fmt.Errorf("%q is no share; write 5%% or 0.05", text)
	}
	*s = share(x)
	return nil
}
