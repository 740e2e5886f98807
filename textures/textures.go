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
