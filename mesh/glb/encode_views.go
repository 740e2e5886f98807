package glb

import (
	"slices"

	"github.com/qmuntal/gltf"

	"github.com/plinth3d/plinth/mesh/meshopt"
)

// A use of an array decides its view: the specification lets a view have one only.
type use string

const (
	vertices use = "vertices" // rows at multiples of 4 bytes
	indices  use = "indices"
	frames   use = "frames"  // times and values of animations
	binding  use = "binding" // inverse bind matrices
	sparse   use = "sparse"  // rows that are not zero, and their numbers
)

// layout is what arrays have in common that lie in one view.
type layout struct {
	use    use
	stride int // of rows in bytes; 0 where they are of any size
	packed bool
	mode   meshopt.Mode
	filter meshopt.Filter
	group  string // tells apart what is alike so far
	level  int    // the coarsest that has it
	rank   int    // among the views of its level
}

// A shelf is what is in a view. Packed rows are as the filter made them.
type shelf struct {
	layout
	data []byte
}

// view returns the number of the view of that layout, making it if need be.
func (e *encoder) view(l layout) int {
	i, ok := e.views[l]
	if !ok {
		i = e.newView(shelf{layout: l})
		e.views[l] = i
		switch v := e.doc.BufferViews[i]; l.use {
		case vertices:
			v.ByteStride, v.Target = l.stride, gltf.TargetArrayBuffer
		case indices:
			v.Target = gltf.TargetElementArrayBuffer
		}
	}
	return i
}

func (e *encoder) newView(s shelf) int {
	e.shelves = append(e.shelves, s)
	e.doc.BufferViews = append(e.doc.BufferViews, &gltf.BufferView{})
	return len(e.shelves) - 1
}

// append puts data at the end of a view, at a multiple of 4, and says where.
func (e *encoder) append(view int, data []byte) (offset int) {
	s := &e.shelves[view]
	s.pad()
	offset = len(s.data)
	s.data = append(s.data, data...)
	return offset
}

func (s *shelf) pad() {
	for len(s.data)%4 != 0 {
		s.data = append(s.data, 0)
	}
}

// packedView is what the extension says of a view ("JSON schema updates").
type packedView struct {
	Buffer     int    `json:"buffer"`
	ByteOffset int    `json:"byteOffset,omitempty"`
	ByteLength int    `json:"byteLength"`
	ByteStride int    `json:"byteStride"`
	Mode       string `json:"mode"`
	Filter     string `json:"filter,omitempty"`
	Count      int    `json:"count"`
}

// lay puts the views one after the other, the coarsest level's first. What packed ones are
// unpacked to has its place in a second buffer that is not there ("Fallback buffers").
func (e *encoder) lay() {
	var bin []byte
	unpacked := 0
	for level := e.coarsest(); level >= 0; level-- {
		first := len(bin)
		for _, i := range e.shelf(level) {
			bin = e.place(i, bin, &unpacked)
		}
		e.spans = append(e.spans, Span{int64(first), int64(len(bin) - first)})
	}
	slices.Reverse(e.spans)
	if len(bin) > 0 {
		e.doc.Buffers = []*gltf.Buffer{{ByteLength: len(bin), Data: bin}}
	}
	if unpacked > 0 {
		e.packed = true
		e.doc.Buffers = append(e.doc.Buffers, &gltf.Buffer{
			ByteLength: unpacked, Extensions: gltf.Extensions{extMeshopt: map[string]any{"fallback": true}},
		})
	}
}

// place puts a view at the end of bin.
func (e *encoder) place(i int, bin []byte, unpacked *int) []byte {
	s, v := &e.shelves[i], e.doc.BufferViews[i]
	if !s.packed {
		for len(bin)%4 != 0 {
			bin = append(bin, 0)
		}
		v.ByteOffset, v.ByteLength = len(bin), len(s.data)
		bin = append(bin, s.data...)
		s.data = nil
		return bin
	}
	if s.mode == meshopt.Attributes {
		s.pad()
	}
	p := packedView{ByteOffset: len(bin), ByteStride: s.stride, Mode: s.mode.String(), Count: len(s.data) / s.stride}
	if s.filter != meshopt.None {
		p.Filter = s.filter.String()
	}
	bin = append(bin, s.stream()...)
	p.ByteLength = len(bin) - p.ByteOffset
	v.Buffer, v.ByteOffset, v.ByteLength = 1, *unpacked, len(s.data)
	v.Extensions = gltf.Extensions{extMeshopt: p}
	*unpacked += (len(s.data) + 3) / 4 * 4
	s.data = nil
	return bin
}

// stream packs what is on s.
func (s *shelf) stream() []byte {
	if s.mode == meshopt.Attributes {
		return meshopt.EncodeAttributes(s.data, s.stride, meshopt.Compressible)
	}
	list := make([]uint32, len(s.data)/s.stride)
	for i := range list {
		list[i] = integer(indexKinds[s.stride], s.data, i)
	}
	if s.mode == meshopt.Triangles {
		return meshopt.EncodeTriangles(list)
	}
	return meshopt.EncodeIndices(list)
}
