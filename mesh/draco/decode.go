package draco

import "bytes"

// The header (ParseHeader).
const (
	magic          = "DRACO"
	major, minor   = 2, 2
	triangularMesh = 1
	hasMetadata    = 1 << 15
)

// Encoder methods.
const (
	sequential  = 0
	edgebreaker = 1
)

// none stands for a corner, vertex or entry that isn't there.
const none = -1

// decoder reads one stream. Its methods stop at the first error.
type decoder struct {
	r     reader
	lim   Limits
	taken int64  // bytes of memory so far
	part  string // of the stream, for errors
	table ransTable
	mesh  *Mesh

	corners *corners  // nil in a sequential mesh
	seams   []corners // a table for each set of attributes with seams of its own

	groups   []group
	position *attribute // the first that is one: others are predicted from it
}

func (d *decoder) run() *FormatError {
	d.mesh = &Mesh{}
	method, err := d.header()
	if err != nil {
		return err
	}
	if method == sequential {
		err = d.sequential()
	} else {
		err = d.edgebreaker()
	}
	if err != nil {
		return err
	}
	return d.attributes()
}

func (d *decoder) header() (method uint8, err *FormatError) {
	d.part = "header"
	if name := d.r.bytes(uint64(len(magic))); !bytes.Equal(name, []byte(magic)) {
		return 0, d.bad("does not begin with %s", magic)
	}
	version := [2]uint8{d.r.u8(), d.r.u8()}
	kind, method, flags := d.r.u8(), d.r.u8(), d.r.u16()
	if err := d.short(); err != nil {
		return 0, err
	}
	switch {
	case version != [2]uint8{major, minor}:
		return 0, d.unsupported("is of version %d.%d, this reads %d.%d", version[0], version[1], major, minor)
	case kind != triangularMesh:
		return 0, d.unsupported("is of geometry %d, not a mesh (%d)", kind, triangularMesh)
	case method != sequential && method != edgebreaker:
		return 0, d.unsupported("names encoding method %d", method)
	case flags&hasMetadata != 0:
		return method, d.skipMetadata()
	}
	return method, nil
}
