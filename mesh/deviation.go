package mesh

import (
	"math"
)

// Deviation returns an upper bound, in meters, of how far the surfaces a and b
// lie apart: the Hausdorff distance, the largest distance from any point of
// one to the nearest point of the other, both ways. It is infinite when
// one has no triangle. The bound is sharp to a twentieth or, where that
// is more, to a millionth of the extent of a: surfaces that close are not told
// apart. Where that takes too many steps, it is less sharp.
//
// It is not sampled: the distance to a triangle is a convex function, so over a
// convex polygon it is largest at a corner. A polygon whose corners are all near
// one triangle of the other surface is therefore near it everywhere; one that is
// not is cut in two and asked again (a branch and bound as in Tang, Lee and
// Kim, "Interactive Hausdorff distance computation for general polygonal
// models", 2009). It is cut where that triangle ends, so that the pieces of two
// surfaces that coincide are the cells of their overlay, and few.
func Deviation(a, b *Mesh) float64 {
	at, to := newSurface(a, a.Positions), newSurface(b, b.Positions)
	if len(at.tris) == 0 || len(to.tris) == 0 {
		return math.Inf(1)
	}
	r := newRuler(at)
	lo, hi := r.tree.nodes[0].lo, r.tree.nodes[0].hi
	r.floor = 1e-6 * max(hi[0]-lo[0], hi[1]-lo[1], hi[2]-lo[2], 0)
	upper, _, _ := r.measure(to, math.Inf(1))
	return upper
}

// surface is triangles by their vertices and by their corners.
type surface struct {
	vertices [][3]uint32
	tris     []triangle
}

// newSurface is the triangles of m that have an extent, with vertices at the given
// places.
func newSurface(m *Mesh, at [][3]float32) surface {
	s := surface{make([][3]uint32, 0, m.Triangles()), make([]triangle, 0, m.Triangles())}
	for t := range m.Triangles() {
		v := [3]uint32(m.Indices[3*t : 3*t+3])
		tri := triangle{wide(at[v[0]]), wide(at[v[1]]), wide(at[v[2]])}
		if tri[0] == tri[1] && tri[1] == tri[2] {
			continue
		}
		s.vertices, s.tris = append(s.vertices, v), append(s.tris, tri)
	}
	return s
}

// ruler measures how far surfaces are from a fixed one.
type ruler struct {
	source surface
	tree   *bvh
	floor  float64 // distances below it are not told apart
}

func newRuler(source surface) *ruler {
	return &ruler{source: source, tree: newBVH(source.tris)}
}

// measure returns an upper bound of the distance between the source and result,
// both ways, and the vertices of both around the places where it is beyond the
// limit, or not surely within. Distances below three quarters of the limit are not
// told apart.
func (r *ruler) measure(result surface, limit float64) (upper float64, there, here []uint32) {
	if len(result.tris) == 0 || len(r.source.tris) == 0 {
		return math.Inf(1), nil, nil
	}
	tree := newBVH(result.tris)
	for t, bound := range r.ask(r.source, tree, limit) {
		if upper = max(upper, bound); math.IsInf(bound, 1) {
			there = append(there, r.source.vertices[t][:]...)
		}
	}
	for t, bound := range r.ask(result, r.tree, limit) {
		if upper = max(upper, bound); math.IsInf(bound, 1) {
			here = append(here, result.vertices[t][:]...)
			near, _ := r.tree.nearest(result.tris[t].centroid(), 0)
			there = append(there, r.source.vertices[near][:]...)
		}
	}
	return upper, there, here
}

// Limits of the search: how often one triangle is cut, and how many cuts are made
// in all for each triangle asked about. Beyond them a bound stays as wide as the
// piece it is for: still true, only less sharp.
const (
	maxCuts     = 64
	cutsPerFace = 64
	maxCorners  = 12
	sharpness   = 1.05
)

// ask returns for each triangle of a an upper bound of the distance of
// its points from the surface in tree: infinite where that is beyond the limit.
// Runs of triangles are searched in parallel, each on its own, so the result is
// the same however many at a time.
func (r *ruler) ask(a surface, tree *bvh, limit float64) []float64 {
	out := make([]float64, len(a.tris))
	const run = 2048
	parallel(0, (len(a.tris)+run-1)/run, func(i int) {
		from, to := i*run, min((i+1)*run, len(a.tris))
		s := search{limit: limit, floor: r.floor, tree: tree, cuts: 1<<12 + cutsPerFace*(to-from), sharp: sharpness}
		s.blunt = s.cuts / 4
		if !math.IsInf(limit, 1) {
			s.floor = max(s.floor, limit*0.75/sharpness)
		}
		s.run(a, from, to, out[from:to])
	})
	return out
}

// search is a branch and bound for the largest distance.
type search struct {
	limit float64
	floor float64 // a distance that some point has, or too small to matter, or the limit
	cuts  int     // that may still be made
	sharp float64 // what a bound may be, as a multiple of floor
	blunt int     // how many cuts are left when that grows
	tree  *bvh

	upper float64 // of the triangle at hand: no point looked at so far has more
	over  bool    // of the triangle at hand: a point is beyond the limit
}

// polygon is a convex piece of a triangle. Each corner knows the nearest triangle
// of the other surface and its squared distance.
type polygon struct {
	n       int
	at      [maxCorners + 1]vec
	tri     [maxCorners + 1]uint32
	squared [maxCorners + 1]float64
}

func (p *polygon) add(at vec, tri uint32, squared float64) {
	p.at[p.n], p.tri[p.n], p.squared[p.n] = at, tri, squared
	p.n++
}

// run bounds a run of triangles. All corners are asked first: they raise the
// floor that settles most of the triangles at once.
func (s *search) run(a surface, from, to int, out []float64) {
	near := s.corners(a, from, to)
	for t := from; t < to; t++ {
		var p polygon
		for k, v := range a.vertices[t] {
			p.add(a.tris[t][k], near[v].tri, near[v].squared)
		}
		s.upper, s.over = 0, false
		for k := range p.n {
			s.see(p.squared[k])
		}
		s.refine(&p, 0)
		out[t-from] = s.upper
		if s.over {
			out[t-from] = math.Inf(1)
		}
	}
}

// see takes note of a distance that occurs.
func (s *search) see(squared float64) {
	d := math.Sqrt(squared)
	s.over = s.over || d > s.limit
	s.floor = max(s.floor, min(d, s.limit))
}

// neighbor is the nearest triangle of a vertex.
type neighbor struct {
	tri     uint32
	squared float64
}

func (s *search) corners(a surface, from, to int) map[uint32]neighbor {
	near := make(map[uint32]neighbor, to-from)
	hint := uint32(0)
	for t := from; t < to; t++ {
		for k, v := range a.vertices[t] {
			at, ok := near[v]
			if !ok {
				at.tri, at.squared = s.tree.nearest(a.tris[t][k], hint)
				near[v] = at
				s.see(at.squared)
			}
			hint = at.tri
		}
	}
	return near
}

func (s *search) settled(upper float64) bool {
	return upper <= min(float64(s.floor*s.sharp), s.limit)
}

func (s *search) refine(p *polygon, depth int) {
	if s.over {
		return
	}
	upper, best := s.bound(p)
	if s.settled(upper) {
		s.upper = max(s.upper, upper)
		return
	}
	var a, b polygon
	switch {
	case depth < maxCuts && s.cuts > 0 && p.n == maxCorners:
		p.halve(&a, &b)
	case depth < maxCuts && s.cuts > 0 && (s.cut(p, s.endOf(best, p), &a, &b) || s.cut(p, p.across(), &a, &b)):
	default: // it can't be cut further
		if s.over = upper > s.limit; !s.over {
			s.upper = max(s.upper, upper)
		}
		return
	}
	if s.cuts--; s.cuts < s.blunt {
		// Near an edge of the other surface, where two of its triangles are about as far,
		// neither bounds much: there is no end to cutting. What is left must do for all.
		s.blunt /= 2
		s.sharp += s.sharp - 1
	}
	s.refine(&a, depth+1)
	s.refine(&b, depth+1)
}

// bound is an upper bound of the distance from any point of p, and the triangle
// that comes nearest to all of it.
func (s *search) bound(p *polygon) (upper float64, best uint32) {
	upper = math.Inf(1)
	for k := range p.n {
		if k > 0 && p.tri[k] == p.tri[k-1] {
			continue
		}
		if d := s.reach(p, p.tri[k], upper); d < upper {
			upper, best = d, p.tri[k]
		}
	}
	if !s.settled(math.Sqrt(upper)) {
		middle, _ := s.tree.nearest(p.middle(), best)
		if d := s.reach(p, middle, upper); d < upper {
			upper, best = d, middle
		}
	}
	return math.Sqrt(upper), best
}

// reach is the largest squared distance from a corner of p to a triangle, or
// anything above enough.
func (s *search) reach(p *polygon, t uint32, enough float64) float64 {
	far := 0.0
	for k := range p.n {
		d := p.squared[k]
		if p.tri[k] != t {
			d = s.tree.tris[t].squaredDistance(&p.at[k])
		}
		if far = max(far, d); far > enough {
			break
		}
	}
	return far
}

// plane is where n·p = d.
type plane struct {
	n vec
	d float64
}

// endOf is the plane on that edge of triangle t, upright on it, beyond which p
// reaches farthest.
func (s *search) endOf(t uint32, p *polygon) plane {
	o := &s.tree.tris[t]
	up := normal(*o)
	var end plane
	most := 0.0
	for k := range 3 {
		n := unit(cross(sub(o[(k+1)%3], o[k]), up))
		d := dot(n, o[k])
		for i := range p.n {
			if beyond := dot(n, p.at[i]) - d; beyond > most {
				most, end = beyond, plane{n, d}
			}
		}
	}
	return end
}

// across is the plane through the middle of p that halves its longest side.
func (p *polygon) across() plane {
	most := 0.0
	var side vec
	for i := range p.n {
		for k := range i {
			if along := sub(p.at[i], p.at[k]); dot(along, along) > most {
				most, side = dot(along, along), along
			}
		}
	}
	n := unit(side)
	return plane{n, dot(n, p.middle())}
}

func (p *polygon) middle() vec {
	var sum vec
	for _, at := range p.at[:p.n] {
		sum = add(sum, at)
	}
	return scale(sum, 1/float64(p.n))
}

// halve cuts a polygon that has too many corners along a diagonal.
func (p *polygon) halve(a, b *polygon) {
	for k := range p.n {
		if k <= p.n/2 {
			a.add(p.at[k], p.tri[k], p.squared[k])
		}
		if k == 0 || k >= p.n/2 {
			b.add(p.at[k], p.tri[k], p.squared[k])
		}
	}
}

// cut divides p by a plane into the part below it and the part above. It says
// false, with nothing done, where the plane leaves less than a thousandth of
// the length of p on a side.
func (s *search) cut(p *polygon, by plane, below, above *polygon) bool {
	var height [maxCorners + 1]float64
	lo, hi := math.Inf(1), math.Inf(-1)
	for k := range p.n {
		height[k] = dot(by.n, p.at[k]) - by.d
		lo, hi = min(lo, height[k]), max(hi, height[k])
	}
	if least := float64(p.length() * 1e-3); by.n == (vec{}) || hi <= least || -lo <= least {
		return false
	}
	for k := range p.n {
		if height[k] <= 0 {
			below.add(p.at[k], p.tri[k], p.squared[k])
		}
		if height[k] >= 0 {
			above.add(p.at[k], p.tri[k], p.squared[k])
		}
		l := (k + 1) % p.n
		if height[k] < 0 && height[l] > 0 || height[k] > 0 && height[l] < 0 {
			at := add(p.at[k], scale(sub(p.at[l], p.at[k]), height[k]/(height[k]-height[l])))
			tri, squared := s.tree.nearest(at, p.tri[k])
			s.see(squared)
			below.add(at, tri, squared)
			above.add(at, tri, squared)
		}
	}
	return true
}

func (p *polygon) length() float64 {
	lo, hi := infinite()
	for _, at := range p.at[:p.n] {
		lo, hi = grow(lo, hi, at)
	}
	return length(sub(hi, lo))
}
