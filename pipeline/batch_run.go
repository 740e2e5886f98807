package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// A BatchPlace is where a plan is carried out: a catalog, or a folder.
type BatchPlace interface {
	// Survey tells how all items stand, in the order of the plan.
	Survey(ctx context.Context, p BatchPlan) ([]Standing, error)

	// Begin has an item made and says how it stands then: queued, running or, if
	// nothing was left to do, at its end. To begin twice does no harm.
	Begin(ctx context.Context, i BatchItem) (Standing, error)

	// Look tells how an item stands that was begun.
	Look(ctx context.Context, i BatchItem) (Standing, error)
}

// A BatchRun carries a plan out. Its fields are set once, before Run.
type BatchRun struct {
	Plan        BatchPlan
	Place       BatchPlace
	Journal     *BatchJournal
	Rate        float64       // items that begin in a second, at most
	Concurrency int           // items that have begun and not ended, at most
	Canary      float64       // share of the items that end before others begin
	StopOn      float64       // share that may fail, see BatchTally.Stops
	Every       time.Duration // items that have begun are looked at so often
	Retry       bool          // items that failed, or seemed overtaken, begin again

	Progress func(BatchTally) // told when something ended; nil is nobody

	all    []Standing
	flying []int // items that have begun and not ended
	next   time.Time
	looked time.Time
}

// ErrTooManyFailed says that a run was stopped because of its failures.
var ErrTooManyFailed = fmt.Errorf("%w: too many models failed", asset.ErrInvalid)

// ErrRolledBack says that a plan was carried out and undone.
var ErrRolledBack = fmt.Errorf("%w: this plan was rolled back; to go forward plan again with --rolled-back, which takes what was rolled back too", asset.ErrInvalid)

// Run makes what is left to be made, and returns when all has ended, when too many failed
// (ErrTooManyFailed) or when ctx is done. What has begun goes on after that, where others
// do the work; the same run, made again, does the rest.
func (b *BatchRun) Run(ctx context.Context) (BatchTally, error) {
	if b.Journal.RolledBack {
		return BatchTally{}, ErrRolledBack
	}
	var err error
	if b.all, err = b.Place.Survey(ctx, b.Plan); err != nil {
		return BatchTally{}, err
	}
	AddHistory(b.all, b.Plan, b.Journal.BatchHistory)
	for k := range b.all {
		if s := b.all[k].State; b.Retry && (s == BatchFailed || s == BatchOvertaken) {
			b.all[k] = Standing{State: BatchLeftOver}
		}
	}
	order := b.Plan.order()
	first := canaries(b.Canary, len(order))
	b.next = time.Now()
	if err = b.phase(ctx, order[:first]); err == nil {
		err = b.phase(ctx, order[first:])
	}
	return Tally(b.all), err
}

// AddHistory adds to what a place tells of a plan's items what only its journal knows:
// failures of a folder, where nothing is written then, files in it that have changed, and
// failures of a catalog, and what was rolled back in it, that were there before the plan.
func AddHistory(all []Standing, p BatchPlan, h BatchHistory) {
	for k, i := range p.Models {
		failure, failed := h.Failures[i.Name()]
		switch {
		case all[k].State == BatchLeftOver && failed:
			all[k] = Standing{State: BatchFailed, Failure: &failure}
		case all[k].State == BatchLeftOver && h.Overtaken[i.Name()]:
			all[k] = Standing{State: BatchOvertaken}
		case (all[k].State == BatchFailed || i.Again && all[k].State == BatchReady && !all[k].Live) && !h.Sent[i.Name()]:
			all[k] = Standing{State: BatchLeftOver}
		}
	}
}

// phase makes some of the items.
func (b *BatchRun) phase(ctx context.Context, items []int) error {
	var todo []int
	b.flying = nil
	for _, k := range items {
		switch s := b.all[k]; {
		case s.State == BatchLeftOver, s.State == BatchQueued && !b.Journal.Sent[b.Plan.Models[k].Name()]:
			todo = append(todo, k)
		case !s.ended():
			b.flying = append(b.flying, k)
		}
	}
	for {
		b.tell()
		now := time.Now()
		switch t := Tally(b.all); {
		case ctx.Err() != nil:
			return ctx.Err()
		case t.Stops(b.StopOn, len(items)):
			return fmt.Errorf("%w: %d of %d that ended", ErrTooManyFailed, t.Failed, t.Ready+t.Failed)
		case len(todo)+len(b.flying) == 0:
			return nil
		}
		begins := len(todo) > 0 && len(b.flying) < b.Concurrency
		switch look := b.looked.Add(b.Every); {
		case len(b.flying) > 0 && !look.After(now):
			if err := b.look(ctx); err != nil {
				return err
			}
		case begins && !b.next.After(now):
			if err := b.begin(ctx, todo[0]); err != nil {
				return err
			}
			todo = todo[1:]
		case begins && (b.next.Before(look) || len(b.flying) == 0):
			pause(ctx, b.next.Sub(now))
		default:
			pause(ctx, look.Sub(now))
		}
	}
}

// begin begins an item. It is in the journal afterwards: should this process end in
// between, the item begins twice, which does no harm.
func (b *BatchRun) begin(ctx context.Context, k int) error {
	b.next = later(b.next.Add(time.Duration(float64(time.Second)/b.Rate)), time.Now().Add(-time.Second))
	item := b.Plan.Models[k]
	var s Standing
	err := b.insist(ctx, func() (err error) {
		s, err = b.Place.Begin(ctx, item)
		return err
	})
	if err != nil {
		return fmt.Errorf("begin %s: %w", item.Name(), err)
	}
	if s.State == BatchOvertaken {
		return b.stands(k, s)
	}
	if err := b.Journal.write(journalLine{What: journalSent, Item: item.Name()}); err != nil {
		return err
	}
	return b.stands(k, s)
}

// look looks at what has begun.
func (b *BatchRun) look(ctx context.Context) error {
	begun := b.flying
	b.flying = nil
	for n, k := range begun {
		var s Standing
		err := b.insist(ctx, func() (err error) {
			s, err = b.Place.Look(ctx, b.Plan.Models[k])
			return err
		})
		if err != nil {
			b.flying = append(b.flying, begun[n:]...)
			return fmt.Errorf("look at %s: %w", b.Plan.Models[k].Name(), err)
		}
		if err := b.stands(k, s); err != nil {
			return err
		}
	}
	b.looked = time.Now()
	return nil
}

// stands notes how an item stands that has begun.
func (b *BatchRun) stands(k int, s Standing) error {
	b.all[k] = s
	item := b.Plan.Models[k].Name()
	switch s.State {
	case BatchReady:
		return b.Journal.write(journalLine{What: journalReady, Item: item})
	case BatchFailed:
		return b.Journal.write(journalLine{What: journalFailed, Item: item, Failure: s.Failure})
	case BatchOvertaken:
		return b.Journal.write(journalLine{What: journalOvertaken, Item: item})
	}
	b.flying = append(b.flying, k)
	return nil
}

func (b *BatchRun) tell() {
	if b.Progress != nil {
		b.Progress(Tally(b.all))
	}
}

// pauses are those before a backend that doesn't answer is asked again: a run takes hours,
// and that is no reason to end it.
var pauses = [...]time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second}

// insist does what may fail for a while.
func (b *BatchRun) insist(ctx context.Context, do func() error) error {
	err := do()
	for _, p := range pauses {
		if err == nil || ctx.Err() != nil || slices.ContainsFunc([]error{asset.ErrInvalid, asset.ErrNotFound, asset.ErrConflict}, func(kind error) bool { return errors.Is(err, kind) }) {
			return err
		}
		pause(ctx, p)
		err = do()
	}
	return err
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
