package origin

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// Whose URLs are signed is asked with each request: what is remembered of files and products
// is remembered for all.
func TestAMerchantIsClosedAndOpenedAtOnce(t *testing.T) {
	s := newStall(t, nil)
	paths := []string{"/p/acme/lamp.glb", "/p/acme/lamp.json", "/o/acme/" + asset.Hash(s.levels[3]) + "/lamp.glb"}
	closed, other := Keys{"acme": {keyOf(1)}}, Keys{"acme": {keyOf(2)}}
	sign := func(k Keys, path string) string {
		t.Helper()
		signed, err := k.Sign(path, time.Now().Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	for _, step := range []struct {
		what                string
		keys                Keys
		unsigned, one, both int // status without a signature, by the first key, and by the other
	}{
		{"open", nil, 200, 200, 200},
		{"closed", closed, 404, 200, 404},
		{"with a new key behind", Keys{"acme": {keyOf(1), keyOf(2)}}, 404, 200, 200},
		{"with the new key alone", other, 404, 404, 200},
		{"with a key of another merchant", Keys{"bcme": {keyOf(1)}}, 200, 200, 200},
	} {
		s.SetKeys(step.keys)
		for _, path := range paths {
			for range 2 { // the second is remembered
				for url, want := range map[string]int{path: step.unsigned, sign(closed, path): step.one, sign(other, path): step.both} {
					w := s.get(url)
					if w.Code != want {
						t.Errorf("%s: %s: got %d, want %d", step.what, url, w.Code, want)
					}
					if step.unsigned != 200 && w.Code == 200 && w.Header().Get("Cache-Control") == forever {
						t.Errorf("%s: %s may be kept forever", step.what, url)
					}
				}
			}
		}
	}
}

// unread counts the times that keys could not be read.
func (s *stall) unread() float64 {
	families, err := s.Gatherer().Gather()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == unreadMetric.Name {
			return f.GetMetric()[0].GetCounter().GetValue()
		}
	}
	s.t.Fatalf("there is no %s", unreadMetric.Name)
	return 0
}

// A story of readings; each is done when the next begins.
func TestKeysAreReadAgain(t *testing.T) {
	s := newStall(t, func(c *Config) { c.Keys = Keys{"acme": {keyOf(1)}} })
	const path = "/p/acme/lamp.glb"
	step := 0
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s.WatchKeys(ctx, time.Microsecond, func(context.Context) (Keys, error) {
		step++
		open, failed := s.get(path).Code == http.StatusOK, s.unread()
		keys := *s.keys.Load()
		switch step {
		case 1:
			return nil, errors.New("S3 is down")
		case 2:
			if open || failed != 1 {
				t.Errorf("a fault opened URLs (%v), or is counted %v times", open, failed)
			}
			return nil, asset.ErrNotFound // with no keys
		case 3:
			if open || failed != 2 {
				t.Errorf("keys that are gone opened URLs (%v), or are counted %v times", open, failed)
			}
			return Keys{"acme": {keyOf(1)}}, nil
		case 4:
			if open || len(keys) != 1 || failed != 2 {
				t.Errorf("the same keys: %v, open %v, %v faults", keys, open, failed)
			}
			return Keys{"bcme": {keyOf(1)}}, nil
		case 5:
			if !open {
				t.Error("a merchant that is left out stays closed")
			}
			return Keys{"acme": {keyOf(2)}, "bcme": {keyOf(1)}}, nil
		case 6:
			if open || len(keys) != 2 || failed != 2 {
				t.Errorf("new keys: %v, open %v, %v faults", keys, open, failed)
			}
			cancel()
			return nil, ctx.Err()
		}
		t.Errorf("it is read a %d. time after the end", step)
		return nil, ctx.Err()
	})
	if n := s.unread(); step != 6 || n != 2 {
		t.Errorf("%d readings, %v faults", step, n)
	}
}

// Requests and new keys meet: the race detector sees to it.
func TestKeysChangeWhileRequestsAreAnswered(t *testing.T) {
	s := newStall(t, nil)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 200 {
			s.SetKeys(Keys{"acme": {keyOf(byte(i))}})
		}
	}()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		if w := s.get("/p/acme/lamp.glb"); w.Code != http.StatusOK && w.Code != http.StatusNotFound {
			t.Fatalf("got %d: %s", w.Code, strings.TrimSpace(w.Body.String()))
		}
	}
	if w := s.get("/p/acme/lamp.glb"); w.Code != http.StatusNotFound {
		t.Errorf("in the end it is open: %d", w.Code)
	}
}
