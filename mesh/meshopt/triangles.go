package meshopt

import "fmt"

// Mode 1. A triangle is a byte: the high 4 bits name one of the 15 newest edges,
// the low 4 bits the third corner. Without an edge, the high bits are all set and
// the low bits name an entry of a table in the tail, which says what the second
// and third corner are; the first is the next new vertex. What fits neither has
// its corners spelled out after the codes.

const (
	trianglesHeader = 0xe1
	tableSize       = 16 // bytes, the tail; the last two are 0

	noEdge = 15 // high bits of a code
	// Low bits of a code with an edge; 1 to 12 are places in the list of vertices.
	cornerNext  = 0
	cornerFewer = 13 // last - 1
	cornerMore  = 14 // last + 1
	cornerVar   = 15 // a varint
	// Low bits of a code without an edge; 0 to 13 are entries of the table.
	firstNext = 14
	firstVar  = 15
)

// recents are the last 16 edges and vertices that both sides remember, and the
// two indices that others are relative to.
type recents struct {
	edges    [16][2]uint32
	vertices [16]uint32
	// How many were ever added; entries beyond are not there yet.
	edgeCount, vertexCount uint

	next uint32 // one more than the newest new vertex
	last uint32 // the last index that was spelled out
}

func (r *recents) addEdge(a, b uint32) {
	r.edges[r.edgeCount&15] = [2]uint32{a, b}
	r.edgeCount++
}

func (r *recents) addVertex(v uint32) {
	r.vertices[r.vertexCount&15] = v
	r.vertexCount++
}

// edge returns the edge that was added n edges ago.
func (r *recents) edge(n uint) [2]uint32 { return r.edges[(r.edgeCount-1-n)&15] }

// vertex returns the vertex that was added n vertices ago.
func (r *recents) vertex(n uint) uint32 { return r.vertices[(r.vertexCount-1-n)&15] }

func (r *recents) takeNext() uint32 {
	r.next++
	return r.next - 1
}

// A triangleReader holds the parts of a stream.
type triangleReader struct {
	recents
	codes []byte // one for each triangle
	data  []byte // what is spelled out and not yet read
	table []byte
}

var (
	errNoEdge   = fmt.Errorf("an edge that was never written")
	errNoVertex = fmt.Errorf("a vertex that was never written")
	errNoVarint = fmt.Errorf("no varint")
	errNoCorner = fmt.Errorf("the stream ends before its corners")
)

func decodeTriangles(dst, src []byte, stride int) error {
	count := len(dst) / stride / 3
	if len(src)-1-tableSize < count {
		return fmt.Errorf("meshopt: %d bytes, %d triangles take at least %d", len(src), count, 1+count+tableSize)
	}
	if src[0] != trianglesHeader {
		return fmt.Errorf("meshopt: header %#x, triangles have %#x", src[0], trianglesHeader)
	}
	end := len(src) - tableSize
	r := triangleReader{codes: src[1 : 1+count], data: src[1+count : end], table: src[end:]}
	for i, e := range r.table {
		if i >= firstNext && e != 0 || e>>4 == 15 || e&15 == 15 {
			return fmt.Errorf("meshopt: entry %d of the table is %#x", i, e)
		}
	}
	for i, code := range r.codes {
		var t [3]uint32
		var err error
		if code>>4 < noEdge {
			t, err = r.withEdge(code)
		} else {
			t, err = r.withoutEdge(code & 15)
		}
		if err != nil {
			return fmt.Errorf("meshopt: triangle %d: %w", i, err)
		}
		at := dst[i*3*stride:]
		putIndex(at, t[0], stride)
		putIndex(at[stride:], t[1], stride)
		putIndex(at[2*stride:], t[2], stride)
	}
	if len(r.data) > 0 {
		return fmt.Errorf("meshopt: %d bytes left over", len(r.data))
	}
	return nil
}

func (r *triangleReader) withEdge(code byte) ([3]uint32, error) {
	n := uint(code >> 4)
	if n >= r.edgeCount {
		return [3]uint32{}, errNoEdge
	}
	e := r.edge(n)
	var c uint32
	corner := uint(code & 15)
	switch corner {
	case cornerNext:
		c = r.takeNext()
	case cornerFewer:
		r.last--
		c = r.last
	case cornerMore:
		r.last++
		c = r.last
	case cornerVar:
		var ok bool
		if c, ok = r.index(); !ok {
			return [3]uint32{}, errNoVarint
		}
	default:
		if corner >= r.vertexCount {
			return [3]uint32{}, errNoVertex
		}
		c = r.vertex(corner)
	}
	if corner == cornerNext || corner >= cornerFewer {
		r.addVertex(c)
	}
	r.addEdge(c, e[1])
	r.addEdge(e[0], c)
	return [3]uint32{e[0], e[1], c}, nil
}

func (r *triangleReader) withoutEdge(low byte) (t [3]uint32, err error) {
	entry := r.table[low]
	if low >= firstNext {
		if len(r.data) == 0 {
			return t, errNoCorner
		}
		entry, r.data = r.data[0], r.data[1:]
		if entry == 0 {
			r.next = 0 // streams that were put one after another
		}
	}
	if low != firstVar {
		t[0] = r.takeNext()
	} else {
		var ok bool
		if t[0], ok = r.index(); !ok {
			return t, errNoVarint
		}
	}
	if t[1], err = r.corner(entry >> 4); err != nil {
		return t, err
	}
	if t[2], err = r.corner(entry & 15); err != nil {
		return t, err
	}
	r.addEdge(t[1], t[0])
	r.addEdge(t[2], t[1])
	r.addEdge(t[0], t[2])
	r.addVertex(t[0])
	if z := entry >> 4; z == 0 || z == 15 {
		r.addVertex(t[1])
	}
	if w := entry & 15; w == 0 || w == 15 {
		r.addVertex(t[2])
	}
	return t, nil
}

// corner returns the second or third corner of a triangle without an edge: 0 is
// the next new vertex, 15 a varint, others are places in the list of vertices.
func (r *triangleReader) corner(how byte) (uint32, error) {
	switch how {
	case 0:
		return r.takeNext(), nil
	case 15:
		v, ok := r.index()
		if !ok {
			return 0, errNoVarint
		}
		return v, nil
	}
	if uint(how) > r.vertexCount {
		return 0, errNoVertex
	}
	return r.vertex(uint(how) - 1), nil
}

// index reads an index that is spelled out as a difference from the last one.
func (r *triangleReader) index() (uint32, bool) {
	v, n := readVarint(r.data)
	r.data = r.data[n:]
	r.last += unzigzag(v)
	return r.last, n > 0
}
