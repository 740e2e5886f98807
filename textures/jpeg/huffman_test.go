package jpeg

import (
	"container/heap"
	"testing"

	"pgregory.net/rapid"
)

// TestCodesAreShortAndReadable draws counts of symbols: codes must be of at most 16 bits,
// none the beginning of another, none of only ones, and cost what Huffman's do where
// these are short enough.
func TestCodesAreShortAndReadable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var count [256]int
		n := rapid.IntRange(1, 256).Draw(t, "symbols")
		steep := rapid.Float64Range(1, 2).Draw(t, "steepness")
		weight := 1.0
		for range n {
			s := rapid.IntRange(0, 255).Draw(t, "symbol")
			count[s] = int(weight)
			weight = min(weight*steep, 1<<18) // their sum in bits fits 32
		}
		checkCode(t, &count)
	})
}

func TestOneSymbolHasACode(t *testing.T) {
	checkCode(t, &[256]int{7: 3})
}

type tester interface {
	Helper()
	Fatalf(format string, args ...any)
}

func checkCode(t tester, count *[256]int) {
	t.Helper()
	c := newCode(count)
	space, bits := 0, 0
	for s, n := range count {
		size := int(c.size[s])
		if (n > 0) != (size > 0) || size > 16 {
			t.Fatalf("symbol %d occurs %d times and has %d bits", s, n, size)
		}
		if size == 0 {
			continue
		}
		space += 1 << (16 - size)
		bits += n * size
		if c.bits[s] == 1<<size-1 {
			t.Fatalf("symbol %d has a code of only ones", s)
		}
		for other, m := range count {
			if other != s && m > 0 && int(c.size[other]) >= size && c.bits[other]>>(int(c.size[other])-size) == c.bits[s] {
				t.Fatalf("the code of %d begins that of %d", s, other)
			}
		}
	}
	if space >= 1<<16 {
		t.Fatalf("no code is left over")
	}
	if best, longest := huffman(count); longest <= 16 && bits > best {
		t.Fatalf("it takes %d bits, Huffman's code %d", bits, best)
	}
}

// huffman is the number of bits of Huffman's code, with one symbol more that never
// occurs.
func huffman(count *[256]int) (bits, longest int) {
	h := &nodes{{0, 0}}
	for _, n := range count {
		if n > 0 {
			heap.Push(h, node{n, 0})
		}
	}
	for h.Len() > 1 {
		a, b := heap.Pop(h).(node), heap.Pop(h).(node)
		bits += a.weight + b.weight
		heap.Push(h, node{a.weight + b.weight, max(a.depth, b.depth) + 1})
	}
	return bits, (*h)[0].depth
}

type node struct{ weight, depth int }

type nodes []node

func (n nodes) Len() int           { return len(n) }
func (n nodes) Less(i, j int) bool { return n[i].weight < n[j].weight }
func (n nodes) Swap(i, j int)      { n[i], n[j] = n[j], n[i] }
func (n *nodes) Push(x any)        { *n = append(*n, x.(node)) }
func (n *nodes) Pop() any {
	last := (*n)[len(*n)-1]
	*n = (*n)[:len(*n)-1]
	return last
}
