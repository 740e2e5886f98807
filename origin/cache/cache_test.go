package cache

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// All tests of this file run in bubbles of synctest: time stands still but when all
// wait, and a goroutine that is left over is a failure.
func bubble(t *testing.T, f func(t *testing.T, s *faulty, c *Cache)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &faulty{}
		f(t, s, open(t, config(t, s)))
	})
}

func TestTwoHundredColdRequestsReadTheBackendOncePerBlock(t *testing.T) {
	for _, disk := range []int64{0, 16 << 20} {
		for _, blocks := range []int{1, 10} {
			t.Run(fmt.Sprintf("%d blocks, a disk of %d bytes", blocks, disk), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := &faulty{}
					conf := config(t, s)
					conf.Disk = disk
					c := open(t, conf)
					w, data := s.add("x", blocks*testBlock-5)
					gate := make(chan struct{})
					s.set(func(_ int, a *answer) { a.gate = gate })
					admitted := make(chan int, 1000)
					w.Admit = func() error { admitted <- 1; return nil }
					var all sync.WaitGroup
					for range 200 {
						all.Go(func() {
							got, _, err := read(t.Context(), c, w, 0, -1)
							if err != nil || !bytes.Equal(got, data) {
								t.Errorf("got %d bytes, %v", len(got), err)
							}
						})
					}
					synctest.Wait() // all of them wait for the backend
					if n := len(admitted); n != 1 {
						t.Errorf("%d were asked for admission, want 1", n)
					}
					close(gate)
					all.Wait()
					if n := len(s.reads()); n != blocks {
						t.Errorf("got %d reads of the backend, want %d", n, blocks)
					}
				})
			})
		}
	}
}

func TestWhatTheKernelSendsForLessStaysInItsFile(t *testing.T) {
	for _, disk := range []int64{4 << 20, 0} {
		synctest.Test(t, func(t *testing.T) {
			s := &faulty{}
			conf := config(t, s)
			conf.Block, conf.Fetches, conf.Disk = 4*copied, 2, disk
			conf.Memory = 4 * conf.Block
			c := open(t, conf)
			at, few := s.add("at most", copied)
			over, many := s.add("more", copied+1)
			mustRead(t, c, at, few, Miss)
			mustRead(t, c, over, many, Miss)
			synctest.Wait() // they are put away
			mustRead(t, c, at, few, Memory)
			if disk > 0 {
				mustRead(t, c, over, many, Disk)
				mustRead(t, c, over, many, Disk)
			} else {
				mustRead(t, c, over, many, Memory)
			}
		})
	}
}

func TestLayers(t *testing.T) {
	bubble(t, func(t *testing.T, s *faulty, c *Cache) {
		small, few := s.add("small", 1000)
		none, nothing := s.add("none", 0)
		large, many := s.add("large", 3*testBlock+7)
		mustRead(t, c, small, few, Miss)
		mustRead(t, c, none, nothing, Miss)
		mustRead(t, c, large, many, Miss)
		synctest.Wait() // they are put away
		mustRead(t, c, small, few, Memory)
		mustRead(t, c, none, nothing, Memory)
		mustRead(t, c, large, many, Disk)
		mustRead(t, c, large, many, Disk)
		c.memory.Invalidate(small.Key)
		mustRead(t, c, small, few, Disk)
		mustRead(t, c, small, few, Memory)
		if n := len(s.reads()); n != 6 {
			t.Errorf("got %d reads of the backend, want 6", n)
		}
		st := c.Stats()
		if st.Memory != 3 || st.Disk != 3 || st.Misses != 3 || st.OpenFiles != 2 || st.Unfinished != 0 || st.Fetches != 0 {
			t.Errorf("got %+v", st)
		}
		first, err := c.Get(t.Context(), small)
		if b, ok := first.Bytes(); err != nil || !ok || !bytes.Equal(b, few) || !first.Modified().Equal(put) || first.Layer.String() != "memory" {
			t.Errorf("got %d bytes of %v from %v, %v", len(b), first.Modified(), first.Layer, err)
		}
		first.Close()
		o, err := c.Get(t.Context(), large)
		if err != nil || !o.Modified().Equal(put) {
			t.Fatalf("got %v, %v, want %v", o.Modified(), err, put)
		}
		defer o.Close()
		f, ok := o.File()
		if !ok {
			t.Fatal("no file")
		}
		if got, err := io.ReadAll(io.NewSectionReader(f, 0, o.Size)); err != nil || !bytes.Equal(got, many) {
			t.Errorf("the file has %d bytes, %v", len(got), err)
		}
	})
}

func TestARangeReadsOnlyItsBlocks(t *testing.T) {
	bubble(t, func(t *testing.T, s *faulty, c *Cache) {
		w, data := s.add("x", 10*testBlock)
		w.Size = int64(len(data))
		for _, r := range []struct{ off, n, reads int64 }{{3*testBlock - 1, 2, 2}, {3 * testBlock, 100, 2}, {9 * testBlock, testBlock, 3}, {0, 1, 4}} {
			got, _, err := read(t.Context(), c, w, r.off, r.n)
			if err != nil || !bytes.Equal(got, data[r.off:r.off+r.n]) {
				t.Errorf("%d+%d: got %d bytes, %v", r.off, r.n, len(got), err)
			}
			synctest.Wait()
			if n := int64(len(s.reads())); n != r.reads {
				t.Errorf("%d+%d: got %d reads of the backend, want %d", r.off, r.n, n, r.reads)
			}
		}
		other, _ := s.add("other", 100)
		other.Size = 100
		o, err := c.Get(t.Context(), other)
		if err != nil || o.Layer != Miss || o.Size != 100 || !o.Modified().IsZero() || len(s.reads()) != 4 {
			t.Fatalf("got %+v, %v: a size that is known costs no read", o, err)
		}
		if _, err := o.Reader(t.Context(), 0, 1); err != nil || !o.Modified().Equal(put) {
			t.Errorf("got %v, %v, want %v", o.Modified(), err, put)
		}
		o.Close()
		mustRead(t, c, w, data, Miss)
		synctest.Wait()
		mustRead(t, c, w, data, Disk)
		if n := len(s.reads()); n != 11 {
			t.Errorf("got %d reads of the backend, want 11", n)
		}
	})
}

var errBusy = errors.New("busy")

func TestWhoIsNotAdmittedFailsAlone(t *testing.T) {
	bubble(t, func(t *testing.T, s *faulty, c *Cache) {
		w, data := s.add("x", 3*testBlock)
		asked := make(chan struct{})
		refuse := w
		refuse.Admit = func() error {
			close(asked)
			synctest.Wait() // the other waits for this one's read
			return errBusy
		}
		var all sync.WaitGroup
		all.Go(func() {
			if _, _, err := read(t.Context(), c, refuse, 0, -1); !errors.Is(err, errBusy) {
				t.Errorf("got %v, want %v", err, errBusy)
			}
		})
		<-asked
		all.Go(func() {
			if got, _, err := read(t.Context(), c, w, 0, -1); err != nil || !bytes.Equal(got, data) {
				t.Errorf("got %d bytes, %v", len(got), err)
			}
		})
		all.Wait()
		synctest.Wait()
		mustRead(t, c, Want{Key: w.Key, Digest: w.Digest, Admit: func() error { return errBusy }}, data, Disk)
	})
}

func TestWhatIsNoObjectIsInvalid(t *testing.T) {
	bubble(t, func(t *testing.T, s *faulty, c *Cache) {
		w, _ := s.add("x", 100)
		for _, bad := range []Want{{Key: "../x", Digest: w.Digest}, {Key: w.Key, Digest: "abc"}, {Key: w.Key, Digest: w.Digest, Size: -1}, {Key: w.Key, Digest: w.Digest, Size: 1 << 60}} {
			mustFail(t, c, bad, asset.ErrInvalid)
		}
		o, err := c.Get(t.Context(), w)
		if err != nil {
			t.Fatal(err)
		}
		defer o.Close()
		for _, r := range [][2]int64{{-1, 1}, {0, 101}, {101, 0}, {1, 1<<63 - 1}, {0, -1}} {
			if _, err := o.Reader(t.Context(), r[0], r[1]); !errors.Is(err, asset.ErrInvalid) {
				t.Errorf("%v: got %v", r, err)
			}
		}
	})
}

func TestMerchantsDoNotShare(t *testing.T) {
	bubble(t, func(t *testing.T, s *faulty, c *Cache) {
		w, data := s.add("x", 100)
		mustRead(t, c, w, data, Miss)
		mustFail(t, c, Want{Key: asset.RenditionKey("other", w.Digest), Digest: w.Digest}, asset.ErrNotFound)
	})
}

func TestAClosedCacheSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &faulty{}
		c := open(t, config(t, s))
		w, _ := s.add("x", 3*testBlock)
		s.set(func(_ int, a *answer) { a.gate = make(chan struct{}) })
		var all sync.WaitGroup
		all.Go(func() { mustFail(t, c, w, asset.ErrUnavailable) })
		synctest.Wait()
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		all.Wait()
		mustFail(t, c, w, asset.ErrUnavailable)
	})
}
