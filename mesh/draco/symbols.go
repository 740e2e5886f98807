package draco

// How a run of symbols is coded (DecodeSymbols).
const (
	taggedSymbols = 0
	rawSymbols    = 1
)

// Tags are lengths in bits: their table is that of symbols of 5 bits.
const tagLength = 5

// symbols fills out. A tag of a tagged run stands for width values.
func (d *decoder) symbols(out []int32, width int) *FormatError {
	if len(out) == 0 {
		return nil
	}
	scheme := d.r.u8()
	if err := d.short(); err != nil {
		return err
	}
	switch scheme {
	case taggedSymbols:
		return d.tagged(out, width)
	case rawSymbols:
		return d.raw(out)
	}
	return d.bad("has symbols in scheme %d", scheme)
}

// openSymbols reads a table and the state of the run that follows it.
func (d *decoder) openSymbols(bits uint) (*ransTable, ransState, *FormatError) {
	var s ransState
	t, err := d.readTable(bits)
	if err != nil {
		return nil, s, err
	}
	buf := d.r.bytes(d.r.varint())
	if err := d.short(); err != nil {
		return nil, s, err
	}
	if !s.open(buf, 4<<bits, 4) {
		return nil, s, d.bad("has a broken run of %d bytes of symbols", len(buf))
	}
	return t, s, nil
}

func (d *decoder) raw(out []int32) *FormatError {
	length := int(d.r.u8())
	if length < 1 || length > 18 {
		return d.bad("has symbols of %d bits, not 1 to 18", length)
	}
	t, s, err := d.openSymbols(precision(length))
	if err != nil {
		return err
	}
	for i := range out {
		out[i] = int32(s.next(t))
	}
	if s.short {
		return d.bad("has too few bytes for %d symbols", len(out))
	}
	return nil
}

// tagged reads values as plain bits, whose lengths are the symbols. The bits of all
// values follow each other: only the last byte is padded, whatever the specification's
// indentation says.
func (d *decoder) tagged(out []int32, width int) *FormatError {
	t, s, err := d.openSymbols(precision(tagLength))
	if err != nil {
		return err
	}
	for _, y := range t.symbols {
		if y.value > 32 {
			return d.bad("has values of %d bits", y.value)
		}
	}
	b := bitReader{data: d.r.data[d.r.pos:]}
	for i := 0; i < len(out); i += width {
		n := uint(s.next(t))
		for j := i; j < i+width; j++ {
			out[j] = int32(b.bits(n))
		}
	}
	if d.r.pos += b.pos; s.short || b.short {
		return d.bad("has too few bytes for %d values", len(out))
	}
	return nil
}

// unfold undoes the folding of signed numbers into unsigned ones, lowest bit for the
// sign (ConvertSymbolToSignedInt).
func unfold(v int32) int32 { return int32(uint32(v)>>1) ^ -(v & 1) }
