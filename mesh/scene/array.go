package scene

import (
	"encoding/binary"
	"math"
)

// Kind is the type of one component of an array, by its OpenGL number.
type Kind uint16

// The component types of glTF.
const (
	Int8    Kind = 5120
	Uint8   Kind = 5121
	Int16   Kind = 5122
	Uint16  Kind = 5123
	Uint32  Kind = 5125
	Float32 Kind = 5126
)

// Size is the number of bytes of a component, or 0 for an unknown kind.
func (k Kind) Size() int {
	switch k {
	case Int8, Uint8:
		return 1
	case Int16, Uint16:
		return 2
	case Uint32, Float32:
		return 4
	}
	return 0
}

// An Array is rows of numbers, packed without gaps, little-endian.
type Array struct {
	Kind       Kind
	Width      int  // components in a row: 1 to 4, or 4, 9, 16 for a matrix
	Matrix     bool // Width is that of a square matrix, column-major
	Normalized bool
	Sparse     bool // most rows are zero; worth packing so
	Octahedral int  // float rows are unit vectors, to be written in that many bits, 2 to 16, for each of two coordinates; 0 is as floats
	Data       []byte
}

// Floats makes an array of float32 rows.
func Floats[R [2]float32 | [3]float32 | [4]float32](rows []R) *Array {
	var r R
	a := &Array{Kind: Float32, Width: len(r), Data: make([]byte, 0, 4*len(r)*len(rows))}
	for _, row := range rows {
		for i := range len(r) {
			a.Data = binary.LittleEndian.AppendUint32(a.Data, math.Float32bits(row[i]))
		}
	}
	return a
}

// Stride is the number of bytes of a row.
func (a *Array) Stride() int { return a.Kind.Size() * a.Width }

// Len is the number of rows.
func (a *Array) Len() int { return len(a.Data) / a.Stride() }

// Row is the bytes of row i.
func (a *Array) Row(i int) []byte { return a.Data[i*a.Stride() : (i+1)*a.Stride()] }

// At returns component k of row i as a number; a normalized integer is mapped to
// 0..1 or -1..1 (glTF 2.0, section 3.6.2.2).
func (a *Array) At(i, k int) float32 {
	b := a.Data[i*a.Stride()+k*a.Kind.Size():]
	var x, top float32
	switch a.Kind {
	case Int8:
		x, top = float32(int8(b[0])), 127
	case Uint8:
		x, top = float32(b[0]), 255
	case Int16:
		x, top = float32(int16(binary.LittleEndian.Uint16(b))), 32767
	case Uint16:
		x, top = float32(binary.LittleEndian.Uint16(b)), 65535
	case Uint32:
		return float32(binary.LittleEndian.Uint32(b))
	default:
		return math.Float32frombits(binary.LittleEndian.Uint32(b))
	}
	if a.Normalized {
		return max(x/top, -1)
	}
	return x
}

// Vec2 returns the first two components of every row.
func (a *Array) Vec2() [][2]float32 {
	out := make([][2]float32, a.Len())
	for i := range out {
		out[i] = [2]float32{a.At(i, 0), a.At(i, 1)}
	}
	return out
}

// Vec3 returns the first three components of every row.
func (a *Array) Vec3() [][3]float32 {
	out := make([][3]float32, a.Len())
	for i := range out {
		out[i] = [3]float32{a.At(i, 0), a.At(i, 1), a.At(i, 2)}
	}
	return out
}

// Vec4 returns rows of four; a missing fourth component is 1, as in a color.
func (a *Array) Vec4() [][4]float32 {
	out := make([][4]float32, a.Len())
	for i := range out {
		out[i] = [4]float32{a.At(i, 0), a.At(i, 1), a.At(i, 2), 1}
		if a.Width > 3 {
			out[i][3] = a.At(i, 3)
		}
	}
	return out
}

// Gather returns the rows of a that are listed.
func (a *Array) Gather(rows []uint32) *Array {
	out := *a
	out.Data = make([]byte, 0, len(rows)*a.Stride())
	for _, r := range rows {
		out.Data = append(out.Data, a.Row(int(r))...)
	}
	return &out
}

// AsFloats returns a as float32 components, itself when it already is.
func (a *Array) AsFloats() *Array {
	if a.Kind == Float32 {
		return a
	}
	out := &Array{Kind: Float32, Width: a.Width, Matrix: a.Matrix, Sparse: a.Sparse, Data: make([]byte, 0, a.Len()*a.Width*4)}
	for i := range a.Len() {
		for k := range a.Width {
			out.Data = binary.LittleEndian.AppendUint32(out.Data, math.Float32bits(a.At(i, k)))
		}
	}
	return out
}
