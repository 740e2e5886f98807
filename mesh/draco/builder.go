package draco

// builder glues faces (DecodeEdgeBreakerConnectivity).
type builder struct {
	corners
	*traversal
	d       *decoder
	n       counts
	splits  []split         // not met yet, the next one last
	waiting map[int32]int32 // symbol S to the corner whose border it joins
	active  []int32         // corners whose opposite edges are where faces are added
	merged  []int32         // vertices that became another, in order

	// into is what each vertex was merged into, or itself. Rewriting the corners of
	// a vertex at each S would take quadratic time on a mesh made for it.
	into []int32
}

func (b *builder) build() *FormatError {
	b.opposite = fill(make([]int32, 3*b.n.faces), none)
	b.vertex = make([]int32, 3*b.n.faces)
	b.fan = make([]int32, 0, b.n.vertices)
	b.into = make([]int32, 0, b.n.vertices)
	b.waiting = make(map[int32]int32, len(b.splits))
	for i := range int32(b.n.symbols) {
		s, err := b.traversal.symbol(b.d, i)
		if err != nil {
			return err
		}
		if what := b.add(s, i); what != "" {
			return b.d.bad("has symbol %d, of %d, that %s", i, b.n.symbols, what)
		}
	}
	if err := b.close(); err != nil {
		return err
	}
	if !b.settle(func(c int32) int32 { return b.find(b.vertex[c]) }) {
		return b.d.bad("is not a manifold: a vertex has corners in more than one fan")
	}
	if b.n.sets == 0 {
		b.compact()
	}
	b.rename()
	return nil
}

// add glues face i. It returns what is wrong with it.
func (b *builder) add(s uint32, i int32) string {
	var what string
	switch c := 3 * i; s {
	case symbolC:
		what = b.addC(c)
	case symbolL:
		what = b.addSide(c, c+1, c, c+2)
	case symbolR:
		what = b.addSide(c, c+2, c+1, c)
	case symbolS:
		what = b.addS(c)
	case symbolE:
		what = b.addE(c)
	default:
		return "is none there is"
	}
	if what != "" {
		return what
	}
	top := b.active[len(b.active)-1]
	b.traversal.added(s, b.find(b.vertex[top]), b.find(b.vertex[next(top)]), b.find(b.vertex[previous(top)]))
	if s == symbolC || s == symbolS {
		return ""
	}
	return b.leave(uint32(b.n.symbols)-uint32(i)-1, top)
}

// top is the active corner, if the edge it faces is free.
func (b *builder) top() (int32, string) {
	if len(b.active) == 0 {
		return none, "has no face to go on from"
	}
	a := b.active[len(b.active)-1]
	if b.opposite[a] >= 0 {
		return none, "goes on from an edge that has two faces"
	}
	return a, ""
}

// addC fills the gap at a vertex, between the active edge and the border next to it.
func (b *builder) addC(c int32) string {
	a, what := b.top()
	if what != "" {
		return what
	}
	x := b.find(b.vertex[next(a)])
	o := next(b.fan[x])
	if o == a || b.opposite[o] >= 0 {
		return "closes a vertex that is not open"
	}
	before, after := b.find(b.vertex[previous(a)]), b.find(b.vertex[next(o)])
	if x == before || x == after {
		return "closes a vertex next to itself"
	}
	b.join(a, c+1)
	b.join(o, c+2)
	b.vertex[c], b.vertex[c+1], b.vertex[c+2] = x, after, before
	b.fan[before] = c + 2
	b.active[len(b.active)-1] = c
	return ""
}

// addSide glues a face with a new vertex to the active edge. tip is the corner of the
// new vertex, l and r those of the edge's two.
func (b *builder) addSide(c, tip, l, r int32) string {
	a, what := b.top()
	if what != "" {
		return what
	}
	if len(b.fan)+1 > b.n.vertices {
		return "adds more vertices than were promised"
	}
	b.join(tip, a)
	b.addVertex(tip)
	v := b.find(b.vertex[previous(a)])
	b.vertex[r], b.fan[v] = v, r
	b.vertex[l] = b.find(b.vertex[next(a)])
	b.active[len(b.active)-1] = c
	return ""
}

// addS joins the borders of the two topmost active corners, or of the topmost and one
// that a split left waiting, and makes the vertices they meet at one.
func (b *builder) addS(c int32) string {
	o, what := b.top()
	if what != "" {
		return what
	}
	b.active = b.active[:len(b.active)-1]
	if w, ok := b.waiting[c/3]; ok {
		b.active = append(b.active, w)
	}
	a, what := b.top()
	if what != "" {
		return what
	}
	p, n := b.find(b.vertex[previous(a)]), b.find(b.vertex[next(o)])
	if a == o || p == n {
		return "joins a border to itself"
	}
	b.join(a, c+2)
	b.join(o, c+1)
	v := b.find(b.vertex[previous(o)])
	b.vertex[c], b.vertex[c+1], b.vertex[c+2] = p, b.find(b.vertex[next(a)]), v
	b.fan[v] = c + 2
	b.traversal.joined(p, n)
	b.fan[p], b.fan[n], b.into[n] = b.fan[n], none, p
	if b.n.sets == 0 {
		b.merged = append(b.merged, n)
	}
	b.active[len(b.active)-1] = c
	return ""
}

// addE begins a component with a face of its own.
func (b *builder) addE(c int32) string {
	if len(b.fan)+3 > b.n.vertices {
		return "adds more vertices than were promised"
	}
	for i := range int32(3) {
		b.addVertex(c + i)
	}
	b.active = append(b.active, c)
	return ""
}

func (b *builder) addVertex(c int32) {
	v := int32(len(b.fan))
	b.vertex[c] = v
	b.fan, b.into = append(b.fan, c), append(b.into, v)
}

// leave keeps the borders that splits leave behind at a symbol, which counts from the
// end as the encoder's do.
func (b *builder) leave(symbol uint32, top int32) string {
	for len(b.splits) > 0 && b.splits[len(b.splits)-1].source >= symbol {
		s := b.splits[len(b.splits)-1]
		if s.source > symbol {
			return "comes after a topology split that nothing led to"
		}
		b.splits = b.splits[:len(b.splits)-1]
		edge := previous(top)
		if s.right {
			edge = next(top)
		}
		b.waiting[int32(b.n.symbols)-int32(s.target)-1] = edge
	}
	return ""
}

// find returns the vertex that v has become, and halves the way there.
func (b *builder) find(v int32) int32 {
	for b.into[v] != v {
		b.into[v] = b.into[b.into[v]]
		v = b.into[v]
	}
	return v
}

func fill(s []int32, v int32) []int32 {
	for i := range s {
		s[i] = v
	}
	return s
}
