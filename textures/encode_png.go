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

// quickPNG is the size of a PNG made in a hurry, some half larger than a good one.
func quickPNG(img *image.NRGBA) int {
	data, err := writePNG(img, png.BestSpeed)
	if err != nil {
		return math.MaxInt // the real attempt will say why
	}
	return len(data)
}

func writePNG(img *image.NRGBA, level png.CompressionLevel) ([]byte, error) {
	var src image.Image = img
	if Analyse(img).Min[3] == 255 && gray(img) {
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
