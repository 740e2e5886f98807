package textures

import (
	"image"
	"math"
)

// The constants of Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment: from
// error visibility to structural similarity", IEEE Transactions on Image Processing
// 13(4), 2004: a window of 11 by 11 pixels with Gaussian weights, and what keeps
// quotients stable, (K L)² with K of 0.01 and 0.03 for codes up to L = 255.
const (
	ssimWindow = 11
	ssimSigma  = 1.5
	ssimC1     = (0.01 * 255) * (0.01 * 255)
	ssimC2     = (0.03 * 255) * (0.03 * 255)
)

// SSIM is the mean structural similarity of a and b after Wang et al., 2004, over all
// places where the window lies within the image: 1 where they are equal, and the same for
// b and a. Of light it is that of the luma (ITU-R BT.601), of anything else the mean over
// the channels in use. Where light has alpha in use, both are put on black and on white,
// and the lower of the two results counts.
//
// An image with an edge under 11 pixels has a window as small as that edge, with the
// Gaussian cut off there. Images of different sizes are measured where both are.
func SSIM(a, b *image.NRGBA, u Use) float64 {
	if !translucent(a, b, u) {
		return opaqueSSIM(a, b, u)
	}
	u.Used &^= A
	return min(opaqueSSIM(over(a, 0), over(b, 0), u), opaqueSSIM(over(a, 255), over(b, 255), u))
}

func opaqueSSIM(a, b *image.NRGBA, u Use) float64 {
	if u.Role.Light() && u.Used&RGB != 0 {
		return ssim(a, b, luma)
	}
	sum, n := 0.0, 0.0
	for c := range 4 {
		if u.Used&(1<<c) != 0 {
			sum, n = sum+ssim(a, b, func(line []float64, row []uint8) { channel(line, row, c) }), n+1
		}
	}
	if n == 0 {
		return 1 // nothing that is in use differs
	}
	return sum / n
}

// translucent says whether colors of a or b show what is behind them.
func translucent(a, b *image.NRGBA, u Use) bool {
	return u.Role.Light() && u.Used&A != 0 && u.Used&RGB != 0 && (Analyse(a).Min[3] < 255 || Analyse(b).Min[3] < 255)
}

// over puts img on a gray, in codes, as most viewers blend.
func over(img *image.NRGBA, gray int) *image.NRGBA {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		p, q := out.Pix[y*out.Stride:][:4*w], img.Pix[y*img.Stride:][:4*w]
		for i := 0; i < len(q); i += 4 {
			alpha := int(q[i+3])
			for c := range 3 {
				p[i+c] = uint8((alpha*int(q[i+c]) + (255-alpha)*gray + 127) / 255)
			}
			p[i+3] = 255
		}
	}
	return out
}

// A reader makes numbers of a row of pixels.
type reader func(line []float64, row []uint8)

func luma(line []float64, row []uint8) {
	for i := range line {
		p := row[4*i : 4*i+3 : 4*i+3]
		line[i] = float64(299*int(p[0])+587*int(p[1])+114*int(p[2])) / 1000
	}
}

func channel(line []float64, row []uint8, c int) {
	for i := range line {
		line[i] = float64(row[4*i+c])
	}
}

// ssim sums up each row by itself and then the rows, so that the result does not depend
// on how many processors there are.
func ssim(a, b *image.NRGBA, read reader) float64 {
	w, h := common(a, b)
	if w == 0 || h == 0 {
		return 1
	}
	across, down := gaussian(min(w, ssimWindow)), gaussian(min(h, ssimWindow))
	columns, rows := w-len(across)+1, h-len(down)+1
	sums := make([]float64, rows)
	bands(rows, func(from, to int) {
		s := newSSIMRows(w, across, down)
		for y := from; y < to+len(down)-1; y++ {
			read(s.x, a.Pix[y*a.Stride:][:4*w])
			read(s.y, b.Pix[y*b.Stride:][:4*w])
			s.push(y)
			if top := y - len(down) + 1; top >= from {
				sums[top] = s.sum(top)
			}
		}
	})
	total := 0.0
	for _, s := range sums {
		total += s
	}
	return total / (float64(rows) * float64(columns))
}

// gaussian is the window's profile; the window is the product of two.
func gaussian(n int) []float64 {
	out, sum := make([]float64, n), 0.0
	for i := range out {
		d := float64(i) - float64(n-1)/2
		out[i] = math.Exp(-d * d / (2 * ssimSigma * ssimSigma))
		sum += out[i]
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}

// ssimRows has the rows under the window, filtered across: row y in ring[y%len(ring)].
type ssimRows struct {
	across, down []float64
	x, y         []float64        // pixels of one row
	product      [4][]float64     // x, y, x²+y², xy
	ring         []([4][]float64) // the same, filtered
	mean         [4][]float64     // filtered both ways
}

func newSSIMRows(w int, across, down []float64) *ssimRows {
	s := &ssimRows{across: across, down: down, ring: make([][4][]float64, len(down))}
	s.x, s.y = make([]float64, w), make([]float64, w)
	s.product = [4][]float64{s.x, s.y, make([]float64, w), make([]float64, w)}
	columns := w - len(across) + 1
	for m := range 4 {
		s.mean[m] = make([]float64, columns)
		for i := range s.ring {
			s.ring[i][m] = make([]float64, columns)
		}
	}
	return s
}

// push filters x and y, which are row number y.
func (s *ssimRows) push(row int) {
	squares, products := s.product[2], s.product[3]
	for i, x := range s.x {
		y := s.y[i]
		squares[i], products[i] = float64(x*x)+float64(y*y), x*y
	}
	for m, out := range s.ring[row%len(s.ring)] {
		weigh(out, s.across, func(t int) []float64 { return s.product[m][t:] })
	}
}

// sum adds up the similarity of the windows whose first row is top.
func (s *ssimRows) sum(top int) (sum float64) {
	for m, out := range s.mean {
		weigh(out, s.down, func(t int) []float64 { return s.ring[(top+t)%len(s.ring)][m] })
	}
	for i, x := range s.mean[0] {
		y := s.mean[1][i]
		xy, xxyy := float64(x*y), float64(x*x)+float64(y*y)
		luminance := (2*xy + ssimC1) / (xxyy + ssimC1)
		structure := (2*(s.mean[3][i]-xy) + ssimC2) / (s.mean[2][i] - xxyy + ssimC2)
		sum += float64(luminance * structure)
	}
	return sum
}

// weigh makes out the weighted sum of lines. Weights are symmetric, so lines are added up
// in pairs first.
func weigh(out, weights []float64, line func(t int) []float64) {
	clear(out)
	for t, u := 0, len(weights)-1; t < u; t, u = t+1, u-1 {
		p, q, weight := line(t)[:len(out)], line(u)[:len(out)], weights[t]
		for i := range out {
			out[i] += float64(weight * (p[i] + q[i]))
		}
	}
	if n := len(weights); n%2 == 1 {
		p, weight := line(n / 2)[:len(out)], weights[n/2]
		for i := range out {
			out[i] += float64(weight * p[i])
		}
	}
}
