package mesh_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/plinth3d/plinth/mesh"
	"github.com/plinth3d/plinth/mesh/meshtest"
)

// moved is m scaled, then shifted, in single precision.
func moved(m *mesh.Mesh, size, offset float64) *mesh.Mesh {
	out := *m
	out.Positions = make([][3]float32, len(m.Positions))
	for v, p := range m.Positions {
		for k, x := range p {
			out.Positions[v][k] = float32(float64(x)*size + offset)
		}
	}
	return &out
}

func TestAnySizeAndPlaceIsTakenDown(t *testing.T) {
	for _, x := range []struct{ size, offset float64 }{
		{1e-30, 0},
		{1e-43, 0}, // subnormal: a grid of 71 steps
		{1e30, 0},
		{3.4e38, 0}, // the largest there is
		{1, 1e5},
		{1, 1e6}, // a grid of 16 steps
		{1000, 1e8},
		{1e30, -1e30},
	} {
		t.Run(fmt.Sprintf("size %g at %g", x.size, x.offset), func(t *testing.T) {
			m := moved(meshtest.Sphere(48, 24), x.size, x.offset)
			for _, l := range chain(t, m, []mesh.Target{{Ratio: 0.5}, {Ratio: 0.1}}) {
				meshtest.Check(t, m, &l)
			}
		})
	}
}

func TestADetailBesideSomethingFarAwayStays(t *testing.T) {
	m := moved(meshtest.Sphere(16, 8), 1e-20, 0)
	far := uint32(len(m.Positions))
	m.Normals = nil
	m.UVs = nil
	m.Positions = append(m.Positions, [3]float32{1e30, 0, 0}, [3]float32{1e30, 1e29, 0}, [3]float32{1e30, 0, 1e29})
	m.Indices = append(m.Indices, far, far+1, far+2)
	l := mesh.Simplify(m, mesh.Target{Ratio: 0.25})
	meshtest.Check(t, m, &l)
}

func TestVerticesOnAGridDoNotMeet(t *testing.T) {
	// Positions have seven bits left so far from the origin, so where vertices fit best
	// and where they can be are not the same.
	m := moved(meshtest.Grid(64, meshtest.Waves), 1, 1<<17)
	m.Normals = meshtest.SmoothNormals(m)
	for _, l := range chain(t, m, []mesh.Target{{Ratio: 0.8}, {Ratio: 0.5}, {Ratio: 0.2}}) {
		meshtest.Check(t, m, &l)
	}
}

func TestZeroHasNoSign(t *testing.T) {
	zero := float32(math.Copysign(0, -1))
	m := &mesh.Mesh{
		Positions: [][3]float32{{0, 0, 0}, {1, 0, 0}, {1, 1, 0}, {zero, zero, zero}, {1, 1, zero}, {0, 1, 0}},
		Indices:   []uint32{0, 1, 2, 3, 4, 5},
	}
	l := mesh.Simplify(m, mesh.Target{})
	if len(l.Positions) != 4 {
		t.Errorf("got %d vertices, want 4: those at the diagonal are the same", len(l.Positions))
	}
}

func TestAnAttributeThatIsNotANumberSpoilsNothingElse(t *testing.T) {
	for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))} {
		t.Run(fmt.Sprint(bad), func(t *testing.T) {
			m := meshtest.Sphere(32, 16)
			m.Colors = make([][4]float32, len(m.Positions))
			const v = 7 * 33
			m.Normals[v][0], m.UVs[0][v+40][1], m.Colors[v+80][2] = bad, bad, bad
			levels := chain(t, m, []mesh.Target{{Ratio: 0.5}, {Deviation: 0.1}})
			for k, l := range levels {
				if l.Triangles() > m.Triangles()/2 {
					t.Errorf("level %d has %d of %d triangles", k, l.Triangles(), m.Triangles())
				}
				for i := range l.Positions {
					at := int(l.Sources[i])
					for name, x := range map[string]struct {
						got float32
						at  int
					}{"normal": {l.Normals[i][0], v}, "texture coordinate": {l.UVs[0][i][1], v + 40}, "color": {l.Colors[i][2], v + 80}} {
						if x.got-x.got != 0 && at != x.at {
							t.Errorf("level %d: %s %d, of vertex %d, is %g", k, name, i, at, x.got)
						}
					}
				}
			}
		})
	}
}
