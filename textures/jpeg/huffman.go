package jpeg

import "slices"

// A token is what a scan holds: a symbol of one of 8 Huffman tables, and up to 15 plain
// bits after it.
type token uint32

func symbol(table, s uint8, bits uint32, n uint8) token {
	return token(table)<<27 | token(s)<<19 | token(n)<<15 | token(bits)
}

func (t token) table() uint8  { return uint8(t>>27) & 7 }
func (t token) symbol() uint8 { return uint8(t >> 19) }
func (t token) length() uint  { return uint(t>>15) & 15 }
func (t token) bits() uint32  { return uint32(t & 0x7fff) }

// A code is a Huffman table: how many codes each length from 1 to 16 has, and the
// symbols from the shortest code to the longest.
type code struct {
	lengths [17]uint8
	symbols []uint8
	bits    [256]uint16 // by symbol
	size    [256]uint8  // 0 for symbols it doesn't have
}

// newCode returns the best code for symbols that occur so often, of at most 16 bits and
// with no code of only ones (T.81, annex C and K.2).
func newCode(count *[256]int) *code {
	lengths := limited(count)
	c := &code{}
	for s, n := range lengths[:256] {
		if n > 0 {
			c.symbols = append(c.symbols, uint8(s))
			c.size[s] = n
			c.lengths[n]++
		}
	}
	slices.SortStableFunc(c.symbols, func(a, b uint8) int { return int(c.size[a]) - int(c.size[b]) })
	next, size := uint16(0), uint8(0)
	for _, s := range c.symbols {
		next <<= c.size[s] - size
		size = c.size[s]
		c.bits[s] = next
		next++
	}
	return c
}

// limited gives each symbol that occurs the length of its code, at most 16, and
// one to a symbol more, which takes the code of only ones. It merges packages
// (Larmore and Hirschberg, "A fast algorithm for optimal length-limited Huffman codes",
// 1990): each of 16 rounds pairs what the last one has and sorts it in with the symbols.
// How many symbols the best 2n - 2 of a round hold says how many of them, from the
// rarest, are a bit longer.
func limited(count *[256]int) (lengths [257]uint8) {
	const longest = 16
	symbols := []int{256}
	for s, n := range count {
		if n > 0 {
			symbols = append(symbols, s)
		}
	}
	weight := func(s int) int {
		if s == 256 {
			return 0
		}
		return count[s]
	}
	slices.SortStableFunc(symbols, func(a, b int) int { return weight(a) - weight(b) })
	type item struct {
		weight int
		leaf   bool
	}
	var rounds [longest][]item
	for i := range rounds {
		var pairs []item
		if i > 0 {
			for last := rounds[i-1]; len(last) > 1; last = last[2:] {
				pairs = append(pairs, item{last[0].weight + last[1].weight, false})
			}
		}
		for _, s := range symbols {
			for len(pairs) > 0 && pairs[0].weight < weight(s) {
				rounds[i], pairs = append(rounds[i], pairs[0]), pairs[1:]
			}
			rounds[i] = append(rounds[i], item{weight(s), true})
		}
		rounds[i] = append(rounds[i], pairs...)
	}
	take := 2*len(symbols) - 2
	for _, round := range slices.Backward(rounds[:]) {
		leaves := 0
		for _, x := range round[:min(take, len(round))] {
			if x.leaf {
				lengths[symbols[leaves]]++
				leaves++
			}
		}
		take = 2 * (take - leaves)
	}
	return lengths
}

// bitWriter writes bits, most significant first, with a 0 after each byte of ones
// (T.81, F.1.2.3).
type bitWriter struct {
	out  []byte
	acc  uint64
	held uint // bits in acc
}

func (w *bitWriter) put(bits uint32, n uint) {
	w.acc = w.acc<<n | uint64(bits)&(1<<n-1)
	w.held += n
	for w.held >= 8 {
		w.held -= 8
		b := byte(w.acc >> w.held)
		w.out = append(w.out, b)
		if b == 0xff {
			w.out = append(w.out, 0)
		}
	}
}

// flush fills the last byte with ones.
func (w *bitWriter) flush() {
	if w.held > 0 {
		w.put(0xff, 8-w.held)
	}
}
