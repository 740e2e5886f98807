package pipeline

import (
	"context"
	"errors"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// How long the end of an attempt may take to be told: the catalog, and then the queue. A worker
// that drains has less: whoever told it to end soon ends it.
const (
	settling = 10 * time.Second
	hurried  = 3 * time.Second
)

// settle ends the lease by what became of the attempt and says how. It is the one
// place where kinds of errors decide between retry and burial.
func (a *attempt) settle(working context.Context, err error) (end Outcome, code string) {
	a.hush()
	v, epoch := a.version()
	finding, refused := Refusal(err)
	failure := asset.Failure{Code: "failed", Stage: string(a.stage())}
	if err != nil {
		failure.Reason, code = err.Error(), failure.Code
	}
	if refused {
		failure.Code, code = finding.Code, finding.Code
	}
	failure.Reproduce = a.reproduce(v, failure.Code)
	catalog, queue := a.worker.Catalog, a.worker.Queue
	base, patience := context.WithoutCancel(working), settling
	// tell does what the end asks for, each with time of its own: that one doesn't answer
	// keeps nobody from telling the other.
	tell := func(end Outcome, what ...func(context.Context) error) (Outcome, string) {
		var errs []error
		for _, do := range what {
			ctx, cancel := context.WithTimeout(base, patience)
			errs = append(errs, do(ctx))
			cancel()
		}
		if e := errors.Join(errs...); e != nil {
			a.worker.Log.Error("settle", "id", a.job.Model, "end", end, "err", e)
		}
		return end, code
	}
	requeue := func(counted bool) func(context.Context) error {
		return func(ctx context.Context) error {
			if epoch == 0 { // not even claimed
				return nil
			}
			return catalog.Requeue(ctx, a.job, epoch, counted)
		}
	}
	retry := func(after time.Duration) func(context.Context) error {
		return func(ctx context.Context) error { return a.lease.Retry(ctx, after) }
	}
	postpone := func(after time.Duration) func(context.Context) error {
		return func(ctx context.Context) error { return asset.Postpone(ctx, a.lease, after) }
	}
	switch {
	case err == nil:
		return tell(Done, a.lease.Done, a.again)
	case errors.Is(err, errDone):
		code = ""
		return tell(Settled, a.lease.Done, a.again)
	case errors.Is(err, asset.ErrBusy):
		// A second delivery. Should the first one's worker be dead, the job is ours then.
		return tell(Busy, postpone(queue.LeaseTime()))
	case errors.Is(err, errElsewhere):
		code = ""
		return tell(Elsewhere, requeue(false), postpone(queue.LeaseTime()))
	case errors.Is(err, asset.ErrConflict):
		return tell(Lost) // the lease is another's; nothing is ours to end
	case drained(working, err):
		patience, code = hurried, ""
		return tell(Drained, requeue(false), postpone(0))
	case refused, errors.Is(err, asset.ErrInvalid), errors.Is(err, asset.ErrNotFound), errors.Is(err, errExhausted), v.Attempts >= maxAttempts:
		return tell(Buried, func(ctx context.Context) error {
			return asset.Bury(ctx, a.lease, asset.Burial{Failure: failure, Source: v.Source}, func(context.Context) error {
				if epoch == 0 { // the catalog doesn't know it
					return nil
				}
				ctx, cancel := context.WithTimeout(base, patience)
				defer cancel()
				return catalog.Fail(ctx, a.job, epoch, failure)
			})
		})
	}
	if epoch == 0 { // the catalog doesn't answer, so nothing was tried
		return tell(Retried, postpone(queue.LeaseTime()/3))
	}
	return tell(Retried, requeue(true), retry(waitAfter(err, v.Attempts)))
}

// waitAfter is the wait after so many attempts: 1, 2, 4, 8 seconds, but 10, 40, 160 and 640 for a
// backend that is away, so that jobs outlast it.
func waitAfter(err error, attempts int) time.Duration {
	n := min(max(attempts-1, 0), maxAttempts)
	if errors.Is(err, asset.ErrUnavailable) {
		return 10 * time.Second << (2 * n)
	}
	return time.Second << n
}

// drained says that the worker's end, and not the job, broke off the attempt.
func drained(working context.Context, err error) bool {
	return errors.Is(err, errDraining) || errors.Is(context.Cause(working), context.Canceled)
}

// hush waits until lease and claim are no longer renewed, so that no renewal comes after their end.
func (a *attempt) hush() {
	late := time.NewTimer(unheeded)
	defer late.Stop()
	select {
	case <-a.quiet:
	case <-late.C: // someone doesn't heed a context; it is not waited for
	}
}

func (a *attempt) stage() Stage {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.told.Stage
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
func (a *attempt) reproduce(v asset.Version, code string) string {
	if a.worker.Reproduce == nil || v.Source == "" {
		return ""
	}
	return a.worker.Reproduce(v, code)
}
