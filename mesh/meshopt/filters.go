package meshopt

import (
	"encoding/binary"
	"math"
)

// Filters run in place on what the attribute codec gave. The specifications allow
// one unit in the last place, except for the exponential filter; here the result
// is the same on every machine: sums of products are rounded before they are
// added, so that none is fused. What they leave open (values that no encoder
// writes) gives some value.

func unfilter(dst []byte, stride int, f Filter) {
	switch f {
	case Octahedral:
		vectors(dst, stride, octahedralOf)
	case Quaternion:
		vectors(dst, stride, quaternionOf)
	case Exponential:
		exponential(dst)
	case Color:
		vectors(dst, stride, colorOf)
	}
}

// vectors replaces each element, four components of 8 or 16 bits, by what decode
// makes of it. max is the largest signed component: 127 or 32767.
func vectors(dst []byte, stride int, decode func(v [4]int32, max int32) [4]int32) {
	if stride == 4 {
		for ; len(dst) >= 4; dst = dst[4:] {
			v := decode([4]int32{int32(int8(dst[0])), int32(int8(dst[1])), int32(int8(dst[2])), int32(int8(dst[3]))}, math.MaxInt8)
			for k, x := range v {
				dst[k] = byte(x)
			}
		}
		return
	}
	for ; len(dst) >= 8; dst = dst[8:] {
		var v [4]int32
		for k := range v {
			v[k] = int32(int16(binary.LittleEndian.Uint16(dst[2*k:])))
		}
		for k, x := range decode(v, math.MaxInt16) {
			binary.LittleEndian.PutUint16(dst[2*k:], uint16(x))
		}
	}
}

// octahedralOf unfolds the octahedron (filter 1). The third component is 1.0 in
// the precision of the first two; since the result is normalized, nothing needs
// to be divided by it.
func octahedralOf(v [4]int32, max int32) [4]int32 {
	x, y := float32(v[0]), float32(v[1])
	z := float32(v[2]) - abs(x) - abs(y)
	if z < 0 { // the lower half is folded outwards
		x, y = towardsZero(x, z), towardsZero(y, z)
	}
	length := float32(math.Sqrt(float64(float32(x*x) + (float32(y*y) + float32(z*z)))))
	if length == 0 {
		return [4]int32{0, 0, 0, v[3]}
	}
	s := float32(max) / length
	return [4]int32{nearest(x * s), nearest(y * s), nearest(z * s), v[3]}
}

// towardsZero adds the negative z to the magnitude of x.
func towardsZero(x, z float32) float32 {
	if math.Signbit(float64(x)) {
		return x - z
	}
	return x + z
}

// quaternionOf puts the largest component back (filter 2). The last component is
// 1.0 in the precision of the others, its low 2 bits say which one is missing.
func quaternionOf(v [4]int32, _ int32) [4]int32 {
	s := float32(math.Sqrt2/2) / float32(v[3]|3)
	x, y, z := float32(v[0])*s, float32(v[1])*s, float32(v[2])*s
	ww := 1 - (float32(x*x) + (float32(y*y) + float32(z*z)))
	w := float32(math.Sqrt(float64(max(ww, 0))))
	var q [4]int32
	for k, c := range [4]float32{w, x, y, z} {
		q[(int(v[3])+k)&3] = nearest(c * math.MaxInt16)
	}
	return q
}

// exponential turns 8 bits of exponent and 24 of mantissa into floats (filter 3),
// exactly: a float64 holds every product, and a float32 those that are valid.
func exponential(dst []byte) {
	for ; len(dst) >= 4; dst = dst[4:] {
		v := int32(binary.LittleEndian.Uint32(dst))
		scale := math.Float64frombits(uint64(v>>24+1023) << 52)
		f := float32(scale * float64(v<<8>>8))
		binary.LittleEndian.PutUint32(dst, math.Float32bits(f))
	}
}

// colorOf turns luma, two differences of color and alpha into RGBA (filter 4).
// The highest bit of alpha says how many bits the others have.
func colorOf(v [4]int32, limit int32) [4]int32 {
	limit = 2*limit + 1 // all but the differences are unsigned
	y, co, cg, alpha := v[0]&limit, v[1], v[2], v[3]&limit
	one := int32(0)
	for one < alpha {
		one = one<<1 | 1
	}
	if one == 0 {
		return [4]int32{}
	}
	a := alpha & (one >> 1)
	s := float32(limit) / float32(one)
	c := [4]int32{y + co - cg, y + cg, y - co - cg, a<<1 | a&1}
	for k := range c {
		c[k] = min(max(nearest(float32(c[k])*s), 0), limit)
	}
	return c
}

func abs(x float32) float32 { return math.Float32frombits(math.Float32bits(x) &^ (1 << 31)) }

// nearest rounds halves to even. The specifications say away from zero and allow
// for either; this is what the decoders in browsers do, so that what is measured
// here is what is seen there.
func nearest(x float32) int32 {
	return int32(math.RoundToEven(float64(x)))
}
