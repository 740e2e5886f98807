// Package meshtest makes meshes for tests and checks what must hold for any
// result of a simplification.
package meshtest

import (
	"math"
	"testing"

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

// Borders is the sorted-pair multiset of open edges of a surface, by place.
func Borders(m *mesh.Mesh, indices []uint32) map[[2]uint32]int {
	places := m.Places()
	count := map[[2]uint32]int{}
	for t := 0; t < len(indices); t += 3 {
		for k := range 3 {
			a, b := places[indices[t+k]], places[indices[t+(k+1)%3]]
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
// any: indices in range, no triangle without area, not more triangles than m,
// the deviation true by an independent measurement over all poses.
func Check(t testing.TB, m *mesh.Mesh, indices []uint32, deviation float32) {
	t.Helper()
	if len(indices)%3 != 0 || len(indices) > len(m.Indices) {
		t.Fatalf("got %d indices from %d", len(indices), len(m.Indices))
	}
	if len(indices) == 0 && len(m.Indices) > 0 {
		t.Fatal("got an empty surface")
	}
	for i, v := range indices {
		if int(v) >= len(m.Positions) {
			t.Fatalf("index %d is %d of %d vertices", i, v, len(m.Positions))
		}
	}
	places := m.Places()
	for i := 0; i < len(indices); i += 3 {
		a, b, c := places[indices[i]], places[indices[i+1]], places[indices[i+2]]
		if a == b || b == c || c == a {
			t.Fatalf("triangle %d is degenerate: %d %d %d", i/3, a, b, c)
		}
	}
	var source []uint32 // what has two corners at one place has no area, and no surface to keep
	for i := 0; i < len(m.Indices); i += 3 {
		a, b, c := places[m.Indices[i]], places[m.Indices[i+1]], places[m.Indices[i+2]]
		if a != b && b != c && c != a {
			source = append(source, m.Indices[i:i+3]...)
		}
	}
	for i, pose := range append([][][3]float32{m.Positions}, m.Poses...) {
		lo, hi, _ := mesh.Bounds(pose)
		extent := float64(max(hi[0]-lo[0], hi[1]-lo[1], hi[2]-lo[2]))
		if got := mesh.Deviation(pose, source, indices); got > 1.06*float64(deviation)+2e-6*extent {
			t.Fatalf("pose %d lies %g m from its source, the result says %g", i, got, deviation)
		}
	}
}
