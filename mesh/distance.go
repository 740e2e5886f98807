package mesh

import "math"

// A Difference says how far two surfaces lie apart, sampled both ways.
type Difference struct {
	Max  float64 `json:"max"`  // meters
	RMS  float64 `json:"rms"`  // meters, over both surfaces' area
	Mean float64 `json:"mean"` // meters

	// Normal is the mean angle between the normals of a point and of the point nearest
	// to it that faces the same way, in degrees; UV, the mean distance of their
	// first texture coordinates. Zero where one of the meshes has none; what is not finite
	// is left out.
	Normal float64 `json:"normal"`
	UV     float64 `json:"uv"`

	Samples int `json:"samples"`
}

// Distance samples the surfaces of a and b: every vertex that a triangle uses,
// and about samples points spread over each by area. Where it must be certain
// that nothing is missed, use Deviation, which bounds the largest distance.
//
// The points are those of a low-discrepancy sequence (Roberts, "The unreasonable
// effectiveness of quasirandom sequences", 2018) in the order of the triangles, so
// the result is the same in every run. It is a Metro (Cignoni, Rocchini and
// Scopigno, "Metro: measuring error on simplified surfaces", 1998).
func Distance(a, b *Mesh, samples int) Difference {
	sa, sb := newProbe(a), newProbe(b)
	if len(sa.tris) == 0 || len(sb.tris) == 0 {
		return Difference{Max: math.Inf(1), RMS: math.Inf(1), Mean: math.Inf(1)}
	}
	there, back := sa.measure(sb, samples), sb.measure(sa, samples)
	there.add(&back)
	return there.difference()
}

// probe is a surface to take samples of and to look for near points on.
type probe struct {
	*Mesh
	tris []triangle
	of   []uint32 // triangle of the mesh
	tree *bvh
}

func newProbe(m *Mesh) *probe {
	p := &probe{Mesh: m}
	for t := range m.Triangles() {
		tri := triangle{m.corner(3 * t), m.corner(3*t + 1), m.corner(3*t + 2)}
		if dot(normal(tri), normal(tri)) > 0 {
			p.tris, p.of = append(p.tris, tri), append(p.of, uint32(t))
		}
	}
	p.tree = newBVH(p.tris)
	return p
}

// tally adds up samples.
type tally struct {
	n, area              int // all samples, and those spread by area
	worst, squares, sum  float64
	normals, uvs         float64
	withNormals, withUVs int
}

func (s *tally) add(o *tally) {
	s.n += o.n
	s.area += o.area
	s.worst = max(s.worst, o.worst)
	s.squares += o.squares
	s.sum += o.sum
	s.normals += o.normals
	s.uvs += o.uvs
	s.withNormals += o.withNormals
	s.withUVs += o.withUVs
}

func (s *tally) difference() Difference {
	d := Difference{Max: s.worst, Samples: s.n}
	if s.area > 0 {
		d.RMS, d.Mean = math.Sqrt(s.squares/float64(s.area)), s.sum/float64(s.area)
	}
	if s.withNormals > 0 {
		d.Normal = s.normals / float64(s.withNormals) * 180 / math.Pi
	}
	if s.withUVs > 0 {
		d.UV = s.uvs / float64(s.withUVs)
	}
	return d
}

// measure looks from samples of p for the nearest points of o.
func (p *probe) measure(o *probe, samples int) tally {
	total := 0.0
	for i := range p.tris {
		total += length(normal(p.tris[i]))
	}
	const run = 1024
	parts := make([]tally, (len(p.tris)+run-1)/run)
	starts := make([]float64, len(parts)) // area before a run
	sum := 0.0
	for i := range p.tris {
		if i%run == 0 {
			starts[i/run] = sum
		}
		sum += length(normal(p.tris[i]))
	}
	parallel(0, len(parts), func(i int) {
		p.walk(o, i*run, min((i+1)*run, len(p.tris)), starts[i]/total*float64(samples), float64(samples)/total, &parts[i])
	})
	var all tally
	for i := range parts {
		all.add(&parts[i])
	}
	return all
}

// walk samples a run of triangles. before is how many samples lie before it, density
// how many there are for twice the area.
func (p *probe) walk(o *probe, from, to int, before, density float64, s *tally) {
	hint := uint32(0)
	for i := from; i < to; i++ {
		for k := range 3 {
			var w [3]float64
			w[k] = 1
			hint = p.sample(o, i, w, hint, false, s)
		}
		end := before + float64(density*length(normal(p.tris[i])))
		for n := math.Ceil(before); n < end; n++ {
			u, v := fraction(float64(n*0.7548776662466927)), fraction(float64(n*0.5698402909980532))
			if u+v > 1 {
				u, v = 1-u, 1-v
			}
			hint = p.sample(o, i, [3]float64{1 - u - v, u, v}, hint, true, s)
		}
		before = end
	}
}

func fraction(x float64) float64 { return x - math.Floor(x) }

// sample looks from one point, given by its weights in triangle i.
func (p *probe) sample(o *probe, i int, w [3]float64, hint uint32, byArea bool, s *tally) uint32 {
	t := &p.tris[i]
	at := blend(t[0], t[1], t[2], w[0], w[1], w[2])
	near, squared := o.tree.nearest(at, hint)
	s.n++
	s.worst = max(s.worst, math.Sqrt(squared))
	if !byArea {
		return near
	}
	s.area++
	s.squares += squared
	s.sum += math.Sqrt(squared)
	if (p.Normals == nil || o.Normals == nil) && (len(p.UVs) == 0 || len(o.UVs) == 0) {
		return near
	}
	// A thin plate's other side is as near: its attributes are not meant.
	facing, ok := o.tree.nearestFacing(at, normal(*t), near)
	if !ok {
		return near
	}
	ft := &o.tris[facing]
	x, y, z := closest(at, ft[0], ft[1], ft[2])
	v := [3]float64{x, y, z}
	if p.Normals != nil && o.Normals != nil {
		a, b := p.normalAt(i, w), o.normalAt(int(facing), v)
		if angle := math.Atan2(length(cross(a, b)), dot(a, b)); angle-angle == 0 {
			s.normals += angle
			s.withNormals++
		}
	}
	if len(p.UVs) > 0 && len(o.UVs) > 0 {
		a, b := p.uvAt(i, w), o.uvAt(int(facing), v)
		if d := math.Sqrt(square(a[0]-b[0], a[1]-b[1], 0)); d-d == 0 { // finite
			s.uvs += d
			s.withUVs++
		}
	}
	return near
}

func (p *probe) normalAt(i int, w [3]float64) (n vec) {
	for k := range 3 {
		n = add(n, scale(wide(p.Normals[p.Indices[3*int(p.of[i])+k]]), w[k]))
	}
	return n
}

func (p *probe) uvAt(i int, w [3]float64) (uv [2]float64) {
	for k := range 3 {
		c := p.UVs[0][p.Indices[3*int(p.of[i])+k]]
		uv[0] += float64(float64(c[0]) * w[k])
		uv[1] += float64(float64(c[1]) * w[k])
	}
	return uv
}
