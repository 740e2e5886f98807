package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// A Worker takes jobs, makes their levels and publishes them. Its fields are set
// once, before Run.
type Worker struct {
	Store   asset.Store
	Queue   asset.Queue
	Catalog asset.Catalog
	Slots   int           // jobs at a time; 0 is one
	Grace   time.Duration // to finish jobs after the end of Run's context; 0 is none
	Limit   time.Duration // for making levels, in one attempt; 0 is none. A job that takes longer is buried
	Log     *slog.Logger

	// Memory is what the process may take, in bytes; 0 is no bound. Jobs wait until there is room
	// for what they are estimated to take, in the order in which they came. One that needs
	// more than all of it is refused. See LimitMemory.
	Memory int64

	// MostMemory is what the largest of all workers has, in bytes, where that is more than Memory:
	// a job that needs no more is left to that one.
	MostMemory int64

	// Tell is the least time between two calls of Catalog.Progress that only tell how far a
	// job is; 0 is 250 ms. A claim is renewed every third of a lease in any case.
	Tell time.Duration

	// Checkpoint is how much time of work may be lost when a worker is killed, beside what was
	// under way: after as much, what is finished is put in the store. 0 is 10 s: most jobs
	// end before and cost nothing. Less keeps nothing.
	Checkpoint time.Duration

	// Report is told of each attempt once it has ended, from several goroutines. It may be nil.
	Report func(Attempt)

	// Price says what an attempt cost, in dollars, for the log. It may be nil.
	Price func(Attempt) float64

	// Reproduce gives a command that shows a failure with that code again. It may be nil.
	Reproduce func(v asset.Version, code string) string

	process func(context.Context, Processor, []byte, Recipe) (*Result, error) // for tests; nil is Process
	meter   *Meter
	budget  *budget
	keeper  Keeper
	program program
	busy    atomic.Int64 // jobs at hand
	stuck   atomic.Int64 // slots whose work goes on long after its end
	inUse   atomic.Int64 // bytes of memory that jobs hold by their estimates
}

// Stuck is how many slots are taken by work that was told to end minutes ago and doesn't: only a
// new process has them again.
func (w *Worker) Stuck() int { return int(w.stuck.Load()) }

// Busy is how many jobs are at hand, and the bytes of memory that they may take.
func (w *Worker) Busy() (jobs int, memory int64) { return int(w.busy.Load()), w.inUse.Load() }

// maxAttempts is how often a job is tried before it is buried. A job that kills its
// worker counts too: attempts are counted when they begin.
const maxAttempts = 5

// Run works until ctx is done, then drains: it takes no more jobs, puts those that wait for
// memory back in line, lets those at work finish for Grace and puts the rest back. It returns nil
// then, within a few seconds of the grace, even if some computation doesn't look up so
// soon: what that makes is thrown away.
func (w *Worker) Run(ctx context.Context) error {
	w.meter, w.budget = NewMeter(), newBudget(w.Memory)
	// What is at hand goes on past the end of ctx, until the grace is over.
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	defer context.AfterFunc(ctx, func() {
		if w.Grace > 0 {
			time.AfterFunc(w.Grace, stop)
		} else {
			stop()
		}
	})()
	errs := make([]error, max(w.Slots, 1))
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { errs[i] = w.slot(ctx, working) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// slot does one job after the other.
func (w *Worker) slot(ctx, working context.Context) error {
	for ctx.Err() == nil {
		l, err := w.Queue.Lease(ctx)
		switch {
		case ctx.Err() != nil:
			if err == nil {
				return w.release(ctx, l)
			}
			return nil
		case err != nil:
			w.Log.Error("lease", "err", err)
			select { // a queue that doesn't answer is asked again, calmly
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		default:
			w.do(ctx, working, l)
		}
	}
	return nil
}

// release lets a job go that came when no more are taken.
func (w *Worker) release(ctx context.Context, l asset.Lease) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settling)
	defer cancel()
	return asset.Postpone(ctx, l, 0)
}

// maxRecipe bounds a recipe's JSON.
const maxRecipe = 1 << 20

// StoreRecipe keeps a recipe where workers find it: a job is done by the recipe it
// was sent with, whatever its worker was started with.
func StoreRecipe(ctx context.Context, s asset.Store, r Recipe) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	err = s.Put(ctx, asset.RecipeKey(r.Hash()), bytes.NewReader(text), int64(len(text)))
	if errors.Is(err, asset.ErrConflict) {
		return nil
	}
	return err
}

// Resume sends all unfinished versions to the queue again: what a process that was
// killed between its catalog and its queue left behind. Those that are in the
// queue are not added twice.
func Resume(ctx context.Context, c asset.Catalog, q asset.Queue) (int, error) {
	open, err := c.Unfinished(ctx)
	if err != nil {
		return 0, err
	}
	for _, v := range open {
		if err := q.Send(ctx, v.Ref()); err != nil {
			return 0, err
		}
	}
	return len(open), nil
}

// VersionOf names the version of a model that a source, a recipe and a unit make.
func VersionOf(source string, r Recipe, unit string) string {
	return asset.Hash([]byte(source + " " + r.Hash() + " " + unit))[:16]
}
