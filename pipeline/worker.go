package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"sync"
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
	Limit   time.Duration // for one attempt; 0 is none. A job that takes longer is buried
	Log     *slog.Logger

	// Reproduce gives a command that shows a failure again. It may be nil.
	Reproduce func(asset.Version) string
}

// maxAttempts is how often a job is tried before it is buried. A job that kills its
// worker counts too: attempts are counted when they begin.
const maxAttempts = 5

// Run works until ctx is done, then drains: it takes no more jobs, lets those at
// hand finish for Grace and puts the rest back in line. It returns nil then.
func (w *Worker) Run(ctx context.Context) error {
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
				return l.Retry(working, 0)
			}
			return nil
		case err != nil:
			w.Log.Error("lease", "err", err)
			select { // a queue that doesn't answer is asked again, calmly
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		default:
			w.do(working, l)
		}
	}
	return nil
}

// do works on one lease to its end and logs one line.
func (w *Worker) do(ctx context.Context, l asset.Lease) {
	began := time.Now()
	j := l.Job()
	a := &attempt{worker: w, lease: l, job: j}
	err := a.run(ctx)
	end := a.settle(context.WithoutCancel(ctx), err, ctx.Err() != nil)
	level := slog.LevelInfo
	if err != nil && !errors.Is(err, asset.ErrBusy) {
		level = slog.LevelError
	}
	w.Log.Log(ctx, level, "job", "id", j.Model, "version", j.Version, "source", a.version.Source, "recipe", a.version.Recipe.Name,
		"stage", a.stage, "attempt", a.version.Attempts, "ms", time.Since(began).Milliseconds(), "bytes", a.bytes, "end", end, "err", err)
}

// attempt is one try at a job.
type attempt struct {
	worker  *Worker
	lease   asset.Lease
	job     asset.Job
	version asset.Version
	epoch   int64
	bytes   int64

	mu      sync.Mutex
	stage   Stage
	percent float64
}

// errDone says the job needs no work: someone else did it.
var errDone = errors.New("nothing to do")

func (a *attempt) run(ctx context.Context) (err error) {
	// A claim is over a little before its lease, so that whom the queue hands the job
	// next finds it free.
	lease := a.worker.Queue.LeaseTime()
	a.version, a.epoch, err = a.worker.Catalog.Claim(ctx, a.job, lease-lease/6)
	switch {
	case errors.Is(err, asset.ErrBusy):
		return err
	case errors.Is(err, asset.ErrConflict), errors.Is(err, asset.ErrNotFound):
		return errDone
	case err != nil:
		return err
	}
	if a.version.Attempts > maxAttempts {
		return errExhausted
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	defer wg.Wait()
	if limit := a.worker.Limit; limit > 0 {
		tooSlow := fmt.Errorf("%w: its levels take longer than %s; reduce the model", asset.ErrInvalid, limit)
		var end context.CancelFunc
		ctx, end = context.WithTimeoutCause(ctx, limit, tooSlow)
		defer end()
	}
	beating, rest := context.WithCancel(ctx)
	defer rest()
	wg.Go(func() { a.heartbeat(beating, cancel) })

	result, err := a.process(ctx)
	if err != nil {
		return errors.Join(err, context.Cause(ctx))
	}
	return a.publish(ctx, result)
}

// errExhausted says that the attempts before ended without telling why.
var errExhausted = errors.New("the worker ended during every attempt, perhaps for want of memory")

// heartbeat tells the catalog how far the job is, and extends claim and lease. A lease
// that is lost ends the attempt.
func (a *attempt) heartbeat(ctx context.Context, cancel context.CancelCauseFunc) {
	every := a.worker.Queue.LeaseTime() / 3
	tell := time.NewTicker(min(every, 250*time.Millisecond))
	defer tell.Stop()
	extended := time.Now()
	var told float64 = -1
	for {
		select {
		case <-ctx.Done():
			return
		case <-tell.C:
		}
		due := time.Since(extended) >= every-time.Duration(rand.Int64N(int64(every)/10+1))
		a.mu.Lock()
		stage, percent := a.stage, a.percent
		a.mu.Unlock()
		// The claim first: it ends before the lease.
		if due || percent != told {
			if err := a.worker.Catalog.Progress(ctx, a.job, a.epoch, string(stage), percent); errors.Is(err, asset.ErrConflict) {
				cancel(err)
				return
			} else if err == nil {
				told = percent
			}
		}
		if due {
			if err := a.lease.Extend(ctx); errors.Is(err, asset.ErrConflict) {
				cancel(err)
				return
			} else if err == nil {
				extended = time.Now()
			}
		}
	}
}

func (a *attempt) process(ctx context.Context) (r *Result, err error) {
	// A bug that a file brings out must not take other jobs with it. (What runs in
	// parallel can't be caught here; attempts are counted for that.)
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	text, err := a.load(ctx, asset.RecipeKey(a.version.Recipe.Hash), maxRecipe)
	if err != nil {
		return nil, err
	}
	recipe, err := ParseRecipe(text)
	if err != nil {
		return nil, err
	}
	recipe.Unit = a.version.Unit
	src, err := a.load(ctx, asset.SourceKey(a.job.Merchant, a.version.Source), recipe.Limits.Bytes)
	if err != nil {
		return nil, err
	}
	if asset.Hash(src) != a.version.Source {
		return nil, fmt.Errorf("%w: the stored source has another hash", asset.ErrInvalid)
	}
	return Processor{Progress: a.progress}.Process(ctx, src, recipe)
}

// load reads a blob.
func (a *attempt) load(ctx context.Context, key string, limit int64) ([]byte, error) {
	info, body, err := a.worker.Store.Read(ctx, key, asset.Range{Length: limit})
	if err != nil {
		return nil, err
	}
	defer body.Close() //nolint:errcheck // only read
	if info.Size > limit {
		return nil, fmt.Errorf("%w: %s has %d bytes, the limit is %d", asset.ErrInvalid, key, info.Size, limit)
	}
	data := make([]byte, info.Size)
	_, err = io.ReadFull(body, data)
	return data, err
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

func (a *attempt) progress(stage Stage, done float64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stage, a.percent = stage, float64(int(done*1000))/10
}

// publish stores the files, then makes the manifest current. Files are named by
// their hash, so those that are there already are right.
func (a *attempt) publish(ctx context.Context, r *Result) error {
	a.progress("publish", 0.99)
	keys := map[string]string{}
	for _, o := range r.Outputs {
		key := asset.RenditionKey(a.job.Merchant, asset.Hash(o.Data))
		err := a.worker.Store.Put(ctx, key, bytes.NewReader(o.Data), int64(len(o.Data)))
		if err != nil && !errors.Is(err, asset.ErrConflict) {
			return err
		}
		keys[o.Name] = key
		a.bytes += int64(len(o.Data))
	}
	m := r.Manifest
	m.Model, m.Version, m.Recipe = a.job.Model, a.job.Version, a.version.Recipe
	for i := range m.Levels {
		for k := range m.Levels[i].Renditions {
			rd := &m.Levels[i].Renditions[k]
			rd.Key = keys[rd.Key]
		}
	}
	return a.worker.Catalog.Publish(ctx, a.job, a.epoch, m)
}

// settle ends the lease by what became of the attempt and says how. It is the one
// place where kinds of errors decide between retry and burial.
func (a *attempt) settle(ctx context.Context, err error, draining bool) string {
	finding, refused := Refusal(err)
	failure := asset.Failure{Code: "failed", Stage: string(a.stage), Reproduce: a.reproduce()}
	if err != nil {
		failure.Reason = err.Error()
	}
	if refused {
		failure.Code = finding.Code
	}
	log := func(end string, errs ...error) string {
		if e := errors.Join(errs...); e != nil {
			a.worker.Log.Error("settle", "id", a.job.Model, "end", end, "err", e)
		}
		return end
	}
	switch {
	case err == nil, errors.Is(err, errDone):
		return log("done", a.lease.Done(ctx), a.again(ctx))
	case errors.Is(err, asset.ErrBusy):
		// A second delivery. Should the first one's worker be dead, the job is ours then.
		return log("busy", a.lease.Retry(ctx, a.worker.Queue.LeaseTime()))
	case errors.Is(err, asset.ErrConflict):
		return "lost" // the lease is another's; nothing is ours to end
	case draining:
		return log("drained", a.worker.Catalog.Requeue(ctx, a.job, a.epoch, false), a.lease.Retry(ctx, 0))
	case refused, errors.Is(err, asset.ErrInvalid), errors.Is(err, asset.ErrNotFound), errors.Is(err, errExhausted), a.version.Attempts >= maxAttempts:
		return log("buried", asset.Bury(ctx, a.lease, asset.Burial{Failure: failure, Source: a.version.Source}, func(ctx context.Context) error {
			return a.worker.Catalog.Fail(ctx, a.job, a.epoch, failure)
		}))
	}
	// The wait doubles: 1, 2, 4, 8 seconds.
	after := time.Second << max(a.version.Attempts-1, 0)
	if a.epoch == 0 { // not even claimed: the catalog doesn't answer
		return log("retry", a.lease.Retry(ctx, after))
	}
	return log("retry", a.worker.Catalog.Requeue(ctx, a.job, a.epoch, true), a.lease.Retry(ctx, after))
}

// again sends the job again if it was submitted while the old one was in the queue,
// which took it for a duplicate.
func (a *attempt) again(ctx context.Context) error {
	v, err := a.worker.Catalog.Newest(ctx, a.job.Merchant, a.job.Model)
	if errors.Is(err, asset.ErrNotFound) {
		return nil
	}
	if err == nil && v.Version == a.job.Version && v.State == asset.Queued {
		err = a.worker.Queue.Send(ctx, a.job)
	}
	return err
}

// reproduce is a command that shows the failure again.
func (a *attempt) reproduce() string {
	if a.worker.Reproduce == nil || a.version.Source == "" {
		return ""
	}
	return a.worker.Reproduce(a.version)
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
