package meshopt

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

const (
	attributesV0 = 0xa0 // EXT_meshopt_compression
	attributesV1 = 0xa1 // KHR_meshopt_compression adds control and channel modes

	blockBytes = 8192
	blockMax   = 256 // elements
)

// Channel modes: how the deltas of 4 bytes were made. The high 4 bits of the byte
// are a rotation with deltaXor and 0 otherwise.
const (
	deltaBytes = 0
	deltaWords = 1 // two little-endian 16-bit values
	deltaXor   = 2 // one 32-bit value, rotated
)

func blockElements(stride int) int { return min(blockBytes/stride&^(groupSize-1), blockMax) }

// tailSize is the length of what follows the blocks, without and with the zeros
// before it: the first element, and in version 1 a mode for each channel.
func tailSize(stride int, header byte) (bare, padded int) {
	if header == attributesV0 {
		return stride, max(stride, 32)
	}
	bare = stride + stride/4
	return bare, max(bare, 24)
}

// An attributeReader walks over the blocks of a stream. The tail, at least 24
// bytes, comes after end: a group can be read from any place before end without
// a further check, and where it ended is checked after.
type attributeReader struct {
	src  []byte
	pos  int
	end  int
	base []byte // the element before the first, then the tail's channel modes
	v1   bool
}

func decodeAttributes(dst, src []byte, stride int) error {
	if len(src) == 0 {
		return fmt.Errorf("meshopt: an empty stream")
	}
	if src[0] != attributesV0 && src[0] != attributesV1 {
		return fmt.Errorf("meshopt: header %#x, attributes have 0xa0 or 0xa1", src[0])
	}
	bare, padded := tailSize(stride, src[0])
	r := attributeReader{src: src, pos: 1, end: len(src) - padded, v1: src[0] == attributesV1}
	if r.end < 1 {
		return fmt.Errorf("meshopt: %d bytes, the header and the tail alone take %d", len(src), 1+padded)
	}
	r.base = src[len(src)-bare:]
	for _, c := range r.base[stride:] {
		if c&15 > deltaXor || c&15 != deltaXor && c>>4 != 0 {
			return fmt.Errorf("meshopt: channel mode %#x", c)
		}
	}
	prev := r.base[:stride]
	for size := blockElements(stride) * stride; len(dst) > 0; {
		block := dst[:min(size, len(dst))]
		if err := r.block(block, prev, stride); err != nil {
			return err
		}
		prev, dst = block[len(block)-stride:], dst[len(block):]
	}
	if r.pos != r.end {
		return fmt.Errorf("meshopt: %d bytes left over", r.end-r.pos)
	}
	return nil
}

func (r *attributeReader) block(dst, prev []byte, stride int) error {
	control := r.src[r.pos:]
	if r.v1 {
		if r.end-r.pos < stride/4 {
			return fmt.Errorf("meshopt: the stream ends in a block's control bytes")
		}
		r.pos += stride / 4
	}
	var deltas [4][blockMax]byte
	n := len(dst) / stride
	for at := 0; at < stride; at += 4 {
		mode := byte(deltaBytes)
		if r.v1 {
			mode = r.base[stride+at/4]
		}
		for k := range 4 {
			row := &widths[widthsV0]
			if r.v1 {
				c := control[at/4] >> (2 * k) & 3
				if c == allZero {
					clear(deltas[k][:n])
					continue
				}
				if c == literal {
					if r.end-r.pos < n {
						return fmt.Errorf("meshopt: the stream ends in a literal block")
					}
					r.pos += copy(deltas[k][:n], r.src[r.pos:])
					continue
				}
				row = &widths[1+c]
			}
			if err := r.column(&deltas[k], n, row); err != nil {
				return err
			}
		}
		undelta(dst[at:], prev[at:], &deltas, n, stride, mode)
	}
	return nil
}

// column reads the deltas of one byte of a block's n elements.
func (r *attributeReader) column(out *[blockMax]byte, n int, row *[4]uint8) error {
	groups := (n + groupSize - 1) / groupSize
	header := r.src[r.pos:]
	r.pos += (groups + 3) / 4
	for g := range groups {
		if r.pos > r.end {
			break
		}
		bits := row[header[g/4]>>(g%4*2)&3]
		r.pos += unpackGroup((*[groupSize]byte)(out[g*groupSize:]), (*[groupMax]byte)(r.src[r.pos:]), bits)
	}
	if r.pos > r.end {
		return fmt.Errorf("meshopt: the stream ends in a group of deltas")
	}
	return nil
}

// undelta adds the deltas of 4 neighboring bytes to the elements before them.
func undelta(dst, prev []byte, deltas *[4][blockMax]byte, n, stride int, mode byte) {
	p := binary.LittleEndian.Uint32(prev)
	for i := range n {
		d := uint32(deltas[0][i]) | uint32(deltas[1][i])<<8 | uint32(deltas[2][i])<<16 | uint32(deltas[3][i])<<24
		switch mode & 15 {
		case deltaBytes:
			p = addBytes(p, unzigzagBytes(d))
		case deltaWords:
			p = addWords(p, unzigzagWords(d))
		default:
			p ^= bits.RotateLeft32(d, -int(mode>>4))
		}
		binary.LittleEndian.PutUint32(dst[i*stride:], p)
	}
}

// The arithmetic of a channel is done on its 4 bytes, or 2 words, at once in one
// 32-bit value. The top bit of each lane is kept apart, so that no carry crosses
// into the next lane.

const (
	byteTops = 0x80808080
	byteOnes = 0x01010101
	wordTops = 0x80008000
	wordOnes = 0x00010001
)

func addBytes(a, b uint32) uint32 { return (a&^byteTops + b&^byteTops) ^ (a^b)&byteTops }
func addWords(a, b uint32) uint32 { return (a&^wordTops + b&^wordTops) ^ (a^b)&wordTops }
func subBytes(a, b uint32) uint32 { return (a | byteTops - b&^byteTops) ^ (a^b^byteTops)&byteTops }
func subWords(a, b uint32) uint32 { return (a | wordTops - b&^wordTops) ^ (a^b^wordTops)&wordTops }

// Zigzag puts the sign into the lowest bit: 0, -1, 1, -2 become 0, 1, 2, 3. A
// lane of ones is 255 times its lowest bit.

func zigzagBytes(v uint32) uint32   { return v<<1&^byteOnes ^ v>>7&byteOnes*255 }
func zigzagWords(v uint32) uint32   { return v<<1&^wordOnes ^ v>>15&wordOnes*65535 }
func unzigzagBytes(v uint32) uint32 { return v>>1&^byteTops ^ v&byteOnes*255 }
func unzigzagWords(v uint32) uint32 { return v>>1&^wordTops ^ v&wordOnes*65535 }
