package meshtest

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/plinth3d/plinth/mesh"
)

// ReadPLY reads positions, texture coordinates and faces (or triangle strips) of a
// Stanford PLY, as text or binary of either byte order. Polygons become fans; other
// elements and properties are skipped. Like ReadOBJ, it is for files that we chose.
func ReadPLY(r io.Reader) (*mesh.Mesh, error) {
	p := &ply{in: bufio.NewReader(r)}
	elements, err := p.header()
	for i := 0; i < len(elements) && err == nil; i++ {
		err = p.element(elements[i])
	}
	if err == nil {
		err = p.mesh.Validate()
	}
	if err != nil {
		return nil, fmt.Errorf("read PLY: %w", err)
	}
	return &p.mesh, nil
}

type ply struct {
	in    *bufio.Reader
	order binary.ByteOrder // nil for text
	mesh  mesh.Mesh
}

// An element is a kind of row, as the header declares it.
type element struct {
	name       string
	rows       int
	properties []property
}

type property struct {
	name, kind string
	count      string // kind of the length of a list; "" for one number
}

func (p *ply) header() (elements []element, err error) {
	for {
		line, err := p.in.ReadString('\n')
		if err != nil {
			return nil, fmt.Errorf("header: %w", err)
		}
		words := strings.Fields(line)
		last := len(elements) - 1
		switch {
		case len(words) == 0:
		case words[0] == "end_header":
			return elements, nil
		case words[0] == "format" && len(words) > 1:
			switch words[1] {
			case "binary_little_endian":
				p.order = binary.LittleEndian
			case "binary_big_endian":
				p.order = binary.BigEndian
			}
		case words[0] == "element" && len(words) == 3:
			rows, err := strconv.Atoi(words[2])
			if err != nil {
				return nil, err
			}
			elements = append(elements, element{name: words[1], rows: rows})
		case words[0] == "property" && len(words) == 5 && words[1] == "list" && last >= 0:
			elements[last].properties = append(elements[last].properties, property{words[4], words[3], words[2]})
		case words[0] == "property" && len(words) == 3 && last >= 0:
			elements[last].properties = append(elements[last].properties, property{words[2], words[1], ""})
		}
	}
}

// element reads all rows of one kind.
func (p *ply) element(e element) error {
	column := func(names ...string) int {
		return slices.IndexFunc(e.properties, func(q property) bool { return slices.Contains(names, q.name) })
	}
	x, y, z := column("x"), column("y"), column("z")
	u, v := column("s", "u", "texture_u"), column("t", "v", "texture_v")
	corners := column("vertex_indices", "vertex_index")
	if e.name == "vertex" && (x < 0 || y < 0 || z < 0) {
		return fmt.Errorf("vertices have no x, y and z")
	}
	var uvs [][2]float32
	row := make([][]float64, len(e.properties))
	for range e.rows {
		for i, q := range e.properties {
			var err error
			if row[i], err = p.value(q, row[i][:0]); err != nil {
				return fmt.Errorf("%s.%s: %w", e.name, q.name, err)
			}
		}
		switch {
		case e.name == "vertex":
			p.mesh.Positions = append(p.mesh.Positions, [3]float32{float32(row[x][0]), float32(row[y][0]), float32(row[z][0])})
			if u >= 0 && v >= 0 {
				uvs = append(uvs, [2]float32{float32(row[u][0]), 1 - float32(row[v][0])})
			}
		case e.name == "face" && corners >= 0:
			polygon := make([]uint32, len(row[corners]))
			for i, x := range row[corners] {
				polygon[i] = uint32(x)
			}
			p.mesh.Indices = fan(p.mesh.Indices, polygon)
		case e.name == "tristrips" && corners >= 0:
			p.mesh.Indices = strips(p.mesh.Indices, row[corners])
		}
	}
	if uvs != nil {
		p.mesh.UVs = [][][2]float32{uvs}
	}
	return nil
}

// strips appends the triangles of strips, which are set apart by negative numbers.
func strips(indices []uint32, list []float64) []uint32 {
	start := 0
	for i, x := range list {
		if x < 0 {
			start = i + 1
		}
		if i < start+2 {
			continue
		}
		a, b, c := uint32(list[i-2]), uint32(list[i-1]), uint32(x)
		if (i-start)%2 == 1 {
			a, b = b, a // every other triangle of a strip is wound the other way
		}
		if a != b && b != c && c != a {
			indices = append(indices, a, b, c)
		}
	}
	return indices
}

// value appends the numbers of one property.
func (p *ply) value(q property, to []float64) ([]float64, error) {
	n := 1
	if q.count != "" {
		x, err := p.number(q.count)
		if err != nil {
			return nil, err
		}
		n = int(x)
	}
	for range n {
		x, err := p.number(q.kind)
		if err != nil {
			return nil, err
		}
		to = append(to, x)
	}
	return to, nil
}

// kinds are PLY's names of number types, old and new, with their size.
var kinds = map[string]int{
	"char": 1, "int8": 1, "uchar": 1, "uint8": 1, "short": 2, "int16": 2, "ushort": 2, "uint16": 2,
	"int": 4, "int32": 4, "uint": 4, "uint32": 4, "float": 4, "float32": 4, "double": 8, "float64": 8,
}

func (p *ply) number(kind string) (float64, error) {
	if p.order == nil {
		var x float64
		_, err := fmt.Fscan(p.in, &x)
		return x, err
	}
	size, known := kinds[kind]
	if !known {
		return 0, fmt.Errorf("type %q is unknown", kind)
	}
	var b [8]byte
	if _, err := io.ReadFull(p.in, b[:size]); err != nil {
		return 0, err
	}
	switch kind {
	case "char", "int8":
		return float64(int8(b[0])), nil
	case "uchar", "uint8":
		return float64(b[0]), nil
	case "short", "int16":
		return float64(int16(p.order.Uint16(b[:]))), nil
	case "ushort", "uint16":
		return float64(p.order.Uint16(b[:])), nil
	case "int", "int32":
		return float64(int32(p.order.Uint32(b[:]))), nil
	case "uint", "uint32":
		return float64(p.order.Uint32(b[:])), nil
	case "float", "float32":
		return float64(math.Float32frombits(p.order.Uint32(b[:]))), nil
	}
	return math.Float64frombits(p.order.Uint64(b[:])), nil
}
