package mesh_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/plinth3d/plinth/mesh"
	"github.com/plinth3d/plinth/mesh/meshopt"
	"github.com/plinth3d/plinth/mesh/meshtest"
)

// shuffled is m's triangles in no order at all, the same one every time.
func shuffled(m *mesh.Mesh) []uint32 {
	out := slices.Clone(m.Indices)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(out)/3, func(a, b int) {
		for k := range 3 {
			out[3*a+k], out[3*b+k] = out[3*b+k], out[3*a+k]
		}
	})
	return out
}

// sorted is the triangles of indices, each turned to its smallest index, in
// order: two lists with the same triangles and windings become the same.
func sorted(indices []uint32) [][3]uint32 {
	var out [][3]uint32
	for i := 0; i < len(indices); i += 3 {
		a, b, c := indices[i], indices[i+1], indices[i+2]
		turns := [][3]uint32{{a, b, c}, {b, c, a}, {c, a, b}}
		out = append(out, slices.MinFunc(turns, func(x, y [3]uint32) int { return slices.Compare(x[:], y[:]) }))
	}
	slices.SortFunc(out, func(x, y [3]uint32) int { return slices.Compare(x[:], y[:]) })
	return out
}

// shaded is the vertices that a card with a FIFO of 16 shades, for each triangle.
func shaded(indices []uint32) float64 {
	var fifo [16]uint32
	count := 0
	for _, v := range indices {
		if !slices.Contains(fifo[:], v+1) {
			fifo[count%16] = v + 1
			count++
		}
	}
	return float64(count) / float64(len(indices)/3)
}

// Five triangles around vertex 0, listed crosswise: they come one beside the
// other, in the sense of their winding, from the one that has none before it.
func TestReorderGoesAround(t *testing.T) {
	indices := []uint32{0, 3, 4, 0, 1, 2, 5, 6, 0, 0, 2, 3, 4, 5, 0}
	want := []uint32{0, 1, 2, 0, 2, 3, 0, 3, 4, 0, 4, 5, 0, 5, 6}
	for _, goal := range []mesh.Order{mesh.ForSize, mesh.ForCache} {
		if got := mesh.Reorder(indices, 7, goal); !slices.Equal(got, want) {
			t.Errorf("order %d: got %v, want %v", goal, got, want)
		}
	}
}

func TestReorderKeepsTriangles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		vertices := rapid.IntRange(1, 60).Draw(t, "vertices")
		indices := rapid.SliceOfN(rapid.Uint32Range(0, uint32(vertices-1)), 0, 300).Draw(t, "indices")
		indices = indices[:len(indices)/3*3]
		before := slices.Clone(indices)
		for _, goal := range []mesh.Order{mesh.ForSize, mesh.ForCache} {
			got := mesh.Reorder(indices, vertices, goal)
			if !slices.Equal(sorted(got), sorted(indices)) {
				t.Fatalf("order %d: got %v of %v", goal, got, indices)
			}
			if !slices.Equal(got, mesh.Reorder(indices, vertices, goal)) {
				t.Fatalf("order %d: another result the second time", goal)
			}
			if !slices.Equal(indices, before) {
				t.Fatalf("order %d: the input changed", goal)
			}
		}
	})
}

// What each order promises, on surfaces whose triangles were thrown about: few
// vertices shaded, or hardly more than a byte for each triangle.
func TestReorderIsWorthIt(t *testing.T) {
	for name, m := range map[string]*mesh.Mesh{
		"grid": meshtest.Grid(150, meshtest.Waves), "sphere": meshtest.Sphere(200, 100), "cube": meshtest.Cube(60),
	} {
		t.Run(name, func(t *testing.T) {
			indices := shuffled(m)
			cache := mesh.Reorder(indices, len(m.Positions), mesh.ForCache)
			if got := shaded(cache); got > 0.66 {
				t.Errorf("%.3f vertices are shaded for each triangle", got)
			}
			_, small := mesh.Compact(mesh.Reorder(indices, len(m.Positions), mesh.ForSize), len(m.Positions))
			if got := float64(len(meshopt.EncodeTriangles(small))) / float64(m.Triangles()); got > 1.1 {
				t.Errorf("%.3f bytes for each triangle", got)
			}
			if got := shaded(small); got > 1.1 {
				t.Errorf("%.3f vertices are shaded for each triangle, for size", got)
			}
		})
	}
}

// A vertex with very many triangles must not cost their square.
func TestReorderOfAFanIsLinear(t *testing.T) {
	const n = 1 << 20
	indices := make([]uint32, 0, 3*n)
	for i := range uint32(n) {
		j := i * 7919 % n // prime to n: every triangle once, no neighbors in a row
		indices = append(indices, 0, 1+j, 2+j)
	}
	got := mesh.Reorder(indices, n+2, mesh.ForSize)
	for i := range uint32(n) {
		if [3]uint32(got[3*i:]) != [3]uint32{0, 1 + i, 2 + i} {
			t.Fatalf("triangle %d is %v", i, got[3*i:3*i+3])
		}
	}
}

func BenchmarkReorder(b *testing.B) {
	m := meshtest.Sphere(600, 300)
	indices := shuffled(m)
	for name, goal := range map[string]mesh.Order{"for size": mesh.ForSize, "for cache": mesh.ForCache} {
		for kind, list := range map[string][]uint32{"in order": m.Indices, "shuffled": indices} {
			b.Run(name+"/"+kind, func(b *testing.B) {
				for b.Loop() {
					mesh.Reorder(list, len(m.Positions), goal)
				}
				b.ReportMetric(float64(m.Triangles())*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mtri/s")
			})
		}
	}
}
