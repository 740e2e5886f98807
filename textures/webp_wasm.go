//go:build !cgo && nodynamic

package textures

import (
	"bytes"
	"image"

	"github.com/gen2brain/webp"
)

// libwebp packs img, in a build without a C compiler.
func libwebp(img *image.NRGBA, quality int) ([]byte, error) {
	return encodeWasm(img, webp.Options{Quality: quality, Method: webp.DefaultMethod})
}

// libwebpLossless has the quality, which is the effort here, of libwebp's own default.
func libwebpLossless(img *image.NRGBA) ([]byte, error) {
	return encodeWasm(img, webp.Options{Quality: 70, Method: webp.DefaultMethod, Lossless: true, Exact: true})
}

func encodeWasm(img *image.NRGBA, o webp.Options) ([]byte, error) {
	var out bytes.Buffer
	err := webp.Encode(&out, img, o)
	return out.Bytes(), err
}

// decodeOwnWebP reads what libwebp wrote.
func decodeOwnWebP(data []byte) (*image.NRGBA, error) {
	w, h, err := Config(data)
	if err != nil {
		return nil, err
	}
	return Decode(data, int64(w)*int64(h))
}
