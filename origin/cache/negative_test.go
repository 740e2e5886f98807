package cache

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

func TestAMissingObjectIsRememberedForFiveSeconds(t *testing.T) {
	bubble(t, func(t *testing.T, s *faulty, c *Cache) {
		w, data := s.add("x", 100)
		delete(s.blobs, w.Key)
		mustFail(t, c, w, asset.ErrNotFound)
		s.blobs[w.Key] = data
		time.Sleep(5*time.Second - 1)
		mustFail(t, c, w, asset.ErrNotFound)
		if n := len(s.reads()); n != 1 {
			t.Errorf("got %d reads of the backend, want 1", n)
		}
		time.Sleep(time.Nanosecond)
		mustRead(t, c, w, data, Miss)
	})
}

func TestAWrongObjectIsRememberedForFiveSeconds(t *testing.T) {
	for _, known := range []bool{true, false} {
		bubble(t, func(t *testing.T, s *faulty, c *Cache) {
			w, data := s.add("x", 4*testBlock)
			if known {
				w.Size = int64(len(data))
			}
			s.set(func(_ int, a *answer) { a.data[0] ^= 1 })
			for range 50 {
				mustFail(t, c, w, asset.ErrUnavailable)
			}
			if n := len(s.reads()); n != 4 {
				t.Errorf("got %d reads of the backend, want 4", n)
			}
			s.set(nil)
			time.Sleep(wrongFor)
			mustRead(t, c, w, data, Miss)
		})
	}
}

func TestABackendThatFailsIsAskedOncePerSecond(t *testing.T) {
	bubble(t, func(t *testing.T, s *faulty, c *Cache) {
		w, data := s.add("x", 4*testBlock)
		w.Size = int64(len(data))
		s.set(func(_ int, a *answer) { a.err = errReset })
		for range 50 {
			mustFail(t, c, w, asset.ErrUnavailable)
		}
		if n := len(s.reads()); n != 1 {
			t.Errorf("got %d reads of the backend, want 1", n)
		}
		time.Sleep(failedFor)
		mustFail(t, c, w, asset.ErrUnavailable)
		other, more := s.add("other", 100)
		s.set(nil)
		mustRead(t, c, other, more, Miss)
		time.Sleep(failedFor)
		mustRead(t, c, w, data, Miss)
	})
}

func TestWhatIsHereIsServedWhileTheBackendFails(t *testing.T) {
	bubble(t, func(t *testing.T, s *faulty, c *Cache) {
		w, data := s.add("x", 4*testBlock)
		w.Size = int64(len(data))
		if _, _, err := read(t.Context(), c, w, 0, testBlock); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		s.set(func(_ int, a *answer) { a.err = errReset })
		if got, _, err := read(t.Context(), c, w, 0, -1); !errors.Is(err, asset.ErrUnavailable) || len(got) == 0 {
			t.Errorf("got %d bytes, %v, want what is here", len(got), err)
		}
		if got, _, err := read(t.Context(), c, w, 0, -1); !errors.Is(err, asset.ErrUnavailable) || len(got) != 0 {
			t.Errorf("got %d bytes, %v, want none of what will break off", len(got), err)
		}
		if got, _, err := read(t.Context(), c, w, 0, testBlock); err != nil || len(got) != testBlock {
			t.Errorf("got %d bytes, %v", len(got), err)
		}
	})
}

func TestACallersMistakeIsItsOwn(t *testing.T) {
	bubble(t, func(t *testing.T, s *faulty, c *Cache) {
		w, data := s.add("x", 100)
		for _, wrong := range []Want{{Key: w.Key, Digest: digestOf(nil)}, {Key: w.Key, Digest: w.Digest, Size: 99}} {
			mustFail(t, c, wrong, asset.ErrUnavailable)
			before := len(s.reads())
			mustFail(t, c, wrong, asset.ErrUnavailable)
			if n := len(s.reads()); n != before {
				t.Errorf("got %d reads of the backend more", n-before)
			}
		}
		mustRead(t, c, w, data, Miss)
	})
}

func TestTheBackendIsAskedForMoreOnceItHasAnswered(t *testing.T) {
	bubble(t, func(t *testing.T, s *faulty, c *Cache) {
		s.tag = "one"
		w, data := s.add("x", 5*testBlock)
		w.Size = int64(len(data))
		mustRead(t, c, w, data, Miss)
		for i, r := range s.reads() {
			if want := map[bool]string{false: "one"}[i == 0]; r.Tag != want {
				t.Errorf("read %d has the tag %q, want %q", i, r.Tag, want)
			}
		}
		absent, _ := s.add("absent", 5*testBlock)
		absent.Size = 5 * testBlock
		s.remove(absent.Key)
		mustFail(t, c, absent, asset.ErrNotFound)
		if n := len(s.reads()); n != 6 {
			t.Errorf("got %d reads of the backend, want 6", n)
		}
	})
}

func TestRefusedKeysAreBounded(t *testing.T) {
	var a refusals
	now := time.Now()
	for i := range 3 * mostRefused {
		a.add(fmt.Sprint(i), refusal{err: asset.ErrNotFound, until: now.Add(1)})
	}
	if len(a.of) != mostRefused || len(a.order) != mostRefused {
		t.Errorf("got %d, %d, want %d", len(a.of), len(a.order), mostRefused)
	}
	if a.absent("0", now) || !a.absent(fmt.Sprint(3*mostRefused-1), now) {
		t.Error("the oldest is there, or the newest isn't")
	}
}
