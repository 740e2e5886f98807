package main

import (
	"net/http/httptest"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/plinth3d/plinth/pipeline/local"
)

func TestParse(t *testing.T) {
	t.Run("the numbers of wrk are read from its last line", func(t *testing.T) {
		c, err := parse("Running 1s test\nPLINTH 1000 4500000 1000123 2 1500\n")
		want := count{1000, 4500000, 2, 1000123 * time.Microsecond, 1500 * time.Microsecond}
		if err != nil || c != want {
			t.Errorf("got %v, %v, want %v", c, err, want)
		}
	})
	t.Run("output without them is an error", func(t *testing.T) {
		if c, err := parse("unable to connect"); err == nil {
			t.Errorf("got %v", c)
		}
	})
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name string
		count
		fine bool
	}{
		{"whole answers with heads are fine", count{requests: 100, bytes: 100 * (4096 + 500)}, true},
		{"an error is one", count{requests: 100, bytes: 100 * 4596, errors: 1}, false},
		{"fewer bytes than bodies have are an error", count{requests: 100, bytes: 100*4096 - 1}, false},
		{"whole files where ranges were asked for are an error", count{requests: 100, bytes: 100 * 40960}, false},
		{"no answers are an error", count{}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := c.check(4096, 16); (err == nil) != c.fine {
				t.Errorf("got %v, want fine to be %v", err, c.fine)
			}
		})
	}
}

func TestExposition(t *testing.T) {
	got, err := exposition("# HELP a b\na{layer=\"memory\"} 12\nb 1.5e+06\n")
	if err != nil || len(got) != 2 || got[label("a", "memory")] != 12 || got["b"] != 1.5e6 {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := exposition("a b\n"); err == nil {
		t.Errorf("got %v of a value that is no number", got)
	}
}

func TestTrace(t *testing.T) {
	tr := trace{objects: 1000, requests: 20000, skew: 1.1}
	t.Run("it is the same each time", func(t *testing.T) {
		if !slices.Equal(tr.numbers(), tr.numbers()) || !slices.Equal(tr.sizes(), tr.sizes()) {
			t.Error("got two")
		}
	})
	t.Run("sizes are 4 to 200 KiB", func(t *testing.T) {
		if s := tr.sizes(); slices.Min(s) < 4<<10 || slices.Max(s) > 200<<10 {
			t.Errorf("got %d to %d", slices.Min(s), slices.Max(s))
		}
	})
	t.Run("a cache with room for all misses each object once", func(t *testing.T) {
		numbers := tr.numbers()
		once := slices.Compact(slices.Sorted(slices.Values(numbers)))
		want := 1 - float64(len(once))/float64(len(numbers))
		if got := lru(tr.sizes(), numbers, 1<<30, 1<<30); got != want {
			t.Errorf("got %v, want %v", got, want)
		}
	})
	t.Run("least recently used goes first", func(t *testing.T) {
		if got := lru([]int{1, 1, 1}, []int{0, 1, 0, 2, 0, 1}, 2, 1); got != 2./6 {
			t.Errorf("got %v, want 2 hits of 6", got)
		}
	})
	t.Run("what is too large is not taken", func(t *testing.T) {
		if got := lru([]int{1, 3}, []int{1, 0, 1, 0}, 9, 2); got != 1./4 {
			t.Errorf("got %v, want a hit of 4", got)
		}
	})
}

func TestCPU(t *testing.T) {
	before, err := cpu(os.Getpid())
	if err != nil {
		t.Skip("no /proc here that tells of threads: ", err)
	}
	for range 10000 {
		_ = random(0, 1<<20)
		after, err := cpu(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		if after > before {
			return
		}
	}
	t.Error("CPU time stands still")
}

func TestVerify(t *testing.T) {
	b := &bench{tmp: t.TempDir()}
	var err error
	if b.store, err = local.OpenStore(b.at("store")); err != nil {
		t.Fatal(err)
	}
	defer b.store.Close() //nolint:errcheck // a temporary folder
	if err := b.spread(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(with([]string{"X-Test", "1"}, textbook(b.www())))
	defer s.Close()
	for _, l := range loads {
		t.Run("a server in Go answers rightly: "+l.title, func(t *testing.T) {
			all, err := b.requests(t.Context(), l, s.URL)
			if err != nil {
				t.Fatal(err)
			}
			if err := verify(t.Context(), s.URL+b.files[l.file].path, all); err != nil {
				t.Error(err)
			}
			all[0].body = []byte("other")
			if err := verify(t.Context(), s.URL+b.files[l.file].path, all); err == nil {
				t.Error("other bytes are not found wrong")
			}
		})
	}
	t.Run("headers that file servers don't send are found", func(t *testing.T) {
		got, err := b.extra(t.Context(), s.URL+b.files["4k"].path)
		if want := []string{"X-Test", "1"}; err != nil || !slices.Equal(got, want) {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	})
}
