package draco

// Connectivity methods of a sequential mesh.
const (
	compressedIndices   = 0
	uncompressedIndices = 1
)

// sequential reads triangles as a list (Sequential Connectivity Decoder).
func (d *decoder) sequential() *FormatError {
	d.part = "connectivity"
	faces, points, method := d.r.varint(), d.r.varint(), d.r.u8()
	if err := d.short(); err != nil {
		return err
	}
	if err := d.atMost("faces", faces, d.lim.Faces); err != nil {
		return err
	}
	if err := d.atMost("points", points, d.lim.Points); err != nil {
		return err
	}
	if points > 1<<31-1 || faces > (1<<31-1)/3 {
		return d.unsupported("has %d points and %d faces, more than fit 31 bits", points, faces)
	}
	n := 3 * int(faces)
	if method == uncompressedIndices && n > d.r.left() {
		return d.bad("has %d faces in %d bytes", faces, d.r.left())
	}
	if err := d.take(n, 4); err != nil {
		return err
	}
	d.mesh.Points, d.mesh.Indices = int(points), make([]uint32, n)
	switch method {
	case compressedIndices:
		if err := d.foldedIndices(); err != nil {
			return err
		}
	case uncompressedIndices:
		d.plainIndices()
	default:
		return d.unsupported("has indices in method %d", method)
	}
	if err := d.short(); err != nil {
		return err
	}
	for i, v := range d.mesh.Indices {
		if uint64(v) >= points {
			return d.bad("has index %d at corner %d of face %d, there are %d points", v, i%3, i/3, points)
		}
	}
	return nil
}

// foldedIndices reads differences, with the sign in the lowest bit
// (DecodeSequentialCompressedIndices). One that leads below zero wraps to more than
// there are points.
func (d *decoder) foldedIndices() *FormatError {
	if err := d.take(len(d.mesh.Indices), 4); err != nil {
		return err
	}
	steps := make([]int32, len(d.mesh.Indices))
	if err := d.symbols(steps, 1); err != nil {
		return err
	}
	last := uint32(0)
	for i, v := range steps {
		if n := uint32(v) >> 1; v&1 != 0 {
			last -= n
		} else {
			last += n
		}
		d.mesh.Indices[i] = last
	}
	return nil
}

// plainIndices reads them in the smallest form that fits (DecodeSequentialIndices).
func (d *decoder) plainIndices() {
	out := d.mesh.Indices
	switch n := d.mesh.Points; {
	case n < 1<<8:
		for i := range out {
			out[i] = uint32(d.r.u8())
		}
	case n < 1<<16:
		for i := range out {
			out[i] = uint32(d.r.u16())
		}
	case n < 1<<21:
		for i := range out {
			out[i] = uint32(min(d.r.varint(), 1<<32-1))
		}
	default:
		for i := range out {
			out[i] = d.r.u32()
		}
	}
}
