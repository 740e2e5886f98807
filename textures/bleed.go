package textures

import "image"

// Bleed returns img with colors where alpha is 0: those of what is seen nearest, more or
// less. Nobody sees them as they are, but a sampler that filters, and every mip level of
// one, mixes them with what is seen beside them; black would be a dark fringe. They are
// also the cheapest to code.
//
// It is the pull of a pyramid: a hidden pixel takes the mean color of the smallest
// block around it, of 2, 4, 8 and so on to a side, that has something to see.
func Bleed(img *image.NRGBA) *image.NRGBA {
	out := clone(img)
	levels := []*blocks{{w: out.Rect.Dx(), h: out.Rect.Dy(), color: out.Pix}}
	for last := levels[0]; last.w > 1 || last.h > 1; last = levels[len(levels)-1] {
		levels = append(levels, last.halved())
	}
	for y := range out.Rect.Dy() {
		row := out.Pix[y*out.Stride:][:4*out.Rect.Dx()]
		for x := range out.Rect.Dx() {
			if p := row[4*x : 4*x+4 : 4*x+4]; p[3] == 0 {
				copy(p[:3], nearest(levels, x, y))
			}
		}
	}
	return out
}

// nearest is the color of the smallest block around a pixel that has one; black where
// nothing in all of the image is seen.
func nearest(levels []*blocks, x, y int) []uint8 {
	for k, b := range levels {
		if at := 4 * ((y>>k)*b.w + (x >> k)); b.color[at+3] != 0 {
			return b.color[at : at+3]
		}
	}
	return []uint8{0, 0, 0}
}

// blocks are mean colors; the fourth number says whether there is one.
type blocks struct {
	w, h  int
	color []uint8
}

// halved has a block for each 2 by 2.
func (b *blocks) halved() *blocks {
	out := &blocks{w: (b.w + 1) / 2, h: (b.h + 1) / 2}
	out.color = make([]uint8, 4*out.w*out.h)
	for y := range out.h {
		for x := range out.w {
			var sum [3]int
			n := 0
			for j := 2 * y; j < min(2*y+2, b.h); j++ {
				for i := 2 * x; i < min(2*x+2, b.w); i++ {
					if p := b.color[4*(j*b.w+i):][:4]; p[3] != 0 {
						n++
						sum[0], sum[1], sum[2] = sum[0]+int(p[0]), sum[1]+int(p[1]), sum[2]+int(p[2])
					}
				}
			}
			if n > 0 {
				o := out.color[4*(y*out.w+x):][:4]
				o[0], o[1], o[2], o[3] = uint8((sum[0]+n/2)/n), uint8((sum[1]+n/2)/n), uint8((sum[2]+n/2)/n), 255
			}
		}
	}
	return out
}
