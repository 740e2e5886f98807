package draco

// The range asymmetric numeral system (rANS Decoding): one state for a run of symbols,
// read from the end of its bytes backwards.

// ransState begins with what the last bytes hold (RansInitDecoder).
type ransState struct {
	buf   []byte // not read yet
	state uint32
	low   uint32 // below this the state takes in bytes
	short bool
}

// open reads the first state; widest is how many bytes it may take, 3 or 4.
func (s *ransState) open(buf []byte, low uint32, widest int) bool {
	if len(buf) == 0 {
		return false
	}
	n := int(buf[len(buf)-1]>>6) + 1
	if n > widest || n > len(buf) {
		return false
	}
	var v uint32
	for i, b := range buf[len(buf)-n:] {
		v |= uint32(b) << (8 * i)
	}
	v &= 1<<(8*n-2) - 1
	s.buf, s.low, s.state, s.short = buf[:len(buf)-n], low, v+low, false
	return s.state < low<<8
}

// symbol is one that a table can give, with its share of the table's slots.
type symbol struct{ value, freq, first uint32 }

// ransTable holds the symbols that have a share, and which one each slot belongs to.
type ransTable struct {
	bits    uint // there are 1<<bits slots
	symbols []symbol
	slots   []uint32
}

// precision is how many bits the shares of symbols add up to (DecodeRawSymbols).
func precision(length int) uint { return uint(min(max(3*length/2, 12), 20)) }

// readTable reads the shares of symbols (BuildSymbolTables). Symbols without a share
// are not kept, so that what is allocated is in proportion to the bytes there are.
func (d *decoder) readTable(bits uint) (*ransTable, *FormatError) {
	t := &d.table
	t.bits, t.symbols = bits, t.symbols[:0]
	count, sum := d.r.varint(), uint32(0)
	if count/64 > uint64(d.r.left()) {
		return nil, d.bad("has a table of %d symbols in %d bytes", count, d.r.left())
	}
	if cap(t.slots) < 1<<bits {
		if err := d.take(1<<bits, 4); err != nil {
			return nil, err
		}
		t.slots = make([]uint32, 1<<bits)
	}
	t.slots = t.slots[:1<<bits]
	for i := uint64(0); i < count && !d.r.short; i++ {
		b := d.r.u8()
		freq := uint32(b >> 2)
		if b&3 == 3 {
			if i += uint64(freq); i >= count {
				return nil, d.bad("has a table that skips past its %d symbols", count)
			}
			continue
		}
		for j := range b & 3 {
			freq |= uint32(d.r.u8()) << (8*(j+1) - 2)
		}
		if freq == 0 {
			continue
		}
		if freq > 1<<bits-sum {
			return nil, d.bad("has a table whose shares add up to more than %d", 1<<bits)
		}
		if len(t.symbols) == cap(t.symbols) {
			if err := d.take(len(t.symbols)+16, 12); err != nil {
				return nil, err
			}
			t.symbols = append(make([]symbol, 0, 2*len(t.symbols)+16), t.symbols...)
		}
		for j := range freq {
			t.slots[sum+j] = uint32(len(t.symbols))
		}
		t.symbols = append(t.symbols, symbol{uint32(i), freq, sum})
		sum += freq
	}
	if err := d.short(); err != nil {
		return nil, err
	}
	if sum != 1<<bits {
		return nil, d.bad("has a table whose shares add up to %d, not %d", sum, 1<<bits)
	}
	return t, nil
}

// next reads a symbol (RansRead).
func (s *ransState) next(t *ransTable) uint32 {
	for s.state < s.low {
		if len(s.buf) == 0 {
			s.short = true
			return 0
		}
		s.state = s.state<<8 | uint32(s.buf[len(s.buf)-1])
		s.buf = s.buf[:len(s.buf)-1]
	}
	rest := s.state & (1<<t.bits - 1)
	y := &t.symbols[t.slots[rest]]
	s.state = (s.state>>t.bits)*y.freq + rest - y.first
	return y.value
}

// bitDecoder reads bits that are zero with one probability (RabsDescRead).
type bitDecoder struct {
	ransState
	one uint32 // of 256
}

const bitLow = 4096

// readBits opens such a run of bits (ParsePredictionRansData and its like).
func (d *decoder) readBits() (bitDecoder, *FormatError) {
	var b bitDecoder
	zero := d.r.u8()
	buf := d.r.bytes(d.r.varint())
	if err := d.short(); err != nil {
		return b, err
	}
	b.one = 256 - uint32(zero)
	if zero == 0 || !b.open(buf, bitLow, 3) {
		return b, d.bad("has a broken run of %d bytes of bits", len(buf))
	}
	return b, nil
}

func (b *bitDecoder) next() bool {
	if b.state < bitLow {
		if len(b.buf) == 0 {
			b.short = true
			return false
		}
		b.state = b.state<<8 | uint32(b.buf[len(b.buf)-1])
		b.buf = b.buf[:len(b.buf)-1]
	}
	high, rest := (b.state>>8)*b.one, b.state&255
	if rest < b.one {
		b.state = high + rest
		return true
	}
	b.state -= high + b.one
	return false
}
