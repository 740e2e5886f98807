package pipeline

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// heartbeat tells the catalog how far the job is, and extends claim and lease. A lease
// that is lost ends the attempt.
func (a *attempt) heartbeat(ctx context.Context, cancel context.CancelCauseFunc) {
	every := a.worker.Queue.LeaseTime() / 3
	least := a.worker.Tell
	if least <= 0 {
		least = 250 * time.Millisecond
	}
	tick := time.NewTicker(max(min(every/4, least), time.Millisecond))
	defer tick.Stop()
	extended, renewed := time.Now(), time.Now()
	told := 0.0
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		due := time.Since(extended) >= every-time.Duration(rand.Int64N(int64(every)/10+1))
		a.mu.Lock()
		stage, percent, epoch := a.told.Stage, a.percent, a.epoch
		a.mu.Unlock()
		// The claim first: it ends before the lease.
		if due || percent != told && time.Since(renewed) >= least {
			renewed = time.Now() // a catalog that doesn't answer is not asked more often
			if err := a.tell(ctx, every/2, epoch, stage, percent); errors.Is(err, asset.ErrConflict) {
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

// tell tells the catalog how far the job is. A catalog that hangs is not waited for until the
// lease has ended, too.
func (a *attempt) tell(ctx context.Context, patience time.Duration, epoch int64, stage Stage, percent float64) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return a.worker.Catalog.Progress(ctx, a.job, epoch, string(stage), percent)
}
