package jpeg

import (
	"image"
	"math"
)

// Steps are the quantization steps of one component in row order, 1 to 255.
type Steps [blockSize]uint8

// Flat returns steps of one size, in codes: what loses least for a number of bits where
// all error counts alike. Steps are whole numbers, so a tilt of a tenth to either
// side turns a fraction into a share of the frequencies that have the larger one.
func Flat(step float64) (s Steps) {
	for i := range s {
		far := float64(i/8+i%8) / 14
		s[i] = uint8(min(max(math.Round(step*(0.9+float64(0.2*far))), 1), 255))
	}
	return s
}

// Finer returns s with the steps of the coarsest waves at most so large: of a block's
// mean and of one wave across or down it, and twice that where it is two. Their errors
// are seen as blotches, however small.
func (s Steps) Finer(step float64) Steps {
	for i := range s {
		if waves := i/8 + i%8; waves < 3 {
			s[i] = min(s[i], uint8(max(math.Round(step*float64(max(waves, 1))), 1)))
		}
	}
	return s
}

// Rounding says from which fraction on a coefficient is rounded up: 0.5 is nearest.
// A little more costs less in error than it saves in bits, most of all where a
// coefficient becomes 0.
type Rounding struct {
	ToOne float32 // from 0; 0.5 to 1
	Up    float32 // from a whole number above; 0.5 to 1
}

// A Quantized is a picture as a file holds it.
type Quantized struct {
	layout Layout
	w, h   int
	planes []plane
	steps  []Steps
	coefs  [][]int16 // by plane; 64 to a block, in zigzag order
}

// zigzag is the place in a block of each coefficient in a file's order (T.81, figure
// A.6).
var zigzag = func() (z [blockSize]uint8) {
	x, y := 0, 0
	for k := range z {
		z[k] = uint8(8*y + x)
		switch up := (x+y)%2 == 0; {
		case up && x == 7, !up && y == 7:
			// At the far edges the path goes on along them.
			if up {
				y++
			} else {
				x++
			}
		case up && y == 0:
			x++
		case !up && x == 0:
			y++
		case up:
			x, y = x+1, y-1
		default:
			x, y = x-1, y+1
		}
	}
	return z
}()

// Quantize rounds a picture to steps, one set for each component.
func (t *Transformed) Quantize(steps []Steps, how Rounding) *Quantized {
	q := &Quantized{layout: t.layout, w: t.w, h: t.h, planes: t.planes, steps: steps}
	for c := range t.planes {
		out := make([]int16, len(t.coefs[c]))
		var scale [blockSize]float32
		for k, at := range zigzag {
			scale[k] = 1 / float32(steps[c][at])
		}
		for b := 0; b < len(out); b += blockSize {
			how.block(out[b:b+blockSize:b+blockSize], t.coefs[c][b:b+blockSize:b+blockSize], &scale)
		}
		q.coefs = append(q.coefs, out)
	}
	return q
}

// block quantizes one block. The mean is rounded to the nearest: its error is seen
// as blotches. What is larger than a file can say is cut off (T.81, table F.2).
func (how Rounding) block(out []int16, in []float32, scale *[blockSize]float32) {
	out, in = out[:blockSize], in[:blockSize]
	out[0] = int16(math.Floor(float64(in[0]*scale[0]) + 0.5))
	up := 1 - how.Up
	for k := 1; k < blockSize; k++ {
		v := float32(in[zigzag[k]&63] * scale[k])
		switch {
		case v >= how.ToOne:
			out[k] = int16(min(max(v+up, 1), 1023))
		case v <= -how.ToOne:
			out[k] = -int16(min(max(up-v, 1), 1023))
		}
	}
}

// Image is what a decoder makes of the file, up to the rounding that each is free in: an
// *image.Gray, *image.YCbCr or, for RGB, *image.NRGBA.
func (q *Quantized) Image() image.Image {
	samples := make([][]uint8, len(q.planes))
	for c := range samples {
		samples[c] = q.samples(c)
	}
	stride := 8 * q.planes[0].wide
	bounds := image.Rect(0, 0, q.w, q.h)
	switch q.layout {
	case Gray:
		return &image.Gray{Pix: samples[0], Stride: stride, Rect: bounds}
	case RGB:
		out := image.NewNRGBA(bounds)
		for y := range q.h {
			row := out.Pix[y*out.Stride:][:4*q.w]
			r, g, b := samples[0][y*stride:][:q.w], samples[1][y*stride:][:q.w], samples[2][y*stride:][:q.w]
			for x := range r {
				p := row[4*x : 4*x+4 : 4*x+4]
				p[0], p[1], p[2], p[3] = r[x], g[x], b[x], 255
			}
		}
		return out
	}
	out := &image.YCbCr{
		Y: samples[0], Cb: samples[1], Cr: samples[2], YStride: stride, CStride: 8 * q.planes[1].wide,
		SubsampleRatio: image.YCbCrSubsampleRatio444, Rect: bounds,
	}
	if q.layout == YCbCr420 {
		out.SubsampleRatio = image.YCbCrSubsampleRatio420
	}
	return out
}

// samples transforms a component back.
func (q *Quantized) samples(c int) []uint8 {
	p := q.planes[c]
	stride := 8 * p.wide
	out := make([]uint8, stride*8*p.high)
	var step [blockSize]float32
	for k, at := range zigzag {
		step[k] = float32(q.steps[c][at])
	}
	var in [blockSize]float32
	var values [blockSize]float32
	for y := range p.high {
		for x := range p.wide {
			coefs := q.coefs[c][(y*p.wide+x)*blockSize:][:blockSize:blockSize]
			at := 8*y*stride + 8*x
			if plainBlock(coefs) {
				fillBlock(out[at:], stride, sampleOf(float32(c4*float32(c4*float32(float32(coefs[0])*step[0])))))
				continue
			}
			clear(in[:])
			for k, v := range coefs {
				if v != 0 {
					in[zigzag[k]&63] = float32(float32(v) * step[k])
				}
			}
			inverse(values[:], &in, 8)
			for j := range 8 {
				row, v := out[at+j*stride:][:8], values[8*j:][:8]
				for i := range row {
					row[i] = sampleOf(v[i])
				}
			}
		}
	}
	return out
}

// sampleOf is the code of a sample around 0.
func sampleOf(v float32) uint8 { return uint8(min(max(v+128.5, 0), 255)) }

// plainBlock tells whether a block has nothing but its mean.
func plainBlock(coefs []int16) bool {
	for _, v := range coefs[1:] {
		if v != 0 {
			return false
		}
	}
	return true
}

func fillBlock(out []uint8, stride int, v uint8) {
	for j := range 8 {
		row := out[j*stride:][:8]
		for i := range row {
			row[i] = v
		}
	}
}
