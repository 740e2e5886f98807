package textures

import (
	"image"
	"math"
	"slices"
)

// Shift is the 99th percentile, over blocks of 8 by 8 pixels, of how far the mean of
// b is from a's, in codes: that of luma, or half that of a color difference (ITU-T T.871,
// section 7), whichever is more; the eye sees colors less sharply. On plain surfaces such
// blotches are seen, and they hardly count in a PSNR.
func Shift(a, b *image.NRGBA) float64 {
	m := measureBlocks(a, b)
	return m.shift()
}

// Detail is the mean over blocks of 8 by 8 pixels of the structural similarity of their
// luma (Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment: from error
// visibility to structural similarity", 2004, with these blocks for windows): 1 where
// nothing differs. It falls where a fine grain is smoothed away, which a PSNR takes for a
// small error where the grain is faint. Hidden pixels have no part in it.
func Detail(a, b *image.NRGBA) float64 {
	m := measureBlocks(a, b)
	return m.detail()
}

// shiftParts is how finely shifts are told apart, in parts of a code.
const shiftParts = 16

// blockFacts is what all blocks of two images say of how far these are apart.
type blockFacts struct {
	shifts     [255*shiftParts + 1]int32
	total      int
	similarity float64 // sum over blocks, by the pixels that are seen
	seen       int
}

func measureBlocks(a, b *image.NRGBA) *blockFacts {
	m := new(blockFacts)
	w, h := common(a, b)
	for y := 0; y < h; y += 8 {
		for x := 0; x < w; x += 8 {
			var s blockSums
			bw := min(8, w-x)
			for j := y; j < min(y+8, h); j++ {
				s.add(a.Pix[j*a.Stride+4*x:][:4*bw], b.Pix[j*b.Stride+4*x:][:4*bw])
			}
			m.shifts[min(s.shift()*shiftParts/(1000*s.n), len(m.shifts)-1)]++
			m.total++
			m.similarity += float64(s.similarity() * float64(s.seen))
			m.seen += s.seen
		}
	}
	return m
}

func (m *blockFacts) shift() float64 {
	left := m.total / 100
	for d, n := range slices.Backward(m.shifts[:]) {
		if left -= int(n); left < 0 {
			return float64(d) / shiftParts
		}
	}
	return 0
}

func (m *blockFacts) detail() float64 {
	if m.seen == 0 {
		return 1
	}
	return m.similarity / float64(m.seen)
}

// blockSums are sums over a block: of differences by color, and of lumas, their squares
// and products.
type blockSums struct {
	r, g, b          int
	n, seen          int
	x, y, xx, yy, xy int
}

func (s *blockSums) add(p, q []uint8) {
	for len(p) >= 4 && len(q) >= 4 {
		pr, pg, pb, qr, qg, qb := int(p[0]), int(p[1]), int(p[2]), int(q[0]), int(q[1]), int(q[2])
		s.r, s.g, s.b = s.r+pr-qr, s.g+pg-qg, s.b+pb-qb
		if p[3]|q[3] != 0 {
			x, y := (77*pr+150*pg+29*pb)>>8, (77*qr+150*qg+29*qb)>>8
			s.x, s.y, s.xx, s.yy, s.xy = s.x+x, s.y+y, s.xx+x*x, s.yy+y*y, s.xy+x*y
			s.seen++
		}
		s.n++
		p, q = p[4:], q[4:]
	}
}

// shift is the sum of differences of luma or of half a color difference, in thousandths.
func (s *blockSums) shift() int {
	r, g, b := int64(s.r), int64(s.g), int64(s.b)
	luma := 299*r + 587*g + 114*b
	// Halves of (B - Y) / 1.772 and (R - Y) / 1.402.
	blue, red := (1000*b-luma)*1000/3544, (1000*r-luma)*1000/2804
	return int(max(luma, -luma, blue, -blue, red, -red))
}

// similarity is formula 13 of the paper, with its constants.
func (s *blockSums) similarity() float64 {
	if s.seen == 0 {
		return 1
	}
	const c1, c2 = (0.01 * 255) * (0.01 * 255), (0.03 * 255) * (0.03 * 255)
	n := float64(s.seen)
	mx, my := float64(s.x)/n, float64(s.y)/n
	vx, vy := float64(s.xx)/n-float64(mx*mx), float64(s.yy)/n-float64(my*my)
	cov := float64(s.xy)/n - float64(mx*my)
	return (2*float64(mx*my) + c1) * (2*cov + c2) / ((float64(mx*mx) + float64(my*my) + c1) * (max(vx+vy, 0) + c2))
}

// excessOfDetail is how many times the loss of detail is what is allowed, on a scale on
// which it grows in proportion to the error.
func excessOfDetail(detail, asked float64) float64 {
	return math.Sqrt(max(1-detail, 0) / max(1-asked, 1e-6))
}
