package local

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

func TestTheQueueTellsHowItStands(t *testing.T) {
	q, err := OpenQueue(t.Context(), t.TempDir(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	closing(t, q)
	stats := func(waiting, inFlight int64) asset.LaneStats {
		t.Helper()
		all, err := q.Stats(t.Context())
		if err != nil || len(all) != 1 {
			t.Fatalf("got %v, %v", all, err)
		}
		if s := all[0]; s.Lane != "jobs" || s.Waiting != waiting || s.InFlight != inFlight || (s.Oldest > 0) != (waiting > 0) {
			t.Errorf("got %+v, want %d waiting and %d in flight", s, waiting, inFlight)
		}
		return all[0]
	}
	stats(0, 0)
	began := time.Now()
	for _, model := range []string{"a", "b", "c"} {
		if err := q.Send(t.Context(), asset.Job{Merchant: "m", Model: model, Version: "1"}); err != nil {
			t.Fatal(err)
		}
	}
	first := stats(3, 0)
	l, err := q.Lease(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if now := stats(2, 1); first.Oldest > time.Since(began) || now.Oldest > time.Since(began) {
		t.Errorf("ages %s and %s, and the first job was sent %s ago", first.Oldest, now.Oldest, time.Since(began))
	}
	if err := l.Done(t.Context()); err != nil {
		t.Fatal(err)
	}
	stats(2, 0)
	ended, end := context.WithCancel(t.Context())
	end()
	if all, err := q.Stats(ended); !errors.Is(err, asset.ErrUnavailable) {
		t.Errorf("without an answer: got %v, %v", all, err)
	}
}
