package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/local"
)

// yard is a store and a catalog that are swept.
type yard struct {
	*testing.T
	store   *local.Store
	catalog *local.Catalog
}

func newYard(t *testing.T) yard {
	store, errStore := local.OpenStore(t.TempDir())
	catalog, errCatalog := local.OpenCatalog(t.Context(), filepath.Join(t.TempDir(), "catalog.db"))
	if err := errors.Join(errStore, errCatalog); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(store.Close(), catalog.Close()); err != nil {
			t.Error(err)
		}
	})
	return yard{t, store, catalog}
}

// blob stores a blob of five bytes that is as old as said.
func (y yard) blob(key string, age time.Duration) string {
	y.Helper()
	if err := y.store.Put(y.Context(), key, bytes.NewReader([]byte("hello")), 5); err != nil {
		y.Fatal(err)
	}
	y.age(key, age)
	return key
}

func (y yard) age(key string, age time.Duration) {
	y.Helper()
	if err := os.Chtimes(y.store.Path(key), time.Time{}, time.Now().Add(-age)); err != nil {
		y.Fatal(err)
	}
}

// publish makes a version of a model that needs the blobs.
func (y yard) publish(merchant, model, version string, keys ...string) {
	y.Helper()
	v, err := y.catalog.Submit(y.Context(), asset.Version{Merchant: merchant, Model: model, Version: version})
	if err != nil {
		y.Fatal(err)
	}
	_, epoch, err := y.catalog.Claim(y.Context(), v.Ref(), time.Hour)
	if err != nil {
		y.Fatal(err)
	}
	m := asset.Manifest{Version: version}
	for _, key := range keys {
		m.Levels = append(m.Levels, asset.Level{Renditions: []asset.Rendition{{Key: key}}})
	}
	if err := y.catalog.Publish(y.Context(), v.Ref(), epoch, m); err != nil {
		y.Fatal(err)
	}
}

func (y yard) there(key string) bool {
	y.Helper()
	_, err := y.store.Stat(y.Context(), key)
	if err != nil && !errors.Is(err, asset.ErrNotFound) {
		y.Fatal(err)
	}
	return err == nil
}

func (y yard) sweep() Sweep {
	return Sweep{Store: y.store, Catalog: y.catalog, Older: 3 * 24 * time.Hour}
}

const (
	oldAge   = 73 * time.Hour
	youngAge = 71 * time.Hour
)

func TestASweepRemovesWhatIsOldAndNotNeeded(t *testing.T) {
	y := newYard(t)
	const a, b = "rendition/acme/", "rendition/bolt/"
	current, former := y.blob(a+"current", oldAge), y.blob(a+"former", oldAge)
	y.publish("acme", "chair", "1", former)
	y.publish("acme", "chair", "2", current, current)
	y.publish("bolt", "nut", "1")
	y.publish("bolt", "other", "1", a+"garbage-of-acme") // of its own renditions only
	stay := []string{
		current, former, y.blob(a+"young", youngAge), y.blob(b+"young", 0), y.blob("checkpoint/acme/young", youngAge),
		y.blob("source/acme/old", oldAge), y.blob("recipe/old", oldAge), y.blob("renditions", oldAge),
	}
	gone := []string{y.blob(a+"garbage", oldAge), y.blob(a+"garbage-of-acme", oldAge), y.blob(b+"garbage", oldAge), y.blob("checkpoint/acme/x/y", oldAge), y.blob("checkpoint/unknown/z", oldAge)}
	want := Swept{Blobs: 10, Needed: 2, Young: 3, Removed: 5, Bytes: 25}
	for _, dry := range []bool{true, false} {
		s := y.sweep()
		s.DryRun = dry
		if got, err := s.Run(t.Context()); err != nil || got != want {
			t.Errorf("dry run %v: got %+v, %v, want %+v", dry, got, err, want)
		}
		for _, key := range stay {
			if !y.there(key) {
				t.Errorf("dry run %v: %s is gone", dry, key)
			}
		}
		for _, key := range gone {
			if y.there(key) != dry {
				t.Errorf("dry run %v: there is %s: %v", dry, key, !dry)
			}
		}
	}
	if got, err := y.sweep().Run(t.Context()); err != nil || got != (Swept{Blobs: 5, Needed: 2, Young: 3}) {
		t.Errorf("the second time: got %+v, %v", got, err)
	}
	if marks, err := y.store.List(t.Context(), asset.Sweeps, "", 10); err != nil || len(marks) > 0 {
		t.Errorf("marks are left: %v, %v", marks, err)
	}
}

func TestASweepGoesThroughAllPages(t *testing.T) {
	y := newYard(t)
	y.publish("m", "a", "1", "rendition/m/0500")
	y.blob("rendition/m/0500", oldAge)
	for i := range 2*asset.PageLimit + 1 {
		key := fmt.Sprintf("rendition/m/%04d", i)
		if err := os.WriteFile(y.store.Path(key), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		y.age(key, oldAge)
	}
	if got, err := y.sweep().Run(t.Context()); err != nil || got != (Swept{Blobs: 2*asset.PageLimit + 1, Needed: 1, Removed: 2 * asset.PageLimit}) {
		t.Errorf("got %+v, %v", got, err)
	}
	if !y.there("rendition/m/0500") {
		t.Error("what is needed is gone")
	}
}

func TestASweepIsRefused(t *testing.T) {
	t.Run("when it would remove what an attempt may need", func(t *testing.T) {
		s := newYard(t).sweep()
		s.Older = LeastAge - 1
		if _, err := s.Run(t.Context()); !errors.Is(err, asset.ErrInvalid) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("when the catalog is another store's", func(t *testing.T) {
		y := newYard(t)
		key := y.blob("rendition/acme/x", oldAge)
		y.publish("other", "chair", "1")
		if _, err := y.sweep().Run(t.Context()); !errors.Is(err, asset.ErrInvalid) || !y.there(key) {
			t.Errorf("got %v, there %v", err, y.there(key))
		}
	})
	t.Run("when a manifest can't be read", func(t *testing.T) {
		y := newYard(t)
		key := y.blob("rendition/acme/x", oldAge)
		y.publish("acme", "chair", "1")
		s := y.sweep()
		s.Catalog = broken{y.catalog}
		if _, err := s.Run(t.Context()); !errors.Is(err, errBroken) || !y.there(key) {
			t.Errorf("got %v, there %v", err, y.there(key))
		}
	})
}

var errBroken = errors.New("it is broken")

type broken struct{ asset.Catalog }

func (broken) Manifest(context.Context, string, string, string) (asset.Manifest, error) {
	return asset.Manifest{}, errBroken
}

// stopped is a store whose next call of a method waits.
type stopped struct {
	asset.Store
	method, key string
	once        sync.Once
	here, on    chan struct{}
}

func stop(s asset.Store, method, key string) *stopped {
	return &stopped{Store: s, method: method, key: key, here: make(chan struct{}), on: make(chan struct{})}
}

func (s *stopped) wait(method, key string) {
	if method == s.method && key == s.key {
		s.once.Do(func() { close(s.here); <-s.on })
	}
}

func (s *stopped) Stat(ctx context.Context, key string) (asset.Info, error) {
	s.wait("Stat", key)
	return s.Store.Stat(ctx, key)
}

func (s *stopped) Remove(ctx context.Context, key string) error {
	s.wait("Remove", key)
	return s.Store.Remove(ctx, key)
}

func (s *stopped) Refresh(ctx context.Context, key string) error {
	s.wait("Refresh", key)
	return s.Store.Refresh(ctx, key)
}

// A worker that finds a blob there, and a sweep that is about to remove it: wherever one is
// stopped while the other goes on, the blob is there once Keep has returned.
func TestABlobThatIsKeptIsNotSwept(t *testing.T) {
	const key = "rendition/m/k"
	begin := func(t *testing.T) yard {
		y := newYard(t)
		y.publish("m", "a", "1")
		y.blob(key, oldAge)
		return y
	}
	for name, method := range map[string]string{"has yet to look how old it is": "Stat", "has looked how old it is": "Remove"} {
		t.Run("the sweep "+name, func(t *testing.T) {
			y := begin(t)
			store := stop(y.store, method, key)
			swept, kept := make(chan error, 1), make(chan error, 1)
			go func() {
				s := y.sweep()
				s.Store = store
				_, err := s.Run(t.Context())
				swept <- err
			}()
			<-store.here
			refreshed := stop(y.store, "Refresh", key)
			go func() {
				_, err := (&Keeper{}).Keep(t.Context(), refreshed, key, []byte("hello"))
				kept <- err
			}()
			<-refreshed.here
			close(refreshed.on)
			for info, err := y.store.Stat(t.Context(), key); time.Since(info.Modified) > fresh; info, err = y.store.Stat(t.Context(), key) {
				if err != nil {
					t.Fatal(err)
				}
			}
			select {
			case err := <-kept:
				t.Fatalf("the worker went on while the sweep was at it: %v", err)
			default:
			}
			close(store.on)
			if err := errors.Join(<-swept, <-kept); err != nil {
				t.Fatal(err)
			}
			if !y.there(key) {
				t.Error("it is gone")
			}
		})
	}
	t.Run("the worker has found it and not yet looked at it", func(t *testing.T) {
		for _, method := range []string{"Stat", "Refresh"} {
			y := begin(t)
			store := stop(y.store, method, key)
			kept := make(chan error, 1)
			go func() {
				_, err := (&Keeper{}).Keep(t.Context(), store, key, []byte("hello"))
				kept <- err
			}()
			<-store.here
			if got, err := y.sweep().Run(t.Context()); err != nil || got.Removed != 1 {
				t.Errorf("%s: the sweep: %+v, %v", method, got, err)
			}
			close(store.on)
			if err := <-kept; err != nil || !y.there(key) {
				t.Errorf("%s: got %v, there %v", method, err, y.there(key))
			}
		}
	})
	t.Run("both at full speed", func(t *testing.T) {
		y := begin(t)
		for range 20 {
			if y.there(key) {
				y.age(key, oldAge)
			}
			var all sync.WaitGroup
			var errKeep, errSweep error
			all.Go(func() { _, errKeep = (&Keeper{}).Keep(t.Context(), y.store, key, []byte("hello")) })
			all.Go(func() { _, errSweep = y.sweep().Run(t.Context()) })
			all.Wait()
			if err := errors.Join(errKeep, errSweep); err != nil || !y.there(key) {
				t.Fatalf("got %v, there %v", err, y.there(key))
			}
		}
	})
}

func TestAYoungBlobIsKeptAsItIs(t *testing.T) {
	y := newYard(t)
	key := y.blob("rendition/m/k", fresh-time.Hour)
	before, err := y.store.Stat(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	y.blob(asset.SweepKey("x"), 0) // nobody waits for it
	if _, err := (&Keeper{}).Keep(t.Context(), y.store, key, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if after, err := y.store.Stat(t.Context(), key); err != nil || after != before {
		t.Errorf("it was %+v and is %+v, %v", before, after, err)
	}
}

func TestTheMarkOfADeadSweepHoldsNobodyForLong(t *testing.T) {
	y := newYard(t)
	key := y.blob("rendition/m/k", oldAge)
	y.publish("m", "a", "1", key)
	mark := y.blob(asset.SweepKey("x"), 0)
	if err := (&Keeper{}).rejuvenate(t.Context(), y.store, key, 50*time.Millisecond); err != nil {
		t.Error(err)
	}
	y.age(key, oldAge)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := (&Keeper{}).rejuvenate(ctx, y.store, key, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	y.age(mark, staleMark-time.Minute)
	if _, err := y.sweep().Run(t.Context()); err != nil || !y.there(mark) {
		t.Errorf("got %v; a mark that may be needed is there: %v", err, y.there(mark))
	}
	y.age(mark, staleMark+time.Minute)
	if _, err := y.sweep().Run(t.Context()); err != nil || y.there(mark) {
		t.Errorf("got %v; the mark is there: %v", err, y.there(mark))
	}
}

// A sweep that died five seconds ago, and one that died ten hours ago: a model of many files that
// are all there, and old, is held up by the first only, and once.
func TestManyBlobsAreKeptAsFastAsOne(t *testing.T) {
	for age, want := range map[time.Duration]time.Duration{5 * time.Second: deadMark, 10 * time.Hour: 0} {
		t.Run(fmt.Sprintf("with a mark of %s the worker waits %s", age, want), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				y := newYard(t)
				y.blob(asset.SweepKey("dead"), age)
				k, began := &Keeper{}, time.Now()
				for n := range 6 {
					key := y.blob(fmt.Sprint("rendition/m/", n), oldAge)
					if stored, err := k.Keep(t.Context(), y.store, key, []byte("hello")); err != nil || stored {
						t.Fatalf("got %v, %v", stored, err)
					}
				}
				if took := time.Since(began); took < want || took > want+time.Second {
					t.Errorf("it took %s, want %s", took, want)
				}
				// What was waited for is no reason to forget those that come.
				y.blob(asset.SweepKey("new"), 0)
				marks, err := k.marks(t.Context(), y.store, deadMark)
				if err != nil || !slices.Equal(marks, []string{asset.SweepKey("new")}) {
					t.Errorf("it would wait for %v, %v, want the new one", marks, err)
				}
			})
		})
	}
}

// unsent is a store that can't be put to.
type unsent struct{ *local.Store }

func (unsent) Put(context.Context, string, io.Reader, int64) error { return errBroken }

func TestALargeBlobThatIsThereIsNotSentAgain(t *testing.T) {
	y := newYard(t)
	data := bytes.Repeat([]byte("x"), large+1)
	for _, n := range []int{large, large + 1} {
		if stored, err := (&Keeper{}).Keep(t.Context(), y.store, fmt.Sprint("rendition/m/", n), data[:n]); err != nil || !stored {
			t.Fatalf("%d bytes: got %v, %v", n, stored, err)
		}
		_, err := (&Keeper{}).Keep(t.Context(), unsent{y.store}, fmt.Sprint("rendition/m/", n), data[:n])
		if sent := errors.Is(err, errBroken); sent != (n == large) || !sent && err != nil {
			t.Errorf("%d bytes: got %v", n, err)
		}
	}
}
