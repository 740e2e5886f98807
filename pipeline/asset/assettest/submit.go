package assettest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// submitOver submits a version if newest and current are as said.
func (s shelf) submitOver(version, newest, current string) error {
	_, err := s.SubmitOver(s.Context(), asset.Version{Merchant: "m", Model: "a", Version: version, Source: asset.Hash(nil)}, newest, current)
	return err
}

// testSubmit tests what a catalog does about an upload that may come too late, or again.
func testSubmit(t *testing.T, open func(t *testing.T) asset.Catalog) {
	run := func(name string, do func(s shelf)) {
		t.Run(name, func(t *testing.T) { do(shelf{t, open(t)}) })
	}
	run("a version is submitted over what was there, and over nothing else", func(s shelf) {
		for _, step := range []struct {
			version, newest, current string
			want                     error
		}{
			{"1", "0", "", asset.ErrConflict},
			{"1", "", "0", asset.ErrConflict},
			{"1", "", "", nil},
			{"2", "", "", asset.ErrConflict},
			{"2", "1", "", nil},
			{"2", "1", "", asset.ErrConflict},
			{"2", "2", "", nil},
		} {
			if err := s.submitOver(step.version, step.newest, step.current); !errors.Is(err, step.want) {
				s.Errorf("%+v: got %v", step, err)
			}
		}
		s.newest("2")
		s.publish("2", s.claim("2"))
		if err := s.submitOver("1", "2", ""); !errors.Is(err, asset.ErrConflict) {
			s.Errorf("got %v, want ErrConflict", err)
		}
		if err := s.submitOver("1", "2", "2"); err != nil {
			s.Error(err)
		}
		s.newest("1")
	})
	run("of many that are submitted over the same one is", func(s shelf) {
		s.ready("1")
		errs := make([]error, 8)
		var all sync.WaitGroup
		for i := range errs {
			all.Go(func() { errs[i] = s.submitOver(string(rune('a'+i)), "1", "1") })
		}
		all.Wait()
		done := 0
		for _, err := range errs {
			if err == nil {
				done++
			} else if !errors.Is(err, asset.ErrConflict) {
				s.Error(err)
			}
		}
		if done != 1 {
			s.Errorf("%d are submitted, want 1", done)
		}
	})
	run("a version says when it got its number", func(s shelf) {
		submitted := func(version string) time.Time {
			list, err := s.Versions(s.Context(), "m", "a")
			if err != nil {
				s.Fatal(err)
			}
			for _, v := range list {
				if v.Version == version {
					return v.Submitted
				}
			}
			s.Fatalf("there is no version %s", version)
			return time.Time{}
		}
		s.ready("1")
		first := submitted("1")
		for !time.Now().After(first.Add(2 * time.Millisecond)) { // which is as fine as it is kept
			time.Sleep(time.Millisecond)
		}
		s.submit("1")
		if got := submitted("1"); !got.Equal(first) {
			s.Errorf("the newest one submitted again: %s, want %s", got, first)
		}
		s.submit("2")
		s.submit("1")
		if got := submitted("1"); !got.After(first) {
			s.Errorf("an older one submitted again: %s, want later than %s", got, first)
		}
	})
}
