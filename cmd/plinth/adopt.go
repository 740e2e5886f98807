package main

import (
	"context"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// How a process that owns the local queue learns what others submitted to the catalog: plinth
// batch, plinth jobs.
const (
	adopting = time.Second      // between looks at what was queued just now
	settling = 15 * time.Second // by which a look goes back: a writer may wait 10 s for others
	resuming = time.Minute      // between looks at all that is unfinished
)

// adopt sends the local queue what others submit, until ctx is done. A queue that others
// share gets its jobs from them; what one of them didn't come to send to SQS is rescued.
func (h *home) adopt(ctx context.Context) error {
	switch {
	case h.lanes != nil:
		return h.rescue(ctx, rescuing, overdue)
	case h.where.queue != "local":
		return nil
	}
	tick := time.NewTicker(adopting)
	defer tick.Stop()
	known := map[asset.Job]time.Time{}
	resumed := time.Now()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		err := h.adoptNew(ctx, known)
		if err == nil && time.Since(resumed) > resuming {
			resumed, err = time.Now(), h.resume(ctx)
		}
		if err != nil && ctx.Err() == nil {
			h.log.Error("adopt", "err", err)
		}
	}
}

// adoptNew sends what was queued since a little while, but for what is known to be sent.
func (h *home) adoptNew(ctx context.Context, known map[asset.Job]time.Time) error {
	since := time.Now().Add(-settling)
	list, err := h.records.Waiting(ctx, since)
	if err != nil {
		return err
	}
	for _, v := range list {
		if known[v.Ref()].Equal(v.Updated) {
			continue
		}
		if err := h.jobs.Send(ctx, v.Ref()); err != nil {
			return err
		}
		known[v.Ref()] = v.Updated
	}
	for j, queued := range known {
		if queued.Before(since) {
			delete(known, j)
		}
	}
	return nil
}
