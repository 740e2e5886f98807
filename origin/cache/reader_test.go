package cache

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"testing/synctest"
)

func TestTheFirstBytesComeBeforeTheRestWasSent(t *testing.T) {
	for _, size := range []int{testBlock, 3 * testBlock} {
		bubble(t, func(t *testing.T, s *faulty, c *Cache) {
			w, data := s.add("x", size)
			gate := make(chan struct{})
			s.set(func(_ int, a *answer) { a.part, a.gate = 100, gate })
			o, err := c.Get(t.Context(), w)
			if err != nil {
				t.Fatal(err)
			}
			defer o.Close()
			r, err := o.Reader(t.Context(), 0, o.Size)
			if err != nil {
				t.Fatal(err)
			}
			var first [200]byte
			n, err := r.Read(first[:])
			if err != nil || n != 100 || !bytes.Equal(first[:n], data[:n]) {
				t.Fatalf("got %d bytes, %v, want 100", n, err)
			}
			close(gate)
			rest, err := io.ReadAll(r)
			if err != nil || !bytes.Equal(rest, data[100:]) {
				t.Errorf("then got %d bytes, %v", len(rest), err)
			}
		})
	}
}

func TestWhoLeavesCancelsNobody(t *testing.T) {
	bubble(t, func(t *testing.T, s *faulty, c *Cache) {
		w, data := s.add("x", 3*testBlock)
		gate := make(chan struct{})
		s.set(func(_ int, a *answer) { a.gate = gate })
		ctx, leave := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			if _, _, err := read(ctx, c, w, 0, -1); !errors.Is(err, context.Canceled) {
				t.Errorf("who leaves got %v", err)
			}
		})
		synctest.Wait()
		all.Go(func() {
			if got, _, err := read(t.Context(), c, w, 0, -1); err != nil || !bytes.Equal(got, data) {
				t.Errorf("who stays got %d bytes, %v", len(got), err)
			}
		})
		synctest.Wait()
		leave()
		synctest.Wait()
		close(gate)
		all.Wait()
		if n := len(s.reads()); n != 3 {
			t.Errorf("got %d reads of the backend, want 3", n)
		}
	})
}

func TestWhenAllLeaveTheBlockIsFinishedAndNoOtherBegun(t *testing.T) {
	bubble(t, func(t *testing.T, s *faulty, c *Cache) {
		w, data := s.add("x", 9*testBlock)
		gate := make(chan struct{})
		s.set(func(_ int, a *answer) { a.part, a.gate = 10, gate })
		ctx, leave := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() { _, _, _ = read(ctx, c, w, 0, -1) })
		synctest.Wait()
		leave()
		all.Wait()
		close(gate)
		synctest.Wait()
		if st := c.Stats(); st.Reads != 2 || st.Fetches != 0 || st.ReadBytes != 2*testBlock || st.Unfinished != 1 {
			t.Errorf("got %+v, want two blocks: the one that was read, and one ahead", st)
		}
		mustRead(t, c, w, data, Miss)
		if n := len(s.reads()); n != 9 {
			t.Errorf("got %d reads of the backend, want 9", n)
		}
	})
}

func TestASlowReaderIsNotRunAwayFrom(t *testing.T) {
	bubble(t, func(t *testing.T, s *faulty, c *Cache) {
		w, _ := s.add("x", 9*testBlock)
		o, err := c.Get(t.Context(), w)
		if err != nil {
			t.Fatal(err)
		}
		defer o.Close()
		r, err := o.Reader(t.Context(), 0, o.Size)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []struct{ bytes, reads int64 }{{100, 2}, {testBlock - 100, 2}, {100, 3}, {testBlock, 4}} {
			if _, err := io.CopyN(io.Discard, r, want.bytes); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if n := int64(len(s.reads())); n != want.reads {
				t.Errorf("%d bytes later: got %d reads of the backend, want %d", want.bytes, n, want.reads)
			}
		}
	})
}
