package cache

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// slowly has every answer take a second.
func slowly(_ int, a *answer) {
	gate := make(chan struct{})
	a.gate = gate
	time.AfterFunc(time.Second, func() { close(gate) })
}

// Eight slots and a second for each read are eight reads per second.
func TestUnderOverloadTheBackendsWorkIsNotThrownAway(t *testing.T) {
	for _, rate := range []int{7, 12, 64} {
		t.Run(fmt.Sprintf("%d requests per second", rate), func(t *testing.T) {
			bubble(t, func(t *testing.T, s *faulty, c *Cache) {
				s.set(slowly)
				const seconds = 40
				var good atomic.Int64
				var all sync.WaitGroup
				for i := range rate * seconds {
					w, _ := s.add(fmt.Sprint(i), 100)
					all.Go(func() {
						began := time.Now()
						switch _, _, err := read(t.Context(), c, w, 0, -1); {
						case err == nil:
							good.Add(1)
						case !errors.Is(err, asset.ErrUnavailable):
							t.Error(err)
						}
						if d := time.Since(began); d > 2*c.conf.FirstByte {
							t.Errorf("it took %v, more than twice %v", d, c.conf.FirstByte)
						}
					})
					time.Sleep(time.Second / time.Duration(rate))
				}
				all.Wait()
				n, want := good.Load(), int64(min(rate, 8)*(seconds-1))
				if reads := int64(len(s.reads())); n < want || reads != n {
					t.Errorf("got %d good answers of %d reads, want all, and at least %d", n, reads, want)
				}
				if st := c.Stats(); st.Errors.Timeout != int64(rate*seconds)-n {
					t.Errorf("got %+v, want %d timeouts", st, int64(rate*seconds)-n)
				}
			})
		})
	}
}

func TestAReadHasAllItsTimeOnceItIsItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &faulty{}
		conf := config(t, s)
		conf.Fetches = 1
		c := open(t, conf)
		s.set(func(_ int, a *answer) {
			gate := make(chan struct{})
			a.gate = gate
			time.AfterFunc(conf.FirstByte-1, func() { close(gate) })
		})
		var all sync.WaitGroup
		for i := range 2 {
			w, data := s.add(fmt.Sprint(i), 100)
			all.Go(func() { mustRead(t, c, w, data, Miss) })
		}
		all.Wait()
	})
}
