package mesh_test

import (
	"context"
	"errors"
	"math"
	"runtime"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/plinth3d/plinth/mesh"
	"github.com/plinth3d/plinth/mesh/meshtest"
)

func chain(t require, m *mesh.Mesh, targets []mesh.Target) []mesh.Level {
	levels, err := mesh.Chain(context.Background(), m, targets, mesh.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return levels
}

// require is what testing.T and rapid.T share.
type require interface{ Fatal(args ...any) }

func TestACancelledChainEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := mesh.Chain(ctx, meshtest.Sphere(64, 32), []mesh.Target{{Deviation: 0.1}}, mesh.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestAFlatSquareBecomesTwoTriangles(t *testing.T) {
	m := meshtest.Grid(16, meshtest.Flat)
	l := mesh.Simplify(m, mesh.Target{Deviation: 1e-4})
	meshtest.Check(t, m, &l)
	if got := l.Triangles(); got != 2 {
		t.Errorf("got %d triangles, want 2", got)
	}
}

func TestACubeBecomesTwelveTriangles(t *testing.T) {
	m := meshtest.Cube(8)
	l := mesh.Simplify(m, mesh.Target{Deviation: 1e-4})
	meshtest.Check(t, m, &l)
	if got := l.Triangles(); got != 12 {
		t.Errorf("got %d triangles, want 12", got)
	}
	if n := len(meshtest.Borders(&l.Mesh)); n != 0 {
		t.Errorf("%d edges came apart", n)
	}
}

func TestASphereLosesTrianglesAndStaysClosed(t *testing.T) {
	m := meshtest.Sphere(96, 48)
	l := mesh.Simplify(m, mesh.Target{Deviation: 0.01})
	meshtest.Check(t, m, &l)
	if l.Deviation > 0.01 {
		t.Errorf("deviation is %g, the limit was 0.01", l.Deviation)
	}
	if got := l.Triangles(); got > m.Triangles()/4 {
		t.Errorf("got %d of %d triangles, want at most a quarter", got, m.Triangles())
	}
	if n := len(meshtest.Borders(&l.Mesh)); n != 0 {
		t.Errorf("%d edges came apart at the seam", n)
	}
}

func TestNoTriangleCrossesATextureSeam(t *testing.T) {
	m := meshtest.Sphere(64, 32)
	l := mesh.Simplify(m, mesh.Target{Deviation: 0.02})
	for i := 0; i < len(l.Indices); i += 3 {
		lo, hi := float32(1), float32(0)
		for _, v := range l.Indices[i : i+3] {
			lo, hi = min(lo, l.UVs[0][v][0]), max(hi, l.UVs[0][v][0])
		}
		if hi-lo > 0.5 {
			t.Fatalf("triangle %d spans u from %g to %g", i/3, lo, hi)
		}
	}
}

func TestABorderBetweenPartsStays(t *testing.T) {
	// The left half is one part, the right half another; they meet at x = 0.5.
	m := meshtest.Grid(16, meshtest.Flat)
	m.Parts = make([]uint32, m.Triangles())
	for tri := range m.Parts {
		if m.Positions[m.Indices[3*tri]][0] >= 0.5 {
			m.Parts[tri] = 1
		}
	}
	l := chain(t, m, []mesh.Target{{Deviation: 1e-4}})[0]
	meshtest.Check(t, m, &l)
	var areas [2]float64
	for i, part := range l.Parts {
		a, b, c := l.Positions[l.Indices[3*i]], l.Positions[l.Indices[3*i+1]], l.Positions[l.Indices[3*i+2]]
		areas[part] += mesh.Area(a, b, c)
		for _, p := range [][3]float32{a, b, c} {
			if part == 0 && p[0] > 0.5+1e-4 || part == 1 && p[0] < 0.5-1e-4 {
				t.Fatalf("part %d reaches x = %g", part, p[0])
			}
		}
	}
	for part, a := range areas {
		if math.Abs(a-0.5) > 1e-4 {
			t.Errorf("part %d has area %g, want 0.5", part, a)
		}
	}
}

func TestAPoseHoldsWhatTheRestPoseWouldLose(t *testing.T) {
	// Flat at rest, wavy when the morph is applied.
	m := meshtest.Grid(16, meshtest.Flat)
	rest := mesh.Simplify(m, mesh.Target{Deviation: 0.002})
	m.Poses = [][][3]float32{meshtest.Grid(16, meshtest.Waves).Positions}
	posed := mesh.Simplify(m, mesh.Target{Deviation: 0.002})
	meshtest.Check(t, m, &posed)
	if posed.Triangles() <= rest.Triangles() {
		t.Errorf("got %d triangles with the pose, %d without", posed.Triangles(), rest.Triangles())
	}
}

func TestASingleTriangleIsKept(t *testing.T) {
	m := &mesh.Mesh{Positions: [][3]float32{{0, 0, 0}, {1, 0, 0}, {0, 1, 0}}, Indices: []uint32{0, 1, 2}}
	l := mesh.Simplify(m, mesh.Target{Deviation: 10})
	if d := cmp.Diff(m.Positions, l.Positions); l.Triangles() != 1 || l.Deviation != 0 || d != "" {
		t.Errorf("got %v, deviation %g: %s", l.Indices, l.Deviation, d)
	}
}

func TestZeroDeviationKeepsEverything(t *testing.T) {
	m := meshtest.Grid(8, meshtest.Waves)
	l := mesh.Simplify(m, mesh.Target{})
	if l.Triangles() != m.Triangles() || l.Deviation != 0 {
		t.Errorf("got %d of %d triangles, deviation %g", l.Triangles(), m.Triangles(), l.Deviation)
	}
}

func TestTheResultDoesNotDependOnTheNumberOfProcessors(t *testing.T) {
	m := meshtest.Sphere(112, 80) // several blocks
	targets := []mesh.Target{{Deviation: 0.001}, {Deviation: 0.01}, {Deviation: 0.05}, {Ratio: 0.01}}
	run := func(n int) []mesh.Level {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(n))
		return chain(t, m, targets)
	}
	one := run(1)
	for _, n := range []int{2, 8} {
		if d := cmp.Diff(one, run(n), cmpopts.IgnoreUnexported(mesh.Level{})); d != "" {
			t.Errorf("with %d processors: %s", n, d)
		}
	}
}

// Any soup of triangles over a few places, with any attributes, keeps the
// promises of Check and never has more triangles at a coarser level.
func TestAnySoupKeepsThePromises(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(3, 24).Draw(r, "vertices")
		coord := rapid.Custom(func(r *rapid.T) float32 {
			return float32(rapid.IntRange(-3, 3).Draw(r, "x")) / 4
		})
		m := &mesh.Mesh{UVs: make([][][2]float32, 1)}
		for range n {
			m.Positions = append(m.Positions, [3]float32{coord.Draw(r, "x"), coord.Draw(r, "y"), coord.Draw(r, "z")})
			m.UVs[0] = append(m.UVs[0], [2]float32{coord.Draw(r, "u"), coord.Draw(r, "v")})
		}
		for range rapid.IntRange(1, 40).Draw(r, "triangles") {
			for range 3 {
				m.Indices = append(m.Indices, uint32(rapid.IntRange(0, n-1).Draw(r, "index")))
			}
			m.Parts = append(m.Parts, uint32(rapid.IntRange(0, 1).Draw(r, "part")))
		}
		places := m.Places()
		solid := false
		for i := 0; i < len(m.Indices); i += 3 {
			a, b, c := places[m.Indices[i]], places[m.Indices[i+1]], places[m.Indices[i+2]]
			solid = solid || a != b && b != c && c != a
		}
		if !solid {
			r.Skip("no triangle has an area")
		}
		levels := chain(r, m, []mesh.Target{{Deviation: 0.01}, {Deviation: 0.2}, {Deviation: 1}, {Ratio: 0.25}, {Ratio: 0.01}})
		for k, l := range levels {
			meshtest.Check(r, m, &l)
			if k > 0 && len(l.Indices) > len(levels[k-1].Indices) {
				r.Fatalf("level %d has %d indices, the finer one %d", k, len(l.Indices), len(levels[k-1].Indices))
			}
		}
	})
}

func TestDeviationOfShiftedSquares(t *testing.T) {
	square := func(z float32) *mesh.Mesh {
		return &mesh.Mesh{
			Positions: [][3]float32{{0, 0, z}, {1, 0, z}, {1, 1, z}, {0, 1, z}},
			Indices:   []uint32{0, 1, 2, 0, 2, 3},
		}
	}
	a, half := square(0), square(0)
	if got := mesh.Deviation(a, square(0.25)); got < 0.25 || got > 0.25*1.05 {
		t.Errorf("got %g, want 0.25", got)
	}
	// Half of the square is missing in the second surface: one way is not enough.
	half.Indices = half.Indices[:3]
	if got := mesh.Deviation(a, half); got < 0.7 || got > 0.75 {
		t.Errorf("got %g, want 0.7071", got)
	}
	if got := mesh.Deviation(half, a); got < 0.7 || got > 0.75 {
		t.Errorf("got %g, want 0.7071", got)
	}
}

func TestValidate(t *testing.T) {
	good := func() *mesh.Mesh { return meshtest.Grid(1, meshtest.Flat) }
	if err := good().Validate(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*mesh.Mesh){
		"an index out of range":         func(m *mesh.Mesh) { m.Indices[0] = 99 },
		"part of a triangle":            func(m *mesh.Mesh) { m.Indices = m.Indices[:4] },
		"a position that is not finite": func(m *mesh.Mesh) { m.Positions[0][1] = float32(math.NaN()) },
		"too few normals":               func(m *mesh.Mesh) { m.Normals = make([][3]float32, 1) },
		"too few colors":                func(m *mesh.Mesh) { m.Colors = make([][4]float32, 1) },
		"too few texture coordinates":   func(m *mesh.Mesh) { m.UVs[0] = m.UVs[0][:2] },
		"too few parts":                 func(m *mesh.Mesh) { m.Parts = make([]uint32, 1) },
		"too few positions in a pose":   func(m *mesh.Mesh) { m.Poses = make([][][3]float32, 1) },
		"a pose with an infinite corner": func(m *mesh.Mesh) {
			m.Poses = [][][3]float32{slices.Clone(m.Positions)}
			m.Poses[0][2][0] = float32(math.Inf(1))
		},
	} {
		m := good()
		spoil(m)
		if m.Validate() == nil {
			t.Errorf("%s is not noticed", name)
		}
	}
}

func TestNormalsOfACubeStaySharp(t *testing.T) {
	m := meshtest.Cube(2)
	want := m.Normals
	m.Normals = nil
	normals, from, indices := mesh.Normals(m, math.Pi/6)
	if len(indices) != len(m.Indices) {
		t.Fatalf("got %d indices, want %d", len(indices), len(m.Indices))
	}
	for i, v := range indices {
		if from[v] != m.Indices[i] {
			t.Fatalf("corner %d comes from vertex %d, want %d", i, from[v], m.Indices[i])
		}
		for k := range 3 {
			if math.Abs(float64(normals[v][k]-want[from[v]][k])) > 1e-6 {
				t.Fatalf("normal of corner %d is %v, want %v", i, normals[v], want[from[v]])
			}
		}
	}
}

func TestNormalsOfASphereAreRadial(t *testing.T) {
	m := meshtest.Sphere(48, 24)
	m.Normals = nil
	normals, from, _ := mesh.Normals(m, math.Pi/3)
	for v, n := range normals {
		p := m.Positions[from[v]]
		if dot := n[0]*p[0] + n[1]*p[1] + n[2]*p[2]; dot < 0.995 {
			t.Fatalf("normal at %v is %v", p, n)
		}
	}
}

func TestWeldFindsEqualRows(t *testing.T) {
	data := []byte{1, 2, 3, 4, 1, 2, 3, 5, 1, 2}
	got := mesh.Weld(5, []mesh.Stream{{Data: data, Stride: 2}})
	if want := []uint32{0, 1, 0, 3, 0}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestCompactKeepsTheOrderOfUse(t *testing.T) {
	used, compact := mesh.Compact([]uint32{7, 3, 7, 0, 3, 9}, 10)
	if !slices.Equal(used, []uint32{7, 3, 0, 9}) || !slices.Equal(compact, []uint32{0, 1, 0, 2, 1, 3}) {
		t.Errorf("got %v and %v", used, compact)
	}
}

func BenchmarkSimplify(b *testing.B) {
	m := meshtest.Sphere(256, 128)
	for b.Loop() {
		mesh.Simplify(m, mesh.Target{Deviation: 0.001})
	}
	b.ReportMetric(float64(m.Triangles())*float64(b.N)/1e6/b.Elapsed().Seconds(), "Mtri/s")
}
