package pipeline_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"io"
	"log/slog"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/local"
)

// onePixel is a PNG of 4 by 4 pixels of one gray.
func onePixel(t *testing.T, v uint8) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 4, 4))
	for i := range img.Pix {
		img.Pix[i] = v
	}
	for i := 3; i < len(img.Pix); i += 4 {
		img.Pix[i] = 255
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// shop is all backends in a temporary folder.
type shop struct {
	t       *testing.T
	store   *local.Store
	queue   *local.Queue
	catalog *local.Catalog
	log     bytes.Buffer
}

func newShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{t: t}
	var err error
	if s.store, err = local.OpenStore(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	if s.queue, err = local.OpenQueue(t.Context(), t.TempDir(), 2*time.Second); err != nil {
		t.Fatal(err)
	}
	if s.catalog, err = local.OpenCatalog(t.Context(), filepath.Join(t.TempDir(), "c.db")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(s.queue.Close(), s.catalog.Close(), s.store.Close()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// submit puts a source in and its job in line.
func (s *shop) submit(model string, src []byte) asset.Version {
	s.t.Helper()
	ctx, r := s.t.Context(), pipeline.Default()
	hash := asset.Hash(src)
	if err := pipeline.StoreRecipe(ctx, s.store, r); err != nil {
		s.t.Fatal(err)
	}
	if err := s.store.Put(ctx, asset.SourceKey("m", hash), bytes.NewReader(src), int64(len(src))); err != nil && !errors.Is(err, asset.ErrConflict) {
		s.t.Fatal(err)
	}
	v, err := s.catalog.Submit(ctx, asset.Version{
		Merchant: "m", Model: model, Version: pipeline.VersionOf(hash, r, "m"), Source: hash, Bytes: int64(len(src)), Unit: "m",
		Recipe: asset.RecipeRef{Name: r.Name, Hash: r.Hash()},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.queue.Send(ctx, v.Ref()); err != nil {
		s.t.Fatal(err)
	}
	return v
}

// run starts a worker and returns what stops it and waits for it.
func (s *shop) run(change func(*pipeline.Worker)) (stop func()) {
	w := &pipeline.Worker{
		Store: s.store, Queue: s.queue, Catalog: s.catalog,
		Log:       slog.New(slog.NewTextHandler(&s.log, nil)),
		Reproduce: func(v asset.Version, code string) string { return "plinth convert " + v.Source + " for " + code },
	}
	if change != nil {
		change(w)
	}
	ctx, cancel := context.WithCancel(s.t.Context())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	return func() {
		s.t.Helper()
		cancel()
		if err := <-done; err != nil {
			s.t.Errorf("Run: %v", err)
		}
	}
}

// wait waits until a model is in one of the states.
func (s *shop) wait(model string, states ...asset.State) asset.Version {
	s.t.Helper()
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		v, err := s.catalog.Newest(s.t.Context(), "m", model)
		if err != nil {
			s.t.Fatal(err)
		}
		if slices.Contains(states, v.State) {
			return v
		}
	}
	s.t.Fatalf("%s is never %v\n%s", model, states, s.log.String())
	return asset.Version{}
}

func TestAWorkerPublishes(t *testing.T) {
	s := newShop(t)
	defer s.run(nil)()
	src := sample(t, "rack")
	s.submit("rack", src)
	s.wait("rack", asset.Ready, asset.Failed)
	m, err := s.catalog.Current(t.Context(), "m", "rack")
	if err != nil {
		t.Fatal(err)
	}
	want := process(t, src).Manifest
	for i, l := range m.Levels {
		for k, r := range l.Renditions {
			same := want.Levels[i].Renditions[k]
			if r.SHA256 != same.SHA256 || r.Key != asset.RenditionKey("m", r.SHA256) || !reflect.DeepEqual(r.Range, same.Range) {
				t.Errorf("level %d in the %s form is %s under %s at %v", i, r.Form, r.SHA256, r.Key, r.Range)
			}
			if info, err := s.store.Stat(t.Context(), r.Key); err != nil || info.Size != r.Bytes {
				t.Errorf("level %d in the %s form: %+v, %v", i, r.Form, info, err)
			}
		}
	}
}

func TestAJobThatCannotSucceedIsBuriedAtOnce(t *testing.T) {
	s := newShop(t)
	defer s.run(nil)()
	src := sample(t, "rack")
	s.submit("bad", src[:len(src)-100])
	v := s.wait("bad", asset.Failed)
	if v.Attempts != 1 || v.Failure == nil || !strings.Contains(v.Failure.Reason, "ends early") || !strings.Contains(v.Failure.Reproduce, v.Source) || v.Failure.Code != "truncated" {
		t.Errorf("got %d attempts, %+v", v.Attempts, v.Failure)
	}
}

// flaky is a store whose first reads fail.
type flaky struct {
	asset.Store
	left int
}

func (f *flaky) Read(ctx context.Context, key string, r asset.Range) (asset.Info, io.ReadCloser, error) {
	if f.left--; f.left >= 0 {
		return asset.Info{}, nil, errors.New("the disk is on fire")
	}
	return f.Store.Read(ctx, key, r)
}

func TestAFaultIsRetried(t *testing.T) {
	s := newShop(t)
	defer s.run(func(w *pipeline.Worker) { w.Store = &flaky{s.store, 1} })()
	s.submit("rack", sample(t, "rack"))
	if v := s.wait("rack", asset.Ready, asset.Failed); v.State != asset.Ready || v.Attempts != 2 {
		t.Errorf("it is %s after %d attempts: %v", v.State, v.Attempts, v.Failure)
	}
}

func TestAJobThatKillsItsWorkersIsBuried(t *testing.T) {
	s := newShop(t)
	v := s.submit("rack", sample(t, "rack"))
	for range 5 { // five workers claimed it and were never heard of again
		if _, _, err := s.catalog.Claim(t.Context(), v.Ref(), 0); err != nil {
			t.Fatal(err)
		}
	}
	defer s.run(nil)()
	if v := s.wait("rack", asset.Ready, asset.Failed); v.State != asset.Failed || v.Failure == nil || !strings.Contains(v.Failure.Reason, "every attempt") {
		t.Errorf("it is %s: %v", v.State, v.Failure)
	}
}

// slow is a store that is read only once its gate opens.
type slow struct {
	asset.Store
	began chan struct{}
	gate  chan struct{}
}

func (s *slow) Read(ctx context.Context, key string, r asset.Range) (asset.Info, io.ReadCloser, error) {
	info, body, err := s.Store.Read(ctx, key, r)
	return info, &gated{body, s, ctx}, err
}

type gated struct {
	io.ReadCloser
	s   *slow
	ctx context.Context
}

func (g *gated) Read(p []byte) (int, error) {
	select {
	case g.s.began <- struct{}{}:
	default:
	}
	select {
	case <-g.s.gate:
	case <-g.ctx.Done():
		return 0, g.ctx.Err()
	}
	return g.ReadCloser.Read(p)
}

func TestDrainFinishesWhatFitsAndPutsTheRestBack(t *testing.T) {
	t.Run("within the grace", func(t *testing.T) {
		s := newShop(t)
		store := &slow{s.store, make(chan struct{}, 1), make(chan struct{})}
		stop := s.run(func(w *pipeline.Worker) { w.Store, w.Grace = store, time.Minute })
		s.submit("rack", sample(t, "rack"))
		<-store.began
		time.AfterFunc(50*time.Millisecond, func() { close(store.gate) })
		stop()
		s.wait("rack", asset.Ready)
	})
	t.Run("beyond the grace", func(t *testing.T) {
		s := newShop(t)
		store := &slow{s.store, make(chan struct{}, 1), make(chan struct{})}
		stop := s.run(func(w *pipeline.Worker) { w.Store = store })
		s.submit("rack", sample(t, "rack"))
		<-store.began
		stop()
		s.wait("rack", asset.Queued)
		defer s.run(nil)() // another worker takes it at once
		s.wait("rack", asset.Ready)
	})
}

func TestAWorkerThatLostItsLeaseCannotPublish(t *testing.T) {
	s := newShop(t)
	store := &slow{s.store, make(chan struct{}, 1), make(chan struct{})}
	stop := s.run(func(w *pipeline.Worker) { w.Store = store })
	v := s.submit("rack", sample(t, "rack"))
	<-store.began
	// Someone else claims the version: the first one's epoch is old now.
	if err := s.catalog.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, epoch, err := s.catalog.Claim(t.Context(), v.Ref(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	close(store.gate)
	if err := s.catalog.Fail(t.Context(), v.Ref(), epoch, asset.Failure{Reason: "by the second"}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond) // long enough for the first to try
	stop()
	if got := s.wait("rack", asset.Failed); got.Failure.Reason != "by the second" {
		t.Errorf("got %v", got.Failure)
	}
}

func TestAJobThatIsBusyIsTriedLater(t *testing.T) {
	s := newShop(t)
	v := s.submit("rack", sample(t, "rack"))
	_, epoch, err := s.catalog.Claim(t.Context(), v.Ref(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	busy := &claims{Catalog: s.catalog, refused: make(chan error, 99)}
	defer s.run(func(w *pipeline.Worker) { w.Catalog = busy })()
	if err := <-busy.refused; !errors.Is(err, asset.ErrBusy) {
		t.Fatalf("got %v, want ErrBusy", err)
	}
	// The first one still holds its epoch, and comes to an end.
	if err := s.catalog.Requeue(t.Context(), v.Ref(), epoch, true); err != nil {
		t.Fatal(err)
	}
	if v := s.wait("rack", asset.Ready, asset.Failed); v.State != asset.Ready || v.Attempts != 2 {
		t.Errorf("it is %s after %d attempts: %v", v.State, v.Attempts, v.Failure)
	}
}

// claims is a catalog that tells of claims it refused and of claims renewed.
type claims struct {
	asset.Catalog
	refused chan error
	renewed atomic.Int64
}

func (c *claims) Claim(ctx context.Context, j asset.Job, lease time.Duration) (asset.Version, int64, error) {
	v, epoch, err := c.Catalog.Claim(ctx, j, lease)
	if err != nil {
		c.refused <- err
	}
	return v, epoch, err
}

func (c *claims) Progress(ctx context.Context, j asset.Job, epoch int64, stage string, percent float64) error {
	defer c.renewed.Add(1)
	return c.Catalog.Progress(ctx, j, epoch, stage, percent)
}

func TestAClaimIsRenewedWhileTheJobStandsStill(t *testing.T) {
	s := newShop(t)
	store := &slow{s.store, make(chan struct{}, 1), make(chan struct{})}
	catalog := &claims{Catalog: s.catalog, refused: make(chan error, 99)}
	defer s.run(func(w *pipeline.Worker) { w.Store, w.Catalog = store, catalog })()
	v := s.submit("rack", sample(t, "rack"))
	<-store.began
	// The first tells of no progress yet; the others renew, a third of a lease apart.
	for catalog.renewed.Load() < 4 {
		time.Sleep(10 * time.Millisecond)
	}
	if _, _, err := s.catalog.Claim(t.Context(), v.Ref(), 0); !errors.Is(err, asset.ErrBusy) {
		t.Errorf("got %v, want ErrBusy", err)
	}
	close(store.gate)
	if v := s.wait("rack", asset.Ready, asset.Failed); v.State != asset.Ready || v.Attempts != 1 {
		t.Errorf("it is %s after %d attempts: %v", v.State, v.Attempts, v.Failure)
	}
}

// hanging is a catalog that takes claims and says nothing of progress.
type hanging struct{ asset.Catalog }

func (hanging) Progress(ctx context.Context, _ asset.Job, _ int64, _ string, _ float64) error {
	<-ctx.Done()
	return ctx.Err()
}

// extended is a queue that counts the extensions of its leases.
type extended struct {
	asset.Queue
	count atomic.Int64
}

func (e *extended) Lease(ctx context.Context) (asset.Lease, error) {
	l, err := e.Queue.Lease(ctx)
	return extendedLease{l, e}, err
}

type extendedLease struct {
	asset.Lease
	queue *extended
}

func (l extendedLease) Extend(ctx context.Context) error {
	defer l.queue.count.Add(1)
	return l.Lease.Extend(ctx)
}

func TestALeaseIsKeptWhileTheCatalogHangs(t *testing.T) {
	s := newShop(t)
	store, queue := &slow{s.store, make(chan struct{}, 1), make(chan struct{})}, &extended{Queue: s.queue}
	defer s.run(func(w *pipeline.Worker) { w.Store, w.Queue, w.Catalog = store, queue, hanging{s.catalog} })()
	s.submit("rack", sample(t, "rack"))
	<-store.began
	for queue.count.Load() < 4 { // more than a whole lease
		time.Sleep(10 * time.Millisecond)
	}
	close(store.gate)
	if v := s.wait("rack", asset.Ready, asset.Failed); v.State != asset.Ready || v.Attempts != 1 {
		t.Errorf("it is %s after %d attempts: %v", v.State, v.Attempts, v.Failure)
	}
}

func TestAJobThatTakesTooLongIsBuried(t *testing.T) {
	s := newShop(t)
	defer s.run(func(w *pipeline.Worker) {
		w.Limit = 100 * time.Millisecond
		w.SetProcess(func(ctx context.Context, _ pipeline.Processor, _ []byte, _ pipeline.Recipe) (*pipeline.Result, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
	})()
	s.submit("rack", sample(t, "rack"))
	if v := s.wait("rack", asset.Failed); v.Attempts != 1 || !strings.Contains(v.Failure.Reason, "longer than 100ms") {
		t.Errorf("got %d attempts, %v", v.Attempts, v.Failure)
	}
}

func TestDrainsDoNotUseUpAttempts(t *testing.T) {
	s := newShop(t)
	s.submit("rack", sample(t, "rack"))
	for range 7 {
		store := &slow{s.store, make(chan struct{}, 1), make(chan struct{})}
		stop := s.run(func(w *pipeline.Worker) { w.Store = store })
		<-store.began
		stop()
	}
	defer s.run(nil)()
	if v := s.wait("rack", asset.Ready, asset.Failed); v.State != asset.Ready {
		t.Errorf("it is %s after %d attempts: %v", v.State, v.Attempts, v.Failure)
	}
}

func TestAJobIsDoneByTheRecipeItWasSentWith(t *testing.T) {
	s := newShop(t)
	src := sample(t, "rack")
	r := pipeline.Default()
	r.Name, r.Levels = "two", r.Levels[:2]
	if err := pipeline.StoreRecipe(t.Context(), s.store, r); err != nil {
		t.Fatal(err)
	}
	hash := asset.Hash(src)
	if err := s.store.Put(t.Context(), asset.SourceKey("m", hash), bytes.NewReader(src), int64(len(src))); err != nil {
		t.Fatal(err)
	}
	v, err := s.catalog.Submit(t.Context(), asset.Version{
		Merchant: "m", Model: "rack", Version: "1", Source: hash, Bytes: int64(len(src)), Unit: "m", Recipe: asset.RecipeRef{Name: r.Name, Hash: r.Hash()},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.queue.Send(t.Context(), v.Ref()); err != nil {
		t.Fatal(err)
	}
	defer s.run(nil)()
	s.wait("rack", asset.Ready)
	m, err := s.catalog.Current(t.Context(), "m", "rack")
	if err != nil || len(m.Levels) != 2 || m.Recipe.Name != "two" {
		t.Errorf("got %d levels by %q, %v", len(m.Levels), m.Recipe.Name, err)
	}
}
