package mesh

import (
	"encoding/binary"
	"hash/maphash"
	"math"
)

// A Stream is one attribute of a mesh's vertices as bytes, Stride bytes each.
type Stream struct {
	Data   []byte
	Stride int
}

func (s Stream) row(v int) []byte { return s.Data[v*s.Stride : (v+1)*s.Stride] }

// Weld finds the vertices that are bit-equal in every stream. It returns, for
// each of the n vertices, the index of the first one like it.
//
// The table is open-addressing over indices, 8 to 16 bytes a vertex. Its hash is
// seeded anew in every call, so that no file can be made to collide; the result
// does not depend on the seed.
func Weld(n int, streams []Stream) []uint32 {
	remap := make([]uint32, n)
	size := 1
	for size < n+n/2+1 {
		size *= 2
	}
	table := make([]uint32, size) // index + 1; 0 is free
	mask := uint64(size - 1)
	var h maphash.Hash
	for v := range n {
		h.Reset()
		for _, s := range streams {
			_, _ = h.Write(s.row(v)) // a maphash never fails
		}
		slot := h.Sum64() & mask
		for table[slot] != 0 && !equalRows(streams, int(table[slot]-1), v) {
			slot = (slot + 1) & mask
		}
		if table[slot] == 0 {
			table[slot] = uint32(v) + 1
		}
		remap[v] = table[slot] - 1
	}
	return remap
}

func equalRows(streams []Stream, a, b int) bool {
	for _, s := range streams {
		if string(s.row(a)) != string(s.row(b)) {
			return false
		}
	}
	return true
}

// positionStream packs points for Weld; -0 and 0 are the same place.
func positionStream(points [][3]float32) Stream {
	data := make([]byte, 0, 12*len(points))
	for _, p := range points {
		for _, x := range p {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(x+0))
		}
	}
	return Stream{data, 12}
}

// Places returns for each vertex the first vertex at the same place in
// Positions and in all Poses: the corners of a seam share a place.
func (m *Mesh) Places() []uint32 {
	streams := []Stream{positionStream(m.Positions)}
	for _, pose := range m.Poses {
		streams = append(streams, positionStream(pose))
	}
	return Weld(len(m.Positions), streams)
}

// Compact lists the vertices that indices use, in the order of their first use,
// and returns indices into that list.
func Compact(indices []uint32, vertices int) (used, compact []uint32) {
	const unseen = math.MaxUint32
	place := make([]uint32, vertices)
	for i := range place {
		place[i] = unseen
	}
	compact = make([]uint32, len(indices))
	for i, v := range indices {
		if place[v] == unseen {
			place[v] = uint32(len(used))
			used = append(used, v)
		}
		compact[i] = place[v]
	}
	return used, compact
}
