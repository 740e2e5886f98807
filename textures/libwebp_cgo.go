//go:build cgo

package textures

import (
	"image"

	"github.com/chai2010/webp"
)

// libwebp packs img. The library takes what is not premultiplied in an image.RGBA.
func libwebp(img *image.NRGBA, quality int) ([]byte, error) {
	return webp.EncodeRGBA(straight(img), float32(quality))
}

// libwebpLossless packs img at the efforts that the library fixes: 70 for opaque images,
// 100 for others, whose hidden colors are kept.
func libwebpLossless(img *image.NRGBA) ([]byte, error) {
	if Analyse(img).Min[3] < 255 {
		return webp.EncodeExactLosslessRGBA(straight(img))
	}
	w, h := img.Rect.Dx(), img.Rect.Dy()
	rgb := webp.NewRGBImage(image.Rect(0, 0, w, h))
	for y := range h {
		in, out := img.Pix[y*img.Stride:][:4*w], rgb.XPix[y*rgb.XStride:][:3*w]
		for x := range w {
			copy(out[3*x:3*x+3], in[4*x:4*x+3])
		}
	}
	return webp.EncodeLosslessRGB(rgb)
}

func straight(img *image.NRGBA) *image.RGBA {
	return &image.RGBA{Pix: img.Pix, Stride: img.Stride, Rect: img.Rect}
}

// decodeOwnWebP reads what libwebp wrote.
func decodeOwnWebP(data []byte) (*image.NRGBA, error) {
	img, err := webp.DecodeRGBA(data)
	if err != nil {
		return nil, err
	}
	return &image.NRGBA{Pix: img.Pix, Stride: img.Stride, Rect: img.Rect}, nil
}
