package meshopt

// A group is 16 deltas of one byte of an element, the unit in which the attribute
// codec chooses how many bits to store. With 1, 2 or 4 bits the largest value is
// a sentinel: the delta follows in a byte of its own.

const (
	groupSize = 16
	groupMax  = 24 // bytes: 4 bits each, and all 16 are sentinels
)

// widths are the bits of a group by its two header bits, for version 0 and for
// control modes 0 and 1 of version 1.
var widths = [3][4]uint8{
	{0, 2, 4, 8},
	{0, 1, 2, 4},
	{1, 2, 4, 8},
}

const (
	widthsV0   = 0
	controlLow = 0 // widths[1]
	controlTop = 1 // widths[2]
	allZero    = 2 // nothing is stored
	literal    = 3 // a byte for each element, no header bits
)

// unpackGroup reads one group from p and returns how many bytes it took. p has
// room for the longest group, so that there is one check for a group.
func unpackGroup(out *[groupSize]byte, p *[groupMax]byte, bits uint8) int {
	switch bits {
	case 0:
		*out = [groupSize]byte{}
		return 0
	case 1:
		n := 2
		for i := range out {
			v := p[i>>3] >> (i & 7) & 1 // the first delta is the lowest bit
			if v == 1 {
				v = p[n]
				n++
			}
			out[i] = v
		}
		return n
	case 2:
		n := 4
		for i := range out {
			v := p[i>>2] >> (6 - 2*(i&3)) & 3
			if v == 3 {
				v = p[n]
				n++
			}
			out[i] = v
		}
		return n
	case 4:
		n := 8
		for i := range out {
			v := p[i>>1] >> (4 - 4*(i&1)) & 15
			if v == 15 {
				v = p[n]
				n++
			}
			out[i] = v
		}
		return n
	}
	copy(out[:], p[:groupSize])
	return groupSize
}

// packGroup appends a group in the given width; with 0 bits all deltas are 0.
func packGroup(dst []byte, g *[groupSize]byte, bits uint8) []byte {
	switch bits {
	case 0:
		return dst
	case 8:
		return append(dst, g[:]...)
	}
	sentinel := byte(1)<<bits - 1
	per := 8 / int(bits)
	for i := 0; i < groupSize; i += per {
		var b byte
		for k := range per {
			shift := 8 - int(bits)*(k+1)
			if bits == 1 {
				shift = k
			}
			b |= min(g[i+k], sentinel) << shift
		}
		dst = append(dst, b)
	}
	for _, v := range g {
		if v >= sentinel {
			dst = append(dst, v)
		}
	}
	return dst
}

// groupCosts returns the bytes of a group in 0, 1, 2, 4 and 8 bits; a width that
// can't hold it costs more than any that can.
func groupCosts(g *[groupSize]byte) (costs [5]int) {
	var over [3]int
	for _, v := range g {
		if v >= 1 {
			over[0]++
			if v >= 3 {
				over[1]++
				if v >= 15 {
					over[2]++
				}
			}
		}
	}
	costs = [5]int{groupMax + 1, 2 + over[0], 4 + over[1], 8 + over[2], groupSize}
	if over[0] == 0 {
		costs[0] = 0
	}
	return costs
}

// costOf is where groupCosts has the cost of a width.
var costOf = [9]uint8{0: 0, 1: 1, 2: 2, 4: 3, 8: 4}

// choose returns the header bits of the cheapest width in a row of widths and its
// cost in bytes. Where several are, it is the widest: it compresses better.
func choose(costs *[5]int, row *[4]uint8) (header, cost int) {
	cost = groupMax + 1
	for h := len(row) - 1; h >= 0; h-- {
		if c := costs[costOf[row[h]]]; c < cost {
			header, cost = h, c
		}
	}
	return header, cost
}
