package draco

import (
	"encoding/binary"
	"math"
)

// Floats are computed in single precision, one operation at a time: each is converted
// so that no processor fuses two of them, and results are the same everywhere.

func (a *attribute) putFloat(i int, v float32) {
	binary.LittleEndian.PutUint32(a.rows[4*i:], math.Float32bits(v))
}

// dequantize maps integers into a box, whose corner and longest side follow
// (Sequential Quantization Attribute Decoder). The specification multiplies by the
// reciprocal of the steps first; decoders divide the side, and so does this.
func (d *decoder) dequantize(a *attribute) *FormatError {
	low := make([]float32, a.Components)
	for i := range low {
		low[i] = d.r.f32()
	}
	side, bits := d.r.f32(), d.r.u8()
	if err := d.short(); err != nil {
		return err
	}
	if bits < 1 || bits > 30 {
		return d.bad("is quantized to %d bits, not 1 to 30", bits)
	}
	step := side / float32(int32(1)<<bits-1)
	for i, v := range a.values {
		scaled := float32(v) * step
		a.putFloat(i, float32(scaled)+low[i%a.Components])
	}
	return nil
}

// unfoldNormals makes unit vectors of points on the octahedron's unfolded square
// (Sequential Normal Attribute Decoder; the fold is written with fewer cases, as
// decoders do, since the cases of the specification round differently).
func (d *decoder) unfoldNormals(a *attribute) *FormatError {
	bits := d.r.u8()
	if err := d.short(); err != nil {
		return err
	}
	if bits < 2 || bits > 30 {
		return d.bad("is quantized to %d bits, not 2 to 30", bits)
	}
	scale := 2 / float32(int32(1)<<bits-2)
	for e := range a.entries {
		s := float32(float32(a.values[2*e])*scale) - 1
		t := float32(float32(a.values[2*e+1])*scale) - 1
		for i, v := range unit(s, t) {
			a.putFloat(3*e+i, v)
		}
	}
	return nil
}

// unit is the unit vector at y, z of the square from -1 to 1.
func unit(y, z float32) [3]float32 {
	x := 1 - abs32(y) - abs32(z)
	over := max(-x, 0) // the corners of the square are the half where x < 0
	if y < 0 {
		y += over
	} else {
		y -= over
	}
	if z < 0 {
		z += over
	} else {
		z -= over
	}
	square := float32(x*x) + float32(y*y)
	square += float32(z * z)
	if float64(square) < 1e-6 {
		return [3]float32{}
	}
	f := 1 / float32(math.Sqrt(float64(square)))
	return [3]float32{x * f, y * f, z * f}
}

func abs32(v float32) float32 { return math.Float32frombits(math.Float32bits(v) &^ (1 << 31)) }
