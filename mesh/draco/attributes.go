package draco

import "fmt"

// How an attribute's values are coded (seq_att_dec_decoder_type).
const (
	codedRaw       = 0 // as they are
	codedInteger   = 1
	codedQuantized = 2 // floats as integers in a box
	codedNormal    = 3 // unit vectors as points on an unfolded octahedron
)

// A group is attributes that share an order and seams: an attributes decoder.
type group struct {
	table   *corners // nil in a sequential mesh: entries are points
	order   order
	entry   []int32 // of each point; nil in a sequential mesh
	entries int
	attrs   []attribute

	set    int // with seams of its own, or none
	walked uint8
}

// attribute is one on its way.
type attribute struct {
	Attribute
	*group
	coding uint8
	width  int     // components of values
	values []int32 // of entries, before they are made what they were
	rows   []byte  // of entries, as they are in the end
}

// attributes reads what points carry (DecodeAttributeData).
func (d *decoder) attributes() *FormatError {
	d.part = "attributes"
	if err := d.readGroups(); err != nil {
		return err
	}
	for i := range d.groups {
		if err := d.group(&d.groups[i]); err != nil {
			return err
		}
	}
	for i := range d.groups {
		for j := range d.groups[i].attrs {
			a := &d.groups[i].attrs[j]
			if err := d.spread(a); err != nil {
				return err
			}
			d.mesh.Attributes = append(d.mesh.Attributes, a.Attribute)
		}
	}
	return nil
}

// readGroups reads what there is (ParseAttributeDecodersData).
func (d *decoder) readGroups() *FormatError {
	d.groups = make([]group, d.r.u8())
	for i := range d.groups {
		if d.groups[i].set = none; d.corners != nil {
			if err := d.readSet(i); err != nil {
				return err
			}
		}
	}
	if err := d.short(); err != nil {
		return err
	}
	total := uint64(0)
	for i := range d.groups {
		g := &d.groups[i]
		n := d.r.varint()
		if err := d.short(); err != nil {
			return err
		}
		if n == 0 || n > uint64(d.r.left()) {
			return d.bad("has a group of %d in %d bytes", n, d.r.left())
		}
		total += n
		if err := d.atMost("attributes", total, d.lim.Attributes); err != nil {
			return err
		}
		if err := d.take(int(n), 256); err != nil {
			return err
		}
		g.attrs = make([]attribute, n)
		for j := range g.attrs {
			if err := d.readAttribute(g, &g.attrs[j]); err != nil {
				return err
			}
		}
		for j := range g.attrs {
			if err := d.readCoding(&g.attrs[j]); err != nil {
				return err
			}
		}
	}
	return nil
}

// Whose seams a group has (att_dec_decoder_type).
const (
	perVertex = 0
	perCorner = 1
)

// readSet reads which corner table a group uses.
func (d *decoder) readSet(i int) *FormatError {
	g := &d.groups[i]
	set, kind, walked := int(int8(d.r.u8())), d.r.u8(), d.r.u8()
	g.set, g.table, g.walked = max(set, none), d.corners, walked
	if set >= len(d.seams) {
		return d.bad("has group %d of set %d, there are %d", i, set, len(d.seams))
	}
	for j := range i {
		if d.groups[j].set == g.set {
			return d.bad("has groups %d and %d of one set", j, i)
		}
	}
	switch {
	case walked != depthFirst && walked != predictionDegree:
		return d.unsupported("has group %d in order %d", i, walked)
	case kind == perVertex:
	case kind != perCorner:
		return d.unsupported("has group %d of kind %d", i, kind)
	case set < 0 || walked != depthFirst:
		return d.bad("has group %d with seams of set %d in order %d", i, set, walked)
	default:
		g.table = &d.seams[set]
	}
	return nil
}

func (d *decoder) readAttribute(g *group, a *attribute) *FormatError {
	a.group = g
	a.Type, a.Kind, a.Components, a.Normalized = Type(d.r.u8()), Kind(d.r.u8()), int(d.r.u8()), d.r.u8() > 0
	id := d.r.varint()
	if err := d.short(); err != nil {
		return err
	}
	if a.Type > Generic || a.Kind < Int8 || a.Kind > Bool || a.Components == 0 || id > 1<<32-1 {
		return d.bad("has one of type %d, kind %d, %d components, id %d", a.Type, a.Kind, a.Components, id)
	}
	a.ID = uint32(id)
	if a.Type == Position && d.position == nil {
		d.position = a
	}
	return nil
}

func (d *decoder) readCoding(a *attribute) *FormatError {
	a.coding, a.width = d.r.u8(), a.Components
	fits := true
	switch a.coding {
	case codedRaw:
	case codedInteger:
		fits = a.Kind <= Uint32
	case codedQuantized:
		fits = a.Kind == Float32
	case codedNormal:
		fits = a.Kind == Float32 && a.Components == 3
		a.width = 2
	default:
		return d.unsupported("has %s in coding %d", a, a.coding)
	}
	if err := d.short(); err != nil {
		return err
	}
	if !fits {
		return d.bad("has %s in coding %d", a, a.coding)
	}
	return nil
}

func (a *attribute) String() string {
	return fmt.Sprintf("%s %d (%s, %d components)", a.Type, a.ID, a.Kind, a.Components)
}

// group reads values.
func (d *decoder) group(g *group) *FormatError {
	d.part = "attributes"
	g.entries = d.mesh.Points
	if g.table != nil {
		if err := d.follow(g); err != nil {
			return err
		}
	}
	for i := range g.attrs {
		a := &g.attrs[i]
		d.part = a.String()
		if err := d.values(a); err != nil {
			return err
		}
	}
	for i := range g.attrs {
		a := &g.attrs[i]
		d.part = a.String()
		if err := d.restore(a); err != nil {
			return err
		}
	}
	return nil
}

// follow walks a group's table and finds the entry of each point
// (UpdatePointToAttributeIndexMapping).
func (d *decoder) follow(g *group) (err *FormatError) {
	if g.order, err = d.walk(g.table, g.walked); err != nil {
		return err
	}
	if err := d.take(d.mesh.Points, 4); err != nil {
		return err
	}
	g.entries, g.entry = len(g.order.corner), make([]int32, d.mesh.Points)
	for c, p := range d.mesh.Indices {
		g.entry[p] = g.order.entry[g.table.vertex[c]]
	}
	return nil
}

// spread gives each point the row of its entry.
func (d *decoder) spread(a *attribute) *FormatError {
	if a.entry == nil {
		a.Data, a.rows = a.rows, nil
		return nil
	}
	n := a.Stride()
	if err := d.take(len(a.entry), n); err != nil {
		return err
	}
	a.Data = make([]byte, len(a.entry)*n)
	for p, e := range a.entry {
		copy(a.Data[p*n:(p+1)*n], a.rows[int(e)*n:])
	}
	a.rows = nil
	return nil
}
