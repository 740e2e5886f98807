package cache

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

func TestTheBackendGoesAndComes(t *testing.T) {
	for _, down := range []struct {
		name  string
		twist func(_ int, a *answer)
	}{
		{"it refuses", func(_ int, a *answer) { a.err = errReset }},
		{"it hangs", func(_ int, a *answer) { a.gate = make(chan struct{}) }},
	} {
		t.Run(down.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *faulty, c *Cache) {
				here, data := s.add("here", 100)
				large, more := s.add("large", 3*testBlock)
				mustRead(t, c, here, data, Miss)
				mustRead(t, c, large, more, Miss)
				synctest.Wait()
				s.set(down.twist)
				var all sync.WaitGroup
				for i := range 50 { // more than may be fetched at a time
					w, _ := s.add(string(rune('a'+i)), 100)
					all.Go(func() {
						began := time.Now()
						mustFail(t, c, w, asset.ErrUnavailable)
						if d := time.Since(began); d > 2*c.conf.FirstByte {
							t.Errorf("it took %v, more than twice %v", d, c.conf.FirstByte)
						}
					})
				}
				synctest.Wait()
				mustRead(t, c, here, data, Memory)
				mustRead(t, c, large, more, Disk)
				all.Wait()
				s.set(nil)
				time.Sleep(failedFor)
				w, data := s.add("a", 100)
				mustRead(t, c, w, data, Miss)
			})
		})
	}
}

func TestABackendThatIsDeafToItsDeadlineHoldsNobodyUp(t *testing.T) {
	bubble(t, func(t *testing.T, s *faulty, c *Cache) {
		gate := make(chan struct{})
		w, data := s.add("x", 100)
		s.set(func(n int, a *answer) {
			if n == 0 {
				a.deaf, a.gate = true, gate
				a.data[0] ^= 1
			}
		})
		mustFail(t, c, w, asset.ErrUnavailable)
		time.Sleep(failedFor)
		mustRead(t, c, w, data, Miss)
		synctest.Wait()
		close(gate) // what it says too late, and wrong, is nobody's
		synctest.Wait()
		mustRead(t, c, w, data, Memory)
	})
}

func TestWhoWaitsForASlotAndLeavesCostsNoRead(t *testing.T) {
	bubble(t, func(t *testing.T, s *faulty, c *Cache) {
		gate := make(chan struct{})
		s.set(func(_ int, a *answer) { a.gate = gate })
		ctx, leave := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for i := range 20 {
			w, _ := s.add(string(rune('a'+i)), 100)
			all.Go(func() { _, _, _ = read(ctx, c, w, 0, -1) })
		}
		synctest.Wait()
		leave()
		all.Wait()
		close(gate)
		synctest.Wait()
		if st := c.Stats(); st.Reads != int64(c.conf.Fetches) || st.Unfinished != 0 {
			t.Errorf("got %+v, want %d reads", st, c.conf.Fetches)
		}
	})
}
