package mesh

import "math"

// piece is the work on one connected component: flat arrays that are allocated
// once and changed in place.
//
// A place is a point in space; a wedge is a vertex of the mesh, one attribute
// corner of a place. The topology is over places, so that both sides of a seam
// move together, and the triangles' corners name wedges.
type piece struct {
	stop <-chan struct{} // closed when the work is not wanted any more; may be nil

	// What does not change.
	vertex []uint32 // wedge -> vertex of the mesh
	place  []int32  // wedge -> place
	sheet  []int32  // wedge -> wedges of one place with equal texture coordinates and colors share a sheet
	source []uint32 // triangle -> triangle of the mesh
	part   []uint32 // triangle -> part
	poses  [][]vec  // pose, place -> position; pose 0 is the mesh as it stands

	original *bvh // the surface at first

	slide  attributes // texture coordinates in meters: how far a picture slides
	shade  attributes // normals and colors, which matter by the extent they cover
	extent []float64  // wedge -> size in meters of the surface around it, at first

	// What a collapse changes.
	corners []int32 // three wedges a triangle; a dead triangle has -1
	head    []int32 // place -> its first corner, -1 for none
	chain   []int32 // corner -> next corner at the same place
	alive   int     // triangles

	quadrics [][]quadric // pose, place

	samples []sample
	on      []int32 // triangle -> its first sample, -1 for none
}

// sample is a point of the original surface that remembers on which triangle it
// lies now: a wedge, or a point of the edge between two.
type sample struct {
	a, b  int32   // wedges
	share float32 // of b, the rest is of a
	next  int32   // on the same triangle, -1 for none
}

// attributes are values of wedges with their gradient quadrics.
type attributes struct {
	values []float64 // width a wedge
	gradients
}

func (a *attributes) of(wedge int32) []float64 {
	return a.values[int(wedge)*a.width : (int(wedge)+1)*a.width]
}

// newPiece copies the listed triangles of m. place maps vertices of m to places
// of m; local is scratch, one entry for each vertex, all -1, and is left so. fine
// is the smallest deviation that will be asked for, in meters.
func newPiece(m *Mesh, triangles, places []uint32, local []int32, fine float64) *piece {
	p := &piece{source: triangles, alive: len(triangles), corners: make([]int32, 3*len(triangles))}
	for t, s := range triangles {
		for k := range 3 {
			v := m.Indices[3*s+uint32(k)]
			if local[v] < 0 {
				local[v] = int32(len(p.vertex))
				p.vertex = append(p.vertex, v)
			}
			p.corners[3*t+k] = local[v]
		}
	}
	for _, v := range p.vertex {
		local[v] = -1
	}
	p.part = make([]uint32, len(triangles))
	if m.Parts != nil {
		for t, s := range triangles {
			p.part[t] = m.Parts[s]
		}
	}
	p.findPlaces(m, places, local)
	p.linkCorners()
	p.findSheets(m)
	p.measureExtent()
	p.fillAttributes(m)
	p.fillQuadrics()
	p.fillSamples(fine)
	tris := make([]triangle, len(p.source))
	for t := range tris {
		tris[t] = p.points(0, int32(t))
	}
	p.original = newBVH(tris)
	return p
}

func (p *piece) findPlaces(m *Mesh, places []uint32, local []int32) {
	p.place = make([]int32, len(p.vertex))
	var first []uint32 // place of the piece -> a vertex of the mesh
	for w, v := range p.vertex {
		at := places[v]
		if local[at] < 0 {
			local[at] = int32(len(first))
			first = append(first, v)
		}
		p.place[w] = local[at]
	}
	for _, v := range p.vertex {
		local[places[v]] = -1
	}
	p.poses = make([][]vec, 1+len(m.Poses))
	for i := range p.poses {
		points := m.Positions
		if i > 0 {
			points = m.Poses[i-1]
		}
		// Around its own origin, where quadrics have their precision.
		origin := wide(points[first[0]])
		p.poses[i] = make([]vec, len(first))
		for at, v := range first {
			p.poses[i][at] = sub(wide(points[v]), origin)
		}
	}
}

func (p *piece) linkCorners() {
	p.head = make([]int32, len(p.poses[0]))
	p.chain = make([]int32, len(p.corners))
	for at := range p.head {
		p.head[at] = -1
	}
	for c := len(p.corners) - 1; c >= 0; c-- {
		at := p.place[p.corners[c]]
		p.chain[c] = p.head[at]
		p.head[at] = int32(c)
	}
}

// findSheets gives the wedges of one place that continue the same texture and
// color the same number.
func (p *piece) findSheets(m *Mesh) {
	p.sheet = make([]int32, len(p.vertex))
	first := make([][]int32, len(p.poses[0])) // place -> a wedge of each sheet
	for w := range p.sheet {
		p.sheet[w] = int32(w)
		at := p.place[w]
		for _, other := range first[at] {
			if sameSheet(m, p.vertex[w], p.vertex[other]) {
				p.sheet[w] = other
				break
			}
		}
		// A place with more sheets than this is a hub that never collapses.
		if p.sheet[w] == int32(w) && len(first[at]) < maxWedges {
			first[at] = append(first[at], int32(w))
		}
	}
}

func sameSheet(m *Mesh, a, b uint32) bool {
	for _, set := range m.UVs {
		if set[a] != set[b] {
			return false
		}
	}
	return m.Colors == nil || m.Colors[a] == m.Colors[b]
}

func (p *piece) points(pose int, t int32) [3]vec {
	var out [3]vec
	for k := range out {
		out[k] = p.poses[pose][p.place[p.corners[3*int(t)+k]]]
	}
	return out
}

func (p *piece) wedges(t int32) [3]int32 {
	return [3]int32(p.corners[3*t : 3*t+3])
}

// normal is that of triangle a, b, c, as long as twice its area.
func normal(t [3]vec) vec { return cross(sub(t[1], t[0]), sub(t[2], t[0])) }

func (p *piece) measureExtent() {
	p.extent = make([]float64, len(p.vertex))
	for t := range int32(len(p.source)) {
		area := length(normal(p.points(0, t))) / 2
		for _, w := range p.wedges(t) {
			p.extent[w] += area / 3
		}
	}
	for w, area := range p.extent {
		p.extent[w] = math.Sqrt(area)
	}
}

// fillAttributes copies what the surface carries: texture coordinates scaled to
// meters, so that their error is the distance a picture slides over the
// surface; normals and colors as they are.
func (p *piece) fillAttributes(m *Mesh) {
	n := len(p.vertex)
	p.slide.values = make([]float64, 0, n*2*len(m.UVs))
	scales := make([]float64, len(m.UVs))
	for i, set := range m.UVs {
		scales[i] = p.metersPerUV(set)
	}
	for _, v := range p.vertex {
		for i, set := range m.UVs {
			p.slide.values = append(p.slide.values, float64(float64(set[v][0])*scales[i]), float64(float64(set[v][1])*scales[i]))
		}
		if m.Normals != nil {
			p.shade.values = append(p.shade.values, float64(m.Normals[v][0]), float64(m.Normals[v][1]), float64(m.Normals[v][2]))
		}
		if m.Colors != nil {
			for _, x := range m.Colors[v] {
				p.shade.values = append(p.shade.values, float64(x))
			}
		}
	}
	p.slide.gradients = newGradients(n, len(p.slide.values)/max(n, 1))
	p.shade.gradients = newGradients(n, len(p.shade.values)/max(n, 1))
}

// metersPerUV is the length on the surface of one unit of texture coordinates:
// the root of the ratio of the areas.
func (p *piece) metersPerUV(set [][2]float32) float64 {
	surface, texture := 0.0, 0.0
	for t := range int32(len(p.source)) {
		w := p.wedges(t)
		uv := [3]vec{}
		for k := range uv {
			c := set[p.vertex[w[k]]]
			uv[k] = vec{float64(c[0]), float64(c[1])}
		}
		if a := math.Abs(normal(uv)[2]); a > 0 {
			texture += a
			surface += length(normal(p.points(0, t)))
		}
	}
	if texture == 0 || math.IsInf(texture, 0) || math.IsNaN(texture) {
		return 0
	}
	return math.Sqrt(surface / texture)
}

// Weights of the planes that stand on edges which must not move: an open border
// and the border of two parts are as important as the surface, a seam of the
// texture less, since what lies on both sides of it says nearly the same.
const (
	borderWeight = 1.0
	seamWeight   = 0.1
)

func (p *piece) fillQuadrics() {
	for pose := range p.poses {
		p.quadrics = append(p.quadrics, make([]quadric, len(p.poses[pose])))
		for t := range int32(len(p.source)) {
			pts := p.points(pose, t)
			n := normal(pts)
			area := length(n) / 2
			n = unit(n)
			for _, w := range p.wedges(t) {
				p.quadrics[pose][p.place[w]].addPlane(n, -dot(n, pts[0]), area)
			}
		}
	}
	for t := range int32(len(p.source)) {
		pts := p.points(0, t)
		area := length(normal(pts)) / 2
		p.slide.addTriangle(p.wedges(t), pts, p.slide.values, area)
		p.shade.addTriangle(p.wedges(t), pts, p.shade.values, area)
	}
	var star star
	for at := range int32(len(p.head)) {
		if !star.gather(p, at) {
			continue
		}
		for i := range star.spokes {
			if weight := edgeWeights[star.spokes[i].edge]; weight > 0 {
				p.addBorder(at, &star.spokes[i], weight)
			}
		}
	}
}

// addBorder adds to a place the planes that stand on an edge which must not move,
// one for each triangle there.
func (p *piece) addBorder(at int32, s *spoke, weight float64) {
	for _, c := range s.corner[:min(s.count, 2)] {
		for pose := range p.poses {
			pts := p.points(pose, c/3)
			a, b := p.poses[pose][at], p.poses[pose][s.far]
			along := sub(b, a)
			n := unit(cross(along, normal(pts)))
			p.quadrics[pose][at].addPlane(n, -dot(n, a), float64(dot(along, along)*weight))
		}
	}
}

// fillSamples puts each wedge, and the middle of each edge, on one of the triangles
// that have it. Corners alone would not see an edge that turns the other way
// across a saddle: its middle is where the surface moves farthest.
func (p *piece) fillSamples(fine float64) {
	p.on = make([]int32, len(p.source))
	for t := range p.on {
		p.on[t] = -1
	}
	placed := make([]bool, len(p.vertex))
	for c, w := range p.corners {
		if !placed[w] {
			placed[w] = true
			p.samples = append(p.samples, sample{a: w, b: w})
			p.put(len(p.samples)-1, int32(c/3))
		}
	}
	var star star
	for at := range int32(len(p.head)) {
		if !star.gather(p, at) {
			continue
		}
		for i := range star.spokes {
			if s := &star.spokes[i]; s.far > at {
				p.sampleEdge(s, fine)
			}
		}
	}
}

// longEdge is the length, in deviations, from which an edge has three samples
// instead of one.
const longEdge = 16

// sampleEdge puts the middle of an edge on its first triangle, and on the second
// too when the edge separates two sheets or parts.
func (p *piece) sampleEdge(s *spoke, fine float64) {
	sides := 1
	if s.count > 1 && s.edge != inner {
		sides = 2
	}
	for _, c := range s.corner[:sides] {
		far, _ := p.across(c, s.far)
		along := sub(p.poses[0][s.far], p.poses[0][p.place[p.corners[c]]])
		n := 1
		if length(along) > float64(fine*longEdge) {
			n = 3
		}
		for k := range n {
			share := float32(k+1) / float32(n+1)
			p.samples = append(p.samples, sample{a: p.corners[c], b: p.corners[far], share: share})
			p.put(len(p.samples)-1, c/3)
		}
	}
}

func (p *piece) put(sample int, t int32) {
	p.samples[sample].next = p.on[t]
	p.on[t] = int32(sample)
}

// at is where a sample is in a pose.
func (p *piece) at(pose int, s *sample) vec {
	a, b := p.poses[pose][p.place[s.a]], p.poses[pose][p.place[s.b]]
	return add(a, scale(sub(b, a), float64(s.share)))
}

// stopped says whether the work is not wanted any more.
func (p *piece) stopped() bool {
	select {
	case <-p.stop:
		return true
	default:
		return false
	}
}
