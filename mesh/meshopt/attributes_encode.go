package meshopt

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// A Goal says which bytes an encoder saves where it has a choice.
type Goal uint8

const (
	// Smallest is the fewest bytes as they are.
	Smallest Goal = iota
	// Compressible is the fewest bytes after brotli or gzip: deltas mostly keep a
	// byte each, which a compressor sees through better than through several in
	// one. The stream itself is 10 to 35 % longer, what is sent 4 to 6 % shorter.
	Compressible
)

// wholeBytes is what Compressible takes off the cost of a group of whole bytes.
// Measured after brotli 11 on quantized positions, normals and texture
// coordinates of scans and products, it is best where only groups of zeros, and
// those that fit in 2 bits without a sentinel, are still packed.
const wholeBytes = 11

// EncodeAttributes encodes elements of stride bytes in the version that both
// extensions read. stride is a multiple of 4 up to 256 and divides len(data);
// anything else panics.
func EncodeAttributes(data []byte, stride int, goal Goal) []byte {
	checkAttributes(data, stride)
	w := attributeWriter{stride: stride, goal: goal}
	return w.stream(data, attributesV0)
}

// EncodeAttributesV1 encodes elements of stride bytes in the version that only
// KHR_meshopt_compression reads: smaller, most of all for 16-bit values and
// floats. It needs what EncodeAttributes needs.
func EncodeAttributesV1(data []byte, stride int, goal Goal) []byte {
	checkAttributes(data, stride)
	w := attributeWriter{stride: stride, goal: goal, v1: true}
	w.modes = make([]byte, stride/4)
	for c := range w.modes {
		w.modes[c] = w.bestMode(data, 4*c)
	}
	return w.stream(data, attributesV1)
}

func checkAttributes(data []byte, stride int) {
	if err := Check(0, stride, Attributes, None); err != nil {
		panic(err)
	}
	if len(data)%stride != 0 {
		panic(fmt.Sprintf("meshopt: %d bytes are not a whole number of elements of %d", len(data), stride))
	}
}

type attributeWriter struct {
	stride int
	goal   Goal
	v1     bool
	modes  []byte // one for each channel, version 1
	out    []byte
}

func (w *attributeWriter) stream(data []byte, header byte) []byte {
	w.out = append(make([]byte, 0, len(data)/2+64), header)
	first := make([]byte, w.stride)
	copy(first, data)
	for prev, rest := first, data; len(rest) > 0; {
		block := rest[:min(blockElements(w.stride)*w.stride, len(rest))]
		w.block(block, prev)
		prev, rest = block[len(block)-w.stride:], rest[len(block):]
	}
	bare, padded := tailSize(w.stride, header)
	w.out = append(w.out, make([]byte, padded-bare)...)
	w.out = append(w.out, first...)
	return append(w.out, w.modes...)
}

func (w *attributeWriter) block(block, prev []byte) {
	control := len(w.out)
	if w.v1 {
		w.out = append(w.out, make([]byte, w.stride/4)...)
	}
	var deltas [4][blockMax]byte
	n := len(block) / w.stride
	for at := 0; at < w.stride; at += 4 {
		mode := byte(deltaBytes)
		if w.v1 {
			mode = w.modes[at/4]
		}
		delta(&deltas, block[at:], prev[at:], n, w.stride, mode)
		for k := range 4 {
			if !w.v1 {
				w.column(&deltas[k], n, &widths[widthsV0])
				continue
			}
			c, _ := w.bestControl(&deltas[k], n)
			w.out[control+at/4] |= byte(c) << (2 * k)
			switch c {
			case literal:
				w.out = append(w.out, deltas[k][:n]...)
			case controlLow, controlTop:
				w.column(&deltas[k], n, &widths[1+c])
			}
		}
	}
}

// column appends one byte of n elements: the header bits of its groups, then the
// groups, each in its cheapest width.
func (w *attributeWriter) column(deltas *[blockMax]byte, n int, row *[4]uint8) {
	groups := (n + groupSize - 1) / groupSize
	header := len(w.out)
	w.out = append(w.out, make([]byte, (groups+3)/4)...)
	for g := range groups {
		group := (*[groupSize]byte)(deltas[g*groupSize:])
		costs := w.costs(group)
		h, _ := choose(&costs, row)
		w.out[header+g/4] |= byte(h) << (g % 4 * 2)
		w.out = packGroup(w.out, group, row[h])
	}
}

// delta is what undelta undoes. What follows the last of the n elements in its
// group is zero.
func delta(deltas *[4][blockMax]byte, block, prev []byte, n, stride int, mode byte) {
	p := binary.LittleEndian.Uint32(prev)
	for i := range n {
		v := binary.LittleEndian.Uint32(block[i*stride:])
		var d uint32
		switch mode & 15 {
		case deltaBytes:
			d = zigzagBytes(subBytes(v, p))
		case deltaWords:
			d = zigzagWords(subWords(v, p))
		default:
			d = bits.RotateLeft32(v^p, int(mode>>4))
		}
		p = v
		deltas[0][i], deltas[1][i], deltas[2][i], deltas[3][i] = byte(d), byte(d>>8), byte(d>>16), byte(d>>24)
	}
	for k := range deltas {
		clear(deltas[k][n : (n+groupSize-1)&^(groupSize-1)])
	}
}

// bestControl returns the control mode that stores one byte of n elements at the
// lowest cost, and that cost.
func (w *attributeWriter) bestControl(deltas *[blockMax]byte, n int) (control, cost int) {
	groups := (n + groupSize - 1) / groupSize
	low := (groups + 3) / 4
	top := low
	zero := true
	for g := range groups {
		costs := w.costs((*[groupSize]byte)(deltas[g*groupSize:]))
		_, l := choose(&costs, &widths[1+controlLow])
		_, t := choose(&costs, &widths[1+controlTop])
		low, top = low+l, top+t
		zero = zero && costs[0] == 0
	}
	whole := n
	if w.goal == Compressible {
		whole -= n * wholeBytes / groupSize
	}
	switch {
	case zero:
		return allZero, 0
	case low <= top && low < whole:
		return controlLow, low
	case top < whole:
		return controlTop, top
	}
	return literal, whole
}

// costs is groupCosts with the goal in mind.
func (w *attributeWriter) costs(g *[groupSize]byte) [5]int {
	costs := groupCosts(g)
	if w.goal == Compressible {
		costs[costOf[8]] -= wholeBytes
	}
	return costs
}

// probeBlocks is how many blocks of a channel are measured to choose its mode,
// spread evenly over the data: the choice does not move with more.
const probeBlocks = 32

// bestMode returns the channel mode that stores the 4 bytes at offset at of each
// element in the fewest bytes.
func (w *attributeWriter) bestMode(data []byte, at int) byte {
	best, cost := byte(deltaBytes), w.modeCost(data, at, deltaBytes)
	try := func(mode byte) {
		if c := w.modeCost(data, at, mode); c < cost {
			best, cost = mode, c
		}
	}
	try(deltaWords)
	for r := range byte(16) {
		try(deltaXor | r<<4)
	}
	return best
}

func (w *attributeWriter) modeCost(data []byte, at int, mode byte) int {
	size := blockElements(w.stride) * w.stride
	step := max(1, (len(data)/size+1)/probeBlocks) * size
	var deltas [4][blockMax]byte
	cost := 0
	for from := 0; from < len(data); from += step {
		block := data[from:min(from+size, len(data))]
		prev := data[max(0, from-w.stride):]
		n := len(block) / w.stride
		delta(&deltas, block[at:], prev[at:], n, w.stride, mode)
		for k := range deltas {
			_, c := w.bestControl(&deltas[k], n)
			cost += c
		}
	}
	return cost
}
