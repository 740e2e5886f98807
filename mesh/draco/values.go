package draco

import "encoding/binary"

// values reads an attribute's values as far as prediction brings them: as integers, or
// as they are (DecodePortableAttributes).
func (d *decoder) values(a *attribute) *FormatError {
	if a.coding != codedRaw {
		return d.integers(a)
	}
	n := uint64(a.entries) * uint64(a.Stride())
	rows := d.r.bytes(n)
	if err := d.short(); err != nil {
		return err
	}
	if err := d.take(len(rows), 1); err != nil {
		return err
	}
	a.rows = append(make([]byte, 0, len(rows)), rows...)
	return nil
}

// integers reads corrections and adds them to predictions
// (SequentialIntegerAttributeDecoder_DecodeIntegerValues).
func (d *decoder) integers(a *attribute) *FormatError {
	p := predictor{scheme: int8(d.r.u8()), transform: transformNone}
	if p.scheme != predictNone {
		p.transform = int8(d.r.u8())
	}
	packed := d.r.u8()
	if err := d.short(); err != nil {
		return err
	}
	if err := d.predictable(a, p); err != nil {
		return err
	}
	if err := d.take(a.entries*a.width, 4); err != nil {
		return err
	}
	a.values = make([]int32, a.entries*a.width)
	if packed != 0 {
		if err := d.symbols(a.values, a.width); err != nil {
			return err
		}
	} else if err := d.plain(a.values); err != nil {
		return err
	}
	if p.transform == transformNone || p.transform == transformWrap {
		for i, v := range a.values {
			a.values[i] = unfold(v)
		}
	}
	return d.predict(a, p)
}

// plain reads integers of a fixed number of bytes.
func (d *decoder) plain(out []int32) *FormatError {
	size := int(d.r.u8())
	if err := d.short(); err != nil {
		return err
	}
	if size < 1 || size > 4 {
		return d.bad("has integers of %d bytes", size)
	}
	data := d.r.bytes(uint64(size) * uint64(len(out)))
	if err := d.short(); err != nil {
		return err
	}
	for i := range out {
		var v [4]byte
		copy(v[:], data[i*size:(i+1)*size])
		out[i] = int32(binary.LittleEndian.Uint32(v[:]))
	}
	return nil
}

// restore makes of integers what they stand for
// (TransformAttributesToOriginalFormat).
func (d *decoder) restore(a *attribute) *FormatError {
	if a.coding == codedRaw {
		return nil
	}
	if err := d.take(a.entries, a.Stride()); err != nil {
		return err
	}
	a.rows = make([]byte, a.entries*a.Stride())
	var err *FormatError
	switch a.coding {
	case codedInteger:
		a.store()
	case codedQuantized:
		err = d.dequantize(a)
	case codedNormal:
		err = d.unfoldNormals(a)
	}
	if a != d.position {
		a.values = nil
	}
	return err
}

// store cuts integers to their kind.
func (a *attribute) store() {
	switch a.Kind.Size() {
	case 1:
		for i, v := range a.values {
			a.rows[i] = byte(v)
		}
	case 2:
		for i, v := range a.values {
			binary.LittleEndian.PutUint16(a.rows[2*i:], uint16(v))
		}
	case 4:
		for i, v := range a.values {
			binary.LittleEndian.PutUint32(a.rows[4*i:], uint32(v))
		}
	}
}
