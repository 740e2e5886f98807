package textures

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/webp"
)

// Sniff tells the type of an image by its first bytes, "" when it is none that
// Decode reads.
func Sniff(data []byte) string {
	switch {
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		return PNG
	case bytes.HasPrefix(data, []byte("\xff\xd8\xff")):
		return JPEG
	case len(data) >= 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP":
		return WebP
	}
	return ""
}

// Config reads the size of an image from its header.
func Config(data []byte) (width, height int, err error) {
	var c image.Config
	switch Sniff(data) {
	case PNG:
		c, err = png.DecodeConfig(bytes.NewReader(data))
	case JPEG:
		c, err = jpeg.DecodeConfig(bytes.NewReader(data))
	case WebP:
		c, err = webp.DecodeConfig(bytes.NewReader(data))
	default:
		return 0, 0, fmt.Errorf("%w: it is neither PNG, JPEG nor WebP", ErrFormat)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if c.Width < 1 || c.Height < 1 {
		return 0, 0, fmt.Errorf("%w: it is %d by %d pixels", ErrFormat, c.Width, c.Height)
	}
	return c.Width, c.Height, nil
}

// Decode reads an image of at most limit pixels.
func Decode(data []byte, limit int64) (*image.NRGBA, error) {
	w, h, err := Config(data)
	if err != nil {
		return nil, err
	}
	if int64(w) > limit/int64(h) {
		return nil, fmt.Errorf("%w: it has %d by %d pixels, the limit is %d in all", ErrFormat, w, h, limit)
	}
	var img image.Image
	how := &jfif
	switch Sniff(data) {
	case PNG:
		img, err = png.Decode(bytes.NewReader(data))
	case JPEG:
		img, err = jpeg.Decode(bytes.NewReader(data))
	default:
		img, err = webp.Decode(bytes.NewReader(data))
		how = &vp8
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if b := img.Bounds(); b != image.Rect(0, 0, w, h) {
		return nil, fmt.Errorf("%w: the header says %d by %d pixels, the body has %d by %d", ErrFormat, w, h, b.Dx(), b.Dy())
	}
	out := how.nrgba(img)
	if out == nil {
		return nil, fmt.Errorf("%w: its pixels are kept as %T", ErrFormat, img)
	}
	return out, nil
}

// nrgba returns img, whose bounds start at (0, 0), with 8 bits a channel, not
// premultiplied, or nil if it is nothing the decoders make.
func (how *rendering) nrgba(img image.Image) *image.NRGBA {
	switch src := img.(type) {
	case *image.NRGBA:
		return src
	case *image.RGBA: // opaque as the decoders make it, so premultiplied is the same
		return &image.NRGBA{Pix: src.Pix, Stride: src.Stride, Rect: src.Rect}
	case *image.YCbCr:
		return how.draw(src)
	case *image.NYCbCrA:
		out := how.draw(&src.YCbCr)
		for y := range out.Rect.Dy() {
			row := out.Pix[y*out.Stride:]
			for x, a := range src.A[y*src.AStride:][:out.Rect.Dx()] {
				row[4*x+3] = a
			}
		}
		return out
	case *image.Paletted:
		return lookUp(src)
	case *image.Gray:
		return expand(src.Rect, src.Pix, src.Stride, 1, func(p []uint8) [4]uint8 { return [4]uint8{p[0], p[0], p[0], 255} })
	case *image.Gray16:
		return expand(src.Rect, src.Pix, src.Stride, 2, func(p []uint8) [4]uint8 { v := halve(p); return [4]uint8{v, v, v, 255} })
	case *image.NRGBA64:
		return expand(src.Rect, src.Pix, src.Stride, 8, halves)
	case *image.RGBA64: // a PNG of 16 bits without alpha, so it is opaque
		return expand(src.Rect, src.Pix, src.Stride, 8, halves)
	case *image.CMYK:
		return expand(src.Rect, src.Pix, src.Stride, 4, printed)
	}
	return nil
}

// expand makes each pixel of that many bytes what as makes of it.
func expand(r image.Rectangle, pix []uint8, stride, bytes int, as func(p []uint8) [4]uint8) *image.NRGBA {
	out := image.NewNRGBA(r)
	parallel(r.Dy(), func(from, to int) {
		for y := from; y < to; y++ {
			src, dst := pix[y*stride:], out.Pix[y*out.Stride:]
			for x := range r.Dx() {
				v := as(src[bytes*x : bytes*(x+1)])
				copy(dst[4*x:4*x+4], v[:])
			}
		}
	})
	return out
}

// halve rounds a sample of 16 bits to 8.
func halve(p []uint8) uint8 {
	return uint8(((uint32(p[0])<<8|uint32(p[1]))*255 + 32767) / 65535)
}

func halves(p []uint8) [4]uint8 {
	return [4]uint8{halve(p[0:]), halve(p[2:]), halve(p[4:]), halve(p[6:])}
}

// printed is the color of ink on white paper where nothing is known of the ink: what
// each ink leaves of the light, times what black leaves, as browsers do without a
// profile.
func printed(p []uint8) [4]uint8 {
	left := 255 - uint32(p[3])
	leave := func(ink uint8) uint8 { return uint8(((255-uint32(ink))*left + 127) / 255) }
	return [4]uint8{leave(p[0]), leave(p[1]), leave(p[2]), 255}
}

// lookUp makes a palette's indices colors.
func lookUp(src *image.Paletted) *image.NRGBA {
	var table [256][4]uint8
	for i, c := range src.Palette {
		v := color.NRGBAModel.Convert(c).(color.NRGBA) // PNG's are NRGBA, or opaque
		table[i] = [4]uint8{v.R, v.G, v.B, v.A}
	}
	return expand(src.Rect, src.Pix, src.Stride, 1, func(p []uint8) [4]uint8 { return table[p[0]] })
}
