package cloud

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud/sqstest"
)

func TestAPostponedJobIsAsNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := shop(t, "jobs")
		q := begin(t, s, c)
		mustSend(t, q, jobOf("m", "a"))
		for range 2 * MaxReceives {
			began := time.Now()
			l := mustLease(t, q)
			if l.Job() != jobOf("m", "a") || l.message.count != 1 {
				t.Fatalf("got %v, receipt %d", l.Job(), l.message.count)
			}
			if waited := time.Since(began); waited > 31*time.Second {
				t.Errorf("it was away for %s", waited)
			}
			must(t, asset.Postpone(t.Context(), l, 30*time.Second))
			must(t, s.Length(t.Context(), "jobs", 1))
			m := s.Messages("jobs")[0]
			if delay := time.Until(m.Visible); m.Group != "m" || m.Received != 0 || delay > 30*time.Second || delay < 29*time.Second {
				t.Errorf("the message is %+v", m)
			}
			if err := l.Done(t.Context()); err == nil {
				t.Error("its lease has not ended")
			}
		}
		l := mustLease(t, q)
		must(t, l.Postpone(t.Context(), 0))
		if m := s.Messages("jobs")[0]; m.Visible.After(time.Now()) {
			t.Errorf("the message is %+v", m)
		}
		if n := len(s.Messages("jobs-dead")); n > 0 {
			t.Errorf("%d dead letters", n)
		}
	})
}

func TestAJobThatCanNotBeSentAgainStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := shop(t, "jobs")
		q := begin(t, s, c)
		mustSend(t, q, jobOf("m", "a"))
		l := mustLease(t, q)
		s.Break("SendMessage", "jobs", sqstest.Status(500, "InternalFailure"))
		if err := l.Postpone(t.Context(), 0); err == nil {
			t.Fatal("no error")
		}
		s.Heal()
		must(t, l.Extend(t.Context()))
		must(t, l.Done(t.Context()))
		must(t, s.Length(t.Context(), "jobs", 0))
	})
}
