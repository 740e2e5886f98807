package cloud

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud/sqstest"
	"github.com/plinth3d/plinth/pipeline/local"
)

// away is a catalog that can't be reached until it is up.
type away struct {
	asset.Catalog
	up     atomic.Bool
	claims chan struct{}
}

func (c *away) Claim(ctx context.Context, j asset.Job, lease time.Duration) (asset.Version, int64, error) {
	if !c.up.Load() {
		c.claims <- struct{}{}
		return asset.Version{}, 0, fmt.Errorf("%w: it is away", asset.ErrUnavailable)
	}
	return c.Catalog.Claim(ctx, j, lease)
}

// crew is a queue with a worker and a local catalog.
func crew(t *testing.T, s *sqstest.Server, wrap func(asset.Catalog) asset.Catalog) (q *Queue, c asset.Catalog, stop func()) {
	t.Helper()
	s.Setenv(t)
	catalog, err := local.OpenCatalog(t.Context(), filepath.Join(t.TempDir(), "catalog.db"))
	must(t, err)
	store, err := local.OpenStore(t.TempDir())
	must(t, err)
	c = wrap(catalog)
	config := QueueConfig{LeaseTime: time.Second, LongPoll: time.Second, Lanes: []Lane{{Name: "jobs", URL: s.Create("jobs"), Dead: s.Create("jobs-dead"), Weight: 1}}}
	s.Redrive("jobs", "jobs-dead", 10)
	config.Poison = func(ctx context.Context, j asset.Job) (asset.Burial, func(context.Context) error, error) {
		return pipeline.Exhaust(ctx, c, j, func(asset.Version) string { return "" })
	}
	q, err = OpenQueue(t.Context(), config)
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	w := &pipeline.Worker{Store: store, Queue: q, Catalog: c, Log: slog.New(slog.DiscardHandler)}
	go func() { ended <- w.Run(ctx) }()
	return q, c, func() {
		cancel()
		must(t, errors.Join(<-ended, q.Close(), catalog.Close(), store.Close()))
	}
}

func TestJobsOutlastACatalogThatIsAway(t *testing.T) {
	s := sqstest.New(t)
	gone := &away{claims: make(chan struct{})}
	q, c, stop := crew(t, s, func(c asset.Catalog) asset.Catalog { gone.Catalog = c; return gone })
	defer stop()
	v, err := c.Submit(t.Context(), asset.Version{Merchant: "m", Model: "a", Version: "1", Source: asset.Hash(nil)})
	must(t, err)
	mustSend(t, q, v.Ref())
	for range MaxReceives + 3 {
		<-gone.claims
	}
	v, err = c.Newest(t.Context(), "m", "a")
	must(t, err)
	if v.State != asset.Queued || v.Attempts != 0 || len(s.Messages("jobs-dead")) > 0 {
		t.Errorf("it is %+v, with %d dead letters", v, len(s.Messages("jobs-dead")))
	}
	gone.up.Store(true)
	// Its recipe is not in the store: it is tried, and buried for that.
	must(t, s.Length(t.Context(), "jobs-dead", 1))
	if m := s.Messages("jobs-dead")[0]; m.Attributes[attrStage] != "load" {
		t.Errorf("the dead letter is %+v", m)
	}
}

func TestAJobThatTheCatalogDoesNotKnowIsBuried(t *testing.T) {
	s := sqstest.New(t)
	q, _, stop := crew(t, s, func(c asset.Catalog) asset.Catalog { return c })
	defer stop()
	mustSend(t, q, jobOf("m", "a"))
	must(t, s.Length(t.Context(), "jobs-dead", 1))
	must(t, s.Length(t.Context(), "jobs", 0))
}

func TestWorkersThatComeAndGoMakeNoPoison(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := shop(t, "jobs")
		c.Poison = func(_ context.Context, j asset.Job) (asset.Burial, func(context.Context) error, error) {
			t.Errorf("%v is taken for poison", j)
			return asset.Burial{}, nil, asset.ErrConflict
		}
		for range MaxReceives { // their polls go on when they have gone
			q := begin(t, s, c)
			ctx, cancel := context.WithCancel(t.Context())
			go func() { _, _ = q.Lease(ctx) }()
			synctest.Wait()
			cancel()
		}
		synctest.Wait()
		live := begin(t, s, c)
		mustSend(t, live, jobOf("m", "a"))
		if l := mustLease(t, live); l.Job() != jobOf("m", "a") {
			t.Errorf("got %v", l.Job())
		}
	})
}
