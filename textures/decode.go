package textures

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"

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

var errUnknown = errors.New("it is neither PNG, JPEG nor WebP")

// Config reads the size of an image from its header. That the rest is whole, Inspect
// says.
func Config(data []byte) (width, height int, err error) {
	h := Header{MIME: Sniff(data)}
	switch h.MIME {
	case PNG, JPEG:
		err = h.start(data)
	default:
		err = h.read(data)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return h.Width, h.Height, nil
}

// start reads a PNG or JPEG up to its size.
func (h *Header) start(data []byte) error {
	all := jpegSegments
	if h.MIME == PNG {
		all = pngChunks
	}
	for p, err := range all(data) {
		switch {
		case err != nil:
			return err
		case h.MIME == PNG:
			return h.ihdr(p)
		case isFrame(p.kind[0]):
			return h.frame(p)
		}
	}
	return errNoPixels
}

// Decode reads an image of at most limit pixels, as they are stored.
func Decode(data []byte, limit int64) (*image.NRGBA, error) {
	h, err := Inspect(data)
	if err != nil {
		return nil, err
	}
	if int64(h.Width) > limit/int64(h.Height) {
		return nil, fmt.Errorf("%w: it has %d by %d pixels, the limit is %d in all", ErrFormat, h.Width, h.Height, limit)
	}
	img, err := h.decode(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return img, nil
}

// A codec reads pixels. What it is given is the file without what makes none, where it
// can't skip that quickly.
type codec struct {
	plain  func(data []byte) (io.Reader, error)
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
	how    *rendering
}

var codecs = map[string]codec{
	PNG:  {newPlainPNG, png.DecodeConfig, png.Decode, &jfif},
	JPEG: {func(data []byte) (io.Reader, error) { return bytes.NewReader(data), nil }, jpeg.DecodeConfig, jpeg.Decode, &jfif},
	WebP: {newPlainWebP, webp.DecodeConfig, webp.Decode, &vp8},
}

// decode reads the pixels of a file that was inspected. The codec reads the size
// itself, and must find the same before it may allocate.
func (h *Header) decode(data []byte) (*image.NRGBA, error) {
	codec := codecs[h.MIME]
	r, err := codec.plain(data)
	if err != nil {
		return nil, err
	}
	c, err := codec.config(r)
	if err != nil {
		return nil, err
	}
	if c.Width != h.Width || c.Height != h.Height {
		return nil, fmt.Errorf("its header says %d by %d pixels and %d by %d", h.Width, h.Height, c.Width, c.Height)
	}
	if r, err = codec.plain(data); err != nil {
		return nil, err
	}
	img, err := codec.decode(r)
	if err != nil {
		return nil, err
	}
	if b := img.Bounds(); b != image.Rect(0, 0, h.Width, h.Height) {
		return nil, fmt.Errorf("its header says %d by %d pixels, its image has %d by %d", h.Width, h.Height, b.Dx(), b.Dy())
	}
	if out := codec.how.nrgba(img); out != nil {
		return out, nil
	}
	return nil, fmt.Errorf("its pixels are kept as %T", img)
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
	bands(r.Dy(), func(from, to int) {
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
