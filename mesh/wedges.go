package mesh

import (
	"encoding/binary"
	"math"
	"slices"
	"sync"
)

// findWedges makes one wedge of the vertices at a place that are equal in all
// attributes and of one part, and numbers triangles in the order of their places.
func (r *reducer) findWedges(number []int32) {
	m := r.m
	n := len(r.at)
	// A vertex is of the part of the first triangle that uses it; one that several
	// parts use has a wedge for each.
	first := make([]int32, n) // place -> its first triangle in the new order
	start := make([]int32, n+1)
	lowest := func(t int) int32 {
		a, b, c := number[m.Indices[3*t]], number[m.Indices[3*t+1]], number[m.Indices[3*t+2]]
		if a == b || b == c || c == a {
			return -1
		}
		return min(a, b, c)
	}
	for t := range m.Triangles() {
		if a := lowest(t); a >= 0 {
			start[a+1]++
		}
	}
	for a := range n {
		start[a+1] += start[a]
	}
	copy(first, start[:n])
	order := make([]uint32, r.alive)
	for t := range m.Triangles() {
		if a := lowest(t); a >= 0 {
			order[first[a]] = uint32(t)
			first[a]++
		}
	}

	same := r.weldWedges(number)
	r.place, r.corner = make([]int32, 3*r.alive), make([]int32, 3*r.alive)
	of := make([]int32, len(m.Positions)) // welded vertex -> its first wedge + 1
	var twin []int32                      // wedge -> the wedge of the same vertex and another part + 1
	r.vertex = make([]uint32, 0, n+n/8)
	r.part = make([]uint32, 0, n+n/8)
	const most = 16                // how many twins are asked one after the other
	crowd := map[[2]uint32]int32{} // the others: welded vertex, part -> wedge + 1
	r.names = names(m.Parts)
	for t, source := range order {
		part := uint32(0)
		if m.Parts != nil {
			part = r.partOf(m.Parts[source])
		}
		for k := range 3 {
			v := m.Indices[3*int(source)+k]
			link := &of[same[v]]
			n := 0
			for ; n < most && *link > 0 && r.part[*link-1] != part; n++ {
				link = &twin[*link-1]
			}
			w := *link
			if n == most {
				w = crowd[[2]uint32{same[v], part}]
			}
			if w == 0 {
				r.vertex, r.part = append(r.vertex, v), append(r.part, part)
				twin = append(twin, 0)
				w = int32(len(r.vertex))
				if n == most {
					crowd[[2]uint32{same[v], part}] = w
				} else {
					*link = w
				}
			}
			r.corner[3*t+k], r.place[3*t+k] = w-1, number[v]
		}
	}
	r.wedge, r.kin = make([]int32, n), make([]int32, len(r.vertex))
	for a := range r.wedge {
		r.wedge[a] = -1
	}
	for w := len(r.vertex) - 1; w >= 0; w-- {
		a := number[r.vertex[w]]
		r.kin[w] = r.wedge[a]
		r.wedge[a] = int32(w)
	}
}

// names lists the parts there are, in order, where their numbers are too large to count
// with; else it is nil.
func names(parts []uint32) []uint32 {
	if len(parts) == 0 || int64(slices.Max(parts)) < int64(len(parts)) {
		return nil
	}
	list := slices.Clone(parts)
	slices.Sort(list)
	return slices.Compact(list)
}

func (r *reducer) partOf(name uint32) uint32 {
	if r.names == nil {
		return name
	}
	at, _ := slices.BinarySearch(r.names, name)
	return uint32(at)
}

func (r *reducer) nameOf(part uint32) uint32 {
	if r.names == nil {
		return part
	}
	return r.names[part]
}

// weldWedges finds vertices that are equal in place and all attributes: for each
// the first like it. Only places with several vertices have any.
func (r *reducer) weldWedges(number []int32) []uint32 {
	m := r.m
	several := make([]uint8, len(r.at))
	for _, a := range number {
		if a >= 0 && several[a] < 2 {
			several[a]++
		}
	}
	same := make([]uint32, len(number))
	var vertices []uint32
	for v, a := range number {
		same[v] = uint32(v)
		if a >= 0 && several[a] > 1 {
			vertices = append(vertices, uint32(v))
		}
	}
	welded := Weld(len(vertices), []Stream{m.attributeStream(vertices, number)})
	for i, w := range welded {
		same[vertices[i]] = vertices[w]
	}
	return same
}

// attributeStream packs what makes a wedge: the place and all attributes.
func (m *Mesh) attributeStream(vertices []uint32, number []int32) Stream {
	stride := 4 + 8*len(m.UVs)
	if m.Normals != nil {
		stride += 12
	}
	if m.Colors != nil {
		stride += 16
	}
	data := make([]byte, 0, stride*len(vertices))
	put := func(values []float32) {
		for _, x := range values {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(x+0))
		}
	}
	for _, v := range vertices {
		data = binary.LittleEndian.AppendUint32(data, uint32(number[v]))
		if m.Normals != nil {
			put(m.Normals[v][:])
		}
		for _, set := range m.UVs {
			put(set[v][:])
		}
		if m.Colors != nil {
			put(m.Colors[v][:])
		}
	}
	return Stream{data, stride}
}

func (r *reducer) chainCorners() {
	n := len(r.at)
	r.head, r.chain = make([]int32, n), make([]int32, len(r.place))
	for a := range r.head {
		r.head[a] = -1
	}
	for c := len(r.place) - 1; c >= 0; c-- {
		a := r.place[c]
		r.chain[c] = r.head[a]
		r.head[a] = int32(c)
	}
	r.link, r.state = make([]int32, len(r.place)), make([]uint8, len(r.place))
	r.holds = make([]bool, n)
	r.marks = &sync.Pool{New: func() any { mark := make([]uint8, n); return &mark }}
	r.slack, r.into = make([]float32, n), make([]int32, n)
	for a := range r.slack {
		r.slack[a], r.into[a] = 1, int32(a)
	}
	r.fitted = make([]bool, len(r.vertex))
}
