package metrics

import (
	"context"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// A Queue tells how its lanes stand.
type Queue interface {
	Stats(ctx context.Context) ([]asset.LaneStats, error)
}

// Poll asks a queue how it stands, at once and then from time to time, until ctx is done.
// With SQS each time costs two requests a lane. What goes wrong is counted and told. The
// interval is above 0.
func (w *Worker) Poll(ctx context.Context, q Queue, every time.Duration, wrong func(error)) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		all, err := q.Stats(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			w.failed.WithLabelValues().Inc()
			w.forget()
			wrong(err)
		default:
			w.lanes(all)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
