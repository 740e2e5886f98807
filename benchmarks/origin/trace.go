package main

import (
	"container/list"
	"context"
	"flag"
	"math"
	"math/rand/v2"

	"github.com/plinth3d/plinth/pipeline/asset"
	"golang.org/x/sync/errgroup"
)

// A trace is a list of requests as shops see them: few objects are asked for most.
type trace struct {
	objects, requests int
	skew              float64
	memory            string
}

func (t *trace) flags(f *flag.FlagSet) {
	f.IntVar(&t.objects, "objects", 20000, "with -zipf: objects, of 4 to 200 KiB")
	f.IntVar(&t.requests, "requests", 1000000, "with -zipf: requests")
	f.Float64Var(&t.skew, "skew", 1.1, "with -zipf: exponent, above 1")
	f.StringVar(&t.memory, "memory", "192MiB", "with -zipf: what the origin is given as --memory; a fifth of the objects")
}

// sizes of the objects: the logarithm is uniform between 4 and 200 KiB.
func (t *trace) sizes() []int {
	r := rand.New(rand.NewPCG(seed, 1))
	out := make([]int, t.objects)
	for i := range out {
		out[i] = int(math.Round(4096 * math.Pow(50, r.Float64())))
	}
	return out
}

// numbers are which object each request asks for.
func (t *trace) numbers() []int {
	z := rand.NewZipf(rand.New(rand.NewPCG(seed, 2)), t.skew, 1, uint64(t.objects-1))
	out := make([]int, t.requests)
	for i := range out {
		out[i] = int(z.Uint64())
	}
	return out
}

// A stored is an object of the trace, in the store.
type stored struct {
	path, hash string
	size       int
	start      [16]byte
}

// fill puts the objects into Plinth's store. Their bytes are not kept.
func (b *bench) fill(ctx context.Context) ([]stored, error) {
	sizes := b.trace.sizes()
	out := make([]stored, len(sizes))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8) // most of it is waiting for the disk
	for i, size := range sizes {
		group.Go(func() error {
			data := random(uint64(i), size)
			o, _, err := b.put(ctx, data)
			out[i] = stored{o.path, asset.Hash(data), size, [16]byte(data[:16])}
			return err
		})
	}
	return out, group.Wait()
}

// lru tells the share of requests that a cache which drops what was used least recently
// and takes none above a size would answer, to compare with.
func lru(sizes, numbers []int, room, largest int) float64 {
	order, at := list.New(), map[int]*list.Element{}
	used, hits := 0, 0
	for _, n := range numbers {
		if e, ok := at[n]; ok {
			order.MoveToFront(e)
			hits++
			continue
		}
		if sizes[n] > largest {
			continue
		}
		at[n] = order.PushFront(n)
		for used += sizes[n]; used > room; {
			old := order.Remove(order.Back()).(int)
			delete(at, old)
			used -= sizes[old]
		}
	}
	return float64(hits) / float64(len(numbers))
}
