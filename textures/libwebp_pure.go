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

// libwebpLossless packs img at the efforts of the build with cgo. Quality is the effort
// here.
func libwebpLossless(img *image.NRGBA) ([]byte, error) {
	o := webp.Options{Quality: 70, Method: webp.DefaultMethod, Lossless: true}
	if Analyse(img).Min[3] < 255 {
		o.Quality, o.Exact = 100, true
	}
	return encodeWasm(img, o)
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
