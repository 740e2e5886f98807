package textures

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"testing"
)

// fill makes an image from a function of the pixel.
func fill(w, h int, at func(x, y int) color.NRGBA) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetNRGBA(x, y, at(x, y))
		}
	}
	return img
}

func noise(w, h int) *image.NRGBA {
	r := rand.New(rand.NewPCG(1, 2))
	return fill(w, h, func(_, _ int) color.NRGBA {
		return color.NRGBA{uint8(r.IntN(256)), uint8(r.IntN(256)), uint8(r.IntN(256)), 255}
	})
}

func smooth(w, h int) *image.NRGBA {
	return fill(w, h, func(x, y int) color.NRGBA {
		f := func(k float64) uint8 {
			return uint8(128 + 90*math.Sin(k*float64(x)/float64(w))*math.Cos(k*float64(y)/float64(h)))
		}
		return color.NRGBA{f(9), f(13), f(17), 255}
	})
}

// bumps is a valid normal map.
func bumps(w, h int) *image.NRGBA {
	return fill(w, h, func(x, y int) color.NRGBA {
		nx, ny := 0.6*math.Sin(float64(x)/5), 0.6*math.Cos(float64(y)/7)
		nz := math.Sqrt(1 - nx*nx/2 - ny*ny/2)
		l := math.Sqrt(nx*nx + ny*ny + nz*nz)
		return color.NRGBA{uint8(nx/l*127.5 + 128), uint8(ny/l*127.5 + 128), uint8(nz/l*127.5 + 128), 255}
	})
}

func TestAngles(t *testing.T) {
	a := fill(10, 10, func(_, _ int) color.NRGBA { return color.NRGBA{128, 128, 255, 255} })
	b := fill(10, 10, func(x, y int) color.NRGBA {
		if x+y < 3 {
			return color.NRGBA{255, 128, 128, 255} // six of a hundred, 90 degrees off
		}
		return color.NRGBA{128, 128, 255, 255}
	})
	if _, got := Angles(a, b); got < 89 || got > 90.1 {
		t.Errorf("got %g degrees, want 90", got)
	}
	if _, got := Angles(a, a); got > 0.1 {
		t.Errorf("got %g degrees for the same image", got)
	}
}

func TestDecodeRefuses(t *testing.T) {
	var file bytes.Buffer
	if err := png.Encode(&file, smooth(40, 30)); err != nil {
		t.Fatal(err)
	}
	good := file.Bytes()
	for name, data := range map[string][]byte{
		"nothing":         nil,
		"another type":    []byte("GIF89a............"),
		"half an image":   good[:len(good)/2],
		"only a header":   good[:30],
		"a header's head": good[:12],
	} {
		if _, err := Decode(data, 1<<20); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: got %v, want ErrFormat", name, err)
		}
	}
	if _, err := Decode(good, 40*30-1); !errors.Is(err, ErrFormat) {
		t.Errorf("an image beyond the limit: got %v", err)
	}
	if _, err := Decode(good, 40*30); err != nil {
		t.Error(err)
	}
}

func TestSixteenBitsAreRounded(t *testing.T) {
	src := image.NewNRGBA64(image.Rect(0, 0, 1, 1))
	src.SetNRGBA64(0, 0, color.NRGBA64{0x00ff, 0x01ff, 0xffff, 0x7fff})
	if got := jfif.nrgba(src).NRGBAAt(0, 0); got != (color.NRGBA{1, 2, 255, 127}) {
		t.Errorf("got %v", got)
	}
}
