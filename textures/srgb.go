package textures

import "math"

// linear is the light of each sRGB code (IEC 61966-2-1), 0 to 1.
var linear = func() (t [256]float32) {
	for i := range t {
		t[i] = float32(Linear(float64(i) / 255))
	}
	return t
}()

// unit is each byte as a number from 0 to 1.
var unit = func() (t [256]float32) {
	for i := range t {
		t[i] = float32(i) / 255
	}
	return t
}()

// signed is each byte as a number from -1 to 1.
var signed = func() (t [256]float32) {
	for i := range t {
		t[i] = float32(2*i-255) / 255
	}
	return t
}()

// steps maps light in 65536ths to the nearest sRGB code. The slope of the curve
// is at most 12.92, a twentieth of a code for each step.
var steps = func() (t [1<<16 + 1]uint8) {
	next := 0
	for c := range 256 {
		// Up to the light that lies between this code and the next.
		end := 1 << 16
		if c < 255 {
			end = int(Linear((float64(c)+0.5)/255) * (1 << 16))
		}
		for ; next <= end; next++ {
			t[next] = uint8(c)
		}
	}
	return t
}()

// Linear is the light of an sRGB value; both are 0 to 1.
func Linear(v float64) float64 {
	if v <= 0.04045 {
		return v / 12.92
	}
	return math.Pow((v+0.055)/1.055, 2.4)
}

// SRGB is the code nearest to light v, 0 to 1; what lies outside is clipped.
func SRGB(v float32) uint8 {
	switch {
	case v >= 1:
		return 255
	case v > 0:
		return steps[int(float32(v*(1<<16))+0.5)]
	}
	return 0
}

// code is the byte nearest to a number from 0 to 1; what lies outside is clipped.
func code(v float32) uint8 {
	switch {
	case v >= 1:
		return 255
	case v > 0:
		return uint8(float32(v*255) + 0.5)
	}
	return 0
}
