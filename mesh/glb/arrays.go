package glb

import (
	"encoding/binary"
	"slices"

	"github.com/qmuntal/gltf"

	"github.com/plinth3d/plinth/mesh/scene"
)

// check is a look for numbers that are none: in positions they are fatal.
type check struct {
	array    *scene.Array
	position bool
}

var kinds = map[gltf.ComponentType]scene.Kind{
	gltf.ComponentByte: scene.Int8, gltf.ComponentUbyte: scene.Uint8, gltf.ComponentShort: scene.Int16,
	gltf.ComponentUshort: scene.Uint16, gltf.ComponentUint: scene.Uint32, gltf.ComponentFloat: scene.Float32,
}

// array reads an accessor, once: who uses it again gets the same array.
func (d *decoder) array(user string, i int) (*scene.Array, *scene.FormatError) {
	if i < 0 || i >= len(d.doc.Accessors) {
		return nil, scene.Bad(user, "uses accessor %d, there are %d", i, len(d.doc.Accessors))
	}
	if a, ok := d.arrays[slot{accessor: i, view: scene.None}]; ok {
		return a, nil
	}
	a, where := d.doc.Accessors[i], at("accessors", i)
	out := &scene.Array{
		Kind: kinds[a.ComponentType], Width: a.Type.Components(), Normalized: a.Normalized,
		Matrix: a.Type >= gltf.AccessorMat2, Sparse: a.Sparse != nil,
	}
	if out.Matrix && out.Kind.Size() < 4 && a.Type != gltf.AccessorMat4 {
		return nil, &scene.FormatError{Code: "unsupported", Where: where, What: "is a small matrix of bytes or shorts", Do: "export it as floats"}
	}
	if a.Count < 1 {
		return nil, scene.Bad(where+".count", "is %d", a.Count)
	}
	row := out.Stride()
	if err := d.take(where, a.Count, row); err != nil {
		return nil, err
	}
	if a.BufferView == nil {
		out.Data = make([]byte, a.Count*row)
	} else {
		src, err := d.view(where, *a.BufferView)
		if err != nil {
			return nil, err
		}
		stride := d.doc.BufferViews[*a.BufferView].ByteStride
		if stride == 0 {
			stride = row
		}
		if out.Data, err = rows(where, src, a.ByteOffset, stride, row, a.Count); err != nil {
			return nil, err
		}
	}
	if a.Sparse != nil {
		if err := d.sparse(where+".sparse", a, out); err != nil {
			return nil, err
		}
	}
	d.arrays[slot{accessor: i, view: scene.None}] = out
	return out, nil
}

// rows copies count rows out of src.
func rows(where string, src []byte, offset, stride, row, count int) ([]byte, *scene.FormatError) {
	if stride < row {
		return nil, scene.Bad(where, "has elements of %d bytes at a stride of %d", row, stride)
	}
	if offset < 0 || offset > len(src) || int64(count-1)*int64(stride)+int64(row) > int64(len(src)-offset) {
		return nil, scene.Bad(where+".byteOffset", "is %d: %d elements of %d bytes go past the end of its view (%d bytes)", offset, count, row, len(src))
	}
	if stride == row {
		return slices.Clone(src[offset : offset+count*row]), nil
	}
	out := make([]byte, 0, count*row)
	for i := range count {
		out = append(out, src[offset+i*stride:offset+i*stride+row]...)
	}
	return out, nil
}

func (d *decoder) sparse(where string, a *gltf.Accessor, out *scene.Array) *scene.FormatError {
	sp := a.Sparse
	if sp.Count < 1 || sp.Count > a.Count {
		return scene.Bad(where+".count", "is %d of %d", sp.Count, a.Count)
	}
	kind := kinds[sp.Indices.ComponentType]
	if kind != scene.Uint8 && kind != scene.Uint16 && kind != scene.Uint32 {
		return scene.Bad(where+".indices", "are not unsigned integers")
	}
	src, err := d.view(where+".indices", sp.Indices.BufferView)
	if err != nil {
		return err
	}
	index, err := rows(where+".indices", src, sp.Indices.ByteOffset, kind.Size(), kind.Size(), sp.Count)
	if err != nil {
		return err
	}
	src, err = d.view(where+".values", sp.Values.BufferView)
	if err != nil {
		return err
	}
	values, err := rows(where+".values", src, sp.Values.ByteOffset, out.Stride(), out.Stride(), sp.Count)
	if err != nil {
		return err
	}
	last := int64(-1)
	for i := range sp.Count {
		at := int64(integer(kind, index, i))
		if at <= last || at >= int64(a.Count) {
			return scene.Bad(where+".indices", "has %d after %d, of %d", at, last, a.Count)
		}
		last = at
		copy(out.Row(int(at)), values[i*out.Stride():(i+1)*out.Stride()])
	}
	return nil
}

// integer is element i of packed unsigned integers.
func integer(kind scene.Kind, data []byte, i int) uint32 {
	switch kind {
	case scene.Uint8:
		return uint32(data[i])
	case scene.Uint16:
		return uint32(binary.LittleEndian.Uint16(data[2*i:]))
	}
	return binary.LittleEndian.Uint32(data[4*i:])
}

// finite says whether all numbers of an array are; it looks at each array once.
func (d *decoder) finite(a *scene.Array) bool {
	if a.Kind != scene.Float32 || d.checked[check{a, true}] {
		return true
	}
	for i := 0; i < len(a.Data); i += 4 {
		if binary.LittleEndian.Uint32(a.Data[i:])&0x7f800000 == 0x7f800000 {
			return false
		}
	}
	d.checked[check{a, true}] = true
	return true
}

// rising says whether times never fall.
func (d *decoder) rising(times *scene.Array) bool {
	if d.risen[times] {
		return true
	}
	for i := 1; i < times.Len(); i++ {
		if times.At(i, 0) < times.At(i-1, 0) {
			return false
		}
	}
	d.risen[times] = true
	return true
}
