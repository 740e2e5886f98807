package mesh

// maxRing is how many triangles a place may have for its edges to collapse. A hub
// with more keeps still until its rim has collapsed, and hostile ones cost nothing.
const maxRing = 64

// spoke is a triangle at the center of a ring: its corner there and the other two
// places, in order.
type spoke struct{ corner, next, prev int32 }

// scratch is one worker's memory.
type scratch struct {
	rim uint8 // places with this bit of reducer.border are out of reach

	near, far []spoke // around the two ends of an edge
	around    []spoke // around another place
	mark      []uint8 // of places, zero between uses: blocks share the places at their rims

	n, split int // wedges of the two ends, those of the first before split
	wedges   [maxWedges]int32
	group    [maxWedges]int8 // the first of those that become one
	used     [maxWedges]bool
	total    []float64

	apexes  []int32 // places opposite the edge
	touched []touch // places at the rim of a block that hold edges
	later   []touch // edges that reach over the rim
}

// touch is a place or a corner, and the bin to queue it in.
type touch struct {
	x   int32
	bin int
}

// gather lists the triangles around a place and unlinks dead ones. It says false for
// a hub.
func (r *reducer) gather(list []spoke, at int32) ([]spoke, bool) {
	list = list[:0]
	link := &r.head[at]
	for *link >= 0 {
		c := *link
		if r.place[c] < 0 {
			*link = r.chain[c]
			continue
		}
		if len(list) == maxRing {
			return list, false
		}
		list = append(list, spoke{c, r.place[after(c)], r.place[before(c)]})
		link = &r.chain[c]
	}
	return list, true
}

// Marks of a place while an edge is looked at. An inner edge of a ring is the next of
// one triangle and the prev of another.
const (
	farNext = 1 << iota
	farPrev
	nearNext
	nearPrev
	counted
	apex
)

// mayMeet says whether collapsing the edge a, b to p keeps the surface in order: its
// topology, and which way its triangles face. It fills s.near, s.far and s.apexes.
func (r *reducer) mayMeet(s *scratch, a, b int32, p *vec) bool {
	var ok bool
	if s.near, ok = r.gather(s.near, a); !ok {
		return false
	}
	if s.far, ok = r.gather(s.far, b); !ok {
		return false
	}
	ok = s.linked(a, b)
	for _, list := range [2][]spoke{s.near, s.far} {
		for _, t := range list {
			s.mark[t.next], s.mark[t.prev] = 0, 0
		}
	}
	return ok && r.upright(s.near, &r.at[a], p, b) && r.upright(s.far, &r.at[b], p, a) && (r.poses == nil || r.uprightPosed(s, a, b, p))
}

// linked is the link condition (Dey, Edelsbrunner, Guha and Nekhayev, "Topology
// preserving edge contraction", 1999): the places next to both ends are those
// opposite the edge; an inner edge does not connect two borders; no triangle
// comes to lie on another, and one is left. It keeps holes, handles and thin walls
// what they are.
func (s *scratch) linked(a, b int32) bool {
	for _, t := range s.far {
		s.mark[t.next] |= farNext
		s.mark[t.prev] |= farPrev
	}
	for _, t := range s.near {
		s.mark[t.next] |= nearNext
		s.mark[t.prev] |= nearPrev
	}
	s.apexes = s.apexes[:0]
	dying := 0
	for _, t := range s.near {
		switch b {
		case t.next:
			dying++
			s.addApex(t.prev)
		case t.prev:
			dying++
			s.addApex(t.next)
		}
	}
	if dying == 0 || dying == len(s.near) && dying == len(s.far) {
		return false
	}
	common, open := 0, false
	for _, t := range s.near {
		for _, x := range [2]int32{t.next, t.prev} {
			m := s.mark[x]
			if x != b && m&(farNext|farPrev) != 0 && m&counted == 0 {
				s.mark[x] |= counted
				common++
			}
			open = open || x != b && m&(nearNext|nearPrev) != nearNext|nearPrev
		}
	}
	if common != len(s.apexes) {
		return false
	}
	if open && dying > 1 {
		for _, t := range s.far {
			for _, x := range [2]int32{t.next, t.prev} {
				if x != a && s.mark[x]&(farNext|farPrev) != farNext|farPrev {
					return false // both ends are on a border that the edge is no part of
				}
			}
		}
	}
	return !s.doubled(a, b)
}

func (s *scratch) addApex(x int32) {
	if s.mark[x]&apex == 0 {
		s.mark[x] |= apex
		s.apexes = append(s.apexes, x)
	}
}

// doubled tells whether two triangles that stay would come to cover each other, facing
// the same way.
func (s *scratch) doubled(a, b int32) bool {
	for _, t := range s.near {
		if t.next == b || t.prev == b || s.mark[t.next]&s.mark[t.prev]&apex == 0 {
			continue
		}
		for _, u := range s.far {
			if u.next == t.next && u.prev == t.prev {
				return true
			}
		}
	}
	return false
}

// Limits of what a triangle may become: it may turn by 75 degrees and get as
// thin as 1 : 1000, or no thinner than it was.
const (
	leastTurn  = 0.2588 // cosine
	leastShape = 0.001  // height over longest edge
)

// upright says whether the triangles of a ring that stay face as they did, and none
// becomes a needle, when its center moves.
func (r *reducer) upright(ring []spoke, center, p *vec, other int32) bool {
	for i := range ring {
		t := &ring[i]
		if t.next == other || t.prev == other {
			continue
		}
		if !turnsLittle(center, p, &r.at[t.next], &r.at[t.prev]) {
			return false
		}
	}
	return true
}

func (r *reducer) uprightPosed(s *scratch, a, b int32, p *vec) bool {
	end := a
	if r.at[b] == *p {
		end = b
	}
	for _, pose := range r.poses {
		for _, t := range s.near {
			if t.next != b && t.prev != b && !turnsLittle(&pose[a], &pose[end], &pose[t.next], &pose[t.prev]) {
				return false
			}
		}
		for _, t := range s.far {
			if t.next != a && t.prev != a && !turnsLittle(&pose[b], &pose[end], &pose[t.next], &pose[t.prev]) {
				return false
			}
		}
	}
	return true
}

// turnsLittle looks at the triangle of p, x and y before and after p moves to q.
func turnsLittle(p, q, x, y *vec) bool {
	sx, sy, sz := y[0]-x[0], y[1]-x[1], y[2]-x[2]
	px, py, pz := x[0]-p[0], x[1]-p[1], x[2]-p[2]
	qx, qy, qz := x[0]-q[0], x[1]-q[1], x[2]-q[2]
	wx, wy, wz := float64(py*sz)-float64(pz*sy), float64(pz*sx)-float64(px*sz), float64(px*sy)-float64(py*sx)
	ix, iy, iz := float64(qy*sz)-float64(qz*sy), float64(qz*sx)-float64(qx*sz), float64(qx*sy)-float64(qy*sx)
	ww := float64(wx*wx) + float64(wy*wy) + float64(wz*wz)
	ii := float64(ix*ix) + float64(iy*iy) + float64(iz*iz)
	wi := float64(wx*ix) + float64(wy*iy) + float64(wz*iz)
	if !(ii > 0) || wi <= 0 && ww > 0 || float64(wi*wi) < float64(float64(leastTurn*leastTurn*ww)*ii) {
		return false
	}
	// Twice the area is the height times the longest side.
	ss, qq := float64(sx*sx)+float64(sy*sy)+float64(sz*sz), float64(qx*qx)+float64(qy*qy)+float64(qz*qz)
	far := 4 * max(ss, qq) // at least the longest, as the third is at most their sum
	if ii >= float64(leastShape*leastShape*far)*far {
		return true
	}
	return isNoThinner(p, q, x, y, ww, ii)
}

func isNoThinner(p, q, x, y *vec, ww, ii float64) bool {
	far := longest(*q, *x, *y)
	if ii >= float64(leastShape*leastShape*far)*far {
		return true
	}
	was := longest(*p, *x, *y)
	return float64(float64(ii*was)*was) >= float64(float64(ww*far)*far)
}

// longest is the square of the longest side.
func longest(a, b, c vec) float64 {
	u, v, w := sub(b, a), sub(c, b), sub(a, c)
	return max(dot(u, u), dot(v, v), dot(w, w))
}
