package cloud

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/asset/assettest"
	"github.com/plinth3d/plinth/pipeline/cloud/sqstest"
)

// shop is a server with a lane for each name, and its dead letters.
func shop(t *testing.T, names ...string) (*sqstest.Server, QueueConfig) {
	t.Helper()
	s := sqstest.Silent(t)
	s.Setenv(t)
	c := QueueConfig{LeaseTime: 30 * time.Second}
	for _, name := range names {
		c.Lanes = append(c.Lanes, Lane{Name: name, URL: s.Create(name), Dead: s.Create(name + "-dead"), Weight: 1})
		s.Redrive(name, name+"-dead", 10)
	}
	return s, c
}

// begin opens a queue on a server that has no port.
func begin(t *testing.T, s *sqstest.Server, c QueueConfig) *Queue {
	t.Helper()
	q, err := openQueue(t.Context(), c, config.WithHTTPClient(s.Client()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := q.Close(); err != nil {
			t.Error(err)
		}
	})
	return q
}

func jobOf(merchant, model string) asset.Job {
	return asset.Job{Merchant: merchant, Model: model, Version: "1"}
}

func mustSend(t *testing.T, q *Queue, j asset.Job) {
	t.Helper()
	if err := q.Send(t.Context(), j); err != nil {
		t.Fatal(err)
	}
}

func mustLease(t *testing.T, q *Queue) *queueLease {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	l, err := q.Lease(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return l.(*queueLease)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestQueue(t *testing.T) {
	server := sqstest.New(t)
	server.Setenv(t)
	n := 0
	assettest.Queue(t, func(t *testing.T) asset.Queue {
		n++
		name := fmt.Sprintf("suite-%d", n)
		q, err := OpenQueue(t.Context(), QueueConfig{
			Lanes:     []Lane{{Name: "jobs", URL: server.Create(name), Dead: server.Create(name + "-dead"), Weight: 1}},
			LeaseTime: time.Second, LongPoll: time.Second,
		})
		must(t, err)
		t.Cleanup(func() { must(t, q.Close()) })
		return q
	})
}

// SQS counts from when it answered, which may have been a while ago.
func TestALeaseIsGivenUpALittleBeforeItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := shop(t, "jobs")
		q := begin(t, s, c)
		mustSend(t, q, jobOf("m", "a"))
		l := mustLease(t, q)
		time.Sleep(c.LeaseTime / 10 * 8)
		must(t, l.Extend(t.Context()))
		time.Sleep(c.LeaseTime / 10 * 9)
		if err := l.Extend(t.Context()); !errors.Is(err, asset.ErrConflict) {
			t.Errorf("got %v, want ErrConflict", err)
		}
	})
}

func TestALongJobWithHeartbeatsIsDeliveredOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := shop(t, "jobs")
		q, other := begin(t, s, c), begin(t, s, c)
		mustSend(t, q, jobOf("m", "a"))
		l := mustLease(t, q)
		end := time.Now().Add(3 * c.LeaseTime)
		for time.Now().Before(end) {
			ctx, cancel := context.WithTimeout(t.Context(), c.LeaseTime/3)
			if again, err := other.Lease(ctx); err == nil {
				t.Fatalf("got %v again", again.Job())
			}
			cancel()
			must(t, l.Extend(t.Context()))
		}
		must(t, l.Done(t.Context()))
		if left := s.Messages("jobs"); len(left) != 0 || l.message.count != 1 {
			t.Errorf("left are %v; it was received %d times", left, l.message.count)
		}
	})
}

func TestAPollTakesNoMoreThanThereAreSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := shop(t, "jobs")
		q := begin(t, s, c)
		for i := range 30 {
			mustSend(t, q, jobOf("m", fmt.Sprint("a", i)))
		}
		for _, slots := range []int{1, 3, 12} {
			s.Forget()
			leases := make(chan *queueLease)
			for range slots {
				go func() { leases <- mustLease(t, q) }()
			}
			var taken []*queueLease
			for range slots {
				taken = append(taken, <-leases)
			}
			synctest.Wait()
			for _, r := range s.Requests() {
				if r.Max > min(slots, 10) {
					t.Errorf("%d slots: %d messages are asked for", slots, r.Max)
				}
			}
			flying := 0
			for _, m := range s.Messages("jobs") {
				if m.Visible.After(time.Now()) {
					flying++
				}
			}
			if flying != slots {
				t.Errorf("%d slots: %d messages are in flight", slots, flying)
			}
			for _, l := range taken {
				must(t, l.Done(t.Context()))
			}
		}
	})
}

func TestAnIdleQueueAsksOnceInTwentySeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := shop(t, "jobs")
		q := begin(t, s, c)
		ctx, cancel := context.WithTimeout(t.Context(), 199*time.Second)
		defer cancel()
		if _, err := q.Lease(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if n := s.Count("", ""); n != 10 {
			t.Errorf("%d requests in 199 s, want 10", n)
		}
	})
}

func TestWhatComesWhenNobodyWaitsIsReleasedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := shop(t, "jobs")
		q := begin(t, s, c)
		ctx, cancel := context.WithCancel(t.Context())
		gone := make(chan error)
		go func() { _, err := q.Lease(ctx); gone <- err }()
		must(t, s.Wait(t.Context(), "ReceiveMessage", "jobs", 1))
		synctest.Wait()
		cancel()
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		mustSend(t, q, jobOf("m", "a")) // the poll still goes on
		time.Sleep(time.Second)
		if m := s.Messages("jobs"); len(m) != 1 || m[0].Received != 0 || m[0].Visible.After(time.Now()) {
			t.Errorf("the message is %+v", m)
		}
		time.Sleep(time.Hour)
		if n := s.Count("ReceiveMessage", "jobs"); n != 1 {
			t.Errorf("%d polls after the last call has gone", n)
		}
	})
}

func TestCloseReleasesWhatThePollBrings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := shop(t, "jobs")
		q := begin(t, s, c)
		waiting := make(chan error)
		go func() { _, err := q.Lease(t.Context()); waiting <- err }()
		must(t, s.Wait(t.Context(), "ReceiveMessage", "jobs", 1))
		synctest.Wait()
		began := time.Now()
		closed := make(chan error)
		go func() { closed <- q.Close() }()
		if err := <-waiting; !errors.Is(err, errClosed) {
			t.Errorf("a call that waits: got %v", err)
		}
		s.Send("jobs", `{"plinth":1,"merchant":"m","model":"a","version":"1"}`)
		must(t, <-closed)
		if m := s.Messages("jobs"); m[0].Received != 0 || m[0].Visible.After(time.Now()) {
			t.Errorf("the message is %+v", m)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("it took %s", took)
		}
		if _, err := q.Lease(t.Context()); !errors.Is(err, errClosed) {
			t.Errorf("afterwards: got %v", err)
		}
	})
}

func TestCloseIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := shop(t, "jobs")
		q, err := openQueue(t.Context(), c, config.WithHTTPClient(s.Client()))
		must(t, err)
		mustSend(t, q, jobOf("m", "a"))
		l := mustLease(t, q)
		s.Break("DeleteMessageBatch", "", sqstest.Hold(nil))
		done := make(chan error, 1)
		go func() { done <- l.Done(t.Context()) }()
		synctest.Wait()
		began := time.Now()
		must(t, q.Close()) // the call is given up first
		if took := time.Since(began); took > 30*time.Second {
			t.Errorf("it took %s", took)
		}
		if err := <-done; !is(err, asset.ErrUnavailable) {
			t.Errorf("the call: got %v", err)
		}
	})
}

func TestPlacesOfQueues(t *testing.T) {
	good := Lane{Name: "a", URL: "https://sqs.us-east-1.amazonaws.com/1/a", Dead: "https://sqs.us-east-1.amazonaws.com/1/b", Weight: 1}
	change := func(f func(*QueueConfig)) QueueConfig {
		c := QueueConfig{Lanes: []Lane{good}, LeaseTime: time.Second}
		f(&c)
		return c
	}
	for name, c := range map[string]QueueConfig{
		"no lane":                  change(func(c *QueueConfig) { c.Lanes = nil }),
		"a lane twice":             change(func(c *QueueConfig) { c.Lanes = append(c.Lanes, good) }),
		"no name":                  change(func(c *QueueConfig) { c.Lanes[0].Name = "" }),
		"no weight":                change(func(c *QueueConfig) { c.Lanes[0].Weight = 0 }),
		"no dead letters":          change(func(c *QueueConfig) { c.Lanes[0].Dead = "" }),
		"its own dead letters":     change(func(c *QueueConfig) { c.Lanes[0].Dead = c.Lanes[0].URL }),
		"a queue in order":         change(func(c *QueueConfig) { c.Lanes[0].URL += ".fifo" }),
		"half a second":            change(func(c *QueueConfig) { c.LeaseTime = 500 * time.Millisecond }),
		"a day":                    change(func(c *QueueConfig) { c.LeaseTime = 24 * time.Hour }),
		"a poll of a minute":       change(func(c *QueueConfig) { c.LongPoll = time.Minute }),
		"a floor above the houses": change(func(c *QueueConfig) { c.Floor = 1.1 }),
		"a share of more than all": change(func(c *QueueConfig) { c.Share = 2 }),
	} {
		if _, err := OpenQueue(t.Context(), c); !errors.Is(err, asset.ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", name, err)
		}
	}
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")
	if _, err := OpenQueue(t.Context(), change(func(*QueueConfig) {})); err == nil || !strings.Contains(err.Error(), "AWS_REGION") {
		t.Errorf("without a region: got %v", err)
	}
}
