package cache

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

var errReset = errors.New("connection reset by peer")

// faultsOf are what a backend can do wrong with the nth read of an object.
var faultsOf = []struct {
	name  string
	kind  error
	twist func(a *answer)
}{
	{"503", asset.ErrUnavailable, func(a *answer) { a.err = asset.ErrUnavailable }},
	{"an error of no kind", asset.ErrUnavailable, func(a *answer) { a.err = errReset }},
	{"cut off, with an error", asset.ErrUnavailable, func(a *answer) { a.data, a.after = a.data[:len(a.data)/2], io.ErrUnexpectedEOF }},
	{"cut off, as if that were the end", asset.ErrUnavailable, func(a *answer) { a.data = a.data[:len(a.data)-1] }},
	{"an error after the last byte", asset.ErrUnavailable, func(a *answer) { a.after = errReset }},
	{"more bytes than there are", asset.ErrUnavailable, func(a *answer) { a.data = append(a.data, 1) }},
	{"another size", asset.ErrUnavailable, func(a *answer) { a.info.Size = 7 }},
	{"nothing, and that as its size", asset.ErrUnavailable, func(a *answer) { a.info.Size, a.data = 0, nil }},
	{"a negative size", asset.ErrUnavailable, func(a *answer) { a.info.Size = -1 }},
	{"a size beyond measure", asset.ErrUnavailable, func(a *answer) { a.info.Size = 1 << 60 }},
	{"one wrong bit at the beginning", asset.ErrUnavailable, func(a *answer) { a.data[0] ^= 1 }},
	{"one wrong bit at the end", asset.ErrUnavailable, func(a *answer) { a.data[len(a.data)-1] ^= 1 }},
	{"replaced", asset.ErrConflict, func(a *answer) { a.err = asset.ErrConflict }},
	{"gone", asset.ErrNotFound, func(a *answer) { a.err = asset.ErrNotFound }},
	{"no answer", asset.ErrUnavailable, func(a *answer) { a.gate = make(chan struct{}) }},
	{"half of an answer", asset.ErrUnavailable, func(a *answer) { a.part, a.gate = len(a.data)/2, make(chan struct{}) }},
	{"a panic of numbers: the offset is called invalid", asset.ErrUnavailable, func(a *answer) { a.err = asset.ErrInvalid }},
}

func TestAFaultIsAnErrorAndNothingWrongIsKept(t *testing.T) {
	for _, fault := range faultsOf {
		for _, blocks := range []int{1, 4} {
			for at := range min(blocks, 3) {
				t.Run(fault.name, func(t *testing.T) {
					bubble(t, func(t *testing.T, s *faulty, c *Cache) {
						w, data := s.add("x", blocks*testBlock)
						w.Size = int64(len(data))
						s.set(func(_ int, a *answer) {
							if a.r.Offset == int64(at*testBlock) {
								fault.twist(a)
							}
						})
						began := time.Now()
						mustFail(t, c, w, fault.kind)
						if d := time.Since(began); d > c.conf.FirstByte {
							t.Errorf("it took %v", d)
						}
						synctest.Wait()
						mustFail(t, c, w, fault.kind)
						time.Sleep(absentFor)
						s.set(nil)
						mustRead(t, c, w, data, Miss)
						synctest.Wait()
						if _, layer, err := read(t.Context(), c, w, 0, -1); err != nil || layer == Miss {
							t.Errorf("afterwards it comes from %v, %v", layer, err)
						}
						if st := c.Stats(); st.Errors == (Errors{}) || st.Unfinished != 0 || st.Fetches != 0 {
							t.Errorf("got %+v", st)
						}
					})
				})
			}
		}
	}
}

func TestAnObjectThatIsSaidToBeEmptyIsWrong(t *testing.T) {
	bubble(t, func(t *testing.T, s *faulty, c *Cache) {
		w, _ := s.add("x", 1000)
		s.set(func(_ int, a *answer) { a.info.Size, a.data = 0, nil })
		mustFail(t, c, w, asset.ErrUnavailable)
		none, nothing := s.add("none", 0)
		mustRead(t, c, none, nothing, Miss)
		if st := c.Stats(); st.Errors.Wrong != 1 || none.Digest != digestOfNothing {
			t.Errorf("got %+v; the digest of nothing is %s", st, none.Digest)
		}
	})
}

func TestAWrongObjectIsNeverComplete(t *testing.T) {
	for _, size := range []int{1, 100, testBlock, 5 * testBlock} {
		bubble(t, func(t *testing.T, s *faulty, c *Cache) {
			w, _ := s.add("x", size)
			s.set(func(_ int, a *answer) { a.data[0] ^= 1 })
			var all sync.WaitGroup
			for range 20 {
				all.Go(func() {
					got, _, err := read(t.Context(), c, w, 0, -1)
					if !errors.Is(err, asset.ErrUnavailable) || len(got) > max(0, size-tail) {
						t.Errorf("got %d bytes of %d, %v", len(got), size, err)
					}
				})
			}
			all.Wait()
			if size <= testBlock {
				if got, _, err := read(t.Context(), c, w, 0, 1); err == nil {
					t.Errorf("got %d bytes of a range", len(got))
				}
			}
			synctest.Wait()
			if st := c.Stats(); st.DiskBytes != 0 || st.DiskFiles != 0 || c.memory.EstimatedSize() != 0 || st.Errors.Wrong == 0 {
				t.Errorf("got %+v", st)
			}
		})
	}
}

// A read fails in the middle of a block and another takes its place: who has bytes of the
// first must not get the rest from the second.
func TestTwoReadsOfABlockAreNotMixed(t *testing.T) {
	bubble(t, func(t *testing.T, s *faulty, c *Cache) {
		w, data := s.add("x", testBlock)
		gate := make(chan struct{})
		s.set(func(n int, a *answer) {
			if n == 0 {
				a.data[0] ^= 1
				a.part, a.gate, a.data, a.after = 100, gate, a.data[:200], errReset
			}
		})
		o, err := c.Get(t.Context(), w)
		if err != nil {
			t.Fatal(err)
		}
		defer o.Close()
		r, err := o.Reader(t.Context(), 0, o.Size)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(io.Discard, r, 100); err != nil {
			t.Fatal(err)
		}
		close(gate)
		time.Sleep(failedFor)
		mustRead(t, c, w, data, Miss) // in the same fill: the first still holds it
		if rest, err := io.ReadAll(r); !errors.Is(err, asset.ErrUnavailable) {
			t.Errorf("got %d bytes more, %v", len(rest), err)
		}
	})
}

func TestAnObjectThatChangesIsBegunAnew(t *testing.T) {
	bubble(t, func(t *testing.T, s *faulty, c *Cache) {
		w, data := s.add("x", 4*testBlock)
		s.tag = "one"
		if _, _, err := read(t.Context(), c, w, 0, 10); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		s.tag = "two"
		_, _, err := read(t.Context(), c, w, 3*testBlock, 10)
		if !errors.Is(err, asset.ErrConflict) || !errors.Is(err, asset.ErrUnavailable) {
			t.Errorf("got %v", err)
		}
		if r := s.reads()[1]; r.Tag != "one" {
			t.Errorf("the second read has the tag %q", r.Tag)
		}
		synctest.Wait()
		if st := c.Stats(); st.Unfinished != 0 || st.DiskBytes != 0 || st.Errors.Conflict != 1 {
			t.Errorf("got %+v", st)
		}
		mustRead(t, c, w, data, Miss)
	})
}

// The same, when all bytes of a block came from a read that then failed.
func TestTheLastByteOfABlockComesWhenItsReadEndedWell(t *testing.T) {
	bubble(t, func(t *testing.T, s *faulty, c *Cache) {
		w, _ := s.add("x", 3*testBlock)
		gate := make(chan struct{})
		s.set(func(_ int, a *answer) {
			if a.r.Offset == 0 {
				a.part, a.gate = testBlock, gate
			}
		})
		o, err := c.Get(t.Context(), w)
		if err != nil {
			t.Fatal(err)
		}
		defer o.Close()
		r, err := o.Reader(t.Context(), 0, o.Size)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(io.Discard, r, testBlock-1); err != nil {
			t.Fatal(err)
		}
		n, err := r.Read(make([]byte, 10)) // nothing more came: the deadline ends it
		if n != 0 || !errors.Is(err, asset.ErrUnavailable) {
			t.Errorf("got %d bytes, %v", n, err)
		}
	})
}

// Without a disk a block of an unfinished object may be dropped and fetched again.
func TestABlockThatComesAgainMustBeTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &faulty{}
		conf := config(t, s)
		conf.Disk, conf.Memory = 0, 16*testBlock // room for four blocks of unfinished objects
		c := open(t, conf)
		w, data := s.add("x", 10*testBlock)
		o, err := c.Get(t.Context(), w) // holds the fill
		if err != nil {
			t.Fatal(err)
		}
		defer o.Close()
		mustRead(t, c, w, data, Miss)
		synctest.Wait()
		mustRead(t, c, w, data, Miss)
		if n := len(s.reads()); n <= 10 {
			t.Errorf("got %d reads of the backend, want more than 10", n)
		}
		gate := make(chan struct{})
		s.set(func(_ int, a *answer) {
			a.data[0] ^= 1
			a.part, a.gate = 100, gate // which readers would see if they were shown
		})
		var all sync.WaitGroup
		all.Go(func() {
			got, _, err := read(t.Context(), c, w, 0, -1)
			if !errors.Is(err, asset.ErrConflict) || !bytes.Equal(got, data[:len(got)]) {
				t.Errorf("got %d bytes, %v", len(got), err)
			}
		})
		synctest.Wait()
		close(gate)
		all.Wait()
	})
}

// The least memory there may be: not even one block of an unfinished object fits.
func TestALargeObjectIsReadThroughHardlyAnyMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &faulty{}
		conf := config(t, s)
		conf.Disk, conf.Fetches, conf.Memory = 0, 1, 2*testBlock
		c := open(t, conf)
		w, data := s.add("x", 6*testBlock+1)
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() { mustRead(t, c, w, data, Miss) })
		}
		all.Wait()
		if n := c.Stats().MemoryBytes; n > conf.Memory {
			t.Errorf("got %d bytes of memory", n)
		}
	})
}

func TestAWrongHintIsAnErrorAndNothingIsKept(t *testing.T) {
	bubble(t, func(t *testing.T, s *faulty, c *Cache) {
		for _, size := range []int{100, 3 * testBlock} {
			w, data := s.add("x", size)
			for _, hint := range []int64{1, int64(size) - 1, int64(size) + 1, 9 * testBlock} {
				wrong := w
				wrong.Size = hint
				mustFail(t, c, wrong, asset.ErrUnavailable)
			}
			synctest.Wait()
			if st := c.Stats(); st.Unfinished != 0 || st.DiskFiles != 0 {
				t.Errorf("got %+v", st)
			}
			mustRead(t, c, w, data, Miss)
			synctest.Wait()
			w.Size = 9
			mustFail(t, c, w, asset.ErrUnavailable)
			w.Size = int64(size)
			w.Digest = digestOf(nil)
			mustFail(t, c, w, asset.ErrUnavailable)
			c.memory.InvalidateAll()
			mustFail(t, c, w, asset.ErrUnavailable)
			c = open(t, config(t, s))
		}
	})
}
