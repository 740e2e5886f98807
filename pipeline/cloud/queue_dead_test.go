package cloud

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud/sqstest"
)

func TestPoisonIsBuriedAfterExactlyFiveReceives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := shop(t, "jobs")
		burial := asset.Burial{
			Failure: asset.Failure{Code: "exhausted", Stage: "simplify", Reason: "its worker was killed", Reproduce: "plinth convert x.glb"},
			Source:  asset.Hash(nil),
		}
		asked := 0
		recorded := 0
		c.Poison = func(_ context.Context, j asset.Job) (asset.Burial, func(context.Context) error, error) {
			if asked++; asked == 1 {
				return asset.Burial{}, nil, errors.New("the catalog is away")
			}
			return burial, func(context.Context) error {
				if recorded++; len(s.Messages("jobs-dead")) != 1 {
					t.Error("it is recorded before there is a dead letter")
				}
				return nil
			}, nil
		}
		q := begin(t, s, c)
		mustSend(t, q, jobOf("m", "poison"))
		handed := map[string]int{}
		for handed["poison"] < MaxReceives {
			handed[mustLease(t, q).Job().Model]++ // and its worker is killed
		}
		mustSend(t, q, jobOf("m", "good"))
		for len(s.Messages("jobs-dead")) == 0 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			l, err := q.Lease(ctx)
			cancel()
			switch {
			case err == nil && l.Job().Model == "good":
				must(t, l.Done(t.Context()))
			case err == nil:
				t.Fatalf("%v was handed out a sixth time", l.Job())
			case !errors.Is(err, context.DeadlineExceeded) && !strings.Contains(err.Error(), "the catalog is away"):
				t.Fatal(err)
			}
		}
		must(t, s.Length(t.Context(), "jobs", 0))
		all, err := q.Buried(t.Context(), 10)
		must(t, err)
		if len(all) != 1 {
			t.Fatalf("buried are %v", all)
		}
		b := all[0]
		if b.Burial != burial || b.Job != jobOf("m", "poison") || b.Lane != "jobs" || b.Receives <= MaxReceives || asked != 2 || recorded != 1 {
			t.Errorf("got %+v, asked %d times, recorded %d times", b, asked, recorded)
		}
	})
}

func TestBelowItIsTheNetOfSQS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := shop(t, "jobs")
		q := begin(t, s, c)
		s.Break("SendMessage", "jobs-dead", sqstest.Status(403, "AccessDeniedException"))
		s.Send("jobs", "not a job")
		told := 0
		for len(s.Messages("jobs-dead")) == 0 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			if _, err := q.Lease(ctx); err == nil {
				t.Fatal("a message that is not understood is handed out")
			} else if !errors.Is(err, context.DeadlineExceeded) {
				told++
			}
			cancel()
		}
		if m := s.Messages("jobs-dead")[0]; m.Body != "not a job" || told < 9 {
			t.Errorf("got %+v; told %d times", m, told)
		}
	})
}

// recorded is what a catalog answers that has taken a burial down.
func recorded(context.Context) error { return nil }

func TestAJobLeavesItsLaneOnceItsBurialIsRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := shop(t, "jobs")
		q := begin(t, s, c)
		mustSend(t, q, jobOf("m", "broken"))
		away := errors.New("the catalog is away")
		bury := func(answer error) error {
			return asset.Bury(t.Context(), mustLease(t, q), asset.Burial{Failure: asset.Failure{Code: "cut", Reason: "it is cut off"}}, func(context.Context) error {
				if len(s.Messages("jobs")) != 1 || len(s.Messages("jobs-dead")) == 0 {
					t.Errorf("%d messages are in the lane and %d are dead while the burial is recorded", len(s.Messages("jobs")), len(s.Messages("jobs-dead")))
				}
				return answer
			})
		}
		if err := bury(away); !errors.Is(err, away) {
			t.Errorf("got %v", err)
		}
		must(t, bury(nil)) // it came again
		must(t, s.Length(t.Context(), "jobs", 0))

		mustSend(t, q, jobOf("m", "broken-too"))
		s.Break("SendMessage", "jobs-dead", sqstest.Status(500, "InternalError"))
		told := false
		err := asset.Bury(t.Context(), mustLease(t, q), asset.Burial{}, func(context.Context) error { told = true; return nil })
		if !is(err, asset.ErrUnavailable) || !told || len(s.Messages("jobs")) != 1 {
			t.Errorf("without a letter: %v, recorded: %t", err, told)
		}
	})
}

func TestWhatIsBuriedIsRedriven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := shop(t, "interactive", "bulk")
		q := begin(t, s, c)
		for i := range 25 {
			must(t, q.SendTo(t.Context(), "bulk", jobOf("m", fmt.Sprintf("a%02d", i))))
			l := mustLease(t, q)
			must(t, asset.Bury(t.Context(), l, asset.Burial{Failure: asset.Failure{Code: "too-large", Stage: "check", Reason: "too\x00 large: " + strings.Repeat("ü", 3000)}}, recorded))
		}
		for _, limit := range []int{3, 25, 100} {
			all, err := q.Buried(t.Context(), limit)
			must(t, err)
			if len(all) != min(limit, 25) {
				t.Errorf("%d of at most %d", len(all), limit)
			}
			for _, b := range all {
				if b.Code != "too-large" || b.Stage != "check" || !strings.HasPrefix(b.Reason, "too  large: ü") || len(b.Reason) > maxAttribute || b.Lane != "bulk" || b.Receives != 1 {
					t.Errorf("got %+v", b)
				}
			}
		}
		all, err := q.Buried(t.Context(), 100) // at once: all are released
		must(t, err)
		must(t, q.Redrive(t.Context(), all[17]))
		if l := mustLease(t, q); l.Job() != all[17].Job || l.message.lane.Name != "bulk" || l.message.count != 1 {
			t.Errorf("got %v, receipt %d", l.Job(), l.message.count)
		}
		if err := q.Redrive(t.Context(), all[17]); !is(err, asset.ErrNotFound) {
			t.Errorf("again: got %v", err)
		}
		if err := q.Redrive(t.Context(), BuriedJob{Lane: "other"}); !is(err, asset.ErrInvalid) {
			t.Errorf("of another lane: got %v", err)
		}
		if left, err := q.Buried(t.Context(), 100); err != nil || len(left) != 24 {
			t.Errorf("%d are left, %v", len(left), err)
		}
		stats, err := q.Stats(t.Context())
		must(t, err)
		if b := stats[1]; b.Lane != "bulk" || b.Dead != 24 || b.Buried != 25 || b.InFlight != 1 || b.Waiting != 0 {
			t.Errorf("the stats are %+v", b)
		}
	})
}

func TestManyAreRedrivenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := shop(t, "interactive", "bulk")
		q := begin(t, s, c)
		for i := range 25 {
			must(t, q.SendTo(t.Context(), []string{"interactive", "bulk"}[i%2], jobOf("m", fmt.Sprintf("a%02d", i))))
			must(t, mustLease(t, q).Bury(t.Context(), "no"))
		}
		heal := s.Break("SendMessage", "bulk", sqstest.Status(403, "AccessDeniedException"))
		some := func(b BuriedJob) bool { return b.Job.Model < "a20" }
		if all, err := q.RedriveAll(t.Context(), some); err == nil || len(all) != 10 {
			t.Errorf("while a lane takes nothing: %d, %v", len(all), err)
		}
		heal()
		all, err := q.RedriveAll(t.Context(), some)
		must(t, err)
		if len(all) != 10 {
			t.Errorf("got %d of 10", len(all))
		}
		must(t, s.Length(t.Context(), "interactive", 10))
		must(t, s.Length(t.Context(), "bulk", 10))
		if left, err := q.Buried(t.Context(), 100); err != nil || len(left) != 5 {
			t.Errorf("%d are left, %v", len(left), err)
		}
	})
}

func TestStatsTellTheAgeOfTheOldest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := shop(t, "jobs")
		q := begin(t, s, c)
		mustSend(t, q, jobOf("m", "a"))
		time.Sleep(time.Hour)
		l := mustLease(t, q)
		stats, err := q.Stats(t.Context())
		must(t, err)
		if got := stats[0].Oldest; got < time.Hour || got > time.Hour+time.Second {
			t.Errorf("the oldest is %s old", got)
		}
		must(t, l.Done(t.Context()))
		heal := s.Break("GetQueueAttributes", "", sqstest.Status(500, "InternalFailure"))
		if _, err := q.Stats(t.Context()); !is(err, asset.ErrUnavailable) {
			t.Errorf("got %v", err)
		}
		heal()
	})
}

func TestCheckTellsWhatIsWrongWithTheQueues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := shop(t, "interactive", "bulk", "backfill")
		q := begin(t, s, c)
		must(t, q.Check(t.Context()))
		s.Redrive("bulk", "bulk-dead", MaxReceives)
		s.Redrive("backfill", "", 0)
		s.Break("GetQueueAttributes", "interactive-dead", sqstest.Status(400, "QueueDoesNotExist"))
		err := q.Check(t.Context())
		for _, name := range []string{"/interactive-dead", "/bulk", "/backfill"} {
			if err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%s is not in: %v", name, err)
			}
		}
	})
}
