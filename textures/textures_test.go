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

func TestEncode(t *testing.T) {
	t.Run("smooth color is a JPEG as good as asked", func(t *testing.T) {
		u := Use{Color, RGB, Quality{PSNR: 40}}
		c, err := Encode(smooth(128, 128), u)
		if err != nil || c.MIME != JPEG || c.PSNR < 40 {
			t.Fatalf("got %s of %g dB, %v", c.MIME, c.PSNR, err)
		}
		back, err := Decode(c.Data, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if got := PSNR(smooth(128, 128), back, u); got != c.PSNR {
			t.Errorf("the file has %g dB, the result says %g", got, c.PSNR)
		}
	})
	t.Run("used alpha is a PNG without loss", func(t *testing.T) {
		img := smooth(32, 32)
		img.Pix[3] = 7
		c, err := Encode(img, Use{Color, RGB | A, Quality{PSNR: 30}})
		if err != nil || c.MIME != PNG {
			t.Fatalf("got %s, %v", c.MIME, err)
		}
		back, _ := Decode(c.Data, 1<<20)
		if !bytes.Equal(back.Pix, img.Pix) {
			t.Error("the pixels differ")
		}
	})
	t.Run("unused alpha is dropped", func(t *testing.T) {
		img := smooth(32, 32)
		img.Pix[3] = 7
		c, _ := Encode(img, Use{Color, RGB, Quality{PSNR: 100}})
		back, _ := Decode(c.Data, 1<<20)
		if back.Pix[3] != 255 {
			t.Error("alpha is still there")
		}
	})
	t.Run("normals keep their angle", func(t *testing.T) {
		c, err := Encode(bumps(128, 128), Use{Normal, RGB, Quality{Angle: 3}})
		if err != nil || c.MIME == JPEG && c.Angle > 3 {
			t.Fatalf("got %s with %g degrees, %v", c.MIME, c.Angle, err)
		}
	})
	t.Run("what JPEG can't keep is a PNG", func(t *testing.T) {
		img := noise(64, 64)
		c, err := Encode(img, Use{ORM, RGB, Quality{PSNR: 90}})
		if err != nil || c.MIME != PNG {
			t.Fatalf("got %s with %g dB, %v", c.MIME, c.PSNR, err)
		}
	})
}

func TestAngle(t *testing.T) {
	a := fill(10, 10, func(_, _ int) color.NRGBA { return color.NRGBA{128, 128, 255, 255} })
	b := fill(10, 10, func(x, y int) color.NRGBA {
		if x+y < 3 {
			return color.NRGBA{255, 128, 128, 255} // six of a hundred, 90 degrees off
		}
		return color.NRGBA{128, 128, 255, 255}
	})
	if got := Angle(a, b); got < 89 || got > 90.1 {
		t.Errorf("got %g degrees, want 90", got)
	}
	if got := Angle(a, a); got > 0.1 {
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
	if got := nrgba(src).NRGBAAt(0, 0); got != (color.NRGBA{1, 2, 255, 127}) {
		t.Errorf("got %v", got)
	}
}

func FuzzDecode(f *testing.F) {
	var file bytes.Buffer
	_ = png.Encode(&file, smooth(8, 8))
	f.Add(file.Bytes())
	c, _ := Encode(smooth(16, 16), Use{Color, RGB, Quality{PSNR: 20}})
	f.Add(c.Data)
	f.Fuzz(func(t *testing.T, data []byte) {
		img, err := Decode(data, 1<<16)
		if err == nil && len(img.Pix) != 4*img.Rect.Dx()*img.Rect.Dy() {
			t.Error("the pixels don't fit the size")
		}
	})
}

func TestShiftSeesBlotches(t *testing.T) {
	a := fill(64, 64, func(_, _ int) color.NRGBA { return color.NRGBA{100, 100, 100, 255} })
	b := fill(64, 64, func(x, y int) color.NRGBA {
		if x < 16 && y < 16 { // four blocks of 64 are greener
			return color.NRGBA{100, 104, 100, 255}
		}
		return color.NRGBA{100, 100, 100, 255}
	})
	if got := Shift(a, b); got != 4 {
		t.Errorf("got %g, want 4", got)
	}
	noisy := fill(64, 64, func(x, y int) color.NRGBA { // as far off, with a mean of zero
		return color.NRGBA{100, uint8(96 + 8*((x+y)%2)), 100, 255}
	})
	if got := Shift(a, noisy); got != 0 {
		t.Errorf("noise: got %g, want 0", got)
	}
}

func TestUnusedChannelsCostLittle(t *testing.T) {
	img := noise(128, 128)
	all, err := Encode(img, Use{ORM, RGB, Quality{PSNR: 30}})
	if err != nil {
		t.Fatal(err)
	}
	two, err := Encode(img, Use{ORM, G | B, Quality{PSNR: 30}})
	if err != nil {
		t.Fatal(err)
	}
	one, err := Encode(img, Use{ORM, R, Quality{PSNR: 30}})
	if err != nil {
		t.Fatal(err)
	}
	if !(len(one.Data) < len(two.Data) && len(two.Data) < len(all.Data)) {
		t.Errorf("one channel takes %d bytes, two %d, three %d", len(one.Data), len(two.Data), len(all.Data))
	}
	back, err := Decode(two.Data, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if got := PSNR(img, back, Use{ORM, G | B, Quality{}}); got < 30 {
		t.Errorf("what is used has %g dB, want 30", got)
	}
}
