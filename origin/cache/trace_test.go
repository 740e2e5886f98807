package cache

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// A catalog is a store of many objects whose bytes are made when they are asked for.
type catalog struct {
	asset.Store // nil: only Read is asked for
	wants       []Want
	index       map[string]int
	reads       atomic.Int64
}

func newCatalog(objects int) *catalog {
	s := &catalog{index: map[string]int{}}
	for i := range objects {
		d := digestOf(s.data(i))
		key := asset.RenditionKey("m", d)
		s.index[key] = i
		s.wants = append(s.wants, Want{Key: key, Digest: d})
	}
	return s
}

// data is what an object has: from 40 bytes to 20 KiB, of which the first tell it.
func (s *catalog) data(i int) []byte {
	size := 40 + uint64(i)*0x9e3779b97f4a7c15>>40%(20<<10)
	return append(fmt.Appendf(nil, "%036d", i), make([]byte, size)...)
}

func (s *catalog) Read(_ context.Context, key string, r asset.Range) (asset.Info, io.ReadCloser, error) {
	s.reads.Add(1)
	data := s.data(s.index[key])
	part := data[r.Offset:min(r.Offset+r.Length, int64(len(data)))]
	return asset.Info{Key: key, Size: int64(len(data)), Modified: put}, io.NopCloser(bytes.NewReader(part)), nil
}

// TestMemoryIsBoundedOverAZipfTrace asks for 20,000 objects (200 MB) with the popularity
// of a Zipf distribution, exponent 1.1, through 16 MiB of memory.
func TestMemoryIsBoundedOverAZipfTrace(t *testing.T) {
	requests, clients := 1_000_000, 8
	if testing.Short() {
		requests = 200_000
	}
	if racing {
		requests = 60_000
	}
	s := newCatalog(20_000)
	for _, disk := range []int64{0, 64 << 20} {
		c := open(t, Config{Store: s, Memory: 16 << 20, Dir: t.TempDir(), Disk: disk, Block: 64 << 10, Fetches: 16, Log: slog.New(slog.DiscardHandler)})
		n := requests
		if disk > 0 {
			n /= 20 // it is the disk's speed that would be tested
		}
		var most atomic.Int64
		var all sync.WaitGroup
		for client := range clients {
			all.Go(func() { askZipf(t, c, s, uint64(client), n/clients, &most) })
		}
		all.Wait()
		st := c.Stats()
		if most.Load() > c.conf.Memory || st.DiskBytes > disk || st.Memory+st.Disk+st.Misses != int64(n) {
			t.Errorf("at most %d bytes of memory, of %d; %+v", most.Load(), c.conf.Memory, st)
		}
		share := func(x int64) float64 { return 100 * float64(x) / float64(n) }
		t.Logf("%d requests, disk of %d MiB: %.1f %% from memory, %.1f %% from disk, %.1f %% missed; at most %.1f of %d MiB in memory",
			n, disk>>20, share(st.Memory), share(st.Disk), share(st.Misses), float64(most.Load())/(1<<20), c.conf.Memory>>20)
	}
}

func askZipf(t *testing.T, c *Cache, s *catalog, seed uint64, n int, most *atomic.Int64) {
	z := rand.NewZipf(rand.New(rand.NewPCG(seed, 1)), 1.1, 1, uint64(len(s.wants)-1))
	for k := range n {
		i := int(z.Uint64())
		o, err := c.Get(t.Context(), s.wants[i])
		if err != nil {
			t.Error(err)
			return
		}
		r, err := o.Reader(t.Context(), 0, o.Size)
		if err != nil {
			t.Error(err)
			return
		}
		var head [36]byte
		if _, err := io.ReadFull(r, head[:]); err != nil || string(head[:]) != fmt.Sprintf("%036d", i) {
			t.Errorf("got %s, %v, want %d", head, err, i)
			return
		}
		o.Close()
		if k%50 == 0 {
			now := c.Stats().MemoryBytes
			for was := most.Load(); was < now && !most.CompareAndSwap(was, now); was = most.Load() {
			}
		}
	}
}

func benchmark(b *testing.B, size int) (*Cache, Want) {
	s := &faulty{}
	conf := config(b, s)
	c := open(b, conf)
	w, _ := s.add("x", size)
	if _, _, err := read(b.Context(), c, w, 0, -1); err != nil {
		b.Fatal(err)
	}
	c.work.Wait()
	return c, w
}

func BenchmarkMemoryHit(b *testing.B) {
	c, w := benchmark(b, 1000)
	b.ReportAllocs()
	for b.Loop() {
		o, err := c.Get(b.Context(), w)
		if err != nil {
			b.Fatal(err)
		}
		if _, ok := o.Bytes(); !ok {
			b.Fatal("not in memory")
		}
		o.Close()
	}
}

func BenchmarkMemoryHitParallel(b *testing.B) {
	c, w := benchmark(b, 1000)
	b.ReportAllocs()
	ctx := b.Context()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			o, err := c.Get(ctx, w)
			if err != nil {
				b.Fatal(err)
			}
			o.Close()
		}
	})
}

func BenchmarkDiskHit(b *testing.B) {
	c, w := benchmark(b, 2*testBlock)
	b.ReportAllocs()
	for b.Loop() {
		o, err := c.Get(b.Context(), w)
		if err != nil {
			b.Fatal(err)
		}
		if _, ok := o.File(); !ok {
			b.Fatal("no file")
		}
		o.Close()
	}
}

func BenchmarkMiss(b *testing.B) {
	s := newCatalog(1)
	c := open(b, Config{Store: s, Memory: 16 << 20, Block: 64 << 10, Log: slog.New(slog.DiscardHandler)})
	b.ReportAllocs()
	for b.Loop() {
		c.memory.InvalidateAll()
		if _, _, err := read(b.Context(), c, s.wants[0], 0, -1); err != nil {
			b.Fatal(err)
		}
	}
}
