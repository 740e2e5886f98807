package jpeg

import (
	"math/bits"
	"slices"
)

// A scan is one pass over some coefficients of one component, or of all interleaved.
type scan struct {
	components []int
	from, to   int // of the coefficients, in the file's order
	// tokens makes what the scan holds, anew with each call: a pass over coefficients is
	// cheap, and tokens would take twice the memory of what they stand for.
	tokens func(emit emitter)
}

// An emitter takes tokens in their order.
type emitter func(token)

// acTables is the first of the Huffman tables for what is no mean: a file has 4 for means, then 4.
const acTables = 4

// tableOf is the table of a component where all are interleaved: one for the luma or for
// red and green, and one for what is left.
func (q *Quantized) tableOf(component int) uint8 {
	if component == 2 || q.layout != RGB && component == 1 {
		return 1
	}
	return 0
}

// all lists the components.
func (q *Quantized) all() []int { return []int{0, 1, 2}[:len(q.planes)] }

// sequential is the one scan of a sequential file (T.81, F.1).
func (q *Quantized) sequential() []scan {
	return []scan{{components: q.all(), to: 63, tokens: func(emit emitter) {
		var last [3]int
		q.interleaved(func(c int, block []int16) {
			table := q.tableOf(c)
			emit.mean(table, int(block[0]), &last[c])
			if emit.run(acTables+table, block[1:]) {
				emit(symbol(acTables+table, 0, 0, 0))
			}
		})
	}}}
}

// interleaved calls visit for each block in the order of MCUs (T.81, A.2.3).
func (q *Quantized) interleaved(visit func(c int, block []int16)) {
	first := q.planes[0]
	across, down := first.wide/first.h, first.high/first.v
	if len(q.planes) == 1 {
		across, down = first.seen[0], first.seen[1]
	}
	for y := range down {
		for x := range across {
			for c, p := range q.planes {
				for v := range p.v {
					for h := range p.h {
						at := ((y*p.v+v)*p.wide + x*p.h + h) * blockSize
						visit(c, q.coefs[c][at:at+blockSize:at+blockSize])
					}
				}
			}
		}
	}
}

// mean emits the difference of a block's mean to the last.
func (emit emitter) mean(table uint8, v int, last *int) {
	d := v - *last
	*last = v
	n, low := sized(d)
	emit(symbol(table, n, low, n))
}

// run emits coefficients with the zeros before each, and tells whether zeros are left.
func (emit emitter) run(table uint8, coefs []int16) (zeros bool) {
	run := 0
	for _, v := range coefs {
		if v == 0 {
			run++
			continue
		}
		for ; run > 15; run -= 16 {
			emit(symbol(table, 0xf0, 0, 0))
		}
		n, low := sized(int(v))
		emit(symbol(table, uint8(run<<4)|n, low, n))
		run = 0
	}
	return run > 0
}

// sized is the number of bits of v and these bits, with those of a negative number less
// one (T.81, F.1.2.1).
func sized(v int) (n uint8, low uint32) {
	if v >= 0 {
		n = uint8(bits.Len32(uint32(v)))
		return n, uint32(v)
	}
	n = uint8(bits.Len32(uint32(-v)))
	return n, uint32(v-1) & (1<<n - 1)
}

// progressive is a file's scans that show it coarse first (T.81, G.1): the means of all
// components, then the rest of each in two bands.
func (q *Quantized) progressive() []scan {
	scans := []scan{{components: q.all(), tokens: func(emit emitter) {
		var last [3]int
		q.interleaved(func(c int, block []int16) { emit.mean(q.tableOf(c), int(block[0]), &last[c]) })
	}}}
	for c := range q.planes {
		for _, band := range [][2]int{{1, firstBand}, {firstBand + 1, 63}} {
			scans = append(scans, scan{
				components: []int{c}, from: band[0], to: band[1],
				tokens: func(emit emitter) { q.band(c, band[0], band[1], emit) },
			})
		}
	}
	return scans
}

// firstBand ends the first band of coefficients.
const firstBand = 5

// band emits coefficients from..to of one component, with runs of blocks that have no
// more (T.81, G.1.2.2).
func (q *Quantized) band(c, from, to int, emit emitter) {
	p := q.planes[c]
	ended := 0
	for y := range p.seen[1] {
		for x := range p.seen[0] {
			block := q.coefs[c][(y*p.wide+x)*blockSize:][from : to+1]
			if ended > 0 && (ended == longestEnd || slices.ContainsFunc(block, func(v int16) bool { return v != 0 })) {
				emit.ended(ended)
				ended = 0
			}
			if emit.run(acTables, block) {
				ended++
			}
		}
	}
	if ended > 0 {
		emit.ended(ended)
	}
}

// longestEnd is how many blocks end with one symbol, at most.
const longestEnd = 0x7fff

// ended emits that so many blocks have no more coefficients.
func (emit emitter) ended(blocks int) {
	n := uint8(bits.Len32(uint32(blocks))) - 1
	emit(symbol(acTables, n<<4, uint32(blocks)&(1<<n-1), n))
}
