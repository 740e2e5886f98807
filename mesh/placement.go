package mesh

import (
	"math"
	"slices"
)

// A wedge's sums hold, in one run of floats, the part of a gradient quadric that
// depends on the attributes' values (Hoppe, "New quadric metric for simplifying meshes
// with appearance attributes", 1999). An attribute s over a triangle is the linear
// function g·p + d; its error at p is the square of g·p + d - s, times a weight. The
// sums of weight (g·p + d)² are a form in p alone: they are in the place's quadric,
// beside the planes. The rest is here:
//
//	0, 1  the weights: of shading (normals), of everything else
//	2...  for each attribute the sums of weight g (three) and weight d
//
// Where each attribute takes the value that fits best at p, what remains of its
// error is sum weight (g·p + d)² - (sum weight (g·p + d))² / sum weight.
const (
	sumShade      = 0
	sumOther      = 1
	sumAttributes = 2
)

// fold takes from q what the attributes of a wedge explain.
func (r *reducer) fold(q *quadric, s []float64) {
	shade, other := inverse(s[sumShade]), inverse(s[sumOther])
	for k := 0; k < r.width; k++ {
		i := other
		if k < r.shades {
			i = shade
		}
		g := s[sumAttributes+4*k : sumAttributes+4*k+4 : sumAttributes+4*k+4]
		x, y, z, d := g[0], g[1], g[2], g[3]
		xi, yi, zi, di := float64(x*i), float64(y*i), float64(z*i), float64(d*i)
		q.xx -= float64(x * xi)
		q.xy -= float64(x * yi)
		q.xz -= float64(x * zi)
		q.yy -= float64(y * yi)
		q.yz -= float64(y * zi)
		q.zz -= float64(z * zi)
		q.x -= float64(x * di)
		q.y -= float64(y * di)
		q.z -= float64(z * di)
		q.c -= float64(d * di)
	}
}

func inverse(w float64) float64 {
	if w > 0 {
		return 1 / w
	}
	return 0
}

// meeting is what a collapse of an edge would do.
type meeting struct {
	at     vec     // the new position
	first  bool    // it is that of the first end
	cost   float64 // the error there, squared lengths times area
	weight float64 // the area
	rank   float64 // what orders collapses
}

// weigh finds where the ends of an edge meet best. It says false where nothing
// should: too many wedges.
//
// It is the innermost function of all. Its form is in local variables, which the
// compiler keeps in registers, as it does not do with arrays and larger structures.
func (r *reducer) weigh(s *scratch, a, b int32) (m meeting, ok bool) {
	qa, qb := &r.shape[a], &r.shape[b]
	wa, wb := r.wedge[a], r.wedge[b]
	if r.fixed || r.kin[wa] >= 0 || r.kin[wb] >= 0 {
		return r.weighMany(s, a, b)
	}
	s.n, s.split = 2, 1
	s.wedges[0], s.wedges[1], s.group[0], s.group[1] = wa, wb, 0, 0
	xx, xy, xz := qa.xx+qb.xx, qa.xy+qb.xy, qa.xz+qb.xz
	yy, yz, zz := qa.yy+qb.yy, qa.yz+qb.yz, qa.zz+qb.zz
	x, y, z, c := qa.x+qb.x, qa.y+qb.y, qa.z+qb.z, qa.c+qb.c
	if r.width > 0 {
		sa := r.sumsOf(wa)
		sb := r.sumsOf(wb)[:len(sa)]
		shade, other := inverse(sa[sumShade]+sb[sumShade]), inverse(sa[sumOther]+sb[sumOther])
		shades := sumAttributes + 4*r.shades
		for n := sumAttributes; n+3 < len(sa); n += 4 {
			i := other
			if n < shades {
				i = shade
			}
			g, h := sa[n:n+4:n+4], sb[n:n+4:n+4]
			gx, gy, gz, gd := g[0]+h[0], g[1]+h[1], g[2]+h[2], g[3]+h[3]
			t := float64(gx * i)
			xx -= float64(gx * t)
			xy -= float64(gy * t)
			xz -= float64(gz * t)
			x -= float64(gd * t)
			t = float64(gy * i)
			yy -= float64(gy * t)
			yz -= float64(gz * t)
			y -= float64(gd * t)
			t = float64(gz * i)
			zz -= float64(gz * t)
			z -= float64(gd * t)
			c -= float64(float64(gd*i) * gd)
		}
	}
	q := quadric{xx, xy, xz, yy, yz, zz, x, y, z, c, qa.weight + qb.weight}
	r.place3(&q, a, b, &m)
	return m, true
}

// weighMany is weigh for ends that have several wedges or may not move.
func (r *reducer) weighMany(s *scratch, a, b int32) (m meeting, ok bool) {
	q := r.shape[a]
	q.add(&r.shape[b])
	if !r.pair(s, a, b) {
		return m, false
	}
	r.foldGroups(s, &q)
	if !r.fixed {
		r.place3(&q, a, b, &m)
		return m, true
	}
	if m, ok = r.atAnEnd(s, &q, a, b); !ok {
		return m, false
	}
	m.weight = q.weight
	m.rank = m.cost * quarticRoot(q.weight)
	return m, true
}

// lean is how much a new position leans to the middle of its edge where the form hardly
// cares, as a share of the form's mean curvature.
const lean = 1e-6

// place3 finds where a form is least: three equations, by Gauss on a symmetric
// matrix, whose pivots are positive but for rounding. Where they aren't, or the place
// is far from the edge, it is the best of the ends and the point between.
func (r *reducer) place3(q *quadric, a, b int32, m *meeting) {
	pa, pb := &r.at[a], &r.at[b]
	t := 0.5
	if wa, wb := r.shape[a].weight, r.shape[b].weight; wa+wb > 0 {
		t = wb / (wa + wb)
	}
	dx, dy, dz := pb[0]-pa[0], pb[1]-pa[1], pb[2]-pa[2]
	mx, my, mz := pa[0]+float64(dx*t), pa[1]+float64(dy*t), pa[2]+float64(dz*t)

	e := float64((q.xx + q.yy + q.zz) * lean)
	xx, yy, zz := q.xx+e, q.yy+e, q.zz+e
	bx, by, bz := float64(e*mx)-q.x, float64(e*my)-q.y, float64(e*mz)-q.z
	xy, xz := q.xy, q.xz
	ix := 1 / xx
	lxy, lxz := float64(xy*ix), float64(xz*ix)
	yy -= float64(lxy * xy)
	yz := q.yz - float64(lxy*xz)
	zz -= float64(lxz * xz)
	by -= float64(lxy * bx)
	bz -= float64(lxz * bx)
	iy := 1 / yy
	lyz := float64(yz * iy)
	zz -= float64(lyz * yz)
	bz -= float64(lyz * by)
	pz := bz / zz
	py := float64((by - float64(yz*pz)) * iy)
	px := float64((bx - float64(xy*py) - float64(xz*pz)) * ix)

	ox, oy, oz := px-mx, py-my, pz-mz
	off := float64(ox*ox) + float64(oy*oy) + float64(oz*oz)
	along := float64(dx*dx) + float64(dy*dy) + float64(dz*dz)
	m.weight = q.weight
	if xx > 0 && yy > 0 && zz > 0 && off <= 4*along {
		m.at = vec{px, py, pz}
		m.cost = q.at3(px, py, pz)
	} else {
		m.at = vec{mx, my, mz}
		m.cost = q.at3(mx, my, mz)
		for _, p := range [2]*vec{pa, pb} {
			if e := q.at3(p[0], p[1], p[2]); e < m.cost {
				m.at, m.cost = *p, e
			}
		}
	}
	// The error alone would take flat areas first and leave small parts with large
	// relative errors for last; the mean alone would take small parts whole. The
	// fourth root of the area between the two was best by measure.
	m.rank = m.cost * quarticRoot(q.weight)
}

// quarticRoot is one over the fourth root of w, within 8 %, which is enough to put things
// in order: a quarter of a float's bits is a quarter of its logarithm.
func quarticRoot(w float64) float64 {
	const one = 1023 << 52
	if !(w > 0x1p-400) {
		w = 0x1p-400
	}
	return math.Float64frombits(one + one/4 - math.Float64bits(w)/4)
}

// atAnEnd chooses the better end, in all poses. An end can stay only if it has a
// vertex for each part of the other.
func (r *reducer) atAnEnd(s *scratch, q *quadric, a, b int32) (m meeting, ok bool) {
	ea, eb := q.at(r.at[a]), q.at(r.at[b])
	for i, pose := range r.poses {
		sum := r.posed[i][a]
		sum.add(&r.posed[i][b])
		ea += sum.at(pose[a])
		eb += sum.at(pose[b])
	}
	near, far := s.wedges[:s.split], s.wedges[s.split:s.n]
	okA, okB := r.covers(near, far), r.covers(far, near)
	switch {
	case okB && (eb < ea || !okA):
		return meeting{at: r.at[b], cost: eb}, true
	case okA:
		return meeting{at: r.at[a], cost: ea, first: true}, true
	}
	return m, false
}

// covers tells whether the wedges of one end are of all the parts of the other's.
func (r *reducer) covers(stays, goes []int32) bool {
	for _, w := range goes {
		if !slices.ContainsFunc(stays, func(x int32) bool { return r.part[x] == r.part[w] }) {
			return false
		}
	}
	return true
}

func (r *reducer) sumsOf(w int32) []float64 {
	i := int(w) * r.stride
	return r.sums[i : i+r.stride : i+r.stride]
}

// maxWedges is how many wedges the ends of an edge may have together.
const maxWedges = 24

// pair finds which wedges of the ends of an edge become one: those that share a
// triangle of the edge. The others stay apart and ride along.
func (r *reducer) pair(s *scratch, a, b int32) bool {
	n := 0
	for _, end := range [2]int32{a, b} {
		s.split = n
		for w := r.wedge[end]; w >= 0; w = r.kin[w] {
			if n == maxWedges {
				return false
			}
			s.wedges[n], s.group[n] = w, int8(n)
			n++
		}
	}
	s.n = n
	var ok bool
	s.near, ok = r.gather(s.near, a)
	for _, t := range s.near {
		switch b {
		case t.next:
			s.join(r.corner[t.corner], r.corner[after(t.corner)])
		case t.prev:
			s.join(r.corner[t.corner], r.corner[before(t.corner)])
		}
	}
	return ok
}

// join unites the groups of two wedges.
func (s *scratch) join(w, x int32) {
	var i, j int8
	for k := range s.n {
		switch s.wedges[k] {
		case w:
			i = s.group[k]
		case x:
			j = s.group[k]
		}
	}
	if i == j {
		return
	}
	i, j = min(i, j), max(i, j)
	for k := range s.n {
		if s.group[k] == j {
			s.group[k] = i
		}
	}
}

func (r *reducer) foldGroups(s *scratch, q *quadric) {
	for i := range s.n {
		if int(s.group[i]) == i {
			r.foldGroup(s, i, q)
		}
	}
}

// foldGroup folds the sum of the wedges that become one.
func (r *reducer) foldGroup(s *scratch, i int, q *quadric) {
	if r.width == 0 {
		return
	}
	first, members := r.sumsOf(s.wedges[i]), 1
	for j := i + 1; j < s.n; j++ {
		if int(s.group[j]) != i {
			continue
		}
		if members == 1 {
			s.total = append(s.total[:0], first...)
		}
		members++
		for k, x := range r.sumsOf(s.wedges[j]) {
			s.total[k] += x
		}
	}
	if members > 1 {
		first = s.total
	}
	r.fold(q, first)
}

// after and before are the other corners of a corner's triangle.
func after(c int32) int32 {
	if c%3 == 2 {
		return c - 2
	}
	return c + 1
}

func before(c int32) int32 {
	if c%3 == 0 {
		return c + 2
	}
	return c - 1
}
