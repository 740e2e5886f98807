// Package meshtest makes meshes for tests and checks what must hold for any
// result of a simplification.
package meshtest

import (
	"math"

	"github.com/plinth3d/plinth/mesh"
)

// Grid is an open square in the xy-plane with side 1 meter, n cells along each
// side, raised by height(x, y) meters.
func Grid(n int, height func(x, y float64) float64) *mesh.Mesh {
	m := &mesh.Mesh{UVs: make([][][2]float32, 1)}
	for j := range n + 1 {
		for i := range n + 1 {
			x, y := float64(i)/float64(n), float64(j)/float64(n)
			m.Positions = append(m.Positions, [3]float32{float32(x), float32(y), float32(height(x, y))})
			m.UVs[0] = append(m.UVs[0], [2]float32{float32(x), float32(y)})
		}
	}
	at := func(i, j int) uint32 { return uint32(j*(n+1) + i) }
	for j := range n {
		for i := range n {
			m.Indices = append(m.Indices, at(i, j), at(i+1, j), at(i+1, j+1), at(i, j), at(i+1, j+1), at(i, j+1))
		}
	}
	return m
}

// Flat is the height of a plane.
func Flat(_, _ float64) float64 { return 0 }

// Waves is the height of a smooth surface.
func Waves(x, y float64) float64 { return 0.05 * math.Sin(7*x) * math.Cos(5*y) }

// Sphere has radius 1 meter, normals, and texture coordinates with a seam from
// pole to pole: its first and last meridian are at one place with other u.
func Sphere(around, rings int) *mesh.Mesh {
	m := &mesh.Mesh{UVs: make([][][2]float32, 1)}
	for j := range rings + 1 {
		for i := range around + 1 {
			lat := math.Pi * float64(j) / float64(rings)
			lon := 2 * math.Pi * float64(i%around) / float64(around)
			p := [3]float32{
				float32(math.Sin(lat) * math.Cos(lon)),
				float32(math.Cos(lat)),
				float32(-math.Sin(lat) * math.Sin(lon)),
			}
			if j == rings { // one place for the pole, whatever sin(pi) is
				p = [3]float32{0, -1, 0}
			}
			m.Positions = append(m.Positions, p)
			m.Normals = append(m.Normals, p)
			m.UVs[0] = append(m.UVs[0], [2]float32{float32(i) / float32(around), float32(j) / float32(rings)})
		}
	}
	at := func(i, j int) uint32 { return uint32(j*(around+1) + i) }
	for j := range rings {
		for i := range around {
			if j > 0 {
				m.Indices = append(m.Indices, at(i, j), at(i, j+1), at(i+1, j))
			}
			if j < rings-1 {
				m.Indices = append(m.Indices, at(i+1, j), at(i, j+1), at(i+1, j+1))
			}
		}
	}
	return m
}

// Cube has side 2 meters and 24 vertices: every edge is sharp.
func Cube(n int) *mesh.Mesh {
	m := &mesh.Mesh{}
	for axis := range 3 {
		for _, side := range []float32{-1, 1} {
			base := uint32(len(m.Positions))
			for j := range n + 1 {
				for i := range n + 1 {
					var p, normal [3]float32
					p[axis], normal[axis] = side, side
					p[(axis+1)%3] = 2*float32(i)/float32(n) - 1
					p[(axis+2)%3] = (2*float32(j)/float32(n) - 1) * side
					m.Positions, m.Normals = append(m.Positions, p), append(m.Normals, normal)
				}
			}
			at := func(i, j int) uint32 { return base + uint32(j*(n+1)+i) }
			for j := range n {
				for i := range n {
					m.Indices = append(m.Indices, at(i, j), at(i+1, j), at(i+1, j+1), at(i, j), at(i+1, j+1), at(i, j+1))
				}
			}
		}
	}
	return m
}

// Borders is the open edges of a surface, by place: those with one triangle.
func Borders(m *mesh.Mesh) map[[2]uint32]int {
	places := m.Places()
	count := map[[2]uint32]int{}
	for t := 0; t < len(m.Indices); t += 3 {
		for k := range 3 {
			a, b := places[m.Indices[t+k]], places[m.Indices[t+(k+1)%3]]
			count[[2]uint32{min(a, b), max(a, b)}]++
		}
	}
	for e, n := range count {
		if n != 1 {
			delete(count, e)
		}
	}
	return count
}

// Check fails the test when a result of simplifying m breaks what holds for
// any: a valid mesh that is not empty, has no degenerate triangle and not more
// triangles than m; no open edge more than m has; unit normals, finite attributes; the
// deviation, where one is promised, true by an independent measurement in all poses.
func Check(t Fataler, m *mesh.Mesh, l *mesh.Level) {
	if err := l.Validate(); err != nil {
		t.Fatalf("the result is not valid: %v", err)
	}
	if l.Triangles() > m.Triangles() {
		t.Fatalf("got %d triangles from %d", l.Triangles(), m.Triangles())
	}
	if l.Triangles() == 0 && m.Triangles() > 0 {
		t.Fatalf("got an empty surface from %d triangles", m.Triangles())
	}
	for i := 0; i < len(l.Indices); i += 3 {
		a, b, c := l.Positions[l.Indices[i]], l.Positions[l.Indices[i+1]], l.Positions[l.Indices[i+2]]
		if a == b || b == c || c == a {
			t.Fatalf("triangle %d is degenerate: %v %v %v", i/3, a, b, c)
		}
	}
	was, wasOfParts := Open(m)
	if open, ofParts := Open(&l.Mesh); open > was || ofParts > wasOfParts {
		t.Fatalf("got %d open edges from %d, and %d at the ends of parts from %d", open, was, ofParts, wasOfParts)
	}
	checkAttributes(t, m, l)
	if math.IsInf(float64(l.Deviation), 1) {
		return
	}
	from, to := *m, l.Mesh
	for i := range len(m.Poses) + 1 {
		if i > 0 {
			from.Positions, to.Positions = m.Poses[i-1], l.Poses[i-1]
		}
		lo, hi, _ := mesh.Bounds(from.Positions)
		extent := float64(max(hi[0]-lo[0], hi[1]-lo[1], hi[2]-lo[2]))
		if got := mesh.Deviation(solid(&from), &to); got > 1.06*float64(l.Deviation)+2e-6*extent {
			t.Fatalf("pose %d lies %g m from its source, the result says %g", i, got, l.Deviation)
		}
	}
}

// Fataler is what testing.TB and rapid.T share.
type Fataler interface {
	Fatalf(format string, args ...any)
}

func checkAttributes(t Fataler, m *mesh.Mesh, l *mesh.Level) {
	if len(l.Sources) != len(l.Positions) || (m.Normals == nil) != (l.Normals == nil) || len(m.UVs) != len(l.UVs) ||
		(m.Colors == nil) != (l.Colors == nil) || (m.Parts == nil) != (l.Parts == nil) || len(m.Poses) != len(l.Poses) {
		t.Fatalf("the result has other attributes than its source")
	}
	for v, n := range l.Normals {
		if s := float64(n[0])*float64(n[0]) + float64(n[1])*float64(n[1]) + float64(n[2])*float64(n[2]); math.Abs(s-1) > 1e-3 && n != m.Normals[l.Sources[v]] {
			t.Fatalf("normal %d is %v", v, n)
		}
	}
	for _, set := range l.UVs {
		for v, uv := range set {
			if s := float64(uv[0]) + float64(uv[1]); math.IsNaN(s) || math.IsInf(s, 0) {
				t.Fatalf("texture coordinate %d is %v", v, uv)
			}
		}
	}
	for v, c := range l.Colors {
		for _, x := range c {
			if !(x >= 0 && x <= 1) {
				t.Fatalf("color %d is %v", v, c)
			}
		}
	}
}

// solid is m without the triangles that have two corners at one place: they are no
// surface to keep.
func solid(m *mesh.Mesh) *mesh.Mesh {
	out := *m
	out.Indices, out.Parts = nil, nil
	for i := 0; i < len(m.Indices); i += 3 {
		a, b, c := m.Positions[m.Indices[i]], m.Positions[m.Indices[i+1]], m.Positions[m.Indices[i+2]]
		if a != b && b != c && c != a {
			out.Indices = append(out.Indices, m.Indices[i:i+3]...)
		}
	}
	return &out
}
