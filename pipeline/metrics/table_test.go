package metrics_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/metrics"
	"github.com/plinth3d/plinth/pipeline/metrics/metricstest"
	"github.com/plinth3d/plinth/pipeline/prices"
)

// second is a queue with one lane that ends polling when it is asked again.
type second struct {
	asked bool
	stop  func()
}

func (q *second) Stats(ctx context.Context) ([]asset.LaneStats, error) {
	if q.asked {
		q.stop()
	}
	q.asked = true
	return []asset.LaneStats{{Lane: "bulk"}}, ctx.Err()
}

// All that a worker counts is in the table, as the table has it, and the other way round.
func TestTheTableIsWhatIsCounted(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the resident memory is counted on Linux only")
	}
	w := metrics.NewWorker(func() metrics.State { return metrics.State{} })
	w.Attempt(metrics.Attempt{Outcome: "done", Stages: []metrics.StageTime{{Stage: "load"}}, Cost: prices.Dollars{CPU: 1}})
	ctx, stop := context.WithCancel(t.Context())
	w.Poll(ctx, &second{stop: stop}, time.Millisecond, func(err error) { t.Error(err) })
	metricstest.Covers(t, metrics.All(), w.Gatherer(), "plinth_")
}
