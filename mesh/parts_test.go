package mesh_test

import (
	"math"
	"slices"
	"testing"

	"github.com/plinth3d/plinth/mesh"
	"github.com/plinth3d/plinth/mesh/meshtest"
)

func TestPartsMayHaveAnyNumbers(t *testing.T) {
	few, large := meshtest.Grid(12, meshtest.Waves), meshtest.Grid(12, meshtest.Waves)
	names := []uint32{7, math.MaxUint32, 1 << 30}
	for tri := range few.Triangles() {
		few.Parts = append(few.Parts, uint32(tri*3/few.Triangles()))
		large.Parts = append(large.Parts, names[tri*3/few.Triangles()])
	}
	want := mesh.Simplify(few, mesh.Target{Ratio: 0.5})
	got := mesh.Simplify(large, mesh.Target{Ratio: 0.5})
	meshtest.Check(t, large, &got)
	for i, p := range want.Parts {
		want.Parts[i] = names[p]
	}
	if !slices.Equal(got.Parts, want.Parts) || !slices.Equal(got.Positions, want.Positions) {
		t.Error("the names of the parts change the result")
	}
}

func TestAPlaceOfManyPartsCostsNoMoreThanItsTriangles(t *testing.T) {
	m := fan(100_000)
	for tri := range m.Triangles() {
		m.Parts = append(m.Parts, uint32(tri))
	}
	l := mesh.Simplify(m, mesh.Target{Ratio: 0.5})
	meshtest.Check(t, m, &l)
}

// fan is a disc of n triangles around one vertex, the first.
func fan(n int) *mesh.Mesh {
	m := &mesh.Mesh{Positions: make([][3]float32, n+1), Indices: make([]uint32, 0, 3*n)}
	for i := range n {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(n))
		m.Positions[i+1] = [3]float32{float32(cos), float32(sin), 0}
		m.Indices = append(m.Indices, 0, uint32(i+1), uint32((i+1)%n+1))
	}
	return m
}
