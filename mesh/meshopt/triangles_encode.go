package meshopt

import (
	"cmp"
	"fmt"
	"slices"
)

// EncodeTriangles encodes a list of triangles, three indices each; another length
// panics. Triangles keep their order and winding, but may be turned.
//
// The stream is small when triangles follow their neighbors and vertices are
// numbered by first use: mostly a byte for each triangle, of few values. An edge
// is taken where there is one, and among several the one whose third corner is
// cheapest. The table in the tail holds the kinds of new triangles that are most
// frequent in this list.
func EncodeTriangles(indices []uint32) []byte {
	if len(indices)%3 != 0 {
		panic(fmt.Sprintf("meshopt: %d indices are not a whole number of triangles", len(indices)))
	}
	count := len(indices) / 3
	w := triangleWriter{codes: make([]byte, 0, 1+count+count/4+tableSize)}
	w.codes = append(w.codes, trianglesHeader)
	for i := 0; i < len(indices); i += 3 {
		t := [3]uint32(indices[i:])
		if !w.withEdge(t) {
			w.withoutEdge(t)
		}
	}
	table := w.settle()
	return append(append(w.codes, w.data...), table[:]...)
}

type triangleWriter struct {
	recents
	codes []byte // the header, then one for each triangle
	data  []byte
	// fresh are the triangles that begin with the next new vertex: they have an
	// entry of the table or spell the entry out, which is known at the end.
	fresh []freshTriangle
}

type freshTriangle struct {
	code  int // index into codes
	data  int // where in data its entry would be
	entry byte
	reset bool
}

// withEdge encodes t if it has one of the 15 newest edges.
func (w *triangleWriter) withEdge(t [3]uint32) bool {
	best, cost := -1, 0
	var turned [3]uint32
	for n := range min(w.edgeCount, noEdge) {
		e := w.edge(n)
		var c [3]uint32
		switch {
		case e[0] == t[0] && e[1] == t[1]:
			c = t
		case e[0] == t[1] && e[1] == t[2]:
			c = [3]uint32{t[1], t[2], t[0]}
		case e[0] == t[2] && e[1] == t[0]:
			c = [3]uint32{t[2], t[0], t[1]}
		default:
			continue
		}
		corner := w.third(c[2])
		bytes := 0
		if corner == cornerVar {
			bytes = varintLen(zigzag(c[2] - w.last))
		}
		if best < 0 || bytes < cost {
			best, cost, turned = int(n<<4|corner), bytes, c
		}
		if cost == 0 {
			break
		}
	}
	if best < 0 {
		return false
	}
	w.codes = append(w.codes, byte(best))
	c := turned[2]
	corner := best & 15
	switch corner {
	case cornerNext:
		w.next++
	case cornerFewer, cornerMore:
		w.last = c
	case cornerVar:
		w.spell(c)
	}
	if corner == cornerNext || corner >= cornerFewer {
		w.addVertex(c)
	}
	w.addEdge(c, turned[1])
	w.addEdge(turned[0], c)
	return true
}

// third returns how the third corner of a triangle with an edge is coded.
func (w *triangleWriter) third(c uint32) uint {
	for n := uint(1); n < min(w.vertexCount, cornerFewer); n++ {
		if w.vertex(n) == c {
			return n
		}
	}
	switch c {
	case w.next:
		return cornerNext
	case w.last - 1:
		return cornerFewer
	case w.last + 1:
		return cornerMore
	}
	return cornerVar
}

// withoutEdge encodes t in the turn that takes the fewest bytes.
func (w *triangleWriter) withoutEdge(t [3]uint32) {
	var best turn
	for k := range 3 {
		c := w.turn([3]uint32{t[k], t[(k+1)%3], t[(k+2)%3]})
		if k == 0 || c.cost < best.cost {
			best = c
		}
	}
	f := freshTriangle{code: len(w.codes), data: len(w.data), entry: best.entry, reset: best.reset}
	t = best.corners
	if best.reset {
		w.next = 0
	}
	if best.first == firstNext {
		w.codes = append(w.codes, noEdge<<4|firstNext)
		w.fresh = append(w.fresh, f)
		w.next++
	} else {
		w.codes = append(w.codes, noEdge<<4|firstVar)
		w.data = append(w.data, best.entry)
		w.spell(t[0])
	}
	w.addEdge(t[1], t[0])
	w.addEdge(t[2], t[1])
	w.addEdge(t[0], t[2])
	w.addVertex(t[0])
	for k, how := range [2]byte{best.entry >> 4, best.entry & 15} {
		switch how {
		case 0:
			w.next++
		case 15:
			w.spell(t[1+k])
		default:
			continue
		}
		w.addVertex(t[1+k])
	}
}

// A turn is one of three ways to write a triangle without an edge.
type turn struct {
	corners [3]uint32
	first   byte // firstNext or firstVar
	entry   byte // how the second and third corner are coded
	reset   bool // new vertices start at 0 again
	cost    int  // bytes of data; the entry is one that the table may hold
}

func (w *triangleWriter) turn(t [3]uint32) turn {
	next, last := w.next, w.last
	c := turn{corners: t, first: firstNext}
	if t == [3]uint32{0, 1, 2} && next > 0 {
		// Lists that were put one after another. An entry of 0 in the data says so.
		c.reset, c.cost = true, 1
		return c
	}
	if t[0] == next {
		next++
	} else {
		c.first, c.cost = firstVar, 1+varintLen(zigzag(t[0]-last))
		last = t[0]
	}
	how := [2]byte{}
	for k, v := range t[1:] {
		switch n := w.place(v); {
		case n < 14:
			how[k] = byte(n + 1)
		case v == next:
			next++
		default:
			how[k] = 15
			c.cost += varintLen(zigzag(v - last))
			last = v
		}
	}
	c.entry = how[0]<<4 | how[1]
	switch {
	case c.first == firstNext && (how[0] == 15 || how[1] == 15):
		c.cost++ // the table can't hold it
	case c.first == firstVar && c.entry == 0:
		// This entry in the data means a reset. The third corner is new, so it can
		// be spelled out instead.
		c.entry = 15
		c.cost += varintLen(zigzag(t[2] - last))
	}
	return c
}

// place returns how long ago v was added to the list of vertices, or 14 when it
// is not among the 14 newest.
func (w *triangleWriter) place(v uint32) uint {
	n := uint(0)
	for n < min(w.vertexCount, 14) && w.vertex(n) != v {
		n++
	}
	if n == w.vertexCount {
		return 14
	}
	return n
}

// spell writes v as a difference from the last index that was spelled out.
func (w *triangleWriter) spell(v uint32) {
	w.data = appendVarint(w.data, zigzag(v-w.last))
	w.last = v
}

// settle makes the table, and writes the codes of fresh triangles and those of
// their entries that the table has no room for.
func (w *triangleWriter) settle() (table [tableSize]byte) {
	var uses [256]int
	for _, f := range w.fresh {
		if !f.reset && f.entry>>4 < 15 && f.entry&15 < 15 {
			uses[f.entry]++
		}
	}
	// Entry 0 is always there: three new vertices can't be spelled out, since 0 in
	// the data is a reset.
	entries := make([]int, 0, 256)
	for e := 1; e < 256; e++ {
		if uses[e] > 0 {
			entries = append(entries, e)
		}
	}
	slices.SortStableFunc(entries, func(a, b int) int { return cmp.Compare(uses[b], uses[a]) })
	var code [256]byte // plus 1
	code[0] = 1
	for i, e := range entries[:min(len(entries), firstNext-1)] {
		table[1+i] = byte(e)
		code[e] = byte(2 + i)
	}
	data := make([]byte, 0, len(w.data)+len(w.fresh))
	done := 0
	for _, f := range w.fresh {
		if c := code[f.entry]; c > 0 && !f.reset {
			w.codes[f.code] = noEdge<<4 | (c - 1)
			continue
		}
		data = append(append(data, w.data[done:f.data]...), f.entry)
		done = f.data
	}
	w.data = append(data, w.data[done:]...)
	return table
}
