package pipeline_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/local"
)

// fleet is a catalog whose jobs are done the moment they are sent, as well as outcome says.
type fleet struct {
	*testing.T
	catalog *local.Catalog
	store   *local.Store
	outcome func(j asset.Job) error // nil publishes
	sent    []asset.Job
	hold    bool // jobs are left lying
}

func newFleet(t *testing.T) *fleet {
	c, err := local.OpenCatalog(t.Context(), filepath.Join(t.TempDir(), "c.db"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := local.OpenStore(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(c.Close(), s.Close()); err != nil {
			t.Error(err)
		}
	})
	return &fleet{T: t, catalog: c, store: s, outcome: func(asset.Job) error { return nil }}
}

// errCrash is the end of the process that sends.
var errCrash = errors.New("killed")

func (f *fleet) send(ctx context.Context, j asset.Job) error {
	f.sent = append(f.sent, j)
	if f.hold {
		return nil
	}
	outcome := f.outcome(j)
	if errors.Is(outcome, errCrash) {
		return outcome
	}
	v, epoch, err := f.catalog.Claim(ctx, j, 0)
	if errors.Is(err, asset.ErrConflict) {
		return nil
	}
	if err == nil && outcome != nil {
		return f.catalog.Fail(ctx, j, epoch, asset.Failure{Code: "bad", Reason: outcome.Error(), Reproduce: "plinth convert " + j.Model})
	}
	if err == nil {
		err = f.catalog.Publish(ctx, j, epoch, asset.Manifest{Schema: 1, Model: j.Model, Version: j.Version, Recipe: v.Recipe, Findings: []asset.Finding{}})
	}
	return err
}

// upload has a model made by recipe r.
func (f *fleet) upload(model, source string, r pipeline.Recipe) asset.Version {
	f.Helper()
	v, err := f.catalog.Submit(f.Context(), asset.Version{
		Merchant: "m", Model: model, Version: pipeline.VersionOf(source, r, "m"), Source: source, Bytes: int64(100 * len(model)), Unit: "m",
		Recipe: asset.RecipeRef{Name: r.Name, Hash: r.Hash()},
	})
	if err == nil {
		err = f.store.Put(f.Context(), asset.SourceKey("m", source), strings.NewReader(source), int64(len(source)))
	}
	if errors.Is(err, asset.ErrConflict) {
		err = nil // it is there
	}
	if err == nil && (v.State == asset.Queued) {
		err = f.send(f.Context(), v.Ref())
	}
	if err != nil {
		f.Fatal(err)
	}
	return v
}

func (f *fleet) live(model string) string {
	f.Helper()
	m, err := f.catalog.Current(f.Context(), "m", model)
	if err != nil {
		f.Fatal(err)
	}
	return m.Version
}

func (f *fleet) plan(r pipeline.Recipe, filter pipeline.BatchFilter) pipeline.BatchPlan {
	f.Helper()
	filter.Merchants = []string{"m"}
	p, err := pipeline.PlanBatch(f.Context(), f.catalog, f.store, r, filter)
	if err != nil {
		f.Fatal(err)
	}
	return p
}

// run carries a plan out. Each run is as a process of its own: it knows what is on disk.
func (f *fleet) run(p pipeline.BatchPlan, journal string, change func(*pipeline.BatchRun)) (pipeline.BatchTally, error) {
	f.Helper()
	j, err := pipeline.OpenBatchJournal(journal, p)
	if err != nil {
		f.Fatal(err)
	}
	defer func() {
		if err := j.Close(); err != nil {
			f.Error(err)
		}
	}()
	b := &pipeline.BatchRun{
		Plan: p, Journal: j, Rate: 1e6, Concurrency: 8, Canary: 0.05, StopOn: 0.02, Every: time.Millisecond,
		Place: &pipeline.BatchCatalog{Catalog: f.catalog, Store: f.store, Recipe: p.Recipe, Send: f.send},
	}
	if change != nil {
		change(b)
	}
	return b.Run(f.Context())
}

func recipes() (old, now pipeline.Recipe) {
	old, now = pipeline.Default(), pipeline.Default()
	old.Pixels, old.Relaxed = 1.5, 3
	return old, now
}

func source(n int) string { return asset.Hash(fmt.Append(nil, n)) }

func TestABatchChangesWhatAnotherRecipeMade(t *testing.T) {
	f := newFleet(t)
	old, now := recipes()
	f.upload("old", source(1), old)
	f.upload("older-upload", source(2), old)
	f.upload("older-upload", source(3), old)
	f.upload("now", source(4), now)
	renamed := now
	renamed.Name = "by another name"
	f.upload("renamed", source(5), renamed)
	f.outcome = func(asset.Job) error { return errors.New("broken") }
	f.upload("failed", source(6), old)
	f.outcome = func(asset.Job) error { return nil }
	f.hold = true
	f.upload("waiting", source(7), old)
	f.hold = false
	// Someone went back to what was there before the upload.
	first := f.upload("restored", source(8), old)
	f.upload("restored", source(9), old)
	withdrawn := f.upload("withdrawn", source(10), old)
	f.upload("withdrawn", source(10), now)
	for _, v := range []asset.Version{first, withdrawn} {
		if err := f.catalog.Restore(t.Context(), v.Merchant, v.Model, v.Version); err != nil {
			t.Fatal(err)
		}
	}
	names := func(p pipeline.BatchPlan) (out []string) {
		for _, i := range p.Models {
			out = append(out, i.Name())
		}
		return out
	}
	p := f.plan(now, pipeline.BatchFilter{})
	if got := names(p); !slices.Equal(got, []string{"m/old", "m/older-upload", "m/restored"}) {
		t.Errorf("got %v", got)
	}
	if want := (pipeline.BatchLeft{Same: 2, Unfinished: 1, Failed: 1, Withdrawn: 1}); p.Left != want {
		t.Errorf("left are %+v, want %+v", p.Left, want)
	}
	if i := p.Models[1]; i.Source != source(3) || i.Version != pipeline.VersionOf(source(3), now, "m") || i.From.Hash != old.Hash() || p.Bytes != 100*(3+12+8) {
		t.Errorf("got %+v, %d bytes in all", i, p.Bytes)
	}
	if i := p.Models[2]; i.Source != source(8) || i.Previous != first.Version {
		t.Errorf("what is live is not what is made anew: %+v", i)
	}
	if got := names(f.plan(now, pipeline.BatchFilter{Failed: true, Models: []string{"f*", "old"}})); !slices.Equal(got, []string{"m/failed", "m/old"}) {
		t.Errorf("got %v", got)
	}
	if again := f.plan(now, pipeline.BatchFilter{}); again.ID != p.ID {
		t.Errorf("the same plan has the IDs %s and %s", p.ID, again.ID)
	}
	if _, err := pipeline.PlanBatch(t.Context(), f.catalog, f.store, now, pipeline.BatchFilter{Models: []string{"[a"}}); !errors.Is(err, asset.ErrInvalid) {
		t.Errorf("a pattern that can't be: %v", err)
	}
}

func (f *fleet) uploads(n int, r pipeline.Recipe) {
	for i := range n {
		f.upload(fmt.Sprintf("model-%03d", i), source(i), r)
	}
	f.sent = nil
}

func TestABatchThatIsKilledDoesTheRest(t *testing.T) {
	f := newFleet(t)
	old, now := recipes()
	f.uploads(20, old)
	p, journal := f.plan(now, pipeline.BatchFilter{}), filepath.Join(t.TempDir(), "j")
	f.outcome = func(asset.Job) error {
		if len(f.sent) == 8 {
			return errCrash // between catalog and queue
		}
		return nil
	}
	once := func(b *pipeline.BatchRun) { b.Place = impatient{b.Place} }
	if _, err := f.run(p, journal, once); !errors.Is(err, errCrash) {
		t.Fatalf("got %v", err)
	}
	if text, err := os.ReadFile(journal); err != nil {
		t.Fatal(err)
	} else if err := os.WriteFile(journal, append(text, `{"at": "half a li`...), 0o644); err != nil {
		t.Fatal(err)
	}
	tally, err := f.run(p, journal, once)
	if err != nil || tally.Ready != 20 || tally.Live != 20 {
		t.Fatalf("got %+v, %v", tally, err)
	}
	times := map[asset.Job]int{}
	for _, j := range f.sent {
		times[j]++
	}
	if len(f.sent) != 21 || len(times) != 20 || times[f.sent[7]] != 2 {
		t.Errorf("%d jobs of %d models were sent", len(f.sent), len(times))
	}
	f.sent = nil
	if tally, err = f.run(p, journal, nil); err != nil || tally.Ready != 20 || len(f.sent) != 0 {
		t.Errorf("a second run sent %d jobs: %+v, %v", len(f.sent), tally, err)
	}
	if p := f.plan(now, pipeline.BatchFilter{}); len(p.Models) != 0 || p.Left.Same != 20 {
		t.Errorf("a second plan has %d models; left are %+v", len(p.Models), p.Left)
	}
}

// impatient is a place whose errors end a run at once.
type impatient struct{ pipeline.BatchPlace }

func (p impatient) Begin(ctx context.Context, i pipeline.BatchItem) (pipeline.Standing, error) {
	s, err := p.BatchPlace.Begin(ctx, i)
	if err != nil {
		err = fmt.Errorf("%w: %w", asset.ErrInvalid, err)
	}
	return s, err
}

func TestABadCanaryEndsABatch(t *testing.T) {
	f := newFleet(t)
	old, now := recipes()
	f.uploads(20, old)
	p, journal := f.plan(now, pipeline.BatchFilter{}), filepath.Join(t.TempDir(), "j")
	f.outcome = func(asset.Job) error { return errors.New("the recipe is bad") }
	tally, err := f.run(p, journal, func(b *pipeline.BatchRun) { b.Canary, b.Concurrency = 0.2, 2 })
	if !errors.Is(err, pipeline.ErrTooManyFailed) || tally.Failed != 2 || tally.Left != 18 {
		t.Fatalf("got %+v, %v", tally, err)
	}
	if h, err := pipeline.ReadBatchHistory(journal, p); err != nil || len(h.Failures) != 2 || h.Failures[f.sent[0].Merchant+"/"+f.sent[0].Model].Reason != "the recipe is bad" {
		t.Errorf("the journal has %+v, %v", h.Failures, err)
	}
	if again, err := f.run(p, journal, nil); !errors.Is(err, pipeline.ErrTooManyFailed) || again.Failed != 2 {
		t.Errorf("started again it goes on: %+v, %v", again, err)
	}
	f.outcome = func(asset.Job) error { return nil }
	if tally, err = f.run(p, journal, func(b *pipeline.BatchRun) { b.StopOn = 1 }); err != nil || tally.Failed != 2 || tally.Ready != 18 {
		t.Errorf("got %+v, %v", tally, err)
	}
}

func TestNothingBeginsBeforeTheCanaryHasEnded(t *testing.T) {
	f := newFleet(t)
	old, now := recipes()
	f.uploads(20, old)
	f.hold = true
	released := 0
	tally, err := f.run(f.plan(now, pipeline.BatchFilter{}), filepath.Join(t.TempDir(), "j"), func(b *pipeline.BatchRun) {
		b.Canary = 0.2
		b.Progress = func(got pipeline.BatchTally) {
			if got.Ready < 4 && got.Left < 16 {
				t.Errorf("too many began: %+v", got)
			}
			if got.Queued > 8 {
				t.Errorf("more than 8 at a time: %+v", got)
			}
			if got.Queued > 0 && (got.Queued == 4 || got.Queued == 8 || got.Left == 0) {
				f.hold = false
				for ; released < len(f.sent); released++ {
					if err := f.send(t.Context(), f.sent[released]); err != nil {
						t.Error(err)
					}
					f.sent = f.sent[:len(f.sent)-1]
				}
				f.hold = true
			}
		}
	})
	if err != nil || tally.Ready != 20 {
		t.Errorf("got %+v, %v", tally, err)
	}
}

func TestWhatCameAfterThePlanIsLeftAlone(t *testing.T) {
	f := newFleet(t)
	old, now := recipes()
	f.uploads(3, old)
	p := f.plan(now, pipeline.BatchFilter{})
	newer := f.upload("model-001", source(99), old)
	tally, err := f.run(p, filepath.Join(t.TempDir(), "j"), nil)
	if err != nil || tally.Ready != 2 || tally.Overtaken != 1 || f.live("model-001") != newer.Version {
		t.Errorf("got %+v, %v", tally, err)
	}
}

func TestARollbackRestoresWhatWasLive(t *testing.T) {
	f := newFleet(t)
	old, now := recipes()
	f.uploads(4, old)
	p := f.plan(now, pipeline.BatchFilter{})
	c := &pipeline.BatchCatalog{Catalog: f.catalog, Store: f.store, Recipe: now, Send: f.send}
	f.outcome = func(j asset.Job) error {
		f.hold = len(f.sent) == 3 // and then one waits, one is left
		return nil
	}
	for _, i := range p.Models[:3] {
		f.hold = i.Model == "model-002"
		if _, err := c.Begin(t.Context(), i); err != nil {
			t.Fatal(err)
		}
	}
	newer := f.upload("model-001", source(99), old) // waits too, for f holds
	for round := range 2 {
		var did []string
		for _, i := range p.Models {
			ok, err := c.RollBack(t.Context(), i)
			if err != nil {
				t.Fatal(err)
			}
			if ok {
				did = append(did, i.Model)
			}
		}
		if want := []string{"model-000", "model-001", "model-002"}[2*round:]; !slices.Equal(did, want) {
			t.Errorf("round %d restores %v, want %v", round, did, want)
		}
	}
	f.hold = false
	for _, j := range []asset.Job{{Merchant: "m", Model: "model-002", Version: p.Models[2].Version}, newer.Ref()} {
		if err := f.send(t.Context(), j); err != nil {
			t.Fatal(err)
		}
	}
	for _, i := range p.Models {
		want := i.Previous
		if i.Model == "model-001" {
			want = newer.Version
		}
		if got := f.live(i.Model); got != want {
			t.Errorf("%s: %s is live, not %s", i.Model, got, want)
		}
	}
}

func TestAPlanIsNotChangedByHand(t *testing.T) {
	f := newFleet(t)
	old, now := recipes()
	f.uploads(2, old)
	p := f.plan(now, pipeline.BatchFilter{})
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	if back, err := pipeline.ParseBatchPlan(text); err != nil || back.Check() != nil || back.ID != p.ID {
		t.Errorf("got %v", err)
	}
	for _, bad := range []string{strings.Replace(string(text), "model-001", "model-002", 1), "{}", "[", string(text[:len(text)/2])} {
		if _, err := pipeline.ParseBatchPlan([]byte(bad)); !errors.Is(err, asset.ErrInvalid) {
			t.Errorf("%.40s: %v", bad, err)
		}
	}
	journal := filepath.Join(t.TempDir(), "j")
	first, err := pipeline.OpenBatchJournal(journal, p)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pipeline.OpenBatchJournal(journal, p); !errors.Is(err, asset.ErrConflict) {
		t.Errorf("two processes at once: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := pipeline.OpenBatchJournal(journal, f.plan(old, pipeline.BatchFilter{})); !errors.Is(err, asset.ErrInvalid) {
		t.Errorf("the journal of another plan: %v", err)
	}
}

func TestWhenTooManyFailed(t *testing.T) {
	for _, c := range []struct {
		failed, ready, n int
		share            float64
		want             bool
	}{
		{1, 1, 100, 0.02, false},
		{2, 1, 100, 0.02, true},
		{2, 0, 100, 0.1, false},
		{6, 0, 100, 0.1, true},
		{2, 98, 100, 0.02, false},
		{3, 97, 100, 0.02, true},
		{1, 10, 100, 0, true},
		{5, 0, 5, 0.1, true},
		{1, 4, 5, 0.1, false},
		{0, 0, 0, 0, false},
		{50, 50, 100, 1, false},
	} {
		if got := (pipeline.BatchTally{Failed: c.failed, Ready: c.ready}).Stops(c.share, c.n); got != c.want {
			t.Errorf("%+v: got %v", c, got)
		}
	}
}

func TestAnEstimateComesFromModelsThatWereMade(t *testing.T) {
	files := map[string][]byte{}
	p := pipeline.BatchPlan{Recipe: pipeline.Default()}
	for _, name := range []string{"rack", "lamp", "fern"} {
		src, err := os.ReadFile("../testdata/models/" + name + ".glb")
		if err != nil {
			t.Fatal(err)
		}
		files[name] = src
		p.Models = append(p.Models, pipeline.BatchItem{Model: name, Bytes: int64(len(src)), Unit: "m"})
	}
	p.Models = append(p.Models, pipeline.BatchItem{Model: "broken", Bytes: 90_000, Unit: "m"})
	p.Seal()
	var clock time.Duration
	var loaded []string
	e, err := pipeline.BatchSample{
		Models: 2,
		Load: func(_ context.Context, i pipeline.BatchItem) ([]byte, error) {
			loaded = append(loaded, i.Model)
			return files[i.Model], nil
		},
		CPU: func() time.Duration { clock += time.Second; return clock },
	}.Estimate(t.Context(), p)
	if err != nil || !slices.Equal(loaded, []string{"lamp", "broken"}) || e.Sampled != 2 || e.Refused != 1 {
		t.Fatalf("made %v: %+v, %v", loaded, e, err)
	}
	sampled := float64(len(files["lamp"]) + 90_000)
	if want := 2 / sampled * float64(p.Bytes); e.CPUSeconds != want || !(e.Low < want && want < e.High) || e.Files < 2 || e.OutBytes == 0 {
		t.Errorf("got %+v, want %g CPU seconds", e, want)
	}
	e.On(2)
	if e.Minutes != e.CPUSeconds/120 {
		t.Errorf("got %g minutes", e.Minutes)
	}
}
