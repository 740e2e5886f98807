package meshtest

import (
	"cmp"
	"slices"

	"github.com/plinth3d/plinth/mesh"
)

// Open counts the edges, by place, that have an odd number of triangles: none where a
// surface is watertight, even where several sheets meet at an edge. The second number is
// the same for each part alone, added up: where parts end.
//
// Neither may ever grow. A collapse maps places to places, and with it each edge; what
// the boundary of the triangles becomes is the boundary of what they become, modulo 2.
func Open(m *mesh.Mesh) (edges, ofParts int) {
	type side struct{ a, b, part uint32 }
	places := m.Places()
	list := make([]side, 0, len(m.Indices))
	for c, v := range m.Indices {
		a, b := places[v], places[m.Indices[c/3*3+(c+1)%3]]
		if a == b {
			continue
		}
		s := side{a: min(a, b), b: max(a, b)}
		if m.Parts != nil {
			s.part = m.Parts[c/3]
		}
		list = append(list, s)
	}
	slices.SortFunc(list, func(x, y side) int {
		return cmp.Or(cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b), cmp.Compare(x.part, y.part))
	})
	odd, oddOfPart := 0, 0
	for i, s := range list {
		odd, oddOfPart = odd^1, oddOfPart^1
		last := i+1 == len(list)
		if last || list[i+1].a != s.a || list[i+1].b != s.b {
			edges += odd
			odd = 0
		}
		if last || list[i+1] != s {
			ofParts += oddOfPart
			oddOfPart = 0
		}
	}
	return edges, ofParts
}
