package textures

import "image"

// Opaque returns img with alpha 255 all over.
func Opaque(img *image.NRGBA) *image.NRGBA {
	out := image.NewNRGBA(image.Rect(0, 0, img.Rect.Dx(), img.Rect.Dy()))
	for y := range out.Rect.Dy() {
		row := out.Pix[y*out.Stride:][:4*out.Rect.Dx()]
		copy(row, img.Pix[y*img.Stride:])
		for i := 3; i < len(row); i += 4 {
			row[i] = 255
		}
	}
	return out
}

// filled gives channels that nothing reads what costs least: one value all over, or,
// where a single color is read, that color's, which makes the image gray.
func filled(img *image.NRGBA, u Use) *image.NRGBA {
	out := clone(img)
	if u.Used&A == 0 {
		out = Opaque(img)
	}
	used := u.Used & RGB
	if u.Role.Light() && used != 0 || used == RGB {
		return out
	}
	single := map[Channels]int{R: 0, G: 1, B: 2}
	from, alone := single[used]
	for i := 0; i < len(out.Pix); i += 4 {
		for c := range 3 {
			switch {
			case alone:
				out.Pix[i+c] = out.Pix[i+from]
			case used&(1<<c) == 0:
				out.Pix[i+c] = 128
			}
		}
	}
	return out
}

// IsGray tells whether red, green and blue are the same in each pixel.
func IsGray(img *image.NRGBA) bool {
	for i := 0; i+4 <= len(img.Pix); i += 4 {
		if p := img.Pix[i : i+4 : i+4]; p[0] != p[1] || p[0] != p[2] {
			return false
		}
	}
	return true
}

// sampled returns stripes of an image, evenly spread, whole blocks of a JPEG high, that
// stand for it in a search. A small image stands for itself.
func sampled(img *image.NRGBA) *image.NRGBA {
	const stripe, enough = 16, 1 << 17
	return striped(img, stripe, enough)
}

// striped returns stripes of an image, evenly spread, of together some enough pixels, or
// img where that would be more than a quarter of it.
func striped(img *image.NRGBA, stripe, enough int) *image.NRGBA {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	each := w * h / enough
	stripes := h / stripe
	if each < 4 || stripes < 2*each {
		return img
	}
	n := stripes / each
	out := image.NewNRGBA(image.Rect(0, 0, w, n*stripe))
	for i := range n {
		from := (i*stripes/n + each/2) * stripe
		copy(out.Pix[i*stripe*out.Stride:][:stripe*out.Stride], img.Pix[from*img.Stride:])
	}
	return out
}
