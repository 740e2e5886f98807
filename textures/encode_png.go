package textures

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"math"
)

// encodePNG makes a PNG, of one channel where that says all.
func encodePNG(img *image.NRGBA) (Coded, error) {
	data, err := writePNG(img, png.DefaultCompression)
	return Coded{Data: data, MIME: PNG, PSNR: math.Inf(1), Detail: 1}, err
}

func writePNG(img *image.NRGBA, level png.CompressionLevel) ([]byte, error) {
	var src image.Image = img
	if Analyse(img).Min[3] == 255 && IsGray(img) {
		g := image.NewGray(img.Rect)
		for i := range g.Pix {
			g.Pix[i] = img.Pix[4*i]
		}
		src = g
	}
	var out bytes.Buffer
	enc := png.Encoder{CompressionLevel: level}
	if err := enc.Encode(&out, src); err != nil {
		return nil, fmt.Errorf("encode PNG: %w", err)
	}
	return out.Bytes(), nil
}
