package meshtest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/plinth3d/plinth/mesh"
)

// A file of WriteBin is what benchmarks hand to other simplifiers and get back. All is
// little-endian, without gaps:
//
//	"PMSH"
//	uint32   vertices, indices
//	uint32   1 with normals, else 0
//	uint32   1 with texture coordinates, else 0
//	float32  3 x vertices, positions
//	float32  3 x vertices, normals
//	float32  2 x vertices, texture coordinates
//	uint32   indices
const binMagic = "PMSH"

type binHeader struct {
	Magic                          [4]byte
	Vertices, Indices, Normals, UV uint32
}

// WriteBin writes positions, normals, the first set of texture coordinates and indices of
// m; benchmarks/peers/simplify.mjs reads them.
func WriteBin(w io.Writer, m *mesh.Mesh) error {
	h := binHeader{Vertices: uint32(len(m.Positions)), Indices: uint32(len(m.Indices))}
	copy(h.Magic[:], binMagic)
	parts := []any{m.Positions}
	if m.Normals != nil {
		h.Normals, parts = 1, append(parts, m.Normals)
	}
	if len(m.UVs) > 0 {
		h.UV, parts = 1, append(parts, m.UVs[0])
	}
	var out bytes.Buffer
	for _, p := range append([]any{h}, append(parts, m.Indices)...) {
		if err := binary.Write(&out, binary.LittleEndian, p); err != nil {
			return fmt.Errorf("write mesh: %w", err)
		}
	}
	if _, err := w.Write(out.Bytes()); err != nil {
		return fmt.Errorf("write mesh: %w", err)
	}
	return nil
}

// ReadBin reads what WriteBin or a peer wrote, and checks that it is a mesh.
func ReadBin(r io.Reader) (*mesh.Mesh, error) {
	var h binHeader
	if err := binary.Read(r, binary.LittleEndian, &h); err != nil {
		return nil, fmt.Errorf("read mesh: %w", err)
	}
	if string(h.Magic[:]) != binMagic {
		return nil, fmt.Errorf("read mesh: begins with %q, want %q", h.Magic[:], binMagic)
	}
	m := &mesh.Mesh{Positions: make([][3]float32, h.Vertices), Indices: make([]uint32, h.Indices)}
	parts := []any{m.Positions}
	if h.Normals != 0 {
		m.Normals = make([][3]float32, h.Vertices)
		parts = append(parts, m.Normals)
	}
	if h.UV != 0 {
		m.UVs = [][][2]float32{make([][2]float32, h.Vertices)}
		parts = append(parts, m.UVs[0])
	}
	for _, p := range append(parts, m.Indices) {
		if err := binary.Read(r, binary.LittleEndian, p); err != nil {
			return nil, fmt.Errorf("read mesh: %w", err)
		}
	}
	if err := m.Validate(); err != nil {
		return nil, fmt.Errorf("read mesh: %w", err)
	}
	return m, nil
}
