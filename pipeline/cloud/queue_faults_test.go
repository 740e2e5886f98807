package cloud

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud/sqstest"
)

func TestQueueFaultsHaveKindsAndAreToldWithoutHaste(t *testing.T) {
	for name, c := range map[string]struct {
		fault sqstest.Fault
		want  error
		says  string
		most  int // requests in ten minutes
	}{
		"SQS asks for less":           {sqstest.Status(400, "RequestThrottled"), asset.ErrUnavailable, "", 240},
		"the account is throttled":    {sqstest.Status(400, "ThrottlingException"), asset.ErrUnavailable, "", 240},
		"too much is in flight":       {sqstest.Status(403, "OverLimit"), asset.ErrUnavailable, "", 240},
		"SQS fails":                   {sqstest.Status(500, "InternalFailure"), asset.ErrUnavailable, "", 240},
		"a proxy has no server":       {sqstest.Page(502), asset.ErrUnavailable, "", 240},
		"an answer that is no answer": {sqstest.Page(200), asset.ErrUnavailable, "", 240},
		"the connection is closed":    {sqstest.Hangup(), asset.ErrUnavailable, "", 240},
		"nothing is answered":         {sqstest.Hold(nil), asset.ErrUnavailable, "", 240},
		"access is denied":            {sqstest.Status(403, "AccessDeniedException"), errNone, "sqs:ReceiveMessage", 30},
		"the key is denied":           {sqstest.Status(400, "KmsAccessDenied"), errNone, "the queue's key", 30},
		"there is no such queue":      {sqstest.Status(400, "QueueDoesNotExist"), errNone, "no such queue", 30},
		"the credentials are unknown": {sqstest.Status(403, "InvalidClientTokenId"), errNone, "InvalidClientTokenId", 30},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, config := shop(t, "jobs")
				q := begin(t, s, config)
				heal := s.Break("ReceiveMessage", "", c.fault)
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
				defer cancel()
				told := 0
				for ctx.Err() == nil {
					_, err := q.Lease(ctx)
					if ctx.Err() != nil {
						break
					}
					if !is(err, c.want) || !strings.Contains(err.Error(), c.says) {
						t.Fatalf("got %v, want %v and %q", err, c.want, c.says)
					}
					told++
				}
				if n := s.Count("ReceiveMessage", ""); told < 5 || n > c.most {
					t.Errorf("told %d times with %d requests, want at most %d", told, n, c.most)
				}
				heal()
				mustSend(t, q, jobOf("m", "a")) // and it goes on by itself
				l, err := q.Lease(t.Context())
				for is(err, c.want) && err != nil { // of a poll that was under way
					l, err = q.Lease(t.Context())
				}
				if err != nil || l.Job() != jobOf("m", "a") {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

func TestSendTellsWhatWentWrong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := shop(t, "jobs")
		q := begin(t, s, c)
		heal := s.Break("SendMessage", "", sqstest.Status(503, "ServiceUnavailable"))
		if err := q.Send(t.Context(), jobOf("m", "a")); !is(err, asset.ErrUnavailable) {
			t.Errorf("got %v", err)
		}
		if n := s.Count("SendMessage", ""); n != insisting {
			t.Errorf("%d requests, want %d", n, insisting)
		}
		heal()
		s.Break("SendMessage", "", sqstest.Times(1, sqstest.Lose()))
		must(t, q.Send(t.Context(), jobOf("m", "a")))
		if n := len(s.Messages("jobs")); n != 2 {
			t.Errorf("%d messages; an answer that is lost makes a second one", n)
		}
		if err := q.Send(t.Context(), asset.Job{Merchant: "M", Model: "a", Version: "1"}); !is(err, asset.ErrInvalid) {
			t.Errorf("a bad job: got %v", err)
		}
		if err := q.SendTo(t.Context(), "other", jobOf("m", "a")); !is(err, asset.ErrInvalid) {
			t.Errorf("an unknown lane: got %v", err)
		}
	})
}

// leases takes n jobs.
func leases(t *testing.T, q *Queue, n int) []*queueLease {
	t.Helper()
	for i := range n {
		mustSend(t, q, jobOf("m", fmt.Sprintf("a%02d", i)))
	}
	taken := make([]*queueLease, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			l, err := q.Lease(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			taken[i] = l.(*queueLease)
		})
	}
	all.Wait()
	return taken
}

// together does something to all leases at the same time.
func together(all []*queueLease, do func(*queueLease) error) []error {
	errs := make([]error, len(all))
	var wg sync.WaitGroup
	for i, l := range all {
		wg.Go(func() { errs[i] = do(l) })
	}
	wg.Wait()
	return errs
}

func TestChangesGoTogetherInBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := shop(t, "jobs")
		q := begin(t, s, c)
		all := leases(t, q, 25)
		time.Sleep(10 * time.Second)
		for _, err := range together(all, func(l *queueLease) error { return l.Extend(t.Context()) }) {
			must(t, err)
		}
		for _, m := range s.Messages("jobs") {
			if left := time.Until(m.Visible); left < c.LeaseTime-time.Second {
				t.Errorf("%s is hidden for %s only", m.ID, left)
			}
		}
		for _, err := range together(all, func(l *queueLease) error { return l.Done(t.Context()) }) {
			must(t, err)
		}
		for _, operation := range []string{"ChangeMessageVisibilityBatch", "DeleteMessageBatch"} {
			if n := s.Count(operation, "jobs"); n != 3 {
				t.Errorf("%s: %d calls for 25 messages, want 3", operation, n)
			}
		}
		if left := s.Messages("jobs"); len(left) != 0 {
			t.Errorf("left are %v", left)
		}
	})
}

func TestEntriesThatFailAreTriedAgainOrTold(t *testing.T) {
	once := func(f sqstest.Fault) func() sqstest.Fault {
		return func() sqstest.Fault { return sqstest.Times(1, f) }
	}
	always := func(f sqstest.Fault) func() sqstest.Fault { return func() sqstest.Fault { return f } }
	odd := func(i int) bool { return i%2 == 1 }
	changes := map[string]struct {
		operation string
		do        func(context.Context, *queueLease) error
	}{
		"extend": {"ChangeMessageVisibilityBatch", func(ctx context.Context, l *queueLease) error { return l.Extend(ctx) }},
		"retry":  {"ChangeMessageVisibilityBatch", func(ctx context.Context, l *queueLease) error { return l.Retry(ctx, time.Minute) }},
		"done":   {"DeleteMessageBatch", func(ctx context.Context, l *queueLease) error { return l.Done(ctx) }},
	}
	for name, c := range map[string]struct {
		fault func() sqstest.Fault // for one server: some count
		calls int
		bad   int // of eight
		want  error
	}{
		"some fail once":                 {once(sqstest.Entries("InternalError", false, odd)), 2, 0, nil},
		"some are throttled once":        {once(sqstest.Entries("RequestThrottled", true, odd)), 2, 0, nil},
		"some are left out once":         {once(sqstest.Forgotten(odd)), 2, 0, nil},
		"one always fails":               {always(sqstest.Entries("InternalError", false, func(i int) bool { return i == 0 })), tries, 1, asset.ErrUnavailable},
		"one is always left out":         {always(sqstest.Forgotten(func(i int) bool { return i == 0 })), tries, 1, asset.ErrUnavailable},
		"some receipts are stale":        {always(sqstest.Entries("ReceiptHandleIsInvalid", true, odd)), 1, 4, asset.ErrConflict},
		"some are not in flight":         {always(sqstest.Entries("AWS.SimpleQueueService.MessageNotInflight", true, odd)), 1, 4, asset.ErrConflict},
		"some are refused":               {always(sqstest.Entries("AccessDenied", true, odd)), 1, 4, errNone},
		"the call fails once":            {once(sqstest.Status(500, "InternalFailure")), 2, 0, nil},
		"the call always fails":          {always(sqstest.Status(503, "ServiceUnavailable")), insisting, 8, asset.ErrUnavailable},
		"the call is throttled":          {always(sqstest.Status(400, "RequestThrottled")), insisting, 8, asset.ErrUnavailable},
		"the answer of the call is lost": {once(sqstest.Lose()), 2, 0, nil},
		"the call takes a while":         {always(sqstest.Delay(5 * time.Second)), 1, 0, nil},
	} {
		for what, change := range changes {
			t.Run(name+": "+what, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s, config := shop(t, "jobs")
					q := begin(t, s, config)
					all := leases(t, q, 8)
					heal := s.Break(change.operation, "jobs", c.fault())
					defer heal()
					bad := 0
					for _, err := range together(all, func(l *queueLease) error { return change.do(t.Context(), l) }) {
						if err == nil {
							continue
						}
						if bad++; !is(err, c.want) {
							t.Errorf("got %v, want %v", err, c.want)
						}
					}
					if n := s.Count(change.operation, "jobs"); bad != c.bad || n != c.calls {
						t.Errorf("%d of 8 failed in %d calls, want %d in %d", bad, n, c.bad, c.calls)
					}
				})
			})
		}
	}
}

func TestALeaseThatWasLostTouchesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := shop(t, "jobs")
		q := begin(t, s, c)
		mustSend(t, q, jobOf("m", "a"))
		lost := mustLease(t, q)
		time.Sleep(c.LeaseTime)
		now := mustLease(t, q)
		s.Forget()
		for name, err := range map[string]error{
			"extend": lost.Extend(t.Context()), "retry": lost.Retry(t.Context(), 0), "bury": lost.Bury(t.Context(), "x"),
		} {
			if !is(err, asset.ErrConflict) {
				t.Errorf("%s: got %v", name, err)
			}
		}
		if n := s.Count("", ""); n != 0 {
			t.Errorf("%d requests", n)
		}
		must(t, now.Done(t.Context()))
		for name, err := range map[string]error{"extend": now.Extend(t.Context()), "done": now.Done(t.Context())} {
			if !is(err, asset.ErrConflict) {
				t.Errorf("%s after the end: got %v", name, err)
			}
		}
	})
}

func TestAnExtensionDoesNotComeAfterARetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := shop(t, "jobs")
		q := begin(t, s, c)
		for name, slow := range map[string]sqstest.Fault{"waits": sqstest.Delay(0), "is on its way": sqstest.Delay(3 * time.Second)} {
			mustSend(t, q, jobOf("m", "a"))
			l := mustLease(t, q)
			heal := s.Break("ChangeMessageVisibilityBatch", "", sqstest.Times(1, slow))
			ctx, cancel := context.WithCancel(t.Context())
			extended := make(chan error)
			go func() { extended <- l.Extend(ctx) }()
			if name == "is on its way" {
				time.Sleep(time.Second)
			}
			synctest.Wait()
			cancel()
			must(t, l.Retry(t.Context(), 5*time.Minute))
			<-extended
			time.Sleep(10 * time.Second)
			heal()
			if m := s.Messages("jobs"); len(m) != 1 || time.Until(m[0].Visible) < 4*time.Minute {
				t.Errorf("when the extension %s, the message is %+v", name, m)
			}
			must(t, mustLease(t, q).Done(t.Context()))
		}
	})
}

func TestWhatIsReceivedWhenTheAnswerIsLostComesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := shop(t, "jobs")
		q := begin(t, s, c)
		mustSend(t, q, jobOf("m", "a"))
		s.Break("ReceiveMessage", "", sqstest.Times(1, sqstest.Lose()))
		began := time.Now()
		l := mustLease(t, q)
		if took := time.Since(began); l.message.count != 2 || took > c.LeaseTime+time.Second {
			t.Errorf("receipt %d after %s", l.message.count, took)
		}
	})
}

func TestRetriesWaitAsToldUpToTwelveHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := shop(t, "jobs")
		q := begin(t, s, c)
		for after, want := range map[time.Duration]time.Duration{
			-time.Second: 0, 0: 0, 400 * time.Millisecond: time.Second, time.Minute: time.Minute, 48 * time.Hour: maxHide,
		} {
			mustSend(t, q, jobOf("m", "a"))
			l := mustLease(t, q)
			must(t, l.Retry(t.Context(), after))
			got := time.Until(s.Messages("jobs")[0].Visible)
			if got > want || want-got > 2*time.Second {
				t.Errorf("after %s: %s, want %s", after, got, want)
			}
			time.Sleep(got)
			must(t, mustLease(t, q).Done(t.Context()))
		}
	})
}

func TestALeaseLastsTwelveHoursAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := shop(t, "jobs")
		c.LeaseTime = time.Hour
		q := begin(t, s, c)
		mustSend(t, q, jobOf("m", "a"))
		l := mustLease(t, q)
		began := time.Now()
		var err error
		for err == nil {
			time.Sleep(c.LeaseTime / 3)
			err = l.Extend(t.Context())
		}
		if held := time.Since(began); !errors.Is(err, asset.ErrConflict) || held < 10*time.Hour || held > maxHide {
			t.Errorf("after %s: %v", held, err)
		}
	})
}

func TestAServerThatDoesNotWaitIsNotAskedWithoutEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := shop(t, "jobs")
		q := begin(t, s, c)
		heal := s.Break("ReceiveMessage", "", sqstest.Nothing())
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := q.Lease(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if n := s.Count("ReceiveMessage", ""); n > 120 {
			t.Errorf("%d requests in a minute", n)
		}
		heal()
	})
}

// Processes that are killed, answers that are lost and late: each job is done.
func TestNothingIsLostWhateverHappens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := shop(t, "interactive", "bulk")
		for _, l := range c.Lanes {
			s.Redrive(l.Name, l.Name+"-dead", 1000)
		}
		const jobs = 300
		random := rand.New(rand.NewPCG(1, 2))
		sometimes := func(one int, f sqstest.Fault) sqstest.Fault {
			return sqstest.Seldom(func() bool { return random.IntN(one) == 0 }, f)
		}
		sender := begin(t, s, c)
		for i := range jobs {
			must(t, sender.SendTo(t.Context(), c.Lanes[i%2].Name, jobOf(fmt.Sprint("m", i%7), fmt.Sprint("a", i))))
		}
		s.Break("", "", sometimes(9, sqstest.Lose()), sometimes(9, sqstest.Delay(7*time.Second)), sometimes(9, sqstest.Status(503, "ServiceUnavailable")),
			sometimes(9, sqstest.Hangup()), sometimes(5, sqstest.Entries("InternalError", false, func(i int) bool { return i%2 == 0 })))
		var mu sync.Mutex
		done := map[string]int{}
		work := func(ctx context.Context, q *Queue) {
			for ctx.Err() == nil {
				l, err := q.Lease(ctx)
				if err != nil {
					pause(ctx, nil, time.Second)
					continue
				}
				pause(ctx, nil, time.Second)
				if ctx.Err() != nil {
					return // killed
				}
				mu.Lock()
				done[l.Job().Model]++
				mu.Unlock()
				_ = l.Done(ctx) // if that fails, it is done again
			}
		}
		var all sync.WaitGroup
		end, stop := context.WithCancel(t.Context())
		for range 3 {
			all.Go(func() {
				for end.Err() == nil { // one process after the other
					q, err := openQueue(end, c, config.WithHTTPClient(s.Client()))
					if err != nil {
						t.Error(err)
						return
					}
					life, kill := context.WithTimeout(end, time.Minute)
					var slots sync.WaitGroup
					for range 4 {
						slots.Go(func() { work(life, q) })
					}
					slots.Wait()
					kill()
					q.cancel() // as if killed: nothing is flushed
				}
			})
		}
		for range 120 {
			time.Sleep(time.Minute)
			mu.Lock()
			n := len(done)
			mu.Unlock()
			if n == jobs && len(s.Messages("interactive"))+len(s.Messages("bulk")) == 0 {
				break
			}
		}
		stop()
		all.Wait()
		s.Heal()
		buried := len(s.Messages("interactive-dead")) + len(s.Messages("bulk-dead"))
		if left := len(s.Messages("interactive")) + len(s.Messages("bulk")); left > 0 || len(done) < jobs-buried || len(done) == 0 {
			t.Errorf("%d of %d are done, %d buried, %d are left", len(done), jobs, buried, left)
		}
		times := 0
		for _, n := range done {
			times += n
		}
		t.Logf("%d jobs were done %d times, %d buried, with %d requests", len(done), times, buried, len(s.Requests()))
	})
}
