package pipeline_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
)

// rollBack undoes a plan.
func (f *fleet) rollBack(p pipeline.BatchPlan, journal string) {
	f.Helper()
	j, err := pipeline.OpenBatchJournal(journal, p)
	if err == nil {
		err = j.RollBack()
	}
	if err != nil {
		f.Fatal(err)
	}
	place := &pipeline.BatchCatalog{Catalog: f.catalog, Store: f.store, Recipe: p.Recipe}
	for _, i := range p.Models {
		if did, err := place.RollBack(context.Background(), i); err != nil || !did {
			f.Fatalf("%s: %v, %v", i.Name(), did, err)
		}
	}
	if err := j.Close(); err != nil {
		f.Fatal(err)
	}
}

func TestWhatWasRolledBackIsMadeLiveAgain(t *testing.T) {
	f := newFleet(t)
	old, now := recipes()
	f.uploads(4, old)
	before := f.live("model-000")
	p, dir := f.plan(now, pipeline.BatchFilter{}), t.TempDir()
	if tally, err := f.run(p, filepath.Join(dir, "first"), nil); err != nil || tally.Live != 4 {
		t.Fatalf("got %+v, %v", tally, err)
	}
	made := f.live("model-000")
	f.rollBack(p, filepath.Join(dir, "first"))
	if _, err := f.run(p, filepath.Join(dir, "first"), nil); !errors.Is(err, pipeline.ErrRolledBack) || f.live("model-000") != before {
		t.Errorf("the same plan again: %v", err)
	}
	if p := f.plan(now, pipeline.BatchFilter{}); len(p.Models) != 0 || p.Left.Withdrawn != 4 {
		t.Errorf("a plan takes what was rolled back unasked: %+v", p)
	}

	f.sent = nil
	forward, journal := f.plan(now, pipeline.BatchFilter{Withdrawn: true}), filepath.Join(dir, "forward")
	if len(forward.Models) != 4 || !forward.Models[0].Again || forward.ID == p.ID {
		t.Fatalf("the plan is %+v", forward)
	}
	for range 2 { // the second time there is nothing to do
		tally, err := f.run(forward, journal, nil)
		if err != nil || tally.Ready != 4 || tally.Live != 4 || f.live("model-000") != made || len(f.sent) != 0 {
			t.Fatalf("got %+v, %v, %d jobs", tally, err, len(f.sent))
		}
	}
	// Someone goes back by hand: the plan, started again, leaves that alone.
	if err := f.catalog.Restore(t.Context(), "m", "model-000", before); err != nil {
		t.Fatal(err)
	}
	if tally, err := f.run(forward, journal, nil); err != nil || tally.Live != 3 || f.live("model-000") != before {
		t.Errorf("got %+v, %v", tally, err)
	}
	if err := f.catalog.Restore(t.Context(), "m", "model-000", made); err != nil {
		t.Fatal(err)
	}

	// Back and forward once more, by a plan of the same content.
	f.rollBack(forward, journal)
	if again := f.plan(now, pipeline.BatchFilter{Withdrawn: true}); again.ID != forward.ID {
		t.Errorf("the plan is another one: %s, %s", again.ID, forward.ID)
	}
	if err := pipeline.RetireBatchJournal(journal, forward); err != nil {
		t.Fatal(err)
	}
	if tally, err := f.run(forward, journal, nil); err != nil || tally.Live != 4 {
		t.Errorf("got %+v, %v", tally, err)
	}
}

func TestAJournalThatIsGoodIsNotRetired(t *testing.T) {
	f := newFleet(t)
	old, now := recipes()
	f.uploads(2, old)
	p, journal := f.plan(now, pipeline.BatchFilter{}), filepath.Join(t.TempDir(), "j")
	f.outcome = func(asset.Job) error { return errors.New("broken") }
	if _, err := f.run(p, journal, func(b *pipeline.BatchRun) { b.StopOn = 1 }); err != nil {
		t.Fatal(err)
	}
	if err := pipeline.RetireBatchJournal(journal, p); err != nil {
		t.Fatal(err)
	}
	if h, err := pipeline.ReadBatchHistory(journal, p); err != nil || len(h.Failures) != 2 {
		t.Errorf("the journal has %+v, %v", h, err)
	}
}

func TestAPaceIsOfTheLastMinutes(t *testing.T) {
	now := time.Unix(1e9, 0)
	ends := []time.Time{now.Add(-20 * time.Second), now.Add(-10 * time.Second), now}
	if got := pipeline.Rate(ends, now); got != 0.1 {
		t.Errorf("got %g in a second, want 0.1", got)
	}
	if got := pipeline.Rate(ends, now.Add(10*time.Minute)); got != 0 {
		t.Errorf("long after the last end it is still %g in a second", got)
	}
}
