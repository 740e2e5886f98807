package meshopt

import (
	"encoding/binary"
	"fmt"
)

const (
	indicesHeader = 0xd1
	indicesTail   = 4 // zeros

	// indexLimit bounds what EncodeIndices takes: a difference has 31 bits with
	// its sign, since one bit of the varint names the baseline.
	indexLimit = 1 << 30
)

// decodeIndices reads mode 2: each index is a difference from one of two
// baselines, which becomes that index.
func decodeIndices(dst, src []byte, stride int) error {
	end := len(src) - indicesTail
	if end < 1 {
		return fmt.Errorf("meshopt: %d bytes, the header and the tail alone take %d", len(src), 1+indicesTail)
	}
	if src[0] != indicesHeader {
		return fmt.Errorf("meshopt: header %#x, indices have %#x", src[0], indicesHeader)
	}
	data := src[1:end]
	var last [2]uint32
	for i := 0; i < len(dst); i += stride {
		v, n := readVarint(data)
		if n == 0 {
			return fmt.Errorf("meshopt: index %d: no varint", i/stride)
		}
		data = data[n:]
		base := &last[v&1]
		*base += unzigzag(v >> 1)
		putIndex(dst[i:], *base, stride)
	}
	if len(data) > 0 {
		return fmt.Errorf("meshopt: %d bytes left over", len(data))
	}
	return nil
}

func putIndex(dst []byte, v uint32, stride int) {
	if stride == 2 {
		binary.LittleEndian.PutUint16(dst, uint16(v))
	} else {
		binary.LittleEndian.PutUint32(dst, v)
	}
}

// EncodeIndices encodes a list of indices that is not a list of triangles, each
// below 1<<30; a larger one panics.
func EncodeIndices(indices []uint32) []byte {
	// No policy is best for all lists: the baseline that is cheaper now may be
	// missed later. The shortest result of three is taken.
	var best []byte
	for _, leave := range policies {
		if out := encodeIndices(indices, leave); best == nil || len(out) < len(best) {
			best = out
		}
	}
	return best
}

// policies say when the current baseline is left for the other, from the
// distance to each.
var policies = [...]func(here, there uint32) bool{
	func(here, there uint32) bool { return varintLen(there<<1) < varintLen(here<<1) },
	func(here, there uint32) bool { return there < here },
	func(here, _ uint32) bool { return here >= 2*30-1 }, // about what one byte can hold
}

// encodeIndices leaves the current baseline when leave says so; it is given both
// differences as they are stored.
func encodeIndices(indices []uint32, leave func(here, there uint32) bool) []byte {
	out := append(make([]byte, 0, len(indices)*2+8), indicesHeader)
	var last [2]uint32
	at := 0
	for _, v := range indices {
		if v >= indexLimit {
			panic(fmt.Sprintf("meshopt: index %d is not below %d", v, indexLimit))
		}
		here, there := zigzag(v-last[at]), zigzag(v-last[1-at])
		if leave(here, there) {
			at, here = 1-at, there
		}
		out = appendVarint(out, here<<1|uint32(at))
		last[at] = v
	}
	return append(out, make([]byte, indicesTail)...)
}
