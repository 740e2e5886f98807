package meshopt

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"
)

// filtered encodes and decodes elements through a filter.
func filtered(t *testing.T, plain []byte, stride int, f Filter) []byte {
	t.Helper()
	return decoded(t, EncodeAttributes(plain, stride, Smallest), len(plain)/stride, stride, Attributes, f)
}

// component is component k of four in element i, from -1 to 1.
func component(b []byte, stride, i, k int) float64 {
	if stride == 4 {
		return float64(int8(b[4*i+k])) / math.MaxInt8
	}
	return float64(int16(binary.LittleEndian.Uint16(b[8*i+2*k:]))) / math.MaxInt16
}

// The precision of a filter halves what it loses with each bit: the bounds are 3
// steps of the coarser of the stored and the decoded component.
func TestFiltersComeBack(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	units, turns := unitVectors(rnd, 3000), quaternions(rnd, 3000)
	for _, stride := range []int{4, 8} {
		for precision := 4; precision <= 2*stride; precision++ {
			limit := 3 / float64(int(1)<<(precision-1)-1)
			got := filtered(t, EncodeOctahedral(units, stride, precision), stride, Octahedral)
			for i, want := range units {
				for k := range 3 {
					if d := math.Abs(component(got, stride, i, k) - float64(want[k])); d > limit {
						t.Fatalf("octahedral, %d bits: vector %d is off by %g, not %g", precision, i, d, limit)
					}
				}
			}
		}
	}
	for precision := 4; precision <= 16; precision++ {
		limit := 3 / float64(int(1)<<(precision-1)-1)
		got := filtered(t, EncodeQuaternion(turns, precision), 8, Quaternion)
		for i, want := range turns {
			dot := 0.0
			for k := range 4 {
				dot += component(got, 8, i, k) * float64(want[k])
			}
			for k := range 4 { // q and -q are one rotation
				if d := math.Abs(component(got, 8, i, k) - math.Copysign(1, dot)*float64(want[k])); d > limit {
					t.Fatalf("quaternion, %d bits: rotation %d is off by %g, not %g", precision, i, d, limit)
				}
			}
		}
	}
}

func TestColorsComeBack(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	for _, stride := range []int{4, 8} {
		for precision := 2; precision <= 2*stride; precision++ {
			colors := [][4]float32{{}, {1, 1, 1, 1}, {1, 0, 0, 1}, {0, 1, 0, 1}, {0, 0, 1, 1}, {1, 1, 0, 0}, {1, 0, 1, 0}, {0, 1, 1, 0}}
			for range 1000 {
				colors = append(colors, [4]float32{rnd.Float32(), rnd.Float32(), rnd.Float32(), rnd.Float32()})
			}
			got := filtered(t, EncodeColor(colors, stride, precision), stride, Color)
			top := float64(int(1)<<(2*stride) - 1)
			limit := 2 / float64(int(1)<<precision-1)
			for i, want := range colors {
				for k := range 4 {
					x := float64(got[i*stride+k*stride/4])
					if stride == 8 {
						x = float64(binary.LittleEndian.Uint16(got[8*i+2*k:]))
					}
					if d := math.Abs(x/top - float64(want[k])); d > limit {
						t.Fatalf("%d bits: color %v, component %d is off by %g, not %g", precision, want, k, d, limit)
					}
				}
			}
		}
	}
}

func TestExponentialComesBack(t *testing.T) {
	rnd := rand.New(rand.NewPCG(9, 10))
	values := []float32{0, 1, -1, 0.5, 3e7, -3e-7, 65504, 1.0 / 3, math.MaxFloat32 / 1e8}
	for range 999 {
		values = append(values, float32(rnd.NormFloat64()*math.Exp(3*rnd.NormFloat64())))
	}
	for _, share := range []Sharing{Separate, PerVector, PerComponent, AtLeastOne} {
		for precision := 2; precision <= 24; precision++ {
			got := filtered(t, EncodeExponential(values, 3, precision, share), 12, Exponential)
			for i, want := range values {
				var largest float64 // of those with the same exponent
				switch share {
				case Separate:
					largest = math.Abs(float64(want))
				case AtLeastOne:
					largest = max(math.Abs(float64(want)), 1)
				case PerVector:
					for _, x := range values[i/3*3:][:3] {
						largest = max(largest, math.Abs(float64(x)))
					}
				case PerComponent:
					for k := i % 3; k < len(values); k += 3 {
						largest = max(largest, math.Abs(float64(values[k])))
					}
				}
				x := float64(math.Float32frombits(binary.LittleEndian.Uint32(got[4*i:])))
				if d, limit := math.Abs(x-float64(want)), largest*math.Ldexp(1, 1-precision); d > limit {
					t.Fatalf("sharing %d, %d bits: %g became %g, off by more than %g", share, precision, want, x, limit)
				}
			}
		}
	}
}

// Values that are no numbers, or too large or small for the filters, become some
// number that is.
func TestFiltersTakeAnything(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	odd := [][4]float32{{nan, nan, nan, nan}, {inf, -inf, inf, -inf}, {}, {math.MaxFloat32, 1e-45, -1e-45, 7}}
	for _, stride := range []int{4, 8} {
		filtered(t, EncodeOctahedral(odd, stride, 8), stride, Octahedral)
		filtered(t, EncodeColor(odd, stride, 8), stride, Color)
	}
	filtered(t, EncodeQuaternion(odd, 12), 8, Quaternion)
	for _, share := range []Sharing{Separate, PerVector, PerComponent, AtLeastOne} {
		got := filtered(t, EncodeExponential(flat(odd), 4, 24, share), 16, Exponential)
		for i := 0; i < len(got); i += 4 {
			if x := float64(math.Float32frombits(binary.LittleEndian.Uint32(got[i:]))); math.IsNaN(x) || math.IsInf(x, 0) {
				t.Errorf("sharing %d: value %d is %g", share, i/4, x)
			}
		}
	}
}
