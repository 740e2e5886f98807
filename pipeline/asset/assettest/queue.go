package assettest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// Queue tests a queue that open makes, empty. Its lease time must be short, a second
// or so: some cases wait for it. What more a queue promises that can know which jobs it
// has is tested by QueueOnce.
func Queue(t *testing.T, open func(t *testing.T) asset.Queue) {
	job := func(model string) asset.Job { return asset.Job{Merchant: "m", Model: model, Version: "1"} }
	send := func(t *testing.T, q asset.Queue, j asset.Job) {
		t.Helper()
		if err := q.Send(t.Context(), j); err != nil {
			t.Fatal(err)
		}
	}
	lease := func(t *testing.T, q asset.Queue) asset.Lease {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 4*q.LeaseTime()+2*time.Second)
		defer cancel()
		l, err := q.Lease(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	nothing := func(t *testing.T, q asset.Queue, wait time.Duration) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), wait)
		defer cancel()
		if l, err := q.Lease(ctx); err == nil {
			t.Errorf("got %v, want nothing", l.Job())
		} else if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the deadline", err)
		}
	}

	t.Run("what is sent is leased", func(t *testing.T) {
		q := open(t)
		send(t, q, job("a"))
		l := lease(t, q)
		if l.Job() != job("a") {
			t.Errorf("got %v", l.Job())
		}
		if err := l.Done(t.Context()); err != nil {
			t.Fatal(err)
		}
		nothing(t, q, q.LeaseTime()+q.LeaseTime()/2)
	})
	t.Run("an empty queue waits", func(t *testing.T) {
		nothing(t, open(t), 200*time.Millisecond)
	})
	t.Run("a job that is sent twice is handed out once, or twice, and never again", func(t *testing.T) {
		q := open(t)
		send(t, q, job("a"))
		send(t, q, job("a"))
		l := lease(t, q)
		send(t, q, job("a")) // leased now
		for range 3 {
			if l.Job() != job("a") {
				t.Errorf("got %v", l.Job())
			}
			if err := l.Done(t.Context()); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), q.LeaseTime()+q.LeaseTime()/2)
			next, err := q.Lease(ctx)
			cancel()
			if errors.Is(err, context.DeadlineExceeded) {
				return
			} else if err != nil {
				t.Fatal(err)
			}
			l = next
		}
		t.Errorf("got %v a fourth time", l.Job())
	})
	t.Run("a finished job can be sent again", func(t *testing.T) {
		q := open(t)
		for range 2 {
			send(t, q, job("a"))
			if err := lease(t, q).Done(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	})
	t.Run("a leased job is nobody else's", func(t *testing.T) {
		q := open(t)
		send(t, q, job("a"))
		l := lease(t, q)
		nothing(t, q, q.LeaseTime()/2)
		_ = l
	})
	t.Run("a lease that is not extended ends", func(t *testing.T) {
		q := open(t)
		send(t, q, job("a"))
		lost := lease(t, q)
		again := lease(t, q)
		if again.Job() != job("a") {
			t.Errorf("got %v", again.Job())
		}
		if err := lost.Extend(t.Context()); !errors.Is(err, asset.ErrConflict) {
			t.Errorf("the lost lease: got %v, want ErrConflict", err)
		}
	})
	t.Run("a lease that is extended lasts", func(t *testing.T) {
		q := open(t)
		send(t, q, job("a"))
		l := lease(t, q)
		for range 6 {
			if err := l.Extend(t.Context()); err != nil {
				t.Fatal(err)
			}
			nothing(t, q, q.LeaseTime()/3)
		}
		if err := l.Done(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("a job that is retried comes again, later", func(t *testing.T) {
		q := open(t)
		send(t, q, job("a"))
		if err := lease(t, q).Retry(t.Context(), 400*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		nothing(t, q, 200*time.Millisecond)
		if l := lease(t, q); l.Job() != job("a") {
			t.Errorf("got %v", l.Job())
		}
	})
	t.Run("a buried job does not come again", func(t *testing.T) {
		q := open(t)
		send(t, q, job("a"))
		if err := lease(t, q).Bury(t.Context(), "it is broken"); err != nil {
			t.Fatal(err)
		}
		nothing(t, q, q.LeaseTime()+q.LeaseTime()/2)
	})
	t.Run("many jobs are all handed out", func(t *testing.T) {
		q := open(t)
		want := map[string]bool{}
		for _, name := range []string{"a", "b", "c", "d", "e"} {
			send(t, q, job(name))
			want[name] = true
		}
		for range len(want) {
			l := lease(t, q)
			if !want[l.Job().Model] {
				t.Errorf("got %v twice", l.Job())
			}
			delete(want, l.Job().Model)
			if err := l.Done(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// QueueOnce tests what a queue promises that can know which jobs wait and are leased:
// none is added again.
func QueueOnce(t *testing.T, open func(t *testing.T) asset.Queue) {
	t.Run("a job that waits or is leased is not added again", func(t *testing.T) {
		q := open(t)
		j := asset.Job{Merchant: "m", Model: "a", Version: "1"}
		send := func() {
			if err := q.Send(t.Context(), j); err != nil {
				t.Fatal(err)
			}
		}
		send()
		send()
		l, err := q.Lease(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		send() // leased now
		if err := l.Done(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), q.LeaseTime()+q.LeaseTime()/2)
		defer cancel()
		if l, err := q.Lease(ctx); err == nil {
			t.Errorf("got %v, want nothing", l.Job())
		} else if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the deadline", err)
		}
	})
}
