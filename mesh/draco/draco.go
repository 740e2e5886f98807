// Package draco reads triangle meshes in the Draco bitstream, version 2.2, the one
// that glTF's KHR_draco_mesh_compression asks for.
//
// Decode gives the points, triangles and attributes in the order the reference
// decoder gives them, bit for bit: the numbers are computed in single precision in
// the order it does, on every processor.
//
// Every byte is taken as hostile. Counts are checked against Limits, and against
// the bytes that are there wherever the format lets one tell; it does not always,
// since a symbol that is certain takes no bits: a few bytes can promise a million
// triangles, and Limits bounds what that costs. Memory is reckoned before it is
// taken. Work is linear in faces, points and attributes, with up to 4 MB of tables for
// each attribute: vertices are merged by union-find, and the connectivity is proven to
// be a manifold before anything walks around a vertex. A stream that breaks the format
// gives a *FormatError that says what is wrong and at which byte, never a panic. Floats
// can be anything, infinite or no number too, as in any file. Bytes after the mesh are
// not looked at.
//
// Not read: point clouds, versions before 2.2, and what these alone have, the predictive
// traversal and the schemes of multiple parallelograms and floating coordinates.
//
// The names of sections in comments are those of the specification
// (https://google.github.io/draco/spec/). Where it is silent or differs from the
// streams that exist, the streams win, and a comment says so.
package draco

// A Mesh is what a stream holds, unpacked: points with attributes, and triangles
// that index them. Every index is below Points.
type Mesh struct {
	Points     int
	Indices    []uint32 // three for each triangle
	Attributes []Attribute
}

// An Attribute is one value of so many components for each point.
type Attribute struct {
	ID         uint32 // the number that KHR_draco_mesh_compression refers to; two may share one in a bad stream
	Type       Type
	Kind       Kind
	Components int    // 1 to 255
	Normalized bool   // integers stand for 0 to 1 or -1 to 1
	Data       []byte // Points * Components * Kind.Size() bytes, little-endian, no gaps
}

// Stride is the number of bytes that one point's value takes.
func (a *Attribute) Stride() int { return a.Components * a.Kind.Size() }

// Type says what an attribute is for (att_dec_att_type).
type Type uint8

// The types of attributes, as numbered in a stream.
const (
	Position Type = iota
	Normal
	Color
	TexCoord
	Generic
)

var typeNames = [...]string{"position", "normal", "color", "texcoord", "generic"}

func (t Type) String() string { return nameOf(typeNames[:], int(t)) }

// Kind is what a component is stored as (att_dec_data_type).
type Kind uint8

// The kinds of components, as numbered in a stream. What was quantized comes back as
// Float32. glTF does not have Int64, Uint64, Float64 and Bool.
const (
	Int8 Kind = iota + 1
	Uint8
	Int16
	Uint16
	Int32
	Uint32
	Int64
	Uint64
	Float32
	Float64
	Bool
)

var kindNames = [...]string{"", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64", "bool"}

func (k Kind) String() string { return nameOf(kindNames[:], int(k)) }

var kindSizes = [...]int{0, 1, 1, 2, 2, 4, 4, 8, 8, 4, 8, 1}

// Size is the number of bytes of a component.
func (k Kind) Size() int { return kindSizes[k] }

func nameOf(names []string, i int) string {
	if i < len(names) {
		return names[i]
	}
	return "unknown"
}

// Limits bounds what one Decode may cost. The zero value allows nothing.
type Limits struct {
	Points     int
	Faces      int
	Attributes int
	Bytes      int64 // of memory, for results and work arrays, all that one Decode takes
}

// Decode reads a mesh. Every error is a *FormatError. The result shares nothing with data.
func Decode(data []byte, lim Limits) (*Mesh, error) {
	d := &decoder{r: reader{data: data}, lim: lim}
	if err := d.run(); err != nil {
		return nil, err
	}
	return d.mesh, nil
}
