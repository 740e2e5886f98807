package textures

import (
	"image"
	"slices"
)

// Resample says how Resize treats an image.
type Resample struct {
	Role         Role
	WrapS, WrapT Wrap
	Alpha        bool    // alpha is opacity: colors count by how much of them is seen
	Cutoff       float64 // the least alpha that is seen, up to 1, where it is all or nothing; 0 or above 1 where it isn't
}

// Resize scales img to w by h pixels, at least 1 by 1, with a separable Lanczos
// filter of three lobes, widened when it shrinks. Light is averaged as light, not as
// sRGB codes; normals are averaged as vectors and come out with length 1, and pixels
// that are no normals count for nothing; other data is averaged per channel, and so is
// what IsNormalMap says is none. With a cutoff, the same share of pixels is seen as
// before. At its own size, an image is copied.
//
// All arithmetic is in float32 in a fixed order, with products rounded before
// they are added, so that every machine makes the same pixels.
//
// Besides the images, memory is 24 bytes for each pixel along the longer of the two
// widths, and of the two heights; for each processor that has 32 rows of the result to
// make, 16 bytes a pixel for four rows of the source, which go on beyond their edges by
// as much as the filter is wide, and for some thirty of the result, or more where it is
// higher than the source: all that one row has a part in; and with a cutoff 4 bytes for
// each pixel of the result.
func Resize(img *image.NRGBA, w, h int, how Resample) *image.NRGBA {
	if w == img.Rect.Dx() && h == img.Rect.Dy() {
		return clone(img)
	}
	how = how.suiting(img)
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	mask := newMask(img, how).sized(out.Rect.Size())
	resample(img.Rect.Size(), out.Rect.Size(), how, how.pixels(img), func(y int, line []float32) {
		how.store(out.Pix[y*out.Stride:][:4*w], line)
		mask.note(y, line)
	})
	mask.cut(out)
	return out
}

// clone returns a copy of img from (0, 0).
func clone(img *image.NRGBA) *image.NRGBA {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		copy(out.Pix[y*out.Stride:][:4*w], img.Pix[y*img.Stride:])
	}
	return out
}

// A loader puts n pixels of row y, from x on, into one row of a line of four: dst begins
// at that row's numbers.
type loader func(dst []float32, x, y, n int)

// pixels loads from img.
func (how Resample) pixels(img *image.NRGBA) loader {
	return func(dst []float32, x, y, n int) {
		how.load(dst, img.Pix[y*img.Stride+4*x:][:4*n])
	}
}

// A storer takes row y of the result; it doesn't keep it. Several rows may be stored
// at the same time.
type storer func(y int, line []float32)

// resample filters an image from one size to another.
func resample(from, to image.Point, how Resample, load loader, store storer) {
	p := pass{
		across: newKernel(from.X, to.X, how.WrapS), down: newKernel(from.Y, to.Y, how.WrapT),
		wrapS: how.WrapS, wrapT: how.WrapT, size: from, load: load,
	}
	bands(to.Y, func(first, end int) {
		if how.Role == Normal {
			p.band(first, end, store)
			return
		}
		// Two reaches away, rows have a part in what clipping does.
		c := clipper{w: to.X, seen: how.seen(), store: func(y int, line []float32) {
			if y >= first && y < end {
				store(y, line)
			}
		}}
		p.band(max(first-2*reach, 0), min(end+2*reach, to.Y), c.add)
		c.end()
	})
}

// A pass is one image on its way to another size.
type pass struct {
	across, down kernel
	wrapS, wrapT Wrap
	size         image.Point // of the source
	load         loader
}

// band makes rows from..to-1 of the result. Rows of the source are filtered across four
// at a time and added at once to the sums of all rows they are a part of, so
// there are never more of them in memory. Each sum is made in the order of the source's
// rows: how they fall into fours and bands makes no difference.
func (p *pass) band(from, to int, store storer) {
	line := make([]float32, quad*p.across.length)
	narrow := make([]float32, quad*len(p.across.first))
	var sums, spare [][]float32 // sums are those of rows from, from+1, ...
	for y := int(p.down.first[from]); from < to; y += 4 {
		p.read(line, y)
		across(narrow, line, &p.across)
		for next := from + len(sums); next < to && int(p.down.first[next]) < y+4; next++ {
			if len(spare) == 0 {
				spare = append(spare, make([]float32, lanes*len(p.across.first)))
			}
			sums, spare = append(sums, spare[0]), spare[1:]
		}
		for i, sum := range sums {
			w := p.down.weights(from+i, y)
			down(sum, narrow, &w)
		}
		for len(sums) > 0 && p.down.end(from) <= y+4 {
			done := sums[0]
			store(from, done)
			clear(done)
			sums, spare = slices.Delete(sums, 0, 1), append(spare, done)
			from++
		}
	}
}

// block is how many pixels of a row are read before the same of the next, so that what
// four rows are woven into stays in the cache.
const block = 64

// read fills line with rows y..y+3 of the source as it is meant to go on beyond its
// edges.
func (p *pass) read(line []float32, y int) {
	k := &p.across
	inner := line[quad*k.before:]
	for x := 0; x < p.size.X; x += block {
		for row := range 4 {
			at := p.wrapT.at(y+row-p.down.before, p.size.Y)
			p.load(inner[quad*x+lanes*row:], x, at, min(block, p.size.X-x))
		}
	}
	for x := range k.length - p.size.X {
		if x >= k.before {
			x += p.size.X
		}
		from := p.wrapS.at(x-k.before, p.size.X)
		copy(line[quad*x:][:quad], inner[quad*from:])
	}
}
