// Package textures works on the images of a model by what they are for: it
// reads them, finds what they hold, resizes them as light, directions or numbers
// and packs them in the codec that loses least of what matters.
//
// Images come from strangers. Config reads a header only; Decode checks the
// header's size against a limit before it allocates, so a bad file costs at most
// 12 bytes a pixel of that limit, and an error. No decoder is chosen by what a file says of
// itself, only by its first bytes, and image.Decode, with whatever decoders a
// program happens to register, is never called.
//
// Nothing here opens a file or reads a clock; the same input gives the same bytes
// on any machine.
package textures

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/webp"
)

// Role is what an image is for.
type Role string

// Roles. Color and Emissive hold sRGB light, Normal directions in tangent space,
// ORM occlusion, roughness and metalness in R, G and B, Data any other numbers.
const (
	Color    Role = "color"
	Normal   Role = "normal"
	ORM      Role = "orm"
	Emissive Role = "emissive"
	Data     Role = "data"
)

// Light says whether the image holds sRGB light.
func (r Role) Light() bool { return r == Color || r == Emissive }

// Channels is a set of channels.
type Channels uint8

// The channels of an image.
const (
	R Channels = 1 << iota
	G
	B
	A
	RGB = R | G | B
)

// ErrFormat is what every error about a broken or unsupported image wraps.
var ErrFormat = errors.New("not a usable image")

// MIME types of images.
const (
	PNG  = "image/png"
	JPEG = "image/jpeg"
	WebP = "image/webp"
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
	switch Sniff(data) {
	case PNG:
		img, err = png.Decode(bytes.NewReader(data))
	case JPEG:
		img, err = jpeg.Decode(bytes.NewReader(data))
	default:
		img, err = webp.Decode(bytes.NewReader(data))
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if b := img.Bounds(); b.Dx() != w || b.Dy() != h {
		return nil, fmt.Errorf("%w: the header says %d by %d pixels, the body has %d by %d", ErrFormat, w, h, b.Dx(), b.Dy())
	}
	return nrgba(img), nil
}

// nrgba returns img with 8 bits a channel, not premultiplied, from (0, 0).
func nrgba(img image.Image) *image.NRGBA {
	b := img.Bounds()
	out := image.NewNRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	switch src := img.(type) {
	case *image.YCbCr, *image.Gray, *image.RGBA, *image.CMYK:
		// All opaque as the decoders make them, so premultiplied is the same; the
		// standard library is fast at these.
		draw.Draw(&image.RGBA{Pix: out.Pix, Stride: out.Stride, Rect: out.Rect}, out.Rect, img, b.Min, draw.Src)
	case *image.NRGBA:
		for y := range b.Dy() {
			copy(out.Pix[y*out.Stride:(y+1)*out.Stride], src.Pix[y*src.Stride:])
		}
	case *image.NRGBA64: // rounded; the standard conversion cuts off
		halve(out, src.Pix, src.Stride)
	case *image.RGBA64: // a PNG of 16 bits without alpha, so it is opaque
		halve(out, src.Pix, src.Stride)
	default:
		draw.Draw(out, out.Rect, img, b.Min, draw.Src)
	}
	return out
}

// halve rounds 16 bits a channel to 8.
func halve(out *image.NRGBA, pix []uint8, stride int) {
	for y := range out.Rect.Dy() {
		row := pix[y*stride:]
		for i := range 4 * out.Rect.Dx() {
			v := int(row[2*i])<<8 | int(row[2*i+1])
			out.Pix[y*out.Stride+i] = uint8((v*255 + 32767) / 65535)
		}
	}
}

// Stats is what an image holds.
type Stats struct {
	Min, Max [4]uint8 // of each channel
}

// Analyse looks at every pixel.
func Analyse(img *image.NRGBA) Stats {
	s := Stats{Min: [4]uint8{255, 255, 255, 255}}
	for i := 0; i+4 <= len(img.Pix); i += 4 {
		for c, v := range img.Pix[i : i+4 : i+4] {
			s.Min[c], s.Max[c] = min(s.Min[c], v), max(s.Max[c], v)
		}
	}
	return s
}

// Constant says whether the given channels have one value all over.
func (s Stats) Constant(used Channels) bool {
	for c := range 4 {
		if used&(1<<c) != 0 && s.Min[c] != s.Max[c] {
			return false
		}
	}
	return true
}

// GPUBytes is the memory an image takes once it is decoded, with mipmaps: four
// bytes a texel and a third more.
func GPUBytes(width, height int) int64 {
	return (int64(width)*int64(height)*16 + 2) / 3
}
