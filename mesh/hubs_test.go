package mesh_test

import (
	"testing"

	"github.com/plinth3d/plinth/mesh"
	"github.com/plinth3d/plinth/mesh/meshtest"
)

func TestAHubCostsNoMoreThanItsTriangles(t *testing.T) {
	for name, m := range map[string]*mesh.Mesh{"open": fan(100_000), "with a seam": seamedFan(30_000), "with a wedge a triangle": wedgedFan(30_000)} {
		t.Run(name, func(t *testing.T) {
			for k, l := range chain(t, m, []mesh.Target{{Ratio: 0.5}, {Ratio: 0.1}, {Ratio: 0.0001}}) {
				meshtest.Check(t, m, &l)
				t.Logf("level %d: %d triangles: %s", k, l.Triangles(), l.Reason)
			}
		})
	}
}

// seamedFan is a fan of two halves with other texture coordinates.
func seamedFan(n int) *mesh.Mesh {
	m := fan(n)
	half := len(m.Positions)
	m.UVs = [][][2]float32{make([][2]float32, 2*half)}
	for v, p := range m.Positions {
		m.UVs[0][v], m.UVs[0][half+v] = [2]float32{p[0], p[1]}, [2]float32{p[0] + 3, p[1]}
	}
	m.Positions = append(m.Positions, m.Positions...)
	for i := len(m.Indices) / 2 / 3 * 3; i < len(m.Indices); i++ {
		m.Indices[i] += uint32(half)
	}
	return m
}

// wedgedFan is a fan whose triangles share no vertex, nor texture coordinates.
func wedgedFan(n int) *mesh.Mesh {
	m, out := fan(n), &mesh.Mesh{UVs: make([][][2]float32, 1)}
	for i, v := range m.Indices {
		p := m.Positions[v]
		out.Positions = append(out.Positions, p)
		out.UVs[0] = append(out.UVs[0], [2]float32{p[0] + float32(i/3), p[1]})
		out.Indices = append(out.Indices, uint32(i))
	}
	return out
}
