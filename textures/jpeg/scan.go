package jpeg

import "math/bits"

// A scan is one pass over some coefficients of one component, or of all interleaved.
type scan struct {
	components []int
	from, to   int // of the coefficients, in the file's order
	tokens     []token
}

// tables are the Huffman tables of a file: 4 for means, 4 for the rest.
const acTables = 4

// tableOf is the table of a component where all are interleaved: one for the luma or for red
// and green, and one for what is left.
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
	s := scan{components: q.all(), to: 63}
	var last [3]int
	q.interleaved(func(c int, block []int16) {
		table := q.tableOf(c)
		s.mean(table, int(block[0]), &last[c])
		run := 0
		for _, v := range block[1:] {
			if v == 0 {
				run++
				continue
			}
			for ; run > 15; run -= 16 {
				s.tokens = append(s.tokens, symbol(acTables+table, 0xf0, 0, 0))
			}
			s.value(acTables+table, run, int(v))
			run = 0
		}
		if run > 0 {
			s.tokens = append(s.tokens, symbol(acTables+table, 0, 0, 0))
		}
	})
	return []scan{s}
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

// mean adds the difference of a block's mean to the last.
func (s *scan) mean(table uint8, v int, last *int) {
	d := v - *last
	*last = v
	n, low := sized(d)
	s.tokens = append(s.tokens, symbol(table, n, low, n))
}

// value adds a coefficient after a run of zeros.
func (s *scan) value(table uint8, run, v int) {
	n, low := sized(v)
	s.tokens = append(s.tokens, symbol(table, uint8(run<<4)|n, low, n))
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
	means := scan{components: q.all()}
	var last [3]int
	q.interleaved(func(c int, block []int16) { means.mean(q.tableOf(c), int(block[0]), &last[c]) })
	scans := []scan{means}
	for c := range q.planes {
		for _, band := range [][2]int{{1, firstBand}, {firstBand + 1, 63}} {
			s := scan{components: []int{c}, from: band[0], to: band[1]}
			s.band(q, c)
			scans = append(scans, s)
		}
	}
	return scans
}

// firstBand ends the first band of coefficients.
const firstBand = 5

// band adds the coefficients of one component, with runs of blocks that have no more (T.81,
// G.1.2.2).
func (s *scan) band(q *Quantized, c int) {
	p := q.planes[c]
	ended := 0
	end := func() {
		if ended > 0 {
			n := uint8(bits.Len32(uint32(ended))) - 1
			s.tokens = append(s.tokens, symbol(acTables, n<<4, uint32(ended)&(1<<n-1), n))
			ended = 0
		}
	}
	for y := range p.seen[1] {
		for x := range p.seen[0] {
			block := q.coefs[c][(y*p.wide+x)*blockSize:][:blockSize]
			run := 0
			for _, v := range block[s.from : s.to+1] {
				if v == 0 {
					run++
					continue
				}
				end()
				for ; run > 15; run -= 16 {
					s.tokens = append(s.tokens, symbol(acTables, 0xf0, 0, 0))
				}
				s.value(acTables, run, int(v))
				run = 0
			}
			if run > 0 {
				if ended++; ended == 0x7fff {
					end()
				}
			}
		}
	}
	end()
}
