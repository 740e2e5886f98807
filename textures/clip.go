package textures

import "math"

// The filter rings: beside an edge, averages fall below 0 or rise above 1, and what
// clipping changes is light that comes from nowhere, up to half a percent of an image
// with fine print. So it is settled with the neighbours: they give what was added in
// proportion to what they have, or take what was cut off in proportion to the room
// they have. What was added and cut off near each other is even already. Alpha is
// only clipped: faint seams around what is opaque would be worse than a sum that is
// off.

// reach is how far the neighbours are that settle it.
const reach = 1

// residue is what rounding leaves of sums that should be 0.
const residue = 1e-6

// A clipper takes the rows of an image in order, and stores them once they are settled.
type clipper struct {
	w     int
	seen  bool      // colors are premultiplied: their limit is alpha
	rows  []clipped // the last ones: rows next-len(rows)..next-1
	next  int
	spare []clipped
	store storer
}

// A clipped row.
type clipped struct {
	value   []float32 // in range
	excess  []float32 // what was cut off; below 0 where something was added
	cut     []int     // where excess is not 0
	change  []float32 // what settling does
	changed bool
}

// add takes row y, which is not kept.
func (c *clipper) add(y int, line []float32) {
	if len(c.spare) == 0 {
		n := len(line)
		c.spare = append(c.spare, clipped{value: make([]float32, n), excess: make([]float32, n), change: make([]float32, n)})
	}
	row := c.spare[0]
	c.spare = c.spare[1:]
	row.clip(line, c.seen)
	c.rows, c.next = append(c.rows, row), y+1
	if len(c.rows) > reach {
		c.settle(len(c.rows) - 1 - reach)
	}
	if len(c.rows) > 2*reach {
		c.flush()
	}
}

// end stores what is left.
func (c *clipper) end() {
	for i := max(len(c.rows)-reach, 0); i < len(c.rows); i++ {
		c.settle(i)
	}
	for len(c.rows) > 0 {
		c.flush()
	}
}

// flush stores the oldest row.
func (c *clipper) flush() {
	row := c.rows[0]
	if row.changed {
		for i, d := range row.change {
			row.value[i] += d
		}
		clear(row.change)
		row.changed = false
	}
	c.store(c.next-len(c.rows), row.value)
	for _, i := range row.cut {
		row.excess[i] = 0
	}
	row.cut = row.cut[:0]
	c.rows = append(c.rows[:0], c.rows[1:]...)
	c.spare = append(c.spare, row)
}

// clip takes over a line and puts it into range.
func (row *clipped) clip(line []float32, seen bool) {
	copy(row.value, line)
	limit := float32(1)
	for i := 0; i+lanes <= len(line); i += lanes {
		p := (*[lanes]float32)(line[i:])
		if seen {
			limit = min(max(p[3], 0), 1)
		}
		// As integers, numbers below 0 are larger than all that are above.
		top := math.Float32bits(limit)
		if math.Float32bits(p[0]) > top || math.Float32bits(p[1]) > top || math.Float32bits(p[2]) > top || math.Float32bits(p[3]) > math.Float32bits(1) {
			row.clipPixel(i, limit)
		}
	}
}

// clipPixel clips the colors at i to limit and alpha to 1.
func (row *clipped) clipPixel(i int, limit float32) {
	for j := i; j < i+3; j++ {
		v := row.value[j]
		q := min(max(v, 0), limit)
		row.value[j] = q
		if v-q > residue || v-q < -residue {
			row.excess[j] = v - q
			row.cut = append(row.cut, j)
		}
	}
	row.value[i+3] = min(max(row.value[i+3], 0), 1)
}

// settle deals out what was cut off from row i.
func (c *clipper) settle(i int) {
	if len(c.rows[i].cut) == 0 {
		return
	}
	around := c.rows[max(i-reach, 0):min(i+reach+1, len(c.rows))]
	for k := range around {
		around[k].changed = true
	}
	for _, at := range c.rows[i].cut {
		c.deal(around, c.rows[i].excess[at], at)
	}
}

// deal deals out the excess of number at of a row to that number of the pixels around it.
func (c *clipper) deal(around []clipped, excess float32, at int) {
	from := max(at-reach*lanes, at%lanes)
	to := min(at+reach*lanes+1, lanes*c.w)
	var share [(2*reach + 1) * (2*reach + 1)]float32
	var have, net, gross float32 // shares; what was cut off, with and without its sign
	n := 0
	for r := range around {
		value, cut := around[r].value[from:to], around[r].excess[from:to]
		for j := 0; j < len(value) && j < len(cut) && n < len(share); j += lanes {
			s := value[j]
			if excess > 0 { // room
				s = c.limit(&around[r], from+j) - s
			}
			share[n] = s
			have += s
			net += cut[j]
			gross += math.Float32frombits(math.Float32bits(cut[j]) &^ (1 << 31))
			n++
		}
	}
	if have <= 0 || net*excess <= 0 {
		return // nobody near has any, or it is even
	}
	// The part of all that was cut off with this sign which the other doesn't make up
	// for.
	if excess < 0 {
		net = -net
	}
	rate := excess * (2 * net / (gross + net)) / have
	if rate > 1 {
		rate = 1
	} else if rate < -1 {
		rate = -1
	}
	n = 0
	for r := range around {
		change := around[r].change[from:to]
		for j := 0; j < len(change) && n < len(share); j += lanes {
			change[j] += float32(rate * share[n])
			n++
		}
	}
}

// limit is the most that color j of a row can be.
func (c *clipper) limit(row *clipped, j int) float32 {
	if c.seen {
		return row.value[j|(lanes-1)]
	}
	return 1
}
