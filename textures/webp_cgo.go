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

func libwebpLossless(img *image.NRGBA) ([]byte, error) {
	return webp.EncodeExactLosslessRGBA(straight(img))
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
