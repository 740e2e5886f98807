package mesh

import (
	"math"
	"slices"
)

// component is a connected piece of the surface. Edge collapses keep each; where many
// small ones are left, some must go whole.
type component struct {
	triangles []int32 // as they were at first
	area      float64
	extent    float64
	price     float64 // of its removal, as a collapse's rank; a lower bound
	gone      bool
}

// components are those of a mesh that has more than one, and the tree that tells how
// far one is from the others.
type components struct {
	list  []component
	queue bins    // those that may go, by price
	link  []int32 // next in the queue
	later []int32 // those that were more than was left to remove
	left  int     // components that are there
	tree  *bvh
	whole []int32 // triangle -> component
	area  float64
	spent float64 // area of those that went
}

// bulk is how much of its extent a component's removal counts as beside its distance
// from the rest: it may be a label or a screw, which lies on something but isn't it.
const bulk = 0.05

// findComponents divides the triangles by connection. It returns nil when there is
// one piece only.
func (r *reducer) findComponents() *components {
	parent := make([]uint32, len(r.at))
	for a := range parent {
		parent[a] = uint32(a)
	}
	for c := 0; c < len(r.place); c += 3 {
		join(parent, uint32(r.place[c]), uint32(r.place[c+1]))
		join(parent, uint32(r.place[c]), uint32(r.place[c+2]))
	}
	cs := &components{}
	of := make([]int32, len(r.at)) // place -> component
	number := make([]int32, len(r.at))
	for a := range r.at {
		top := root(parent, uint32(a))
		if number[top] == 0 {
			cs.list = append(cs.list, component{})
			number[top] = int32(len(cs.list))
		}
		of[a] = number[top] - 1
	}
	if len(cs.list) < 2 {
		return nil
	}
	cs.whole = make([]int32, r.alive)
	tris := make([]triangle, r.alive)
	for t := range tris {
		p := r.place[3*t : 3*t+3]
		k := of[p[0]]
		tris[t] = triangle{r.at[p[0]], r.at[p[1]], r.at[p[2]]}
		cs.whole[t] = k
		cs.list[k].triangles = append(cs.list[k].triangles, int32(t))
		cs.list[k].area += float64(length(normal(tris[t])) / 2)
	}
	cs.left, cs.link = len(cs.list), make([]int32, len(cs.list))
	cs.queue.clear()
	for i := range slices.Backward(cs.list) { // what is pushed last comes first
		c := &cs.list[i]
		lo, hi := infinite()
		for _, t := range c.triangles {
			for _, p := range tris[t] {
				lo, hi = grow(lo, hi, p)
			}
		}
		c.extent = length(sub(hi, lo))
		cs.area += c.area
		c.price = c.rank(0)
		cs.queue.push(cs.link, int32(i), binOf(c.price))
	}
	cs.tree = &bvh{tris: tris}
	return cs
}

// rank prices a removal whose mean squared distance from the rest is d.
func (c *component) rank(d float64) float64 {
	// As in quadrics, each triangle counts at three corners.
	weight := 3 * max(c.area, math.SmallestNonzeroFloat64)
	return weight * (d + float64(float64(bulk*bulk*c.extent)*c.extent)) / math.Sqrt(math.Sqrt(weight))
}

// appraise finds what the removal of a component costs now: how far its corners are
// from what is left.
func (cs *components) appraise(i int32) float64 {
	if cs.tree.nodes == nil {
		cs.tree = newBVH(cs.tree.tris)
	}
	c := &cs.list[i]
	c.gone = true // not near itself
	sum, n := 0.0, 0.0
	for k := 0; k < len(c.triangles); k += 1 + len(c.triangles)/64 {
		for _, p := range cs.tree.tris[c.triangles[k]] {
			sum += cs.tree.nearestOf(p, func(t uint32) bool { return !cs.list[cs.whole[t]].gone })
			n++
		}
	}
	c.gone = false
	return c.rank(sum / n)
}

// cheapest is the bin of the next component that may go; above all bins when there is none.
func (cs *components) cheapest() int {
	if cs == nil {
		return binCount
	}
	for cs.queue.lowest < binCount && cs.queue.head[cs.queue.lowest] < 0 {
		cs.queue.lowest++
	}
	return cs.queue.lowest
}

// renew puts those in line again that were too many triangles for the last target.
func (cs *components) renew() {
	if cs == nil {
		return
	}
	for _, i := range slices.Backward(cs.later) {
		cs.queue.push(cs.link, i, binOf(cs.list[i].price))
	}
	cs.later = cs.later[:0]
}

// maxRemoved is the share of the surface that components which are removed may have.
const maxRemoved = 0.03

// drop removes whole components whose price is not above level, but never the last
// one and no more than budget triangles.
func (r *reducer) drop(level, budget int) (died int) {
	cs := r.parts
	for {
		i, _ := cs.queue.pop(cs.link, level)
		if i < 0 {
			return died
		}
		c := &cs.list[i]
		if cs.left == 1 || cs.spent+c.area > float64(maxRemoved*cs.area) {
			continue
		}
		if now := cs.appraise(i); binOf(now) > level && now > c.price {
			c.price = now
			cs.queue.push(cs.link, i, binOf(now))
			continue
		}
		n := r.remove(c, budget-died)
		if n == 0 {
			cs.later = append(cs.later, i)
			continue
		}
		c.gone = true
		cs.left--
		cs.spent += c.area
		died += n
	}
}

// remove kills what is left of a component, unless that is more than budget.
func (r *reducer) remove(c *component, budget int) int {
	n := 0
	for _, t := range c.triangles {
		if r.place[3*t] >= 0 {
			n++
		}
	}
	if n > budget {
		return 0
	}
	for _, t := range c.triangles {
		r.place[3*t], r.place[3*t+1], r.place[3*t+2] = -1, -1, -1
	}
	return n
}
