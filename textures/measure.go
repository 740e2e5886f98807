package textures

import (
	"image"
	"math"
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

func decibels(mse float64) float64 { return settled(10 * math.Log10(255*255/mse)) }

// common is the size of what both images cover.
func common(a, b *image.NRGBA) (w, h int) {
	return min(a.Rect.Dx(), b.Rect.Dx()), min(a.Rect.Dy(), b.Rect.Dy())
}
