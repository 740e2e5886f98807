package draco

// Traversals (edgebreaker_traversal_type). The predictive one, 1, was given up before
// version 2.2.
const (
	standardTraversal = 0
	valenceTraversal  = 2
)

// Contexts of the valence traversal: one for each valence from 2 to 7.
const (
	minValence = 2
	contexts   = 6
)

// traversal gives the symbols in order (EdgeBreaker Traversal, EdgeBreaker Traversal
// Valence), and holds the bits read beside them.
type traversal struct {
	kind  uint8
	bits  bitReader
	start bitDecoder   // whether components begin with a face of their own
	seams []bitDecoder // whether edges are seams, for each set of attributes

	valence []int32
	context int
	coded   [contexts][]int32 // symbols not read yet, the next one last
}

func (d *decoder) traversal(kind uint8, n counts) (*traversal, *FormatError) {
	t := &traversal{kind: kind, context: none}
	if kind == standardTraversal {
		t.bits.data = d.r.bytes(d.r.varint())
		if err := d.short(); err != nil {
			return nil, err
		}
		if n.symbols > 8*len(t.bits.data) {
			return nil, d.bad("has %d symbols in %d bytes", n.symbols, len(t.bits.data))
		}
	}
	var err *FormatError
	if t.start, err = d.readBits(); err != nil {
		return nil, err
	}
	t.seams = make([]bitDecoder, n.sets)
	for i := range t.seams {
		if t.seams[i], err = d.readBits(); err != nil {
			return nil, err
		}
	}
	if kind == valenceTraversal {
		err = d.contexts(t, n)
	}
	return t, err
}

func (d *decoder) contexts(t *traversal, n counts) *FormatError {
	if err := d.take(n.vertices, 4); err != nil {
		return err
	}
	t.valence = make([]int32, n.vertices)
	left := uint64(n.faces)
	for i := range t.coded {
		count := d.r.varint()
		if count > left {
			return d.bad("has more symbols in its contexts than there are faces, %d", n.faces)
		}
		left -= count
		if err := d.take(int(count), 4); err != nil {
			return err
		}
		t.coded[i] = make([]int32, count)
		if err := d.symbols(t.coded[i], 1); err != nil {
			return err
		}
	}
	return d.short()
}

// valenceSymbols is how the valence traversal numbers them.
var valenceSymbols = [...]uint32{symbolC, symbolS, symbolL, symbolR, symbolE}

// symbol reads symbol i. The valence traversal has no context before the first, which
// can only be E.
func (t *traversal) symbol(d *decoder, i int32) (uint32, *FormatError) {
	if t.kind == standardTraversal {
		s := t.bits.bits(1)
		if s != symbolC {
			s |= t.bits.bits(2) << 1
		}
		if t.bits.short {
			return 0, d.bad("has too few bits for symbol %d", i)
		}
		return s, nil
	}
	if t.context < 0 {
		return symbolE, nil
	}
	from := &t.coded[t.context]
	if len(*from) == 0 {
		return 0, d.bad("has no symbol %d: none is left for vertices of valence %d", i, t.context+minValence)
	}
	s := (*from)[len(*from)-1]
	*from = (*from)[:len(*from)-1]
	if s < 0 || int(s) >= len(valenceSymbols) {
		return 0, d.bad("has symbol %d numbered %d", i, s)
	}
	return valenceSymbols[s], nil
}

// gains is by how much a symbol raises the valences of its face's vertices: that of
// the active corner, the next and the previous one.
var gains = [8][3]int32{
	symbolC: {0, 1, 1}, symbolS: {0, 1, 1}, symbolR: {1, 1, 2}, symbolL: {1, 2, 1}, symbolE: {2, 2, 2},
}

// added tells of a face, whose symbol and vertices make the next symbol's context.
func (t *traversal) added(s uint32, v, after, before int32) {
	if t.kind == standardTraversal {
		return
	}
	t.valence[v] += gains[s][0]
	t.valence[after] += gains[s][1]
	t.valence[before] += gains[s][2]
	t.context = min(max(int(t.valence[after])-minValence, 0), contexts-1)
}

// joined tells that from became into.
func (t *traversal) joined(into, from int32) {
	if t.kind == valenceTraversal {
		t.valence[into] += t.valence[from]
	}
}
