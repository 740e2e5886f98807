package textures

import "image"

// Mips returns img and its mip levels, finest first, down to 1 by 1: each half as
// wide and high as the one above, rounded down, as graphics interfaces want them.
//
// Each level is filtered from the numbers of the one above, before they were rounded to
// bytes: errors don't add up, normals are averaged at the length that averaging left
// them, so that rough places weigh less, and colors stay premultiplied. With a
// cutoff, each level shows as much as img does. Memory is 16 bytes for each pixel
// of the two finest levels below img.
func Mips(img *image.NRGBA, how Resample) []*image.NRGBA {
	how = how.suiting(img)
	out := []*image.NRGBA{clone(img)}
	load := how.pixels(img)
	mask := newMask(img, how)
	for size := img.Rect.Size(); size.X > 1 || size.Y > 1; {
		half := image.Pt(max(size.X/2, 1), max(size.Y/2, 1))
		level := image.NewNRGBA(image.Rectangle{Max: half})
		numbers := make([]float32, lanes*half.X*half.Y)
		mask := mask.sized(half)
		resample(size, half, how, load, func(y int, line []float32) {
			copy(numbers[lanes*half.X*y:], line)
			how.store(level.Pix[y*level.Stride:][:4*half.X], line)
			mask.note(y, line)
		})
		mask.cut(level)
		out = append(out, level)
		load, size = loadNumbers(numbers, half.X), half
	}
	return out
}

// loadNumbers loads from rows of w pixels that were loaded before.
func loadNumbers(numbers []float32, w int) loader {
	return func(dst []float32, x, y, n int) {
		src := numbers[lanes*(w*y+x):][:lanes*n]
		for i := 0; i < len(src); i += lanes {
			copy(dst[4*i:][:lanes], src[i:])
		}
	}
}
