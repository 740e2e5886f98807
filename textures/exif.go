package textures

import (
	"bytes"
	"encoding/binary"
	"image"
)

// exifPrefix stands before EXIF in JPEG, and by mistake in some WebP.
const exifPrefix = "Exif\x00\x00"

// orient reads the orientation from EXIF (CIPA DC-008, 4.6), a TIFF file whose first
// directory has it under 0x112 as one number of 16 bits. What is broken says nothing.
func (h *Header) orient(b []byte) {
	b = bytes.TrimPrefix(b, []byte(exifPrefix))
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(b, []byte("II*\x00")):
		order = binary.LittleEndian
	case bytes.HasPrefix(b, []byte("MM\x00*")):
		order = binary.BigEndian
	default:
		return
	}
	const entry = 12
	if len(b) < 8 || uint64(order.Uint32(b[4:]))+2 > uint64(len(b)) {
		return
	}
	b = b[order.Uint32(b[4:]):]
	n := order.Uint16(b)
	for b = b[2:]; n > 0 && len(b) >= entry; n, b = n-1, b[entry:] {
		if order.Uint16(b) == 0x112 && order.Uint16(b[2:]) == 3 && order.Uint32(b[4:]) == 1 {
			if v := order.Uint16(b[8:]); v >= 1 && v <= 8 {
				h.Orientation = int(v)
			}
			return
		}
	}
}

// Upright turns an image as its EXIF orientation asks, for images that stand alone.
// Those of a model are used as they are stored: glTF lets viewers ignore EXIF, and many
// do. An orientation of 1, or one that isn't of 1 to 8, returns img itself.
func Upright(img *image.NRGBA, orientation int) *image.NRGBA {
	if orientation < 2 || orientation > 8 {
		return img
	}
	w, h := img.Rect.Dx(), img.Rect.Dy()
	// Where the pixel right of and the one below the result's first one are in img, and
	// that one, in pixels.
	stride := img.Stride / 4
	last, bottom := w-1, (h-1)*stride
	step := [...]struct{ first, right, down int }{
		2: {last, -1, stride},
		3: {bottom + last, -1, -stride},
		4: {bottom, 1, -stride},
		5: {0, stride, 1},
		6: {bottom, -stride, 1},
		7: {bottom + last, -stride, -1},
		8: {last, stride, -1},
	}[orientation]
	if orientation >= 5 {
		w, h = h, w
	}
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			from := 4 * (step.first + y*step.down + x*step.right)
			copy(out.Pix[y*out.Stride+4*x:][:4], img.Pix[from:from+4])
		}
	}
	return out
}
