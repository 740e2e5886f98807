package textures

import (
	"image"
	"math"
	"math/bits"
)

// Where alpha is all or nothing, averaging moves the line between the two: leaves and
// meshes of wire thin out. So alpha is scaled until as much of the image is seen
// as before (Castaño, "Computing alpha mipmaps", 2010).

// A mask is what is to be seen of an image, and the alpha of one that is being made of
// it. It is nil where nothing needs to be done.
type mask struct {
	least uint8   // alpha that is seen
	share float64 // of pixels, that are seen
	alpha []float32
	w     int
}

// newMask measures what is seen of img.
func newMask(img *image.NRGBA, how Resample) *mask {
	if !(how.Cutoff > 0 && how.Cutoff <= 1) {
		return nil
	}
	least := leastSeen(how.Cutoff)
	return &mask{least: least, share: coverage(img, least)}
}

// sized is the mask for an image of that size.
func (m *mask) sized(size image.Point) *mask {
	if m == nil {
		return nil
	}
	return &mask{m.least, m.share, make([]float32, size.X*size.Y), size.X}
}

// leastSeen is the least alpha that is seen with a cutoff above 0, up to 1.
func leastSeen(cutoff float64) uint8 { return uint8(math.Ceil(float64(cutoff * 255))) }

// coverage is the share of pixels whose alpha is at least so much.
func coverage(img *image.NRGBA, least uint8) float64 {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	seen := 0
	for y := range h {
		row := img.Pix[y*img.Stride:][:4*w]
		for x := 3; x < len(row); x += 4 {
			seen += 1 - int((uint(row[x])-uint(least))>>(bits.UintSize-1)) // without a branch
		}
	}
	return float64(seen) / float64(w*h)
}

// note keeps the alpha of row y.
func (m *mask) note(y int, line []float32) {
	if m == nil {
		return
	}
	for x := range m.w {
		m.alpha[m.w*y+x] = line[lanes*x+3]
	}
}

// cut changes the alpha of out: what is at the threshold comes to the cutoff, 0 and 1
// stay, and between them it goes in straight lines. (Castaño scales it, which leaves
// nothing opaque where it makes it less.)
func (m *mask) cut(out *image.NRGBA) {
	if m == nil {
		return
	}
	edge := (float32(m.least) - 0.5) / 255 // is rounded to least
	threshold := m.threshold(edge)
	if threshold == edge {
		return
	}
	below := edge / threshold
	above := (1 - edge - 1e-5) / (1 - threshold) // rounding must not hide what is at the threshold
	for i, a := range m.alpha {
		switch {
		case a >= 1:
			a = 1
		case a >= threshold:
			a = 1 - float32((1-a)*above)
		default:
			a *= below
		}
		out.Pix[4*i+3] = code(a)
	}
}

// threshold is the alpha that the right number of pixels reach: edge where that does,
// else what is nearest to it. What Castaño finds by bisection is counted here, to a
// 65536th of alpha.
func (m *mask) threshold(edge float32) float32 {
	const bins = 1 << 16
	count := make([]int, bins)
	for _, a := range m.alpha {
		count[int(min(max(a, 0), 1)*(bins-1))]++
	}
	want := int(math.Round(m.share * float64(len(m.alpha))))
	now := int(math.Ceil(float64(edge * (bins - 1))))
	best, seen, off := now, 0, math.MaxInt
	// An eighth and less is only the ringing of the filter, and what is rounded to 0 has
	// no color.
	for b := bins - 1; b >= max(now/8, bins/500); b-- {
		seen += count[b]
		d := max(seen-want, want-seen)
		if d < off || d == off && max(b-now, now-b) < max(best-now, now-best) {
			best, off = b, d
		}
	}
	if best == now {
		return edge
	}
	return float32(best) / (bins - 1)
}
