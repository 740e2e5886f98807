package models

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// paint makes a square image from a function of u and v.
func paint(edge int, at func(u, v float64) color.NRGBA) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, edge, edge))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for y := range edge {
		group.Go(func() error {
			for x := range edge {
				img.SetNRGBA(x, y, at((float64(x)+0.5)/float64(edge), (float64(y)+0.5)/float64(edge)))
			}
			return nil
		})
	}
	_ = group.Wait() // painting does not fail
	return img
}

// bumps makes a normal map of a height, 0 to 1, as steep as strength.
func bumps(edge int, strength float64, height func(u, v float64) float64) *image.NRGBA {
	h := 1 / float64(edge)
	return paint(edge, func(u, v float64) color.NRGBA {
		x := strength * 8 * (height(u-h, v) - height(u+h, v))
		y := strength * 8 * (height(u, v+h) - height(u, v-h)) // green is up, v goes down
		l := math.Sqrt(x*x + y*y + 1)
		return color.NRGBA{byteOf(x/l/2 + 0.5), byteOf(y/l/2 + 0.5), byteOf(1/l/2 + 0.5), 255}
	})
}

// noise is smooth value noise, -1 to 1, that repeats after period.
func noise(x, y float64, period int) float64 {
	fx, fy := math.Floor(x), math.Floor(y)
	ease := func(t float64) float64 { return t * t * (3 - 2*t) }
	u, v := ease(x-fx), ease(y-fy)
	at := func(dx, dy int) float64 {
		i, j := mod(int(fx)+dx, period), mod(int(fy)+dy, period)
		n := uint32(i)*0x9E3779B1 ^ uint32(j)*0x85EBCA77
		n ^= n >> 15
		n *= 0x2C1B3C6D
		n ^= n >> 13
		return float64(n%2001)/1000 - 1
	}
	top := at(0, 0)*(1-u) + at(1, 0)*u
	bottom := at(0, 1)*(1-u) + at(1, 1)*u
	return top*(1-v) + bottom*v
}

func mod(i, n int) int {
	if i %= n; i < 0 {
		i += n
	}
	return i
}

func encode(img image.Image) []byte {
	var out bytes.Buffer
	enc := png.Encoder{CompressionLevel: png.BestSpeed}
	if n, ok := img.(*image.NRGBA); ok && n.Rect.Dx() <= 256 {
		enc.CompressionLevel = png.BestCompression
	}
	if err := enc.Encode(&out, img); err != nil {
		panic(err) // a picture in memory is written to memory
	}
	return out.Bytes()
}
