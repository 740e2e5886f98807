package draco

// skipMetadata steps over names and values that say nothing about geometry
// (DecodeMetadata). Elements nest; since each is written before the next begins, it
// is enough to count those still to come.
func (d *decoder) skipMetadata() *FormatError {
	d.part = "metadata"
	for n := d.r.varint(); n > 0 && !d.r.short; n-- {
		d.r.varint() // whose it is
		if err := d.skipElement(); err != nil {
			return err
		}
	}
	return d.skipElement()
}

func (d *decoder) skipElement() *FormatError {
	for n, first := uint64(1), true; n > 0; first = false {
		n--
		if !first {
			d.r.bytes(uint64(d.r.u8()))
		}
		for e := d.r.varint(); e > 0 && !d.r.short; e-- {
			d.r.bytes(uint64(d.r.u8()))
			// The specification has a byte for the size; streams have a varint.
			d.r.bytes(d.r.varint())
		}
		more := d.r.varint()
		if err := d.short(); err != nil {
			return err
		}
		if more > uint64(d.r.left()) {
			return d.bad("has %d elements in %d bytes", more, d.r.left())
		}
		n += more
	}
	return nil
}
