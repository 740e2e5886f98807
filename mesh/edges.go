package mesh

import "sync"

// Weights of the planes that stand on edges which must not move: an open border
// and the border of two parts are as important as the surface, a seam of the
// texture less, since what lies on both sides of it says nearly the same.
const (
	borderWeight = 1.0
	seamWeight   = 0.1
)

// rim is an edge that leaves a place, while queues are filled: how many triangles
// have it and the corners at both its ends in the first two.
type rim struct {
	far   int32
	count int
	here  [2]int32
	there [2]int32
	edge  int32 // corner that it leaves from
}

// fillQueues finds all edges, adds the planes that stand on those which must not
// move, and puts each in line by its cost.
func (r *reducer) fillQueues() {
	lists := sync.Pool{New: func() any { return &rims{slot: make([]int32, len(r.at))} }}
	parallel(0, r.runs, func(block int) {
		e := lists.Get().(*rims)
		defer lists.Put(e)
		from, to := r.run(block)
		for a := int32(from); a < int32(to); a++ {
			for i := range e.around(r, a) {
				r.addBorder(a, &e.list[i])
			}
		}
	})
	pending := make([][]touch, r.runs)
	parallel(0, r.runs, func(block int) {
		e := lists.Get().(*rims)
		defer lists.Put(e)
		from, to := r.run(block)
		for a := int32(from); a < int32(to); a++ {
			for i := range e.around(r, a) {
				x := &e.list[i]
				if x.far < a {
					continue
				}
				c := x.edge
				r.state[c] |= named
				m, ok := r.weigh(&r.scratch[block], r.place[c], r.place[after(c)])
				switch {
				case !ok:
					r.state[c] |= held
				case (r.border[a]|r.border[x.far])&inRuns != 0:
					pending[block] = append(pending[block], touch{c, binOf(m.rank)})
				default:
					r.state[c] |= listed
					r.queues[block].push(r.link, c, binOf(m.rank))
				}
			}
		}
	})
	for _, list := range pending {
		for _, t := range list {
			r.state[t.x] |= listed
			r.queues[r.home(t.x)].push(r.link, t.x, t.bin)
		}
	}
	for c, st := range r.state {
		if st&held != 0 {
			r.holds[r.place[c]], r.holds[r.place[after(int32(c))]] = true, true
		}
	}
}

// rims lists the edges around a place. slot finds an edge by its far place in
// constant time: it counts only where the list agrees.
type rims struct {
	slot []int32
	list []rim
}

func (e *rims) around(r *reducer, a int32) []rim {
	e.list = e.list[:0]
	if r.smooth(a) {
		for c := r.head[a]; c >= 0; c = r.chain[c] {
			e.list = append(e.list, rim{far: r.place[after(c)], edge: c})
		}
		return e.list
	}
	for c := r.head[a]; c >= 0; c = r.chain[c] {
		n, p := after(c), before(c)
		e.add(r.place[n], c, n, c)
		e.add(r.place[p], c, p, p)
	}
	return e.list
}

// smooth says that a place and its neighbors have one wedge each and its triangles close
// around it, so that each edge is the next of one triangle and the prev of another, or of
// several: then it goes by several corners. It may miss one that is, but for the rarest of
// accidents it finds none that isn't.
func (r *reducer) smooth(a int32) bool {
	if r.kin[r.wedge[a]] >= 0 {
		return false
	}
	sum := uint64(0)
	for c := r.head[a]; c >= 0; c = r.chain[c] {
		n, p := r.place[after(c)], r.place[before(c)]
		if r.kin[r.wedge[n]] >= 0 {
			return false
		}
		sum += scatter(n) - scatter(p)
	}
	return sum == 0
}

func scatter(x int32) uint64 {
	h := uint64(x+1) * 0x9e3779b97f4a7c15
	h ^= h >> 29
	return h * 0xbf58476d1ce4e5b9
}

func (e *rims) add(far, here, there, edge int32) {
	i := e.slot[far]
	if int(i) >= len(e.list) || e.list[i].far != far {
		i = int32(len(e.list))
		e.slot[far] = i
		e.list = append(e.list, rim{far: far, edge: edge})
	}
	x := &e.list[i]
	if x.count < 2 {
		x.here[x.count], x.there[x.count] = here, there
	}
	x.count++
}

// addBorder adds to a place the planes that stand on an edge which must not move,
// one for each triangle there.
func (r *reducer) addBorder(a int32, x *rim) {
	weight := r.edgeWeight(x)
	if weight == 0 {
		return
	}
	for i := range min(x.count, 2) {
		c := x.here[i]
		r.standOn(&r.shape[a], r.at, a, x.far, c, weight)
		for k := range r.posed {
			r.standOn(&r.posed[k][a], r.poses[k], a, x.far, c, weight)
		}
	}
}

func (r *reducer) standOn(q *quadric, at []vec, a, far, c int32, weight float64) {
	p := [3]vec{at[r.place[c]], at[r.place[after(c)]], at[r.place[before(c)]]}
	along := sub(at[far], at[a])
	n := unit(cross(along, cross(sub(p[1], p[0]), sub(p[2], p[0]))))
	total := q.weight
	q.addPlane(n, -dot(n, at[a]), float64(dot(along, along)*weight))
	q.weight = total
}

// edgeWeight is how much an edge wants to stay, by what lies on its two sides.
func (r *reducer) edgeWeight(x *rim) float64 {
	switch x.count {
	case 0:
		return 0 // smooth
	case 2:
	default:
		return borderWeight
	}
	a, b := [2]int32{r.corner[x.here[0]], r.corner[x.there[0]]}, [2]int32{r.corner[x.here[1]], r.corner[x.there[1]]}
	switch {
	case r.part[a[0]] != r.part[b[0]]:
		return borderWeight
	case a == b || r.sameTexture(a[0], b[0]) && r.sameTexture(a[1], b[1]):
		return 0
	}
	return seamWeight
}

// sameTexture tells whether two wedges differ in their normals at most.
func (r *reducer) sameTexture(w, x int32) bool {
	a, b := r.vertex[w], r.vertex[x]
	for _, set := range r.m.UVs {
		if set[a] != set[b] {
			return false
		}
	}
	return r.m.Colors == nil || r.m.Colors[a] == r.m.Colors[b]
}
