package draco

import (
	"encoding/binary"
	"math"
	"slices"
)

// writer writes what draco3d's encoder can't be asked for: old transforms, plain
// integers, folded indices, and streams that lie.
type writer struct{ b []byte }

func (w *writer) u8(v ...uint8)   { w.b = append(w.b, v...) }
func (w *writer) u16(v uint16)    { w.b = binary.LittleEndian.AppendUint16(w.b, v) }
func (w *writer) u32(v uint32)    { w.b = binary.LittleEndian.AppendUint32(w.b, v) }
func (w *writer) f32(v float32)   { w.u32(math.Float32bits(v)) }
func (w *writer) varint(v uint64) { w.b = binary.AppendUvarint(w.b, v) }

// run writes a length and bytes.
func (w *writer) run(b []byte) {
	w.varint(uint64(len(b)))
	w.u8(b...)
}

func (w *writer) header(method uint8) {
	w.u8([]byte(magic)...)
	w.u8(major, minor, triangularMesh, method)
	w.u16(0)
}

// shares divides a table's slots among symbols by how often they occur.
func shares(symbols []uint32, bits uint) []uint32 {
	count := make([]uint32, slices.Max(symbols)+1)
	for _, v := range symbols {
		count[v]++
	}
	sum, most := uint32(0), 0
	for v, n := range count {
		if n > 0 {
			count[v] = max(uint32(uint64(n)<<bits/uint64(len(symbols))), 1)
		}
		if sum += count[v]; count[v] > count[most] {
			most = v
		}
	}
	count[most] += 1<<bits - sum
	return count
}

func (w *writer) table(freq []uint32) {
	w.varint(uint64(len(freq)))
	for i := 0; i < len(freq); i++ {
		f, run := freq[i], 1
		switch {
		case f == 0:
			for i+1 < len(freq) && freq[i+1] == 0 && run < 64 {
				i, run = i+1, run+1
			}
			w.u8(uint8(run-1)<<2 | 3)
		case f < 1<<6:
			w.u8(uint8(f << 2))
		case f < 1<<14:
			w.u8(uint8(f<<2|1), uint8(f>>6))
		default:
			w.u8(uint8(f<<2|2), uint8(f>>6), uint8(f>>14))
		}
	}
}

// end writes the last state of a run.
func (w *writer) end(state uint32) {
	switch {
	case state < 1<<6:
		w.u8(uint8(state))
	case state < 1<<14:
		w.u16(uint16(state | 1<<14))
	case state < 1<<22:
		w.u16(uint16(state))
		w.u8(uint8(state>>16 | 2<<6))
	default:
		w.u32(state | 3<<30)
	}
}

// coded writes a table and the run of symbols.
func (w *writer) coded(symbols []uint32, bits uint) {
	freq := shares(symbols, bits)
	w.table(freq)
	first := make([]uint32, len(freq)+1)
	for i, f := range freq {
		first[i+1] = first[i] + f
	}
	var run writer
	low := uint32(4) << bits
	state := low
	for _, v := range slices.Backward(symbols) {
		for f := freq[v]; uint64(state) >= uint64(f)<<10; state >>= 8 {
			run.u8(uint8(state))
		}
		state = (state/freq[v])<<bits + state%freq[v] + first[v]
	}
	run.end(state - low)
	w.run(run.b)
}

func (w *writer) raw(symbols []uint32, length int) {
	w.u8(rawSymbols, uint8(length))
	w.coded(symbols, precision(length))
}

// tagged writes one tag for each width values.
func (w *writer) tagged(values []uint32, width int, lengthOf func([]uint32) uint32) {
	var tags []uint32
	var bits bitWriter
	for v := range slices.Chunk(values, width) {
		n := lengthOf(v)
		tags = append(tags, n)
		for _, v := range v {
			bits.add(v, n)
		}
	}
	w.u8(taggedSymbols)
	w.coded(tags, precision(tagLength))
	w.u8(bits.b...)
}

type bitWriter struct {
	b []byte
	n uint32
}

func (w *bitWriter) add(v, n uint32) {
	for i := range n {
		if w.n%8 == 0 {
			w.b = append(w.b, 0)
		}
		w.b[len(w.b)-1] |= uint8(v>>i&1) << (w.n % 8)
		w.n++
	}
}

// flags writes a run of bits.
func (w *writer) flags(bits ...bool) {
	const zero = 100
	w.u8(zero)
	var run writer
	state := uint32(bitLow)
	for _, v := range slices.Backward(bits) {
		f := uint32(zero)
		if v {
			f = 256 - zero
		}
		if state >= f<<12 {
			run.u8(uint8(state))
			state >>= 8
		}
		state = state/f<<8 + state%f
		if !v {
			state += 256 - zero
		}
	}
	run.end(state - bitLow)
	w.run(run.b)
}

// fold is the reverse of unfold.
func fold(v int32) uint32 { return uint32(v)<<1 ^ uint32(v>>31) }
