// Package jpeg writes JPEG files (ITU-T T.81 | ISO/IEC 10918-1) for textures.
//
// What sets it apart from encoders for photographs is control: the steps by which each
// component is quantized are the caller's, whole numbers of codes, as the format has
// them, whose mean is any fraction (Flat), so that a search can spend bits on the
// channels that count; quantizing, looking at what decoders will show and writing are
// separate, so that a search pays for a file only once; and Huffman tables are the best
// there are for each file, whose order is the smaller of the two it knows.
//
// The same pixels and steps give the same bytes on any machine.
package jpeg

import (
	"errors"
	"fmt"
	"image"
)

// Layout says which components a file has and at what resolution.
type Layout int

// The layouts. RGB has no conversion, which an Adobe marker says (ITU-T T.872,
// 6.5.3); the others are JFIF (ITU-T T.871).
const (
	Gray Layout = iota // luma only, of R
	YCbCr444
	YCbCr420
	RGB
)

// Components is how many there are.
func (l Layout) Components() int {
	if l == Gray {
		return 1
	}
	return 3
}

// blockSize is how many samples or coefficients a block has: 8 by 8, row by row.
const blockSize = 64

// A plane is one component of a picture: blocks from left to right, top to
// bottom, as many as whole MCUs need.
type plane struct {
	h, v       int    // sampling factors
	wide, high int    // in blocks, whole MCUs
	seen       [2]int // in blocks, that hold samples of the image
}

// A Transformed is the discrete cosine transform of an image.
type Transformed struct {
	layout Layout
	w, h   int
	planes []plane
	coefs  [][]float32 // by plane; 64 to a block
}

// MaxEdge is the longest side of a JPEG (T.81, B.2.2).
const MaxEdge = 65535

// ErrSize is what Transform says of an image that no JPEG can hold.
var ErrSize = errors.New("a JPEG has 1 to 65535 pixels along each axis")

// Transform makes the cosine transform of an image. Alpha is not looked at.
func Transform(img *image.NRGBA, layout Layout) (*Transformed, error) {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	if w < 1 || h < 1 || w > MaxEdge || h > MaxEdge {
		return nil, fmt.Errorf("%w: this one has %d by %d", ErrSize, w, h)
	}
	t := &Transformed{layout: layout, w: w, h: h}
	mcu := 8
	if layout == YCbCr420 {
		mcu = 16
	}
	across, down := (w+mcu-1)/mcu, (h+mcu-1)/mcu
	for c := range layout.Components() {
		p := plane{h: 1, v: 1}
		if layout == YCbCr420 && c == 0 {
			p.h, p.v = 2, 2
		}
		p.wide, p.high = across*p.h, down*p.v
		edge := mcu / p.h // of the image that a block covers
		p.seen = [2]int{(w + edge - 1) / edge, (h + edge - 1) / edge}
		t.planes = append(t.planes, p)
		t.coefs = append(t.coefs, make([]float32, p.wide*p.high*blockSize))
	}
	t.fill(img, mcu, across, down)
	return t, nil
}

// fill transforms strips of the image as high as an MCU, one after the other.
func (t *Transformed) fill(img *image.NRGBA, mcu, across, down int) {
	n := t.layout.Components()
	width := across * mcu
	samples := make([][]float32, n)
	for c := range samples {
		samples[c] = make([]float32, width*mcu)
	}
	half := make([]float32, width*mcu/4)
	for y := range down {
		for j := range mcu {
			row := img.Pix[min(y*mcu+j, t.h-1)*img.Stride:][:4*t.w]
			t.layout.convert(samples, row, j*width)
			for c := range samples { // the last sample goes on
				line := samples[c][j*width:][:width]
				for x := t.w; x < width; x++ {
					line[x] = line[t.w-1]
				}
			}
		}
		for c := range samples {
			p := &t.planes[c]
			src, stride := samples[c], width
			if t.layout == YCbCr420 && c > 0 {
				halve(half, src, width, mcu)
				src, stride = half, width/2
			}
			for j := range p.v {
				out := t.coefs[c][(y*p.v+j)*p.wide*blockSize:]
				for x := range p.wide {
					forward(out[x*blockSize:][:blockSize], src[j*8*stride+x*8:], stride)
				}
			}
		}
	}
}

// convert turns a row of pixels into samples around 0 (T.871, section 7).
func (l Layout) convert(samples [][]float32, row []uint8, at int) {
	switch l {
	case Gray:
		out := samples[0][at:][:len(row)/4]
		for x := range out {
			out[x] = float32(int(row[4*x]) - 128)
		}
	case RGB:
		for c := range 3 {
			out := samples[c][at:][:len(row)/4]
			for x := range out {
				out[x] = float32(int(row[4*x+c]) - 128)
			}
		}
	default:
		n := len(row) / 4
		ys, bs, rs := samples[0][at:][:n], samples[1][at:][:n], samples[2][at:][:n]
		for x := range ys {
			p := row[4*x : 4*x+3 : 4*x+3]
			r, g, b := int32(p[0]), int32(p[1]), int32(p[2])
			// The numbers are whole thousandths of thousandths, so they fit and are exact
			// up to the last rounding.
			ys[x] = float32(299*r+587*g+114*b-128000) / 1000
			bs[x] = float32(-168736*r-331264*g+500000*b) / 1000000
			rs[x] = float32(500000*r-418688*g-81312*b) / 1000000
		}
	}
}

// halve takes the mean of 2 by 2 samples.
func halve(out, in []float32, width, rows int) {
	for y := 0; y < rows; y += 2 {
		a, b := in[y*width:][:width], in[(y+1)*width:][:width]
		o := out[y/2*width/2:][:width/2]
		for x := range o {
			o[x] = (a[2*x] + a[2*x+1] + b[2*x] + b[2*x+1]) / 4
		}
	}
}
