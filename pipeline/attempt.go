package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// An Attempt is what one try at a job came to.
type Attempt struct {
	Version  asset.Version // as it was claimed; only what names the job where it wasn't
	Outcome  Outcome
	Code     string // of the failure, "" for done: that of a finding, or failed
	Err      error
	Stage    Stage         // the last it came to
	Age      time.Duration // from the version's last Submit to the claim; 0 where it wasn't claimed
	Waited   time.Duration // for memory
	Wall     time.Duration
	CPU      time.Duration // the sum of the stages'
	Stages   []Spent       // Process's, after Loading and before Publishing
	Source   int64         // bytes that were read
	Uploaded int64         // bytes of outputs that were not there already
	Outputs  int           // files
	Bytes    int64         // of all outputs
	Levels   int
	Dollars  float64 // what it cost, where the worker knows prices
	Estimate int64   // bytes of memory; 0 without a budget
	Images   int     // that were coded; those of a checkpoint are not among them
	Bodies   int     // that were simplified, in the same way
}

// An Outcome is how an attempt ended.
type Outcome string

// The outcomes of an attempt.
const (
	Done    Outcome = "done"
	Settled Outcome = "settled" // there was nothing to do: someone else did it
	Retried Outcome = "retried" // it failed, and will be tried again
	Buried  Outcome = "buried"  // it failed for good
	Busy    Outcome = "busy"    // someone else is at it
	Lost    Outcome = "lost"    // someone else took it over
	Drained Outcome = "drained" // the worker ends; the job is back in line

	Elsewhere Outcome = "elsewhere" // it waits for a worker with more memory
)

// The stages of an attempt around those of Process.
const (
	Loading    Stage = "load"
	Waiting    Stage = "wait" // for memory
	Publishing Stage = "publish"
)

// do works on one lease to its end, and says so.
func (w *Worker) do(ctx, working context.Context, l asset.Lease) {
	working, cancel := context.WithCancelCause(working)
	defer cancel(nil)
	w.busy.Add(1)
	defer w.busy.Add(-1)
	j := l.Job()
	a := &attempt{worker: w, lease: l, job: j, account: w.meter.Account(), began: time.Now(), quiet: make(chan struct{}), ended: make(chan struct{})}
	a.told.Version = asset.Version{Merchant: j.Merchant, Model: j.Model, Version: j.Version}
	go func() {
		defer close(a.ended)
		if err := a.run(ctx, working, cancel); err != nil {
			a.err = errors.Join(err, context.Cause(working)) // what ended it, where that is the reason
		}
	}()
	err := a.wait(working)
	end, code := a.settle(working, err)
	a.report(end, code, err)
	// The slot is free when its memory is. Who drains doesn't wait for that.
	stuck := time.AfterFunc(hopeless, func() { w.stuck.Add(1) })
	select {
	case <-a.ended:
		if !stuck.Stop() {
			w.stuck.Add(-1)
		}
	case <-ctx.Done():
		if working.Err() == nil {
			<-a.ended // it was settled because it had ended
		}
	}
}

// hopeless is how long work may go on after its end before something must be done about it.
const hopeless = 5 * time.Minute

// attempt is one try at a job.
type attempt struct {
	worker  *Worker
	lease   asset.Lease
	job     asset.Job
	account *Account
	began   time.Time
	ended   chan struct{} // closed when all work has ended
	err     error         // of run, once ended is closed
	quiet   chan struct{} // closed when lease and claim are no longer renewed

	publishing sync.Mutex // held while the manifest is published
	sealed     bool       // nothing may be published any more
	published  bool

	mu      sync.Mutex
	told    Attempt
	epoch   int64
	percent float64
}

// errDone says the job needs no work: someone else did it.
var errDone = errors.New("nothing to do")

// errExhausted says that the attempts before ended without telling why.
var errExhausted = errors.New("the worker ended during every attempt, perhaps for want of memory")

// errDraining says that the job had not begun when the worker was told to end.
var errDraining = errors.New("the worker takes no more work")

// unheeded is how long work may go on once its context has ended.
const unheeded = 500 * time.Millisecond

// wait returns what became of the work: at its end, or a little after that of its context.
// Some computations don't look at that for seconds; what they make after this is thrown away.
func (a *attempt) wait(working context.Context) error {
	select {
	case <-a.ended:
		return a.err
	case <-working.Done():
	}
	late := time.NewTimer(unheeded)
	defer late.Stop()
	select {
	case <-a.ended:
		return a.err
	case <-late.C:
	}
	if a.seal() {
		return nil
	}
	return context.Cause(working)
}

// seal sees to it that nothing is published from now on, and tells if it was before.
func (a *attempt) seal() bool {
	a.publishing.Lock()
	defer a.publishing.Unlock()
	a.sealed = true
	return a.published
}

// run does all the work. The end of ctx ends its waiting for memory, that of working all of it.
func (a *attempt) run(ctx, working context.Context, cancel context.CancelCauseFunc) error {
	beating, rest := context.WithCancel(working)
	beats := false
	defer func() {
		rest()
		if !beats {
			close(a.quiet)
		}
		<-a.quiet
	}()
	if err := a.claim(working); err != nil {
		return err
	}
	beats = true
	go func() {
		defer close(a.quiet)
		a.heartbeat(beating, cancel)
	}()
	recipe, err := a.recipe(working)
	if err != nil {
		return err
	}
	src, leave, err := a.admit(ctx, working, recipe)
	if err != nil {
		return err
	}
	defer leave()
	result, err := a.limited(working, cancel, src, recipe)
	if err != nil {
		return err
	}
	return a.publish(working, result)
}

// limited processes within the worker's limit.
func (a *attempt) limited(ctx context.Context, cancel context.CancelCauseFunc, src []byte, r Recipe) (*Result, error) {
	if limit := a.worker.Limit; limit > 0 {
		tooSlow := fmt.Errorf("%w: its levels take longer than %s; reduce the model", asset.ErrInvalid, limit)
		defer time.AfterFunc(limit, func() { cancel(tooSlow) }).Stop()
	}
	return a.process(ctx, src, r)
}

// claim takes the version for this attempt.
func (a *attempt) claim(ctx context.Context) error {
	// A claim is over a little before its lease, so that whom the queue hands the job
	// next finds it free.
	v, epoch, err := a.worker.Catalog.Claim(ctx, a.job, asset.Held(a.worker.Queue.LeaseTime()))
	switch {
	case errors.Is(err, asset.ErrBusy):
		return err
	case errors.Is(err, asset.ErrConflict):
		return errDone
	case errors.Is(err, asset.ErrNotFound):
		return fmt.Errorf("the catalog knows no such job; is it the one that the job was sent for? %w", err)
	case err != nil:
		return err
	}
	a.mu.Lock()
	a.told.Version, a.epoch, a.told.Age = v, epoch, max(a.began.Sub(v.Submitted), 0)
	a.mu.Unlock()
	if v.Attempts > maxAttempts {
		return errExhausted
	}
	return nil
}

// version is what was claimed, with its epoch, which is 0 where nothing was.
func (a *attempt) version() (asset.Version, int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.told.Version, a.epoch
}

func (a *attempt) progress(stage Stage, done float64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.told.Stage, a.percent = stage, float64(int(done*1000))/10
}

// note changes what is told of the attempt.
func (a *attempt) note(change func(*Attempt)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change(&a.told)
}

// report logs one line and tells whom it concerns.
func (a *attempt) report(end Outcome, code string, err error) {
	a.mu.Lock()
	told := a.told
	a.mu.Unlock()
	told.Outcome, told.Code, told.Err = end, code, err
	told.Wall, told.Stages = time.Since(a.began), a.account.Spent()
	told.Images, told.Bodies = a.account.Made()
	for _, s := range told.Stages {
		told.CPU += s.CPU
	}
	if a.worker.Price != nil {
		told.Dollars = a.worker.Price(told)
	}
	level, v := slog.LevelInfo, told.Version
	if err != nil && end != Busy && end != Settled && end != Drained && end != Elsewhere {
		level = slog.LevelError
	}
	a.worker.Log.Log(context.Background(), level, "job", "id", v.Model, "merchant", v.Merchant, "version", v.Version, "source", v.Source, "recipe", v.Recipe.Name,
		"stage", told.Stage, "attempt", v.Attempts, "ms", told.Wall.Milliseconds(), "cpu", told.CPU.Milliseconds(),
		"bytes", told.Bytes, "uploaded", told.Uploaded, "dollars", told.Dollars, "end", end, "err", err)
	if a.worker.Report != nil {
		a.worker.Report(told)
	}
}
