package textures

import (
	"image"
	"math"
	"slices"
)

// PSNR is the peak signal-to-noise ratio of b against a, in dB over the channels
// in use: of all together for light and normals, of the worst for other data. Images of
// different sizes are measured where both are.
//
// Where light has alpha in use, the squared error of a color weighs as much as the
// larger of the two alphas, and is divided by the sum of these weights: what nobody sees
// does not count, nor does it make the rest look better. Alpha itself counts
// everywhere, so opaque images have the usual PSNR.
func PSNR(a, b *image.NRGBA, u Use) float64 {
	return measureSquares(a, b, u).psnr(u)
}

// squares is the sum of squared differences, in codes, of each channel, and that of the
// weights.
type squares struct{ sum, weight [4]int64 }

func measureSquares(a, b *image.NRGBA, u Use) (s squares) {
	w, h := common(a, b)
	for y := range h {
		p, q := a.Pix[y*a.Stride:][:4*w], b.Pix[y*b.Stride:][:4*w]
		if u.Role.Light() && u.Used&A != 0 {
			s.addWeighed(p, q)
		} else {
			s.add(p, q)
		}
	}
	return s
}

func (s *squares) add(p, q []uint8) {
	var sr, sg, sb, sa int64
	for i := 0; i+4 <= len(p) && i+4 <= len(q); i += 4 {
		m, n := p[i:i+4:i+4], q[i:i+4:i+4]
		dr, dg := int64(m[0])-int64(n[0]), int64(m[1])-int64(n[1])
		db, da := int64(m[2])-int64(n[2]), int64(m[3])-int64(n[3])
		sr, sg, sb, sa = sr+dr*dr, sg+dg*dg, sb+db*db, sa+da*da
	}
	s.addSums([4]int64{sr, sg, sb, sa}, int64(len(p)/4), int64(len(p)/4))
}

func (s *squares) addWeighed(p, q []uint8) {
	var sr, sg, sb, sa, weight int64
	for i := 0; i+4 <= len(p) && i+4 <= len(q); i += 4 {
		m, n := p[i:i+4:i+4], q[i:i+4:i+4]
		dr, dg := int64(m[0])-int64(n[0]), int64(m[1])-int64(n[1])
		db, da := int64(m[2])-int64(n[2]), int64(m[3])-int64(n[3])
		alpha := int64(max(m[3], n[3]))
		sr, sg, sb, sa = sr+alpha*dr*dr, sg+alpha*dg*dg, sb+alpha*db*db, sa+da*da
		weight += alpha
	}
	s.addSums([4]int64{sr, sg, sb, sa}, weight, int64(len(p)/4))
}

func (s *squares) addSums(sum [4]int64, color, alpha int64) {
	for c, weight := range [4]int64{color, color, color, alpha} {
		s.sum[c] += sum[c]
		s.weight[c] += weight
	}
}

func (s squares) psnr(u Use) float64 {
	all, worst, n := 0.0, 0.0, 0.0
	for c := range 4 {
		if u.Used&(1<<c) != 0 {
			mse := s.mse(c)
			all, worst, n = all+mse, max(worst, mse), n+1
		}
	}
	if u.Role.Light() || u.Role == Normal {
		return decibels(all / max(n, 1))
	}
	return decibels(worst)
}

// mse is the mean squared error of a channel.
func (s squares) mse(c int) float64 {
	return float64(s.sum[c]) / float64(max(s.weight[c], 1)) // all invisible: no error
}

func decibels(mse float64) float64 { return 10 * math.Log10(255*255/mse) }

// common is the size of what both images cover.
func common(a, b *image.NRGBA) (w, h int) {
	return min(a.Rect.Dx(), b.Rect.Dx()), min(a.Rect.Dy(), b.Rect.Dy())
}

// Shift is the 99th percentile, over blocks of 8 by 8 pixels, of how far the mean of
// b is from a's, in codes: that of luma, or half that of a color difference (ITU-T T.871,
// section 7), whichever is more; the eye sees colors less sharply. On plain surfaces such
// blotches are seen, and they hardly count in a PSNR.
func Shift(a, b *image.NRGBA) float64 {
	w, h := common(a, b)
	const bins, fine = 255*16 + 1, 16 // sixteenths of a code
	var count [bins]int
	total := 0
	for y := 0; y < h; y += 8 {
		for x := 0; x < w; x += 8 {
			bw, bh := min(8, w-x), min(8, h-y)
			d := blockShift(a.Pix[y*a.Stride+4*x:], b.Pix[y*b.Stride+4*x:], a.Stride, b.Stride, bw, bh)
			count[min(d*fine/(1000*bw*bh), bins-1)]++
			total++
		}
	}
	left := total / 100
	for d, n := range slices.Backward(count[:]) {
		if left -= n; left < 0 {
			return float64(d) / fine
		}
	}
	return 0
}

// blockShift is the sum of differences over a block, of luma or of half a color difference,
// in thousandths.
func blockShift(p, q []uint8, pStride, qStride, w, h int) int {
	var r, g, b int
	for y := range h {
		m, n := p[y*pStride:][:4*w], q[y*qStride:][:4*w]
		for i := 0; i+3 <= len(m) && i+3 <= len(n); i += 4 {
			r += int(m[i]) - int(n[i])
			g += int(m[i+1]) - int(n[i+1])
			b += int(m[i+2]) - int(n[i+2])
		}
	}
	luma := 299*r + 587*g + 114*b
	blue, red := (1000*b-luma)*1000/3544, (1000*r-luma)*1000/2804 // halves of (B - Y) / 1.772 and (R - Y) / 1.402
	return max(luma, -luma, blue, -blue, red, -red)
}
