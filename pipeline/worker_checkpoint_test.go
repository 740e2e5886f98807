package pipeline_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
)

// watched is a store that sees checkpoints go by, and may spoil those that are read.
type watched struct {
	asset.Store
	spoil func([]byte) []byte
	put   chan string // keys of checkpoints; nobody waits for more than it takes

	mu   sync.Mutex
	read int
}

func (w *watched) Put(ctx context.Context, key string, body io.Reader, size int64) error {
	err := w.Store.Put(ctx, key, body, size)
	if strings.HasPrefix(key, "checkpoint/") && err == nil {
		w.put <- key
		<-ctx.Done() // the worker is told to end here
		return ctx.Err()
	}
	return err
}

func (w *watched) Read(ctx context.Context, key string, r asset.Range) (asset.Info, io.ReadCloser, error) {
	info, body, err := w.Store.Read(ctx, key, r)
	if err != nil || !strings.HasPrefix(key, "checkpoint/") {
		return info, body, err
	}
	w.mu.Lock()
	w.read++
	w.mu.Unlock()
	if w.spoil == nil {
		return info, body, err
	}
	data, err := io.ReadAll(body)
	if err := errors.Join(err, body.Close()); err != nil {
		return info, nil, err
	}
	data = w.spoil(data)
	info.Size = int64(len(data))
	return info, io.NopCloser(bytes.NewReader(data)), err
}

func (w *watched) reads() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.read
}

func TestAJobGoesOnFromItsCheckpoint(t *testing.T) {
	src := pipeline.Heavy(t, 1000, 64)
	whole := pipeline.NewMeter().Account()
	want, err := pipeline.Processor{Account: whole}.Process(t.Context(), src, pipeline.Default())
	if err != nil {
		t.Fatal(err)
	}
	images, bodies := whole.Made()
	for name, c := range map[string]struct {
		spoil func([]byte) []byte
		all   bool // is made again
	}{
		"as it was put":         {nil, false},
		"unless it is cut off":  {func(b []byte) []byte { return b[:len(b)/2] }, true},
		"unless it is empty":    {func([]byte) []byte { return nil }, true},
		"unless a bit is wrong": {func(b []byte) []byte { b[len(b)-1] ^= 1; return b }, true},
		"unless it is of other work": {func(b []byte) []byte {
			return bytes.Replace(b, []byte("checkpoint 1"), []byte("checkpoint 2"), 1)
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			s, told := newShop(t), &reports{}
			store := &watched{Store: s.store, put: make(chan string, 99)}
			stop := s.run(func(w *pipeline.Worker) { w.Store, w.Checkpoint = store, time.Nanosecond })
			v := s.submit("ball", src)
			key := <-store.put
			stop()
			if !strings.HasPrefix(key, asset.CheckpointPrefix(v)) {
				t.Errorf("the key is %s, not of %s", key, asset.CheckpointPrefix(v))
			}
			s.wait("ball", asset.Queued)
			store = &watched{Store: s.store, put: make(chan string, 99), spoil: c.spoil}
			stop = s.run(func(w *pipeline.Worker) { w.Store, w.Report, w.Checkpoint = store, told.add, time.Hour })
			if v := s.wait("ball", asset.Ready, asset.Failed); v.State != asset.Ready {
				t.Fatalf("got %+v", v.Failure)
			}
			stop()
			m, err := s.catalog.Current(t.Context(), "m", "ball")
			if err != nil {
				t.Fatal(err)
			}
			for i, l := range m.Levels {
				for k, r := range l.Renditions {
					if r.SHA256 != want.Manifest.Levels[i].Renditions[k].SHA256 {
						t.Errorf("level %d in the %s form is another file", i, r.Form)
					}
				}
			}
			all := told.list()
			a := all[len(all)-1] // a machine that is very slow loses leases before
			if again := a.Images+a.Bodies == images+bodies; again != c.all || store.reads() == 0 {
				t.Errorf("%d images and %d bodies were made of %d and %d; %d checkpoints were read", a.Images, a.Bodies, images, bodies, store.reads())
			}
			if warned := strings.Contains(s.log.String(), "checkpoint is ignored"); warned != c.all {
				t.Errorf("the log says\n%s", s.log.String())
			}
		})
	}
}

func TestAJobThatEndsSoonHasNoCheckpoint(t *testing.T) {
	s := newShop(t)
	store := &watched{Store: s.store, put: make(chan string, 99)}
	stop := s.run(func(w *pipeline.Worker) { w.Store, w.Checkpoint = store, time.Hour })
	s.submit("fern", sample(t, "fern"))
	s.wait("fern", asset.Ready)
	stop()
	if len(store.put) != 0 || store.reads() != 0 {
		t.Errorf("%d were put, %d read", len(store.put), store.reads())
	}
}
