package cache

import (
	"errors"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// busy has all checks of files wait until release is called.
func busy(c *Cache) (release func()) {
	for range cap(c.checks) {
		c.checks <- struct{}{}
	}
	return func() {
		for range cap(c.checks) {
			<-c.checks
		}
	}
}

func TestAClientIsNotHeldUpByTheCheckOfAFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &faulty{}
		conf := config(t, s)
		c := open(t, conf)
		w, data := s.add("x", 3*testBlock)
		mustRead(t, c, w, data, Miss)
		synctest.Wait()
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		c = open(t, conf)
		release := busy(c)
		began := time.Now()
		mustFail(t, c, w, asset.ErrUnavailable)
		if d := time.Since(began); d != conf.FirstByte {
			t.Errorf("it took %v, want %v", d, conf.FirstByte)
		}
		release()
		synctest.Wait()
		if k := c.files.at[w.Key]; k == nil || !k.judged {
			t.Error("the check ended when its client left")
		}
		mustRead(t, c, w, data, Disk)
	})
}

func TestCloseEndsChecks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &faulty{}
		conf := config(t, s)
		c := open(t, conf)
		w, data := s.add("x", 3*testBlock)
		mustRead(t, c, w, data, Miss)
		synctest.Wait()
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		c = open(t, conf)
		busy(c)
		var all sync.WaitGroup
		all.Go(func() { mustFail(t, c, w, asset.ErrUnavailable) })
		synctest.Wait()
		began := time.Now()
		if err := c.Close(); err != nil || !began.Equal(time.Now()) {
			t.Errorf("it took %v, %v", time.Since(began), err)
		}
		all.Wait()
	})
}

// All but the first block is here, and was not hashed, for want of the first.
func TestAClosedCacheHashesNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &faulty{}
		c := open(t, config(t, s))
		w, data := s.add("x", 6*testBlock)
		w.Size = int64(len(data))
		if _, _, err := read(t.Context(), c, w, testBlock, w.Size-testBlock); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		o, err := c.Get(t.Context(), w)
		if err != nil {
			t.Fatal(err)
		}
		defer o.Close()
		r, err := o.Reader(t.Context(), testBlock, w.Size-testBlock)
		if err != nil {
			t.Fatal(err)
		}
		f := o.fill
		c.mu.Lock()
		f.hashing = true // by somebody
		c.mu.Unlock()
		whole, err := o.Reader(t.Context(), 0, w.Size)
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := io.Copy(io.Discard, whole); !errors.Is(err, errClosed) {
				t.Errorf("who waits for the digest got %v", err)
			}
		})
		synctest.Wait()
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		all.Wait()
		if n, err := io.Copy(io.Discard, r); err != nil || n != w.Size-testBlock {
			t.Errorf("what is here: got %d bytes, %v", n, err)
		}
	})
}

// Each 64 KiB comes just in time.
func TestABackendThatDripsDoesNotKeepItsSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &faulty{}
		conf := config(t, s)
		conf.Block, conf.Fetches, conf.Memory = 16*chunk, 1, 4<<20
		c := open(t, conf)
		s.set(func(_ int, a *answer) { a.drip = conf.Stall - 1 })
		w, _ := s.add("x", 16*chunk)
		began := time.Now()
		mustFail(t, c, w, asset.ErrUnavailable)
		if d, want := time.Since(began), 8*conf.Stall+conf.FirstByte; d > want {
			t.Errorf("it took %v, more than %v", d, want)
		}
		s.set(func(_ int, a *answer) { a.drip = conf.Stall / 4 })
		time.Sleep(failedFor)
		got, _, err := read(t.Context(), c, w, 0, -1)
		if err != nil || len(got) != 16*chunk {
			t.Errorf("one that is slow, but not so slow: got %d bytes, %v", len(got), err)
		}
	})
}
