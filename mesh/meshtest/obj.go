package meshtest

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/plinth3d/plinth/mesh"
)

// ReadOBJ reads positions, texture coordinates and faces of a Wavefront OBJ, one vertex
// for each pair of position and texture coordinate that a face uses. Polygons become
// fans. Groups, materials and normals are left out. It is for benchmarks over files that
// we chose: it checks indices and little else.
func ReadOBJ(r io.Reader) (*mesh.Mesh, error) {
	o := obj{vertices: map[[2]int]uint32{}}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		if err := o.line(strings.Fields(lines.Text())); err != nil {
			return nil, fmt.Errorf("read OBJ: line %d: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read OBJ: %w", err)
	}
	if len(o.uvs) > 0 {
		o.mesh.UVs = [][][2]float32{o.set}
	}
	if err := o.mesh.Validate(); err != nil {
		return nil, fmt.Errorf("read OBJ: %w", err)
	}
	return &o.mesh, nil
}

type obj struct {
	points   [][3]float32
	uvs, set [][2]float32
	vertices map[[2]int]uint32 // position and texture coordinate (or -1) -> vertex
	mesh     mesh.Mesh
}

func (o *obj) line(words []string) error {
	if len(words) == 0 {
		return nil
	}
	switch words[0] {
	case "v":
		var p [3]float32
		if err := numbers(words[1:], p[:]); err != nil {
			return err
		}
		o.points = append(o.points, p)
	case "vt":
		var uv [2]float32
		if err := numbers(words[1:], uv[:]); err != nil {
			return err
		}
		// OBJ counts v from the lower edge of the image, a mesh from the upper.
		o.uvs = append(o.uvs, [2]float32{uv[0], 1 - uv[1]})
	case "f":
		return o.face(words[1:])
	}
	return nil
}

// numbers parses as many words as there is room for.
func numbers(words []string, into []float32) error {
	if len(words) < len(into) {
		return fmt.Errorf("has %d numbers, want %d", len(words), len(into))
	}
	for i := range into {
		x, err := strconv.ParseFloat(words[i], 32)
		if err != nil {
			return err
		}
		into[i] = float32(x)
	}
	return nil
}

func (o *obj) face(corners []string) error {
	var polygon []uint32
	for _, c := range corners {
		v, err := o.vertex(c)
		if err != nil {
			return err
		}
		polygon = append(polygon, v)
	}
	o.mesh.Indices = fan(o.mesh.Indices, polygon)
	return nil
}

// fan appends the triangles of a polygon.
func fan(indices, polygon []uint32) []uint32 {
	for i := 2; i < len(polygon); i++ {
		indices = append(indices, polygon[0], polygon[i-1], polygon[i])
	}
	return indices
}

// vertex is the one that a corner "position/uv/normal" stands for.
func (o *obj) vertex(corner string) (uint32, error) {
	parts := strings.Split(corner, "/")
	key := [2]int{0, -1}
	var err error
	if key[0], err = reference(parts[0], len(o.points)); err != nil {
		return 0, err
	}
	if len(parts) > 1 && parts[1] != "" {
		if key[1], err = reference(parts[1], len(o.uvs)); err != nil {
			return 0, err
		}
	}
	if v, ok := o.vertices[key]; ok {
		return v, nil
	}
	v := uint32(len(o.mesh.Positions))
	o.vertices[key] = v
	o.mesh.Positions = append(o.mesh.Positions, o.points[key[0]])
	var uv [2]float32
	if key[1] >= 0 {
		uv = o.uvs[key[1]]
	}
	o.set = append(o.set, uv)
	return v, nil
}

// reference reads an index that counts from 1, or back from the end when negative.
func reference(word string, n int) (int, error) {
	i, err := strconv.Atoi(word)
	if err != nil {
		return 0, err
	}
	if i < 0 {
		i += n + 1
	}
	if i < 1 || i > n {
		return 0, fmt.Errorf("uses %s, there are %d", word, n)
	}
	return i - 1, nil
}
