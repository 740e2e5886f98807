package cloud

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud/sqstest"
)

func TestBusyLanesTakeTurnsByWeight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := shop(t, "interactive", "bulk", "backfill")
		c.Lanes[0].Weight, c.Lanes[1].Weight, c.Lanes[2].Weight = 60, 38, 2
		q := begin(t, s, c)
		for i := range 200 {
			for _, l := range c.Lanes {
				must(t, q.SendTo(t.Context(), l.Name, jobOf("m", fmt.Sprint(l.Name, i))))
			}
		}
		got := map[string]int{}
		for range 100 {
			l := mustLease(t, q)
			got[l.message.lane.Name]++
			must(t, l.Done(t.Context()))
		}
		// The floor of a twentieth is first, the rest goes by weight: .05 + .85 * weight.
		for name, want := range map[string]int{"interactive": 56, "bulk": 37, "backfill": 7} {
			if n := got[name]; n < want-2 || n > want+2 {
				t.Errorf("%s: %d of 100, want %d", name, n, want)
			}
		}
	})
}

func TestALaneAloneHasAllSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := shop(t, "interactive", "bulk", "backfill")
		c.Lanes[0].Weight = 100
		q := begin(t, s, c)
		for i := range 40 {
			must(t, q.SendTo(t.Context(), "backfill", jobOf("m", fmt.Sprint("a", i))))
		}
		l := mustLease(t, q) // found
		must(t, l.Done(t.Context()))
		began := time.Now()
		for range 39 {
			must(t, mustLease(t, q).Done(t.Context()))
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("39 jobs of no time took %s", took)
		}
		if n := s.Count("ReceiveMessage", "interactive"); n > 60 {
			t.Errorf("%d polls of an empty lane", n)
		}
	})
}

func TestAnIdleQueueWithLanesSeesToEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := shop(t, "interactive", "bulk", "backfill")
		c.Lanes[0].Weight, c.Lanes[1].Weight = 16, 4
		q := begin(t, s, c)
		go func() { _, _ = q.Lease(t.Context()) }() // ends with the queue
		time.Sleep(10 * time.Minute)
		if n := s.Count("ReceiveMessage", ""); n > 301 {
			t.Errorf("%d polls in ten minutes", n)
		}
		for name, least := range map[string]int{"interactive": 180, "bulk": 50, "backfill": 15} {
			if n := s.Count("ReceiveMessage", name); n < least {
				t.Errorf("%s: %d polls in ten minutes, want %d or more", name, n, least)
			}
		}
	})
}

func TestALaneThatFailsDoesNotStopTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := shop(t, "interactive", "bulk")
		q := begin(t, s, c)
		s.Break("ReceiveMessage", "interactive", sqstest.Status(400, "QueueDoesNotExist"))
		for i := range 50 {
			must(t, q.SendTo(t.Context(), "bulk", jobOf("m", fmt.Sprint("a", i))))
		}
		done, told := 0, 0
		began := time.Now()
		for done < 50 {
			l, err := q.Lease(t.Context())
			if err != nil {
				if told++; !is(err, errNone) || !strings.Contains(err.Error(), "interactive") {
					t.Fatal(err)
				}
				continue
			}
			time.Sleep(time.Second)
			must(t, l.Done(t.Context()))
			done++
		}
		if took := time.Since(began); told == 0 || told > 10 || took > 70*time.Second {
			t.Errorf("told %d times in %s", told, took)
		}
	})
}

func TestAMerchantWithMuchDoesNotKeepOthersWaiting(t *testing.T) {
	hand := func(merchants string) (all []*message) {
		for _, m := range merchants {
			all = append(all, &message{asks: asks{job: jobOf(string(m), "x")}})
		}
		return all
	}
	for _, c := range []struct {
		name, hand string
		held       map[string]int
		limit      int
		want       string
	}{
		{"merchants take turns", "aaabbc", nil, 9, "abcaba"},
		{"who holds nothing is first", "aaab", map[string]int{"a": 2}, 9, "baaa"},
		{"who is at the limit is last", "aacb", map[string]int{"a": 1, "b": 2}, 2, "caab"},
		{"and has the slots when nobody else waits", "aaa", map[string]int{"a": 5}, 2, "aaa"},
	} {
		t.Run(c.name, func(t *testing.T) {
			held := map[string]int{}
			maps.Copy(held, c.held)
			var got strings.Builder
			for _, m := range fairly(hand(c.hand), held, c.limit) {
				got.WriteString(m.asks.merchant())
			}
			if got.String() != c.want {
				t.Errorf("got %s, want %s", got.String(), c.want)
			}
		})
	}
	if got := []int{limit(.5, 1), limit(.5, 4), limit(.5, 5), limit(.01, 4)}; fmt.Sprint(got) != "[1 2 3 1]" {
		t.Errorf("the limits are %v", got)
	}
}

func TestOfManyMessagesTheMerchantsShareTheSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := shop(t, "jobs")
		q := begin(t, s, c)
		held := leases(t, q, 2) // of m
		gate := make(chan struct{})
		s.Break("ReceiveMessage", "", sqstest.Times(1, sqstest.Hold(gate)))
		got := make(chan asset.Lease, 4)
		for range 4 {
			go func() {
				if l, err := q.Lease(t.Context()); err == nil {
					got <- l
				} else if !errors.Is(err, errClosed) {
					t.Error(err)
				}
			}()
		}
		synctest.Wait()
		for i := range 3 {
			mustSend(t, q, jobOf("m", fmt.Sprint("b", i)))
		}
		mustSend(t, q, jobOf("n", "x"))
		close(gate)
		synctest.Wait()
		count := map[string]int{}
		for range 4 {
			count[(<-got).Job().Merchant]++
		}
		if count["n"] != 1 || count["m"] != 3 || len(held) != 2 {
			t.Errorf("got %v", count)
		}
		for _, m := range s.Messages("jobs") {
			var j asset.Job
			if a, err := decodeMessage(m.Body); err == nil {
				j = a.job
			}
			if m.Group == "" || m.Group != j.Merchant {
				t.Errorf("%s has the group %q: SQS can't be fair", m.Body, m.Group)
			}
		}
	})
}
