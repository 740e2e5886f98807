package mesh_test

import (
	"context"
	"math"
	"testing"

	"github.com/plinth3d/plinth/mesh"
	"github.com/plinth3d/plinth/mesh/meshtest"
)

func TestAMeshWithoutAttributesIsTakenDown(t *testing.T) {
	m := meshtest.Grid(16, meshtest.Waves)
	m.UVs = nil
	l := mesh.Simplify(m, mesh.Target{Ratio: 0.5})
	meshtest.Check(t, m, &l)
	if got := l.Triangles(); got > 256 {
		t.Errorf("got %d triangles, want 256", got)
	}
}

func TestABoxMayNotVanish(t *testing.T) {
	m := meshtest.Cube(2)
	l := mesh.Simplify(m, mesh.Target{Ratio: 1e-9})
	meshtest.Check(t, m, &l)
	if got := l.Triangles(); got < 2 {
		t.Errorf("got %d triangles, want at least two", got)
	}
	if open, _ := meshtest.Open(&l.Mesh); open != 0 {
		t.Errorf("it has %d open edges", open)
	}
}

func TestSidesOfAThinPlateStayApart(t *testing.T) {
	// A hundredth of its width thick. Each side is flat, so twelve triangles say it all.
	m := meshtest.Cube(10)
	for v := range m.Positions {
		m.Positions[v][2] /= 100
	}
	l := mesh.Simplify(m, mesh.Target{Deviation: 1e-3})
	meshtest.Check(t, m, &l)
	if got := l.Triangles(); got > 120 {
		t.Errorf("got %d of %d triangles, want a tenth or less", got, m.Triangles())
	}
}

func TestBothSidesOfASheetStay(t *testing.T) {
	// Every triangle is there twice, facing up and down.
	m := meshtest.Grid(8, meshtest.Flat)
	for i := 0; i < 8*8*2*3; i += 3 {
		m.Indices = append(m.Indices, m.Indices[i], m.Indices[i+2], m.Indices[i+1])
	}
	l := mesh.Simplify(m, mesh.Target{Deviation: 1e-4})
	meshtest.Check(t, m, &l)
	up, down := 0.0, 0.0
	for i := 0; i < len(l.Indices); i += 3 {
		a, b, c := l.Positions[l.Indices[i]], l.Positions[l.Indices[i+1]], l.Positions[l.Indices[i+2]]
		if z := (b[0]-a[0])*(c[1]-a[1]) - (b[1]-a[1])*(c[0]-a[0]); z > 0 {
			up += mesh.Area(a, b, c)
		} else {
			down += mesh.Area(a, b, c)
		}
	}
	if math.Abs(up-1) > 1e-4 || math.Abs(down-1) > 1e-4 {
		t.Errorf("got an area of %g up and %g down, want 1 and 1", up, down)
	}
}

func TestAnOpenBorderKeepsItsOutline(t *testing.T) {
	m := meshtest.Grid(16, func(x, y float64) float64 { return 0.1 * x * y })
	l := mesh.Simplify(m, mesh.Target{Ratio: 0.05})
	meshtest.Check(t, m, &l)
	if lo, hi, _ := mesh.Bounds(l.Positions); math.Abs(float64(hi[0]-lo[0])-1) > 0.01 || math.Abs(float64(hi[1]-lo[1])-1) > 0.01 {
		t.Errorf("the square is now from %v to %v", lo, hi)
	}
}

func TestACreaseRidesAlong(t *testing.T) {
	// A roof whose sides have a normal each: the ridge has two at each place, and keeps them.
	const n = 8
	m := &mesh.Mesh{}
	for side, sign := range []float32{-1, 1} {
		first := uint32(len(m.Positions))
		for j := range n + 1 {
			for i := range n + 1 {
				across := float32(i) / n
				m.Positions = append(m.Positions, [3]float32{sign * across, 1 - across, float32(j) / n})
				m.Normals = append(m.Normals, [3]float32{sign * math.Sqrt2 / 2, math.Sqrt2 / 2, 0})
			}
		}
		for j := range uint32(n) {
			for i := range uint32(n) {
				a, b, c, d := first+j*(n+1)+i, first+j*(n+1)+i+1, first+(j+1)*(n+1)+i, first+(j+1)*(n+1)+i+1
				if side == 0 {
					m.Indices = append(m.Indices, a, b, d, a, d, c)
				} else {
					m.Indices = append(m.Indices, b, a, d, d, a, c)
				}
			}
		}
	}
	l := mesh.Simplify(m, mesh.Target{Deviation: 1e-4})
	meshtest.Check(t, m, &l)
	if got := l.Triangles(); got > 6 {
		t.Errorf("got %d triangles, want four or so", got)
	}
	for i, v := range l.Indices {
		sum := float32(0)
		for _, w := range l.Indices[i/3*3 : i/3*3+3] {
			sum += l.Positions[w][0]
		}
		if l.Normals[v][0]*sum <= 0 || math.Abs(math.Abs(float64(l.Normals[v][0]))-math.Sqrt2/2) > 1e-3 {
			t.Errorf("normal %v on the side of x = %g", l.Normals[v], sum/3)
		}
	}
}

func TestATextureSeamKeepsBothSides(t *testing.T) {
	// Two halves of a square with charts of their own, which meet at x = 0.5.
	m := meshtest.Grid(16, meshtest.Flat)
	right := uint32(len(m.Positions))
	m.Positions = append(m.Positions, m.Positions...)
	for _, uv := range m.UVs[0] {
		m.UVs[0] = append(m.UVs[0], [2]float32{uv[0] + 10, uv[1]})
	}
	for i := 0; i < len(m.Indices); i += 3 {
		if m.Positions[m.Indices[i]][0] >= 0.5 {
			for k := range 3 {
				m.Indices[i+k] += right
			}
		}
	}
	l := mesh.Simplify(m, mesh.Target{Ratio: 0.02})
	meshtest.Check(t, m, &l)
	for i, v := range l.Indices {
		p, uv := l.Positions[v], l.UVs[0][v]
		u := p[0]
		if uv[0] > 5 {
			u += 10
		}
		if math.Abs(float64(uv[0]-u)) > 0.01 || math.Abs(float64(uv[1]-p[1])) > 0.01 {
			t.Errorf("corner %d at %v has the texture coordinate %v", i, p, uv)
		}
	}
}

func TestThreeSheetsAtAnEdgeStayTogether(t *testing.T) {
	// Three wings of a wheel share the axis.
	m := &mesh.Mesh{}
	for k := range 3 {
		sin, cos := math.Sincos(2 * math.Pi * float64(k) / 3)
		wing := meshtest.Grid(8, meshtest.Flat)
		for v, p := range wing.Positions {
			wing.Positions[v] = [3]float32{p[0] * float32(cos), p[0] * float32(sin), p[1]}
		}
		m = join(m, wing)
	}
	l := mesh.Simplify(m, mesh.Target{Deviation: 1e-3})
	meshtest.Check(t, m, &l)
	if got := l.Triangles(); got > 3*2*8 {
		t.Errorf("got %d triangles, want those at the axis at most", got)
	}
	if got := pieces(&l.Mesh); got != 1 {
		t.Errorf("it is in %d pieces", got)
	}
}

func TestDegenerateTrianglesGoAndDuplicatesMay(t *testing.T) {
	m := meshtest.Grid(8, meshtest.Waves)
	n := m.Triangles()
	m.Indices = append(m.Indices, 0, 0, 1, 5, 5, 5)     // a line, a point
	m.Indices = append(m.Indices, m.Indices[:3*n/2]...) // half of it twice
	all := mesh.Simplify(m, mesh.Target{})
	if got, want := all.Triangles(), n+n/2; got != want {
		t.Errorf("got %d triangles, want the %d with an area", got, want)
	}
	for _, l := range chain(t, m, []mesh.Target{{Ratio: 0.5}, {Ratio: 0.1}}) {
		meshtest.Check(t, m, &l)
	}
}

func TestKeptVerticesAreOfTheirPart(t *testing.T) {
	// Both halves have vertices of their own at x = 0.5, whose weights are not the same.
	m := meshtest.Grid(16, meshtest.Waves)
	m.Parts = make([]uint32, m.Triangles())
	right := uint32(len(m.Positions))
	m.Positions = append(m.Positions, m.Positions...)
	m.UVs[0] = append(m.UVs[0], m.UVs[0]...)
	for tri := range m.Parts {
		if m.Positions[m.Indices[3*tri]][0] >= 0.5 {
			m.Parts[tri] = 1
			for k := range 3 {
				m.Indices[3*tri+k] += right
			}
		}
	}
	levels, err := mesh.Chain(context.Background(), m, []mesh.Target{{Ratio: 0.5}, {Ratio: 0.1}}, mesh.Options{KeepVertices: true})
	if err != nil {
		t.Fatal(err)
	}
	for k := range levels {
		l := &levels[k]
		meshtest.Check(t, m, l)
		keepsVertices(t, m, l)
		for c, v := range l.Indices {
			if got, want := l.Sources[v] >= right, l.Parts[c/3] == 1; got != want {
				t.Fatalf("level %d: a corner of part %d is source vertex %d", k, l.Parts[c/3], l.Sources[v])
			}
		}
	}
}

func BenchmarkChain(b *testing.B) {
	grid := meshtest.Grid(224, meshtest.Waves)
	scan := meshtest.Subdivide(meshtest.Sphere(112, 112), 1, 0.3)
	bare := meshtest.Subdivide(scan, 0, 0)
	bare.UVs, bare.Normals = nil, nil
	for _, x := range []struct {
		name string
		m    *mesh.Mesh
	}{{"a grid", grid}, {"a rough sphere with normals and texture", scan}, {"its positions", bare}} {
		b.Run(x.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := mesh.Chain(b.Context(), x.m, []mesh.Target{{Ratio: 0.5}, {Ratio: 0.25}, {Ratio: 0.125}}, mesh.Options{}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(x.m.Triangles())*float64(b.N)/1e6/b.Elapsed().Seconds(), "Mtri/s")
		})
	}
}
