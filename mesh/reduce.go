package mesh

import (
	"context"
	"math"
	"slices"
	"sync"
)

// reducer takes a mesh down by edge collapses, in flat arrays that are allocated once.
//
// A place is a point in space; a wedge is a vertex of the mesh, one attribute
// corner of a place. The topology is over places, so that both sides of a seam
// move together. Lengths are shares of the extent, from its middle.
type reducer struct {
	middle vec
	unit   float64 // meters; a power of two

	width  int // attributes of a wedge
	shades int // how many of them, the first, are of its normal
	stride int // floats of a wedge's sums
	fixed  bool

	// Places, in Morton order.
	at     []vec
	shape  []quadric // the surface's
	poses  [][]vec
	posed  [][]quadric
	head   []int32    // first corner, -1 for none
	wedge  []int32    // first wedge
	block  [2][]int32 // the block of each division that it lies in
	border []uint8    // inRuns and inCells where it has a neighbor in another block
	holds  []bool     // has edges that wait until something moves
	slack  []float32  // share of the limit that a place is given
	into   []int32    // the place that one became, itself while it is there
	number []int32    // vertex of the mesh -> its place at first, or -1

	// Wedges.
	sums   []float64
	kin    []int32  // next wedge of the place, -1 for none
	vertex []uint32 // of the mesh
	fitted []bool   // it moved or merged: its attributes are fitted anew
	part   []uint32
	names  []uint32 // of parts, nil when these are their numbers

	// Corners, three to a triangle.
	place  []int32 // -1 in a dead triangle
	corner []int32 // wedge
	chain  []int32 // next corner at the place, -1 for none
	link   []int32 // next edge in the queue
	state  []uint8

	alive   int     // triangles
	limit   float64 // squared length that a collapse may cost by area; infinite for none
	queues  []bins  // one a block of each division, and one for edges that reach over rims of both
	runs    int     // how many of them are of the first division
	scratch []scratch
	marks   *sync.Pool        // of *[]uint8 with one for each place: what scratch.mark is
	scales  [][]float64       // set of texture coordinates, part -> lengths per unit
	ranges  [][][2][2]float32 // the same -> lowest and highest
	parts   *components       // nil when there is one
	m       *Mesh
}

// patience is by how many bins an edge may cost more than it did when it was put in line and
// still go now, half an octave of squared lengths. It saves edges that are put in line again and
// again, and costs nothing that can be measured.
const patience = binsPerOctave / 2

// climb collapses edges of one queue, cheapest first, whose bin is not above level,
// until quota triangles are gone. It returns how many are.
//
// What an edge cost when it was put in line is a lower bound: collapses nearby only
// raise it. So it is weighed when its turn comes, and put in line again if it
// turned out to cost more.
func (r *reducer) climb(queue int, s *scratch, level, quota int) int {
	q := &r.queues[queue]
	mark := r.marks.Get().(*[]uint8)
	defer r.marks.Put(mark)
	s.mark = *mark
	died := 0
	for died < quota {
		c, bin := q.pop(r.link, level)
		if c < 0 {
			break
		}
		r.state[c] &^= listed
		if r.place[c] < 0 || r.state[c]&named == 0 {
			continue
		}
		a, b := r.place[c], r.place[after(c)]
		if (r.border[a]|r.border[b])&s.rim != 0 {
			s.later = append(s.later, touch{c, bin})
			continue
		}
		m, ok := r.weigh(s, a, b)
		if !ok {
			r.hold(c, a, b)
			continue
		}
		if now := binOf(m.rank); now > bin+patience {
			r.state[c] |= listed
			q.push(r.link, c, now)
			continue
		}
		if m.cost > float64(r.limit*m.weight)*float64(min(r.slack[a], r.slack[b])) {
			r.state[c] |= parked
			continue
		}
		if !r.fixed {
			m.at = r.inside(r.outside(m.at)) // what is looked at is what comes out
		}
		if !r.mayMeet(s, a, b, &m.at) {
			r.hold(c, a, b)
			continue
		}
		died += r.collapse(s, a, b, &m)
		r.slack[a] = min(r.slack[a], r.slack[b])
		r.border[a] |= r.border[b]
		r.renew(s, queue, a, bin)
	}
	return died
}

// few is how many triangles the last stretch to a target goes one at a time.
const few = 128

// reach collapses until no more than target triangles are left, or nothing may
// collapse any more.
//
// It climbs the costs in rungs: on each, all blocks do what lies inside them, in
// parallel, and then one worker what lies across. A rung holds up to four edges for
// each triangle that is to go, of which most turn out to cost more; each queue has its
// share of these triangles, so that the target isn't overshot.
func (r *reducer) reach(ctx context.Context, target int) error {
	r.parts.renew()
	for r.alive > target {
		if err := ctx.Err(); err != nil {
			return err
		}
		budget := r.alive - target
		lowest, level, total := r.rung(4 * budget)
		if price := r.parts.cheapest(); math.IsInf(r.limit, 1) && price <= lowest {
			r.alive -= r.drop(lowest, budget)
			continue
		} else if math.IsInf(r.limit, 1) && price <= level {
			level = price - 1
		}
		if total == 0 {
			return nil
		}
		if budget <= few || r.runs == 1 {
			r.climbAll(level, budget)
			continue
		}
		before := r.alive
		for _, p := range r.phases() {
			budget, total := r.alive-target, 0
			for i := p.from; i < len(r.queues); i++ {
				total += r.queues[i].upTo(level)
			}
			died := make([]int, p.to-p.from)
			parallel(p.from, p.to, func(i int) {
				s := &r.scratch[i]
				s.rim = p.rim
				died[i-p.from] = r.climb(i, s, level, r.share(r.queues[i].upTo(level), total, budget))
			})
			for i, n := range died {
				r.alive -= n
				r.collect(&r.scratch[p.from+i], level)
			}
		}
		if r.alive == before && budget <= 64*len(r.queues) {
			r.climbAll(level, budget) // the shares are all but none
		}
	}
	return nil
}

// rung finds the lowest bin that holds any edges and the highest bin up to which there are
// at most want, and how many these are. Where there are none, both are the highest.
func (r *reducer) rung(want int) (lowest, level, total int) {
	lowest = binCount - 1
	for i := range r.queues {
		q := &r.queues[i]
		for q.lowest < binCount && q.head[q.lowest] < 0 {
			q.lowest++
		}
		lowest = min(lowest, q.lowest)
	}
	for level = lowest; level < binCount; level++ {
		n := 0
		for i := range r.queues {
			n += int(r.queues[i].count[level])
		}
		if total > 0 && total+n > want {
			return lowest, level - 1, total
		}
		total += n
	}
	return lowest, binCount - 1, total
}

// share is how many of a budget of triangles n of total edges may take.
func (r *reducer) share(n, total, budget int) int {
	if n == 0 || 2*total <= budget {
		return 2 * n
	}
	return int(int64(budget-len(r.queues)) * int64(n) / int64(total)) // the last collapse may kill one more
}

// collect puts in line what a block found to reach over its rim.
func (r *reducer) collect(s *scratch, level int) {
	s.rim = alone
	for _, t := range s.later {
		if r.place[t.x] >= 0 && r.state[t.x]&(named|listed) == named {
			r.queueUp(s, 0, t.x, t.bin)
		}
	}
	for _, t := range s.touched {
		r.release(s, 0, t.x, min(t.bin, level))
	}
	s.later, s.touched = s.later[:0], s.touched[:0]
}

// climbAll works through all queues up to a level, bin by bin.
func (r *reducer) climbAll(level, budget int) {
	s := &r.scratch[len(r.scratch)-1]
	s.rim = alone
	for bin := 0; bin <= min(level, binCount-1); bin++ {
		for again := true; again; {
			again = false
			for i := range r.queues {
				if r.queues[i].lowest > bin {
					continue
				}
				n := r.climb(i, s, bin, budget)
				budget -= n
				r.alive -= n
				again = again || n > 0
				if budget <= 0 {
					return
				}
			}
		}
	}
}

// allow sets how far collapses may go, in meters, and puts what was beyond the limit
// before in line again.
func (r *reducer) allow(limit float64) {
	r.limit = measured * (limit / r.unit) * (limit / r.unit)
	s := &r.scratch[0]
	s.rim = alone
	for c := range int32(len(r.state)) {
		if r.state[c]&parked == 0 {
			continue
		}
		r.state[c] &^= parked
		if r.place[c] >= 0 && r.state[c]&named != 0 {
			r.queueUp(s, 0, c, 0)
		}
	}
}

// survivor is what a place became.
func (r *reducer) survivor(a int32) int32 {
	for r.into[a] != a {
		r.into[a] = r.into[r.into[a]]
		a = r.into[a]
	}
	return a
}

// clone copies what collapses change, to come back to when they went too far.
func (r *reducer) clone() *reducer {
	c := *r
	c.at, c.shape = slices.Clone(r.at), slices.Clone(r.shape)
	c.poses, c.posed = slices.Clone(r.poses), slices.Clone(r.posed)
	for i := range c.poses {
		c.poses[i], c.posed[i] = slices.Clone(r.poses[i]), slices.Clone(r.posed[i])
	}
	c.head, c.wedge, c.border = slices.Clone(r.head), slices.Clone(r.wedge), slices.Clone(r.border)
	c.holds, c.slack, c.into = slices.Clone(r.holds), slices.Clone(r.slack), slices.Clone(r.into)
	c.sums, c.kin, c.vertex, c.fitted = slices.Clone(r.sums), slices.Clone(r.kin), slices.Clone(r.vertex), slices.Clone(r.fitted)
	c.place, c.corner, c.chain = slices.Clone(r.place), slices.Clone(r.corner), slices.Clone(r.chain)
	c.link, c.state = slices.Clone(r.link), slices.Clone(r.state)
	c.queues, c.scratch = slices.Clone(r.queues), make([]scratch, len(r.scratch))
	return &c
}
