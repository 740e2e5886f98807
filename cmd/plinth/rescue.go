package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// How those who share the lanes of SQS find jobs without a message: of a process that was
// killed between catalog and queue, or older than SQS keeps messages.
const (
	rescuing = 10 * time.Minute // between looks of a process, half as much more or less
	overdue  = time.Hour        // since when a version is queued whose job may be lost
	rescued  = 100              // jobs at a time
)

// rescue sends jobs again that have been queued for old, until ctx is done. One that is in
// line all the same is handed out twice, which does no harm.
func (h *home) rescue(ctx context.Context, every, old time.Duration) error {
	for {
		wait := time.NewTimer(every/2 + rand.N(every))
		select {
		case <-ctx.Done():
			wait.Stop()
			return nil
		case <-wait.C:
		}
		n, err := h.rescueOnce(ctx, old)
		if n > 0 {
			h.log.Info("rescue", "jobs", n)
		}
		if err != nil && ctx.Err() == nil {
			h.log.Error("rescue", "err", err)
		}
	}
}

// rescueOnce looks once. The catalog tells nobody else of the same jobs for as long, so
// that a long line doesn't grow by each process that looks. Most of them are in that line:
// they go to the last lane, where nobody is kept waiting by them.
func (h *home) rescueOnce(ctx context.Context, old time.Duration) (n int, err error) {
	lanes, err := parseLanes(h.where.lanes)
	if err != nil {
		return 0, err
	}
	list, err := h.catalog.Rescue(ctx, time.Now().Add(-old), rescued)
	for _, v := range list {
		if e := h.lanes.SendTo(ctx, lanes[len(lanes)-1].Name, v.Ref()); e != nil {
			return n, errors.Join(err, e)
		}
		n++
	}
	return n, err
}
