package mesh

// Limits of a star. A place with more triangles or wedges around it is a hub: it
// stays where it is, which costs nothing on sane meshes and keeps the work on
// hostile ones linear.
const (
	maxStar   = 64
	maxWedges = 16
)

// edgeKind is what an edge separates, by the two triangles at it.
type edgeKind uint8

const (
	inner   edgeKind = iota // one smooth surface, at most a crease in the normals
	seam                    // texture coordinates or colors differ on both sides
	parting                 // the border of two parts
	border                  // open: one triangle only
	tangle                  // more than two triangles, or two that disagree on which side is out
)

// edgeWeights is how much a plane that stands on an edge counts in the quadrics.
var edgeWeights = [...]float64{inner: 0, seam: seamWeight, parting: borderWeight, border: borderWeight, tangle: borderWeight}

// spoke is an edge that leaves the center of a star.
type spoke struct {
	far    int32    // the place at its other end
	count  int      // triangles at it
	corner [2]int32 // the center's corner in the first two
	edge   edgeKind
}

// star is what lies around a place: the corners there and the edges that leave.
type star struct {
	center  int32
	corners []int32
	spokes  []spoke
}

// gather fills s with the star of a place and says whether it is one that can be
// worked on. Corners of dead triangles are unlinked on the way.
func (s *star) gather(p *piece, at int32) bool {
	s.center, s.corners, s.spokes = at, s.corners[:0], s.spokes[:0]
	link := &p.head[at]
	for *link >= 0 {
		c := *link
		if p.corners[c] < 0 {
			*link = p.chain[c]
			continue
		}
		if len(s.corners) == maxStar {
			return false
		}
		s.corners = append(s.corners, c)
		link = &p.chain[c]
	}
	for _, c := range s.corners {
		s.addSpoke(p, int32(next(uint32(c))), c)
		s.addSpoke(p, int32(next(next(uint32(c)))), c)
	}
	for i := range s.spokes {
		s.spokes[i].edge = p.classify(&s.spokes[i])
	}
	return len(s.corners) > 0
}

// has says whether an edge leads from the center to the place far.
func (s *star) has(far int32) bool {
	for i := range s.spokes {
		if s.spokes[i].far == far {
			return true
		}
	}
	return false
}

func (s *star) addSpoke(p *piece, far, corner int32) {
	at := p.place[p.corners[far]]
	for i := range s.spokes {
		if sp := &s.spokes[i]; sp.far == at {
			if sp.count < len(sp.corner) {
				sp.corner[sp.count] = corner
			}
			sp.count++
			return
		}
	}
	s.spokes = append(s.spokes, spoke{far: at, count: 1, corner: [2]int32{corner, -1}})
}

func (p *piece) classify(s *spoke) edgeKind {
	switch {
	case s.count == 1:
		return border
	case s.count > 2:
		return tangle
	}
	a, b := s.corner[0], s.corner[1]
	farA, outA := p.across(a, s.far)
	farB, outB := p.across(b, s.far)
	switch {
	case outA == outB:
		return tangle
	case p.part[a/3] != p.part[b/3]:
		return parting
	case p.sheet[p.corners[a]] != p.sheet[p.corners[b]] || p.sheet[p.corners[farA]] != p.sheet[p.corners[farB]]:
		return seam
	}
	return inner
}

// across returns the corner at the place far in the triangle of corner c, and
// whether it follows c.
func (p *piece) across(c, far int32) (corner int32, follows bool) {
	n := int32(next(uint32(c)))
	if p.place[p.corners[n]] == far {
		return n, true
	}
	return int32(next(uint32(n))), false
}

// may says along which edge the center may collapse, by the edges that are not
// inner: none of them, anywhere; two of one kind, along these; anything else is
// a corner that stays.
func (s *star) may(to *spoke) bool {
	features, kind := 0, inner
	for i := range s.spokes {
		if e := s.spokes[i].edge; e != inner {
			if features > 0 && e != kind {
				return false
			}
			features, kind = features+1, e
		}
	}
	return features == 0 || features == 2 && to.edge == kind
}
