// Package textures works on the images of a model by what they are for: it
// reads them, finds what they hold, resizes them as light, directions or numbers
// and packs them in the codec that loses least of what matters.
//
// Images come from strangers. Inspect walks the structure of a file, without decoding, in
// time linear in its bytes, and refuses sides of more than 65535 pixels; Decode does so
// first, and checks the size against a limit before it allocates. A bad file then costs
// an error and at most 24 bytes a pixel of that limit, counting sides rounded up to 32
// pixels: a progressive JPEG of four inks takes 24, one of three colors 19, a PNG of 16
// bits 12, a WebP 7. A WebP without loss can have tables of up to 140 MB, where its own
// bytes are at least a 250th of that; a color profile is inflated to 4 MB and no further.
// Time is a JPEG's scans: at most 100, and 24 over the largest. No decoder is chosen by
// what a file says of itself, only by its first bytes, and image.Decode, with whatever
// decoders a program happens to register, is never called.
//
// Pixels come out as browsers show them: chroma is interpolated as libjpeg-turbo and
// libwebp do. What a file says besides, of turning its image or of what its colors are,
// is told by Inspect and not acted on, as glTF asks.
//
// Nothing here opens a file or reads a clock; the same input gives the same bytes
// on any machine.
package textures

import (
	"errors"
	"image"
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
