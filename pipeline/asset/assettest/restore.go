package assettest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// A shelf is a catalog with one model, "a" of merchant "m".
type shelf struct {
	*testing.T
	asset.Catalog
}

func (s shelf) submit(version string) {
	s.Helper()
	if _, err := s.Submit(s.Context(), asset.Version{Merchant: "m", Model: "a", Version: version, Source: asset.Hash([]byte(version))}); err != nil {
		s.Fatal(err)
	}
}

func (s shelf) claim(version string) (epoch int64) {
	s.Helper()
	_, epoch, err := s.Claim(s.Context(), asset.Job{Merchant: "m", Model: "a", Version: version}, time.Hour)
	if err != nil {
		s.Fatal(err)
	}
	return epoch
}

func (s shelf) publish(version string, epoch int64) {
	s.Helper()
	m := asset.Manifest{Schema: 1, Model: "a", Version: version, Findings: []asset.Finding{}, Levels: []asset.Level{}}
	if err := s.Publish(s.Context(), asset.Job{Merchant: "m", Model: "a", Version: version}, epoch, m); err != nil {
		s.Fatal(err)
	}
}

// ready submits versions, one after the other, and publishes each.
func (s shelf) ready(versions ...string) {
	s.Helper()
	for _, v := range versions {
		s.submit(v)
		s.publish(v, s.claim(v))
	}
}

func (s shelf) restore(version string) {
	s.Helper()
	if err := s.Restore(s.Context(), "m", "a", version); err != nil {
		s.Fatal(err)
	}
}

func (s shelf) revert(from, to string, want error) {
	s.Helper()
	if err := s.Revert(s.Context(), "m", "a", from, to); !errors.Is(err, want) {
		s.Errorf("revert %s to %s: got %v, want %v", from, to, err, want)
	}
}

// live checks that a version, and no other, is current, wherever one looks.
func (s shelf) live(want string) {
	s.Helper()
	if m, err := s.Current(s.Context(), "m", "a"); err != nil || m.Version != want {
		s.Errorf("current is %q, %v, want %q", m.Version, err, want)
	}
	list, err := s.Versions(s.Context(), "m", "a")
	if err != nil {
		s.Fatal(err)
	}
	for _, v := range list {
		if v.Live != (v.Version == want) {
			s.Errorf("version %s: live is %v, want %s to be", v.Version, v.Live, want)
		}
	}
}

// newest checks which version is the newest, wherever one looks.
func (s shelf) newest(want string) {
	s.Helper()
	if v, err := s.Newest(s.Context(), "m", "a"); err != nil || v.Version != want {
		s.Errorf("newest is %q, %v, want %q", v.Version, err, want)
	}
	if list, err := s.List(s.Context(), "m"); err != nil || len(list) != 1 || list[0].Version != want {
		s.Errorf("the list is %v, %v, want version %q", list, err, want)
	}
}

// testRestore tests what a catalog does after a rollback.
func testRestore(t *testing.T, open func(t *testing.T) asset.Catalog) {
	run := func(name string, do func(s shelf)) {
		t.Run(name, func(t *testing.T) { do(shelf{t, open(t)}) })
	}
	run("an older version is restored, and a newer one again", func(s shelf) {
		s.ready("1", "2", "3")
		for _, v := range []string{"1", "3", "2", "2", "1"} {
			s.restore(v)
			s.live(v)
			s.newest("3")
		}
	})
	run("what isn't ready can't be restored", func(s shelf) {
		s.ready("1")
		for _, v := range []string{"queued", "running", "failed"} {
			s.submit(v)
		}
		s.claim("running")
		if err := s.Fail(s.Context(), asset.Job{Merchant: "m", Model: "a", Version: "failed"}, s.claim("failed"), asset.Failure{}); err != nil {
			s.Fatal(err)
		}
		for _, v := range []string{"queued", "running", "failed"} {
			if err := s.Restore(s.Context(), "m", "a", v); !errors.Is(err, asset.ErrConflict) {
				s.Errorf("%s: got %v, want ErrConflict", v, err)
			}
		}
		s.live("1")
	})
	run("a job of before a restore doesn't undo it", func(s shelf) {
		s.ready("1", "2")
		s.submit("3")
		running := s.claim("3")
		s.submit("4")
		s.restore("1")
		s.publish("3", running)
		s.publish("4", s.claim("4"))
		s.live("1")
		s.newest("4")
		s.restore("4")
		s.live("4")
	})
	run("restoring what is current holds it against jobs of before", func(s shelf) {
		s.ready("1")
		s.submit("2")
		running := s.claim("2")
		s.restore("1")
		s.publish("2", running)
		s.live("1")
	})
	run("an upload of after a restore replaces it", func(s shelf) {
		s.ready("1", "2")
		s.restore("1")
		s.submit("3")
		s.live("1")
		s.publish("3", s.claim("3"))
		s.live("3")
	})
	run("the newest version submitted again after a rollback is current again", func(s shelf) {
		s.ready("1", "2")
		s.restore("1")
		s.submit("2")
		s.live("2")
		s.newest("2")
	})
	run("a restored version submitted again is the newest", func(s shelf) {
		s.ready("1", "2")
		s.restore("1")
		s.submit("1")
		s.live("1")
		s.newest("1")
	})
	run("a job that is submitted again after a restore replaces it", func(s shelf) {
		s.ready("1")
		s.submit("2")
		running := s.claim("2")
		s.restore("1")
		s.submit("2") // the merchant means it
		s.publish("2", running)
		s.live("2")
	})
	run("a version is reverted to, and uploads of after the one it replaces come all the same", func(s shelf) {
		s.ready("1", "2")
		s.submit("3")
		s.revert("2", "1", nil)
		s.live("1")
		s.newest("3")
		s.revert("2", "1", asset.ErrConflict) // it is neither current nor will it be
		s.publish("3", s.claim("3"))
		s.live("3")
	})
	run("a version that is reverted before it is ready doesn't become current", func(s shelf) {
		s.ready("1")
		s.submit("2")
		running := s.claim("2")
		s.submit("3")
		s.revert("2", "1", nil)
		s.revert("2", "1", nil)
		s.publish("2", running)
		s.live("1")
		s.publish("3", s.claim("3"))
		s.live("3")
	})
	run("a version that was reverted is current again when it is submitted again", func(s shelf) {
		s.ready("1", "2")
		s.revert("2", "1", nil)
		s.submit("2")
		s.live("2")
		s.submit("3")
		running := s.claim("3")
		s.revert("3", "2", nil)
		s.submit("3") // the merchant means it
		s.publish("3", running)
		s.live("3")
	})
	run("what was made current otherwise is not reverted", func(s shelf) {
		s.ready("1", "2", "3")
		s.submit("4")
		for _, from := range []string{"2", "1", "4"} {
			s.revert(from, "1", asset.ErrConflict)
		}
		s.revert("3", "4", asset.ErrConflict) // it isn't ready
		s.live("3")
		for _, v := range [][2]string{{"3", "none"}, {"none", "3"}} {
			if err := s.Revert(s.Context(), "m", "a", v[0], v[1]); !errors.Is(err, asset.ErrNotFound) {
				s.Errorf("%v: got %v, want ErrNotFound", v, err)
			}
		}
		// A revert keeps the number of a restore: what was submitted before stays behind.
		s.restore("3")
		s.revert("3", "1", nil)
		s.publish("4", s.claim("4"))
		s.live("1")
	})
	run("a list of jobs tells which version is live", func(s shelf) {
		s.ready("1", "2")
		s.restore("1")
		jobs, err := s.Jobs(s.Context(), 9, asset.Ready)
		i := slices.IndexFunc(jobs, func(v asset.Version) bool { return v.Live })
		if err != nil || len(jobs) != 2 || i < 0 || jobs[i].Version != "1" || jobs[1-i].Live {
			s.Errorf("got %v, %v", jobs, err)
		}
	})
}
