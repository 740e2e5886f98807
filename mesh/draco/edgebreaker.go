package draco

// Edgebreaker Decoder: a mesh is rebuilt face by face, by symbols that say how the next
// face is glued to what is there. Symbols are read in the reverse of the order in which
// the encoder walked the mesh, so that each finds its neighbors in place.

// The symbols. C closes a vertex, S joins two borders, L and R add a vertex, E begins.
const (
	symbolC = 0
	symbolS = 1
	symbolL = 3
	symbolR = 5
	symbolE = 7
)

// counts are the sizes of an Edgebreaker mesh (ParseEdgebreakerConnectivityData).
type counts struct {
	vertices int // with those that S merges away
	faces    int
	sets     int // of attributes with seams of their own
	symbols  int
}

func (d *decoder) edgebreaker() *FormatError {
	d.part = "connectivity"
	kind := d.r.u8()
	if err := d.short(); err != nil {
		return err
	}
	if kind != standardTraversal && kind != valenceTraversal {
		return d.unsupported("has traversal %d, this reads standard (%d) and valence (%d)", kind, standardTraversal, valenceTraversal)
	}
	n, err := d.counts()
	if err != nil {
		return err
	}
	splits, err := d.splits(n)
	if err != nil {
		return err
	}
	tr, err := d.traversal(kind, n)
	if err != nil {
		return err
	}
	// Three corners a face in two lists, a stack of corners and the vertices merged away;
	// two lists of vertices.
	if err := d.take(n.faces, 4*8); err != nil {
		return err
	}
	if err := d.take(n.vertices, 4*2); err != nil {
		return err
	}
	b := &builder{d: d, n: n, traversal: tr, splits: splits}
	if err := b.build(); err != nil {
		return err
	}
	d.corners = &b.corners
	if err := d.readSeams(tr.seams); err != nil {
		return err
	}
	return d.assignPoints()
}

func (d *decoder) counts() (counts, *FormatError) {
	vertices, faces, sets := d.r.varint(), d.r.varint(), d.r.u8()
	symbols, splits := d.r.varint(), d.r.varint()
	var n counts
	if err := d.short(); err != nil {
		return n, err
	}
	if err := d.atMost("faces", faces, min(d.lim.Faces, (1<<31-1)/3)); err != nil {
		return n, err
	}
	if err := d.atMost("vertices", vertices, d.lim.Points); err != nil {
		return n, err
	}
	if err := d.atMost("sets of attributes", uint64(sets), d.lim.Attributes); err != nil {
		return n, err
	}
	switch {
	case symbols > faces || faces > symbols+symbols/3:
		// The only faces without a symbol close components whose others have three.
		return n, d.bad("has %d faces of %d symbols", faces, symbols)
	case vertices > 3*faces:
		return n, d.bad("has %d vertices of %d faces", vertices, faces)
	case splits > symbols:
		return n, d.bad("has %d splits of %d symbols", splits, symbols)
	}
	return counts{int(vertices + splits), int(faces), int(sets), int(symbols)}, nil
}

// A split says that the border an S symbol joins was left behind at another symbol: a
// handle, or a hole that the encoder had walked around (ParseTopologySplitEvents).
type split struct {
	source, target uint32 // symbols, in the encoder's order
	right          bool   // whether the border is the right edge of the source, or its left
}

func (d *decoder) splits(n counts) ([]split, *FormatError) {
	count := d.r.varint()
	if count > uint64(n.faces) || count > uint64(d.r.left()) {
		return nil, d.bad("has %d topology splits of %d faces in %d bytes", count, n.faces, d.r.left())
	}
	if count == 0 {
		return nil, d.short()
	}
	if err := d.take(int(count), 12+48); err != nil { // and the map of those that wait
		return nil, err
	}
	splits := make([]split, count)
	last := uint64(0)
	for i := range splits {
		source, back := d.r.varint(), d.r.varint()
		if source >= uint64(n.symbols) || last+source >= uint64(n.symbols) || back > last+source {
			return nil, d.bad("has topology split %d from symbol %d+%d to %d before it, of %d", i, last, source, back, n.symbols)
		}
		last += source
		splits[i] = split{source: uint32(last), target: uint32(last - back)}
	}
	bits := bitReader{data: d.r.bytes((count + 7) / 8)}
	for i := range splits {
		splits[i].right = bits.bits(1) == 1
	}
	return splits, d.short()
}
