package assettest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

var job1 = asset.Job{Merchant: "m", Model: "a", Version: "1"}

// busy checks that a claim is refused because someone is at work.
func (s shelf) busy() {
	s.Helper()
	if _, _, err := s.Claim(s.Context(), job1, 0); !errors.Is(err, asset.ErrBusy) || !errors.Is(err, asset.ErrConflict) {
		s.Fatalf("got %v, want ErrBusy, an ErrConflict", err)
	}
}

// testClaims tests how long a claim keeps others away.
func testClaims(t *testing.T, open func(t *testing.T) asset.Catalog) {
	run := func(name string, do func(s shelf)) {
		t.Run(name, func(t *testing.T) { do(shelf{t, open(t)}) })
	}
	run("a version that is worked on is busy", func(s shelf) {
		s.submit("1")
		epoch := s.claim("1")
		s.busy()
		if v, err := s.Newest(s.Context(), "m", "a"); err != nil || v.State != asset.Running || v.Attempts != 1 {
			s.Errorf("it is %s after %d attempts, %v", v.State, v.Attempts, err)
		}
		s.publish("1", epoch)
		if _, _, err := s.Claim(s.Context(), job1, 0); !errors.Is(err, asset.ErrConflict) || errors.Is(err, asset.ErrBusy) {
			s.Errorf("a ready one: got %v, want ErrConflict, not ErrBusy", err)
		}
	})
	run("a version that is put back is not busy", func(s shelf) {
		s.submit("1")
		if err := s.Requeue(s.Context(), job1, s.claim("1"), true); err != nil {
			s.Fatal(err)
		}
		s.publish("1", s.claim("1"))
	})
	run("a claim lasts as long as it is renewed", func(s shelf) {
		const lease = 800 * time.Millisecond
		s.submit("1")
		began := time.Now()
		_, epoch, err := s.Claim(s.Context(), job1, lease)
		if err != nil {
			s.Fatal(err)
		}
		for renewed := began; time.Since(began) < 2*lease; time.Sleep(lease / 8) {
			_, _, err := s.Claim(s.Context(), job1, 0)
			if time.Since(renewed) >= lease {
				s.Skip("this machine is too slow to renew a claim in time")
			}
			if !errors.Is(err, asset.ErrBusy) {
				s.Fatalf("got %v, want ErrBusy", err)
			}
			renewed = time.Now()
			if err := s.Progress(s.Context(), job1, epoch, "x", 1); err != nil {
				s.Fatal(err)
			}
		}
		// Not renewed any longer, it ends.
		for err = asset.ErrBusy; errors.Is(err, asset.ErrBusy); time.Sleep(lease / 8) {
			_, _, err = s.Claim(s.Context(), job1, 0)
		}
		if err != nil {
			s.Errorf("after its lease: %v", err)
		}
		if err := s.Progress(s.Context(), job1, epoch, "x", 2); !errors.Is(err, asset.ErrConflict) {
			s.Errorf("the first one's progress: got %v, want ErrConflict", err)
		}
	})
}

// testRescue tests what a catalog tells of jobs that a queue may have lost.
func testRescue(t *testing.T, open func(t *testing.T) asset.Catalog) {
	t.Run("what has been queued for long is rescued once, the longest first", func(t *testing.T) {
		c := open(t)
		job := func(model string) asset.Job { return asset.Job{Merchant: "m", Model: model, Version: "1"} }
		for _, model := range []string{"c", "b", "a", "running", "ready", "again"} {
			if _, err := c.Submit(t.Context(), asset.Version{Merchant: "m", Model: model, Version: "1"}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * time.Millisecond) // times are no finer
		}
		epochs := map[string]int64{}
		for _, model := range []string{"running", "ready", "again"} {
			_, epoch, err := c.Claim(t.Context(), job(model), 0)
			if err != nil {
				t.Fatal(err)
			}
			epochs[model] = epoch
		}
		if err := errors.Join(c.Publish(t.Context(), job("ready"), epochs["ready"], asset.Manifest{}), c.Requeue(t.Context(), job("again"), epochs["again"], true)); err != nil {
			t.Fatal(err)
		}
		rescued := func(before time.Time, limit int) (models []string) {
			t.Helper()
			list, err := c.Rescue(t.Context(), before, limit)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range list {
				if v.State != asset.Queued || v.Ref() != job(v.Model) {
					t.Errorf("got %+v", v)
				}
				models = append(models, v.Model)
			}
			return models
		}
		if got := rescued(time.Now().Add(-time.Hour), 9); len(got) != 0 {
			t.Errorf("of before an hour: got %v", got)
		}
		if got := rescued(time.Now(), 0); len(got) != 0 {
			t.Errorf("at most none: got %v", got)
		}
		time.Sleep(2 * time.Millisecond)
		now := time.Now()
		time.Sleep(2 * time.Millisecond)
		for _, want := range [][]string{{"c", "b"}, {"a", "again"}, nil} {
			if got := rescued(now, 2); !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		}
		if _, _, err := c.Claim(t.Context(), job("a"), time.Hour); err != nil {
			t.Errorf("what was rescued can't be claimed: %v", err)
		}
	})
}
