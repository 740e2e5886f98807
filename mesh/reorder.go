package mesh

// The order of triangles decides how often a graphics card shades a vertex again,
// and how many bytes a file takes: the index codec of meshopt spends least on a
// triangle beside the last one, and vertices that are numbered by first use then
// differ little from one to the next.
//
// Both orders here walk as Tipsify does (Sander, Nehab, Barczak, "Fast Triangle
// Reordering for Vertex Locality and Reduced Overdraw", 2007): all triangles
// around a vertex, then those around one of its neighbors. They differ from it,
// and from each other, in who is next; and they turn around a vertex always in
// the same sense, so that what comes is nearly always the same few codes.

// An Order says what Reorder makes small.
type Order uint8

const (
	// ForSize is the fewest bytes: one long strip that winds around what was
	// there before it. A card with room for 16 vertices shades about one for
	// each triangle, half more than with ForCache.
	ForSize Order = iota
	// ForCache is the fewest vertices shaded: short rows, so that a row is still
	// remembered when the next one is laid beside it. About 0.61 for each triangle
	// on a closed surface, where 0.5 is the least there is.
	ForCache
)

const (
	// cacheSize is the number of vertices that ForCache counts on.
	cacheSize = 16
	// rowAge is how many vertices may come between the start of a row and its end,
	// with two for each triangle around the next vertex. What a row has beside it
	// also takes room: with more than 12 of 16, rows forget their start.
	rowAge = 12
)

// Reorder returns the triangles of indices, each with its winding kept, in an
// order that suits the goal. Every index is below vertices. Compact then numbers
// the vertices by first use, which belongs to it.
//
// The time is linear, about 0.1 microseconds a triangle; the work arrays take 25
// bytes a vertex and 13 a triangle.
func Reorder(indices []uint32, vertices int, goal Order) []uint32 {
	w := newWalk(indices, vertices)
	if goal == ForCache {
		w.rows()
	} else {
		w.spiral()
	}
	return w.out
}

// A walk goes over the triangles of a mesh, once each.
type walk struct {
	indices []uint32
	start   []uint32 // of each vertex in corners, and the end
	corners []uint32 // indices into indices, by vertex
	live    []uint32 // triangles of each vertex that are still to come
	done    []bool   // triangles
	out     []uint32

	met    []bool   // vertices of triangles in out
	fresh  []uint32 // those, in the order they were met
	cursor int      // no vertex before it has live triangles that nothing leads to

	// The FIFO of a graphics card: each vertex's entry by number, and the next.
	entry []uint32
	clock uint32

	sectors        []sector
	byNext, byPrev []uint32 // of a vertex, where in sectors it might be
}

// A sector is a triangle around a vertex by its other two corners, in the sense of
// its winding.
type sector struct{ triangle, next, prev uint32 }

func newWalk(indices []uint32, vertices int) *walk {
	w := &walk{
		indices: indices,
		start:   make([]uint32, vertices+1),
		corners: make([]uint32, len(indices)),
		live:    make([]uint32, vertices),
		done:    make([]bool, len(indices)/3),
		out:     make([]uint32, 0, len(indices)),
		met:     make([]bool, vertices),
		fresh:   make([]uint32, 0, vertices),
		entry:   make([]uint32, vertices),
		clock:   cacheSize + 1,
		byNext:  make([]uint32, vertices),
		byPrev:  make([]uint32, vertices),
	}
	for _, v := range indices {
		w.live[v]++
	}
	sum := uint32(0)
	for v, n := range w.live {
		sum += n
		w.start[v] = sum // the end, from which the filling goes down
	}
	w.start[vertices] = sum
	for i := len(indices) - 1; i >= 0; i-- {
		v := indices[i]
		w.start[v]--
		w.corners[w.start[v]] = uint32(i)
	}
	return w
}

// spiral goes from each vertex to the neighbor that was met last; from a dead end
// to the vertex that was met last of all that have triangles left.
func (w *walk) spiral() {
	for v, ok := w.unmet(); ok; {
		from := len(w.out)
		w.around(v)
		v, ok = w.newest(w.out[from:])
		for !ok && len(w.fresh) > 0 {
			v = w.fresh[len(w.fresh)-1]
			w.fresh = w.fresh[:len(w.fresh)-1]
			ok = w.live[v] > 0
		}
		if !ok {
			v, ok = w.unmet()
		}
	}
}

// newest returns the vertex of corners with triangles left that entered the FIFO
// last.
func (w *walk) newest(corners []uint32) (best uint32, ok bool) {
	for _, v := range corners {
		if w.live[v] > 0 && (!ok || w.entry[v] > w.entry[best]) {
			best, ok = v, true
		}
	}
	return best, ok
}

// rows goes along a row of vertices; those that are met on the way are the next
// row. A row is cut where its successor's start would else be forgotten, and the
// rest of it kept for later.
func (w *walk) rows() {
	var row, rest []uint32
	for {
		w.fresh = w.fresh[:0]
		for i, v := range row {
			if w.live[v] == 0 {
				continue
			}
			if i > 0 && len(w.fresh) > 0 && w.clock-w.entry[w.fresh[0]]+2*w.live[v] > rowAge {
				for k := len(row) - 1; k >= i; k-- {
					rest = append(rest, row[k])
				}
				break
			}
			w.around(v)
		}
		row = append(row[:0], w.fresh...)
		for len(row) == 0 && len(rest) > 0 {
			for len(rest) > 0 && len(row) < rowAge {
				if v := rest[len(rest)-1]; w.live[v] > 0 {
					row = append(row, v)
				}
				rest = rest[:len(rest)-1]
			}
		}
		if len(row) == 0 {
			v, ok := w.unmet()
			if !ok {
				return
			}
			row = append(row, v)
		}
	}
}

// unmet returns the first vertex with triangles left.
func (w *walk) unmet() (uint32, bool) {
	for ; w.cursor < len(w.live); w.cursor++ {
		if w.live[w.cursor] > 0 {
			return uint32(w.cursor), true
		}
	}
	return 0, false
}

// around appends the triangles around v that are left, each beside the one before
// where there is such a one, in the sense of their winding.
func (w *walk) around(v uint32) {
	w.sectors = w.sectors[:0]
	for _, c := range w.corners[w.start[v]:w.start[v+1]] {
		t := c / 3
		if w.done[t] {
			continue
		}
		n := uint32(len(w.sectors))
		s := sector{t, w.indices[t*3+(c+1)%3], w.indices[t*3+(c+2)%3]}
		w.byNext[s.next], w.byPrev[s.prev] = n, n
		w.sectors = append(w.sectors, s)
	}
	// First the runs that have a start, then those that go all the way around.
	for _, s := range w.sectors {
		if before := w.byPrev[s.next]; int(before) < len(w.sectors) && w.sectors[before].prev == s.next {
			continue
		}
		w.run(v, s)
	}
	for _, s := range w.sectors {
		w.run(v, s)
	}
}

// run appends the triangle s around v and those after it.
func (w *walk) run(v uint32, s sector) {
	for !w.done[s.triangle] {
		w.done[s.triangle] = true
		w.out = append(w.out, v, s.next, s.prev)
		w.meet(v)
		w.meet(s.next)
		w.meet(s.prev)
		after := w.byNext[s.prev]
		if int(after) >= len(w.sectors) || w.sectors[after].next != s.prev {
			return
		}
		s = w.sectors[after]
	}
}

func (w *walk) meet(v uint32) {
	w.live[v]--
	if !w.met[v] {
		w.met[v] = true
		w.fresh = append(w.fresh, v)
	}
	if w.clock-w.entry[v] > cacheSize {
		w.entry[v] = w.clock
		w.clock++
	}
}
