package mesh_test

import (
	"strings"
	"testing"

	"github.com/plinth3d/plinth/mesh"
	"github.com/plinth3d/plinth/mesh/meshtest"
)

// join puts meshes into one, with attributes that all have.
func join(meshes ...*mesh.Mesh) *mesh.Mesh {
	out := &mesh.Mesh{}
	for _, m := range meshes {
		first := uint32(len(out.Positions))
		out.Positions = append(out.Positions, m.Positions...)
		for _, v := range m.Indices {
			out.Indices = append(out.Indices, first+v)
		}
	}
	return out
}

// shifted is m somewhere else, of another size.
func shifted(m *mesh.Mesh, size float32, by [3]float32) *mesh.Mesh {
	out := *m
	out.Positions = make([][3]float32, len(m.Positions))
	for v, p := range m.Positions {
		for k := range 3 {
			out.Positions[v][k] = p[k]*size + by[k]
		}
	}
	return &out
}

// pieces counts what is connected by place.
func pieces(m *mesh.Mesh) int {
	places := m.Places()
	parent := map[uint32]uint32{}
	var root func(x uint32) uint32
	root = func(x uint32) uint32 {
		p, ok := parent[x]
		if !ok || p == x {
			parent[x] = x
			return x
		}
		parent[x] = root(p)
		return parent[x]
	}
	for c, v := range m.Indices {
		parent[root(places[v])] = root(places[m.Indices[c/3*3]])
	}
	n := 0
	for x, p := range parent {
		if x == p {
			n++
		}
	}
	return n
}

// gravel is a sphere and n tetrahedra beside it, each of a given size.
func gravel(n int, size float32) *mesh.Mesh {
	m := meshtest.Sphere(24, 12)
	tetrahedron := &mesh.Mesh{
		Positions: [][3]float32{{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
		Indices:   []uint32{0, 2, 1, 0, 1, 3, 1, 2, 3, 2, 0, 3},
	}
	all := []*mesh.Mesh{m}
	side := 1
	for side*side < n {
		side++
	}
	for i := range n {
		all = append(all, shifted(tetrahedron, size, [3]float32{1.1 + float32(i/side)/float32(side), float32(i%side)/float32(side) - 0.5, 0}))
	}
	return join(all...)
}

func TestSmallPiecesGoWhereCollapsesEnd(t *testing.T) {
	m := gravel(400, 0.002)
	l := mesh.Simplify(m, mesh.Target{Ratio: 0.25})
	meshtest.Check(t, m, &l)
	if want := m.Triangles() / 4; l.Triangles() > want || l.Reason != "" {
		t.Errorf("got %d triangles, want %d: %q", l.Triangles(), want, l.Reason)
	}
	if lo, hi, _ := mesh.Bounds(l.Positions); lo[0] > -0.9 || hi[1] < 0.9 {
		t.Errorf("the sphere is now from %v to %v", lo, hi)
	}
}

func TestNoPieceGoesForADeviation(t *testing.T) {
	m := gravel(50, 0.002)
	l := mesh.Simplify(m, mesh.Target{Deviation: 0.05, Ratio: 0.01})
	meshtest.Check(t, m, &l)
	if got, want := pieces(&l.Mesh), pieces(m); got != want {
		t.Errorf("got %d pieces, want %d", got, want)
	}
	if l.Reason == "" {
		t.Error("there are more triangles than asked for, and no reason is given")
	}
}

func TestOnlySomeOfTheSurfaceIsRemoved(t *testing.T) {
	// Nothing but tetrahedra. Collapses leave two triangles of each, and no less; 3 % of
	// them may go.
	m := gravel(500, 0.02)
	m.Indices = m.Indices[len(m.Indices)-500*12:]
	l := mesh.Simplify(m, mesh.Target{Ratio: 0.25})
	meshtest.Check(t, m, &l)
	if got := pieces(&l.Mesh); got < 485 || got > 486 {
		t.Errorf("got %d pieces, want 485 of 500, or one more as sizes are rounded", got)
	}
	if want := "pieces with 3 % of the surface are removed"; !strings.Contains(l.Reason, want) {
		t.Errorf("got the reason %q, want it to say that %s", l.Reason, want)
	}
}

func TestThereIsAlwaysAPieceLeft(t *testing.T) {
	// Two triangles whose corners are in a line: they have no area to remove 3 % of.
	m := &mesh.Mesh{
		Positions: [][3]float32{{0, 0, 0}, {1, 0, 0}, {2, 0, 0}, {0, 1, 0}, {1, 1, 0}, {2, 1, 0}},
		Indices:   []uint32{0, 1, 2, 3, 4, 5},
	}
	l := mesh.Simplify(m, mesh.Target{Ratio: 0.01})
	meshtest.Check(t, m, &l)
}

func TestAPieceThatIsTooMuchForOneLevelMayGoInTheNext(t *testing.T) {
	// The first level is one triangle less; each speck is two, back to back, and cheaper
	// than any edge.
	speck := &mesh.Mesh{Positions: [][3]float32{{0, 0, 0}, {1, 0, 0}, {0, 1, 0}}, Indices: []uint32{0, 1, 2, 0, 2, 1}}
	m := meshtest.Sphere(24, 12)
	for i := range 10 {
		m = join(m, shifted(speck, 1e-5, [3]float32{0, 0, 1.1 + float32(i)/10}))
	}
	first := float64(m.Triangles()-1) / float64(m.Triangles())
	levels := chain(t, m, []mesh.Target{{Ratio: first}, {Ratio: 0.02}})
	for k := range levels {
		meshtest.Check(t, m, &levels[k])
	}
	if got := pieces(&levels[1].Mesh); got != 1 {
		t.Errorf("got %d pieces, want the sphere alone", got)
	}
}

func TestManyPiecesCostNoMoreThanTheirNumber(t *testing.T) {
	m := gravel(10_000, 0.0005)
	l := mesh.Simplify(m, mesh.Target{Ratio: 0.1})
	meshtest.Check(t, m, &l)
}
