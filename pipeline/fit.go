package pipeline

import (
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/textures"
)

// size is the smallest edge of an image that has so many texels: a power of two for any viewer,
// in the web form a multiple of four, the blocks of codecs. It is never above the source's.
func size(need float64, form string, source int) int {
	n := smallestEdge
	for float64(n) < need && n < source {
		if form == asset.Web {
			n += 4
		} else {
			n *= 2
		}
	}
	return min(n, source)
}

// smallestEdge is the smallest image worth having, in texels.
const smallestEdge = 4

// plain says that one pixel says all that is read of p. Whatever may read an image that
// no material uses, it reads the same of one pixel if there is one color all over.
func (p *picture) plain() bool {
	if p.idle {
		return p.stats.Constant(textures.RGB | textures.A)
	}
	return p.stats.Constant(p.used)
}

// fit returns the size of an image at which a texel is at most that many meters, or the
// source's own size where no smaller one will do. Where nobody knows how large a texel is, the
// source's size is right at the contract's pixels, and smaller by as much as it is relaxed.
func (p *picture) fit(texel, relaxed float64, form string) (w, h int) {
	w, h = p.pixels.Rect.Dx(), p.pixels.Rect.Dy()
	need := p.texels[most]
	switch {
	case p.plain():
		return 1, 1
	case (p.idle || need[0] == 0 || need[1] == 0) && relaxed <= 1:
		return w, h
	case p.idle || need[0] == 0 || need[1] == 0:
		return size(float64(w)/relaxed, form, w), size(float64(h)/relaxed, form, h)
	}
	return size(need[0]/texel, form, w), size(need[1]/texel, form, h)
}

// texel is the size of a texel in meters if the image has w by h pixels; it is 0 if
// that is its source's size, or one pixel says all.
func (p *picture) texel(w, h int) float64 {
	out := 0.0
	if p.idle || p.plain() {
		return 0
	}
	for axis, n := range [2]int{w, h} {
		if n < [2]int{p.pixels.Rect.Dx(), p.pixels.Rect.Dy()}[axis] {
			out = max(out, p.texels[most][axis]/float64(n))
		}
	}
	return out
}
