package meshopt

// Varints are unsigned LEB128 of 32 bits: 7 bits a byte, the lowest first, at
// most 5 bytes. Bits beyond the 32nd are ignored, as the specification says.

const varintMax = 5 // bytes

// readVarint returns the varint at the start of b and its length, which is 0 when
// b ends too early or the varint is too long.
func readVarint(b []byte) (v uint32, n int) {
	for i := range min(len(b), varintMax) {
		v |= uint32(b[i]&0x7f) << (7 * i)
		if b[i] < 0x80 {
			return v, i + 1
		}
	}
	return 0, 0
}

func appendVarint(b []byte, v uint32) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

func varintLen(v uint32) int {
	n := 1
	for ; v >= 0x80; v >>= 7 {
		n++
	}
	return n
}

// zigzag puts the sign of a difference of indices into the lowest bit.
func zigzag(d uint32) uint32   { return d<<1 ^ uint32(int32(d)>>31) }
func unzigzag(v uint32) uint32 { return v>>1 ^ -(v & 1) }
