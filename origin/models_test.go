package origin

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// shelf is a catalog that can fail.
type shelf struct {
	mu       sync.Mutex
	manifest map[string]asset.Manifest
	newest   map[string]asset.Version
	err      error
	hang     bool
	asked    atomic.Int64
}

func (s *shelf) Current(ctx context.Context, merchant, model string) (asset.Manifest, error) {
	s.asked.Add(1)
	s.mu.Lock()
	m, ok := s.manifest[merchant+"/"+model]
	err, hang := s.err, s.hang
	s.mu.Unlock()
	if hang {
		<-ctx.Done()
		return m, ctx.Err()
	}
	if err == nil && !ok {
		err = fmt.Errorf("%s: %w", model, asset.ErrNotFound)
	}
	return m, err
}

func (s *shelf) Newest(_ context.Context, merchant, model string) (asset.Version, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.newest[merchant+"/"+model]
	if !ok {
		return v, fmt.Errorf("%s: %w", model, asset.ErrNotFound)
	}
	return v, nil
}

func (s *shelf) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

func free() error { return nil }

func newShelf() *shelf {
	return &shelf{
		manifest: map[string]asset.Manifest{"acme/chair": {Schema: 1, Model: "chair", Version: "1", Published: "2026-11-23T12:00:00Z"}},
		newest:   map[string]asset.Version{"acme/new": {Merchant: "acme", Model: "new", State: asset.Queued}},
	}
}

func TestManifestsAreRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newShelf()
		s := newModels(c, time.Second, 1<<20)
		get := func(id string) (string, bool, error) {
			m, old, err := s.get(t.Context(), "acme", id, free)
			if err != nil {
				return "", old, err
			}
			return m.manifest.Version, old, nil
		}
		want := func(what, version string, asked int64) {
			t.Helper()
			synctest.Wait()
			if v, old, err := get("chair"); v != version || old || err != nil {
				t.Errorf("%s: got %q, %v, %v, want %q", what, v, old, err, version)
			}
			synctest.Wait()
			if n := c.asked.Load(); n != asked {
				t.Errorf("%s: the catalog was asked %d times, want %d", what, n, asked)
			}
		}
		want("at first", "1", 1)
		want("again", "1", 1)
		c.set(func() { c.manifest["acme/chair"] = asset.Manifest{Version: "2"} })
		time.Sleep(time.Second)
		want("a little old", "1", 2) // and asked for beside
		want("a little later", "2", 2)
		time.Sleep(time.Minute)
		c.set(func() { c.manifest["acme/chair"] = asset.Manifest{Version: "3"} })
		want("long after", "3", 3)

		c.set(func() { c.err = errors.New("the catalog burns") })
		time.Sleep(time.Hour)
		for range 3 {
			if v, old, err := get("chair"); v != "3" || !old || err != nil {
				t.Errorf("while it is down: got %q, %v, %v", v, old, err)
			}
		}
		if n := c.asked.Load(); n != 4 {
			t.Errorf("a catalog that is down was asked %d times, want once a second", n)
		}
		if _, _, err := get("table"); !errors.Is(err, asset.ErrUnavailable) {
			t.Errorf("one that nobody knows: got %v", err)
		}
		time.Sleep(25 * time.Hour)
		if _, _, err := get("chair"); !errors.Is(err, asset.ErrUnavailable) {
			t.Errorf("after a day: got %v", err)
		}
		c.set(func() { c.err = nil })
		time.Sleep(2 * time.Second)
		if v, old, err := get("chair"); v != "3" || old || err != nil {
			t.Errorf("when it is back: got %q, %v, %v", v, old, err)
		}
	})
}

func TestACatalogThatHangsIsNotWaitedForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newShelf()
		c.hang = true
		s := newModels(c, time.Second, 1<<20)
		began := time.Now()
		if _, _, err := s.get(t.Context(), "acme", "chair", free); !errors.Is(err, asset.ErrUnavailable) || time.Since(began) != patience {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
	})
}

func TestWhatIsNotThereIsRememberedForFiveSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newShelf()
		s := newModels(c, time.Second, 1<<20)
		for range 10 {
			if _, _, err := s.get(t.Context(), "acme", "lamp", free); !errors.Is(err, asset.ErrNotFound) {
				t.Errorf("got %v", err)
			}
		}
		if n := c.asked.Load(); n != 1 {
			t.Errorf("asked %d times", n)
		}
		c.set(func() { c.manifest["acme/lamp"] = asset.Manifest{Version: "1"} })
		time.Sleep(negative)
		if m, _, err := s.get(t.Context(), "acme", "lamp", free); err != nil || m.pending() {
			t.Errorf("got %v, %v", m, err)
		}
		if m, _, err := s.get(t.Context(), "acme", "new", free); err != nil || !m.pending() {
			t.Errorf("an upload without levels: got %v, %v", m, err)
		}
	})
}

func TestManyWhoAskAtOnceAskOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newShelf()
		s := newModels(c, time.Second, 1<<20)
		var wg sync.WaitGroup
		for range 200 {
			wg.Go(func() {
				if _, _, err := s.get(t.Context(), "acme", "chair", free); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := c.asked.Load(); n != 1 {
			t.Errorf("asked %d times", n)
		}
	})
}

func TestAnUnchangedManifestKeepsWhatWasMadeOfIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newModels(newShelf(), time.Second, 1<<20)
		first, _, err := s.get(t.Context(), "acme", "chair", free)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if second, _, err := s.get(t.Context(), "acme", "chair", free); err != nil || second != first {
			t.Errorf("got another, %v", err)
		}
	})
}
