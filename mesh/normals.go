package mesh

import (
	"cmp"
	"math"
	"slices"
)

// Normals computes vertex normals for a mesh that has none: the mean of the
// normals around a place, weighted by the angle of each corner (Thürmer and
// Wüthrich, "Computing vertex normals from polygonal facets", 1998). Two
// triangles share a normal when they share an edge and meet at less than
// crease radians; sharper edges stay sharp.
//
// A sharp edge needs two normals at one place, so vertices may have to split:
// the result is one normal for each normal-carrying vertex, the vertex of m it
// came from, and indices into these.
func Normals(m *Mesh, crease float64) (normals [][3]float32, from, indices []uint32) {
	places := m.Places()
	face := make([]vec, m.Triangles()) // unit
	for t := range face {
		a, b, c := m.corner(3*t), m.corner(3*t+1), m.corner(3*t+2)
		face[t] = unit(cross(sub(b, a), sub(c, a)))
	}

	group := smoothGroups(m, places, face, math.Cos(crease))
	sum := make([]vec, len(m.Indices))
	for c := range uint32(len(m.Indices)) {
		sum[group[c]] = add(sum[group[c]], scale(face[c/3], m.angle(c)))
	}

	// Vertices are told apart by (vertex, group), in the order of use.
	type key struct {
		vertex uint32
		group  uint32
	}
	seen := make(map[key]uint32, len(m.Positions))
	indices = make([]uint32, len(m.Indices))
	for c, v := range m.Indices {
		k := key{v, group[c]}
		at, ok := seen[k]
		if !ok {
			at = uint32(len(from))
			seen[k] = at
			from = append(from, v)
			normals = append(normals, narrow(orUp(unit(sum[k.group]))))
		}
		indices[c] = at
	}
	return normals, from, indices
}

// orUp replaces the direction of a degenerate corner, which no one can see, by
// one that is valid.
func orUp(n vec) vec {
	if n == (vec{}) {
		return vec{0, 1, 0}
	}
	return n
}

// smoothGroups joins the corners at each place over the edges that are smooth,
// and returns for each corner the first corner of its group. The cost is
// n log n whatever the valence.
func smoothGroups(m *Mesh, places []uint32, face []vec, limit float64) []uint32 {
	group := make([]uint32, len(m.Indices))
	for c := range group {
		group[c] = uint32(c)
	}
	// A spoke is an edge that leaves a place, seen from one corner there.
	type spoke struct{ place, far, corner uint32 }
	spokes := make([]spoke, 0, 2*len(m.Indices))
	for c := range uint32(len(m.Indices)) {
		place := places[m.Indices[c]]
		for _, other := range [2]uint32{next(c), next(next(c))} {
			spokes = append(spokes, spoke{place, places[m.Indices[other]], c})
		}
	}
	slices.SortFunc(spokes, func(a, b spoke) int {
		return cmp.Or(cmp.Compare(a.place, b.place), cmp.Compare(a.far, b.far), cmp.Compare(a.corner, b.corner))
	})
	for i := 1; i < len(spokes); i++ {
		a, b := spokes[i-1], spokes[i]
		if a.place == b.place && a.far == b.far && dot(face[a.corner/3], face[b.corner/3]) >= limit {
			join(group, a.corner, b.corner)
		}
	}
	for c := range uint32(len(group)) {
		group[c] = root(group, c)
	}
	return group
}

// root and join are a union-find forest whose roots are the smallest members.
func root(parent []uint32, x uint32) uint32 {
	for parent[x] != x {
		parent[x] = parent[parent[x]]
		x = parent[x]
	}
	return x
}

func join(parent []uint32, a, b uint32) {
	a, b = root(parent, a), root(parent, b)
	parent[max(a, b)] = min(a, b)
}

// next is the following corner of the same triangle.
func next(c uint32) uint32 {
	if c%3 == 2 {
		return c - 2
	}
	return c + 1
}

func (m *Mesh) corner(c int) vec { return wide(m.Positions[m.Indices[c]]) }

// angle is the inner angle at a corner.
func (m *Mesh) angle(c uint32) float64 {
	a := m.corner(int(c))
	u, v := unit(sub(m.corner(int(next(c))), a)), unit(sub(m.corner(int(next(next(c)))), a))
	return acos(dot(u, v))
}

// acos is the arc cosine for weights, rounded so that processors whose library
// differs in the last bit agree.
func acos(x float64) float64 {
	const grid = 1 << 40
	return math.Round(float64(math.Acos(max(-1, min(1, x)))*grid)) / grid
}
