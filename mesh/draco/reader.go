package draco

import (
	"encoding/binary"
	"math"
)

// reader reads the fields of a stream in order. Past the end it gives zeros and says
// so in short; who reads counts looks at short before trusting them.
type reader struct {
	data  []byte
	pos   int
	short bool
}

func (r *reader) left() int { return len(r.data) - r.pos }

// bytes returns the next n bytes, which stay the stream's.
func (r *reader) bytes(n uint64) []byte {
	if n > uint64(r.left()) {
		r.pos, r.short = len(r.data), true
		return nil
	}
	r.pos += int(n)
	return r.data[r.pos-int(n) : r.pos : r.pos]
}

func (r *reader) u8() uint8 {
	if r.pos >= len(r.data) {
		r.short = true
		return 0
	}
	r.pos++
	return r.data[r.pos-1]
}

func (r *reader) u16() uint16 {
	if b := r.bytes(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (r *reader) u32() uint32 {
	if b := r.bytes(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (r *reader) f32() float32 { return math.Float32frombits(r.u32()) }

// varint reads an LEB128 number (Core Functions). One that does not fit 64 bits
// counts as short: no encoder writes it.
func (r *reader) varint() uint64 {
	n, size := binary.Uvarint(r.data[r.pos:])
	if size <= 0 {
		r.pos, r.short = len(r.data), true
		return 0
	}
	r.pos += size
	return n
}

// bitReader reads bits from the lowest of each byte up. The specification's f[n]
// says high to low; that is the order of the bytes' bits in the value, not in time.
type bitReader struct {
	data  []byte
	pos   int
	word  uint64
	have  uint
	short bool
}

// bits reads up to 32 bits.
func (b *bitReader) bits(n uint) uint32 {
	for b.have < n {
		if b.pos >= len(b.data) {
			b.short = true
			return 0
		}
		b.word |= uint64(b.data[b.pos]) << b.have
		b.pos++
		b.have += 8
	}
	v := uint32(b.word & (1<<n - 1))
	b.word >>= n
	b.have -= n
	return v
}
