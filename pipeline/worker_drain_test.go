package pipeline_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
)

// reports are attempts, as a worker reports them.
type reports struct {
	mu  sync.Mutex
	all []pipeline.Attempt
}

func (r *reports) add(a pipeline.Attempt) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, a)
}

func (r *reports) list() []pipeline.Attempt {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]pipeline.Attempt{}, r.all...)
}

// stubborn is work that looks at nothing until its gate opens.
type stubborn struct {
	began chan struct{}
	gate  chan struct{}
	done  chan struct{}
}

func newStubborn() *stubborn {
	return &stubborn{make(chan struct{}, 9), make(chan struct{}), make(chan struct{}, 9)}
}

func (s *stubborn) process(_ context.Context, _ pipeline.Processor, src []byte, _ pipeline.Recipe) (*pipeline.Result, error) {
	s.began <- struct{}{}
	<-s.gate
	defer func() { s.done <- struct{}{} }()
	out := &pipeline.Result{Outputs: []pipeline.Output{{Name: "a.glb", Type: "model/gltf-binary", Data: src}}}
	out.Manifest.Schema = 1
	return out, nil
}

func TestAWorkerEndsThoughItsWorkHeedsNothing(t *testing.T) {
	s, work, told := newShop(t), newStubborn(), &reports{}
	published := &publishes{Catalog: s.catalog}
	stop := s.run(func(w *pipeline.Worker) {
		w.SetProcess(work.process)
		w.Report, w.Catalog = told.add, published
	})
	s.submit("rack", sample(t, "rack"))
	<-work.began
	stop()
	if v := s.wait("rack", asset.Queued); v.Attempts != 0 {
		t.Errorf("a drain counts as %d attempts", v.Attempts)
	}
	if all := told.list(); len(all) != 1 || all[0].Outcome != pipeline.Drained || all[0].Code != "" {
		t.Errorf("got %+v", all)
	}
	defer s.run(nil)() // another one takes it at once
	s.wait("rack", asset.Ready)
	close(work.gate)
	<-work.done
	if n := published.count(); n != 0 {
		t.Errorf("what was drained published %d times", n)
	}
}

// publishes is a catalog that counts what is to be published.
type publishes struct {
	asset.Catalog
	mu sync.Mutex
	n  int
}

func (p *publishes) Publish(ctx context.Context, j asset.Job, epoch int64, m asset.Manifest) error {
	p.mu.Lock()
	p.n++
	p.mu.Unlock()
	return p.Catalog.Publish(ctx, j, epoch, m)
}

func (p *publishes) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.n
}

func TestAJobThatHeedsNothingIsBuriedAtItsLimit(t *testing.T) {
	s, work := newShop(t), newStubborn()
	stop := s.run(func(w *pipeline.Worker) {
		w.SetProcess(work.process)
		w.Limit = 100 * time.Millisecond
	})
	s.submit("rack", sample(t, "rack"))
	<-work.began
	if v := s.wait("rack", asset.Failed); !strings.Contains(v.Failure.Reason, "longer than 100ms") {
		t.Errorf("got %v", v.Failure)
	}
	close(work.gate)
	stop()
}

func TestJobsWaitForMemory(t *testing.T) {
	src := sample(t, "rack")
	need, err := pipeline.Estimate(src, pipeline.Default())
	if err != nil {
		t.Fatal(err)
	}
	t.Run("one at a time where there is room for one", func(t *testing.T) {
		s, work, told := newShop(t), newStubborn(), &reports{}
		stop := s.run(func(w *pipeline.Worker) {
			w.SetProcess(work.process)
			w.Slots, w.Memory, w.Report = 3, need+need/2, told.add
		})
		defer stop()
		for _, model := range []string{"a", "b", "c"} {
			s.submit(model, src)
		}
		<-work.began
		for _, model := range []string{"a", "b", "c"} { // all are taken
			s.wait(model, asset.Running)
		}
		if len(work.began) > 0 {
			t.Error("a second one began")
		}
		close(work.gate)
		for _, model := range []string{"a", "b", "c"} {
			s.wait(model, asset.Ready)
		}
	})
	t.Run("elsewhere where another worker has the memory", func(t *testing.T) {
		s, told := newShop(t), &reports{}
		small := s.run(func(w *pipeline.Worker) { w.Memory, w.MostMemory, w.Report = need-1, need, told.add })
		s.submit("a", src)
		for len(told.list()) == 0 {
			time.Sleep(time.Millisecond)
		}
		small()
		if v := s.wait("a", asset.Queued); told.list()[0].Outcome != pipeline.Elsewhere || v.Attempts != 0 {
			t.Errorf("got %+v, %+v", told.list(), v)
		}
		defer s.run(func(w *pipeline.Worker) { w.Memory = need })()
		s.wait("a", asset.Ready)
	})
	t.Run("side by side where there is room for two", func(t *testing.T) {
		s, work := newShop(t), newStubborn()
		stop := s.run(func(w *pipeline.Worker) {
			w.SetProcess(work.process)
			w.Slots, w.Memory = 2, 2*need
		})
		defer stop()
		s.submit("a", src)
		s.submit("b", src)
		<-work.began
		<-work.began
		close(work.gate)
		s.wait("a", asset.Ready)
		s.wait("b", asset.Ready)
	})
	t.Run("and are put back when the worker ends", func(t *testing.T) {
		s, work, told := newShop(t), newStubborn(), &reports{}
		stop := s.run(func(w *pipeline.Worker) {
			w.SetProcess(work.process)
			w.Slots, w.Memory, w.Grace, w.Report = 2, need, time.Minute, told.add
		})
		s.submit("a", src)
		<-work.began
		s.submit("b", src)
		s.wait("b", asset.Running)
		ended := make(chan struct{})
		go func() { defer close(ended); stop() }()
		s.wait("b", asset.Queued) // while the first is at work still
		close(work.gate)
		<-ended
		s.wait("a", asset.Ready)
		for _, a := range told.list() {
			want := map[string]pipeline.Outcome{"a": pipeline.Done, "b": pipeline.Drained}[a.Version.Model]
			if a.Outcome != want || a.Estimate != need && a.Outcome == pipeline.Done {
				t.Errorf("%s: %s, estimate %d", a.Version.Model, a.Outcome, a.Estimate)
			}
		}
	})
	t.Run("but not for more than there is", func(t *testing.T) {
		s := newShop(t)
		defer s.run(func(w *pipeline.Worker) { w.Memory = need - 1 })()
		s.submit("rack", src)
		v := s.wait("rack", asset.Failed)
		if v.Attempts != 1 || v.Failure.Code != "too-much-memory" || !strings.Contains(v.Failure.Reason, "reduce") || !strings.HasSuffix(v.Failure.Reproduce, " for "+pipeline.TooMuchMemory) {
			t.Errorf("got %d attempts, %+v", v.Attempts, v.Failure)
		}
	})
	t.Run("and what is broken needs none", func(t *testing.T) {
		s := newShop(t)
		defer s.run(func(w *pipeline.Worker) { w.Memory = 1 })()
		s.submit("bad", src[:len(src)-100])
		if v := s.wait("bad", asset.Failed); v.Failure.Code != "truncated" {
			t.Errorf("got %+v", v.Failure)
		}
	})
}

func TestALeaseIsKeptWhileItsJobWaitsForMemory(t *testing.T) {
	src := sample(t, "rack")
	need, err := pipeline.Estimate(src, pipeline.Default())
	if err != nil {
		t.Fatal(err)
	}
	s, work := newShop(t), newStubborn()
	catalog := &claims{Catalog: s.catalog, refused: make(chan error, 99)}
	stop := s.run(func(w *pipeline.Worker) {
		w.SetProcess(work.process)
		w.Slots, w.Memory, w.Catalog, w.Tell = 2, need, catalog, time.Hour
	})
	defer stop()
	began := time.Now()
	s.submit("a", src)
	s.submit("b", src)
	<-work.began
	for catalog.renewed.Load() < 8 { // each is renewed every third of a lease
		time.Sleep(10 * time.Millisecond)
	}
	// Tell keeps the others away: two jobs, at most once in 0.6 s each.
	if most := int64(2 * (time.Since(began)/(600*time.Millisecond) + 1)); catalog.renewed.Load() > most {
		t.Errorf("told %d times, want at most %d", catalog.renewed.Load(), most)
	}
	close(work.gate)
	for _, model := range []string{"a", "b"} {
		if v := s.wait(model, asset.Ready, asset.Failed); v.State != asset.Ready || v.Attempts != 1 {
			t.Errorf("%s is %s after %d attempts: %v", model, v.State, v.Attempts, v.Failure)
		}
	}
}

func TestAnAttemptIsReported(t *testing.T) {
	s, told := newShop(t), &reports{}
	src := sample(t, "fern")
	stop := s.run(func(w *pipeline.Worker) { w.Report = told.add })
	s.submit("one", src)
	s.wait("one", asset.Ready)
	s.submit("same", src)
	s.wait("same", asset.Ready)
	s.submit("bad", src[:100])
	s.wait("bad", asset.Failed)
	stop()
	all := told.list()
	if len(all) != 3 {
		t.Fatalf("%d attempts", len(all))
	}
	one, same, bad := all[0], all[1], all[2]
	var stages []pipeline.Stage
	for _, st := range one.Stages {
		stages = append(stages, st.Stage)
		if st.Wall <= 0 || st.CPU < 0 {
			t.Errorf("%+v", st)
		}
	}
	want := []pipeline.Stage{pipeline.Loading, pipeline.Reading, pipeline.Measuring, pipeline.Simplifying, pipeline.Fitting, pipeline.Packing, pipeline.Publishing}
	for _, st := range want {
		if n := count(stages, st); n != 1 {
			t.Errorf("stage %s is told %d times, of %v", st, n, stages)
		}
	}
	m := process(t, src)
	bytes := int64(0)
	for _, o := range m.Outputs {
		bytes += int64(len(o.Data))
	}
	if one.Outcome != pipeline.Done || one.Source != int64(len(src)) || one.Bytes != bytes || one.Uploaded != bytes || one.Outputs != len(m.Outputs) ||
		one.Levels != 4 || one.Images == 0 || one.Bodies == 0 || one.Wall <= 0 || one.CPU <= 0 || one.Err != nil || one.Code != "" || one.Age <= 0 {
		t.Errorf("got %+v", one)
	}
	if same.Outcome != pipeline.Done || same.Uploaded != 0 || same.Bytes != bytes {
		t.Errorf("got %+v", same)
	}
	if bad.Outcome != pipeline.Buried || bad.Code == "" || bad.Err == nil || bad.Stage != pipeline.Reading {
		t.Errorf("got %+v", bad)
	}
}

func count[T comparable](list []T, x T) (n int) {
	for _, y := range list {
		if x == y {
			n++
		}
	}
	return n
}
