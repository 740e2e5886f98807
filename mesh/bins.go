package mesh

import "math"

// Costs are kept in bins, 16 to an octave: an edge goes in and out in constant
// time, and what shares a bin differs by less than 5 %. Lengths are shares of
// the mesh's extent, so costs are at most about 1; those under the smallest bin are
// rounding.
const (
	binsPerOctave = 16
	smallestCost  = -104 // power of two
	binCount      = binsPerOctave * 112
	firstBin      = (1023 + smallestCost) * binsPerOctave
)

func binOf(cost float64) int {
	// The top bits of a float are its exponent and the begin of its mantissa.
	return min(max(int(math.Float64bits(cost)>>48)-firstBin, 0), binCount-1)
}

// bins is a queue of edges by cost. An edge is named by one of its corners and
// linked through reducer.link, so the queue owns no memory that grows.
type bins struct {
	head   [binCount]int32
	count  [binCount]int32
	lowest int
}

func (q *bins) clear() {
	for i := range q.head {
		q.head[i], q.count[i] = -1, 0
	}
	q.lowest = binCount
}

func (q *bins) push(link []int32, c int32, bin int) {
	link[c] = q.head[bin]
	q.head[bin] = c
	q.count[bin]++
	q.lowest = min(q.lowest, bin)
}

// pop takes an edge of the lowest bin that is not above limit; -1 is none.
func (q *bins) pop(link []int32, limit int) (c int32, bin int) {
	for q.lowest <= limit {
		if c := q.head[q.lowest]; c >= 0 {
			q.head[q.lowest] = link[c]
			q.count[q.lowest]--
			return c, q.lowest
		}
		q.lowest++
	}
	return -1, 0
}

// upTo is how many edges are in bins up to a limit.
func (q *bins) upTo(limit int) (n int) {
	for bin := q.lowest; bin <= limit; bin++ {
		n += int(q.count[bin])
	}
	return n
}
