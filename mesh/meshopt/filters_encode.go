package meshopt

import (
	"encoding/binary"
	"fmt"
	"math"
)

// EncodeOctahedral prepares unit vectors for the octahedral filter: elements of
// stride bytes, 4 or 8, with precision bits a component, 2 to 4*stride/2 (that
// is 8 or 16). The fourth component is kept in the full width of a component,
// signed and normalized (a tangent's handedness). Other arguments panic.
func EncodeOctahedral(vectors [][4]float32, stride, precision int) []byte {
	checkPrecision(Octahedral, stride, precision, 2, 2*stride)
	out := make([]byte, 0, len(vectors)*stride)
	for _, v := range vectors {
		sum := abs(v[0]) + abs(v[1]) + abs(v[2])
		var x, y float32
		if sum > 0 {
			scale := 1 / sum
			x, y = v[0]*scale, v[1]*scale
		}
		if v[2] < 0 { // the lower half is folded outwards
			x, y = withSign(1-abs(y), x), withSign(1-abs(x), y)
		}
		out = appendVector(out, stride, [4]int32{
			snorm(x, precision), snorm(y, precision), snorm(1, precision), snorm(v[3], 2*stride),
		})
	}
	return out
}

// EncodeQuaternion prepares unit quaternions for the quaternion filter: elements
// of 8 bytes with precision bits a component, 4 to 16; another precision panics.
func EncodeQuaternion(rotations [][4]float32, precision int) []byte {
	checkPrecision(Quaternion, 8, precision, 4, 16)
	out := make([]byte, 0, len(rotations)*8)
	for _, q := range rotations {
		largest := 0
		for k := range q {
			if abs(q[k]) > abs(q[largest]) {
				largest = k
			}
		}
		// The largest is left out and taken as positive: q and -q are one rotation.
		s := withSign(math.Sqrt2, q[largest])
		var v [4]int32
		for k := range 3 {
			v[k] = snorm(q[(largest+1+k)&3]*s, precision)
		}
		v[3] = snorm(1, precision)&^3 | int32(largest)
		out = appendVector(out, 8, v)
	}
	return out
}

// EncodeColor prepares colors, 0 to 1 in each component, for the color filter:
// elements of stride bytes, 4 or 8, with precision bits a component, 2 to 8 or
// 16. Alpha has a bit less. Other arguments panic.
func EncodeColor(colors [][4]float32, stride, precision int) []byte {
	checkPrecision(Color, stride, precision, 2, 2*stride)
	out := make([]byte, 0, len(colors)*stride)
	for _, c := range colors {
		r, g, b := unorm(c[0], precision), unorm(c[1], precision), unorm(c[2], precision)
		// Halves are cut towards zero, so that decoding stays between two of the
		// values here and can't leave their range.
		co := (r - b) / 2
		cg := (g - b - co) / 2
		alpha := unorm(c[3], precision)>>1 | 1<<(precision-1) // the lowest bit is what is missing
		out = appendVector(out, stride, [4]int32{b + co + cg, co, cg, alpha})
	}
	return out
}

// A Sharing says which values have an exponent together. What is shared is of
// few values and compresses well, at the price of precision in small values.
type Sharing uint8

// The ways to share an exponent.
const (
	Separate     Sharing = iota // each value has its own: the full relative precision
	PerVector                   // the values of an element: translations, scales
	PerComponent                // one component of all elements: positions of a mesh
	AtLeastOne                  // each value, none below that of 1: values around 1
)

// Valid exponents of the exponential filter.
const (
	exponentMin = -100
	exponentMax = 100
)

// EncodeExponential prepares values for the exponential filter: elements of width
// values, with precision bits of mantissa, 1 to 24. The stride of the result is
// 4*width. A NaN becomes 0, what is too large the largest value there is. Other
// arguments panic.
func EncodeExponential(values []float32, width, precision int, share Sharing) []byte {
	checkPrecision(Exponential, 4*width, precision, 1, 24)
	if len(values)%width != 0 {
		panic(fmt.Sprintf("meshopt: %d values are not a whole number of elements of %d", len(values), width))
	}
	exponents := make([]int, width)
	out := make([]byte, 0, 4*len(values))
	if share == PerComponent {
		raise(exponents, values)
	}
	for ; len(values) > 0; values = values[width:] {
		element := values[:width]
		switch share {
		case Separate:
			raise(exponents, element)
		case PerVector:
			raise(exponents[:1], element)
			for k := range exponents {
				exponents[k] = exponents[0]
			}
		case AtLeastOne:
			raise(exponents, element)
			for k := range exponents {
				exponents[k] = max(exponents[k], 0)
			}
		}
		for k, v := range element {
			out = binary.LittleEndian.AppendUint32(out, exponential32(v, exponents[k]-(precision-1)))
		}
	}
	return out
}

// raise sets each exponent to the smallest e with |v| < 2^e for all of its values,
// which lie len(exponents) apart.
func raise(exponents []int, values []float32) {
	for k := range exponents {
		exponents[k] = exponentMin
	}
	for i, v := range values {
		if v != 0 && v == v {
			_, e := math.Frexp(min(math.Abs(float64(v)), math.MaxFloat32))
			k := i % len(exponents)
			exponents[k] = max(exponents[k], e)
		}
	}
}

// exponential32 is the integer m*2^e that is nearest to v, with m in 24 bits.
func exponential32(v float32, e int) uint32 {
	e = min(max(e, exponentMin), exponentMax)
	const most = 1<<23 - 1
	m := math.Round(min(max(math.Ldexp(float64(v), -e), -most), most))
	if v != v {
		m = 0
	}
	return uint32(int32(m))&(1<<24-1) | uint32(e)<<24
}

func checkPrecision(f Filter, stride, precision, least, most int) {
	if err := Check(0, stride, Attributes, f); err != nil {
		panic(err)
	}
	if precision < least || precision > most {
		panic(fmt.Sprintf("meshopt: %d bits, filter %v with a stride of %d has %d to %d", precision, f, stride, least, most))
	}
}

func appendVector(out []byte, stride int, v [4]int32) []byte {
	for _, x := range v {
		if stride == 4 {
			out = append(out, byte(x))
		} else {
			out = binary.LittleEndian.AppendUint16(out, uint16(x))
		}
	}
	return out
}

// snorm is x as a signed normalized integer, unorm as an unsigned one; what lies
// outside of their range is moved into it, and a NaN is 0.

func snorm(x float32, precision int) int32 {
	if x != x {
		return 0
	}
	one := float32(int32(1)<<(precision-1) - 1)
	return round(float32(min(max(x, -1), 1)) * one)
}

func unorm(x float32, precision int) int32 {
	if x != x {
		return 0
	}
	return round(min(max(x, 0), 1) * float32(int32(1)<<precision-1))
}

func withSign(x, sign float32) float32 {
	return math.Float32frombits(math.Float32bits(x)&^(1<<31) | math.Float32bits(sign)&(1<<31))
}

// round is to the nearest, halves away from zero.
func round(x float32) int32 {
	if x < 0 {
		return int32(x - 0.5)
	}
	return int32(x + 0.5)
}
