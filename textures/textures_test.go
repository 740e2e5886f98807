package textures

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/disintegration/imaging"
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

func TestACheckerboardAveragesAsLight(t *testing.T) {
	img := fill(64, 64, func(x, y int) color.NRGBA {
		v := uint8(255 * ((x + y) % 2))
		return color.NRGBA{v, v, v, 255}
	})
	out := Resize(img, 16, 16, Resample{Role: Color})
	for i, v := range out.Pix {
		want := 188
		if i%4 == 3 {
			want = 255
		}
		if math.Abs(float64(int(v)-want)) > 1 {
			t.Fatalf("byte %d is %d, want %d", i, v, want)
		}
	}
	// As data it is a plain mean.
	if got := Resize(img, 16, 16, Resample{Role: ORM}).Pix[0]; got != 127 && got != 128 {
		t.Errorf("as data got %d, want 128", got)
	}
}

func TestResizeKeepsTheMeanLight(t *testing.T) {
	img := smooth(256, 192)
	mean := func(m *image.NRGBA) (sum float64) {
		for i := 0; i < len(m.Pix); i += 4 {
			sum += Linear(float64(m.Pix[i]) / 255)
		}
		return sum / float64(len(m.Pix)/4)
	}
	want := mean(img)
	if got := mean(Resize(img, 64, 48, Resample{Role: Color})); math.Abs(got/want-1) > 1e-3 {
		t.Errorf("mean light is %g, want %g", got, want)
	}
}

func TestNormalsKeepTheirLength(t *testing.T) {
	img := fill(64, 64, func(x, _ int) color.NRGBA { // steep, alternating: the mean vector is short
		if x%2 == 0 {
			return color.NRGBA{240, 128, 190, 255}
		}
		return color.NRGBA{15, 128, 190, 255}
	})
	out := Resize(img, 16, 16, Resample{Role: Normal})
	for i := 0; i < len(out.Pix); i += 4 {
		sum := 0.0
		for c := range 3 {
			v := float64(out.Pix[i+c])/127.5 - 1
			sum += v * v
		}
		if l := math.Sqrt(sum); l < 0.99 || l > 1.01 {
			t.Fatalf("pixel %d has length %g", i/4, l)
		}
	}
}

func TestTheWrapModeDecidesWhatTheEdgeSees(t *testing.T) {
	// Black on the left, white on the right.
	img := fill(64, 8, func(x, _ int) color.NRGBA {
		v := uint8(255 * (x / 32))
		return color.NRGBA{v, v, v, 255}
	})
	edge := func(w Wrap) uint8 {
		return Resize(img, 16, 2, Resample{Role: Data, WrapS: w, WrapT: w}).Pix[0]
	}
	if edge(Clamp) != 0 || edge(Mirror) != 0 {
		t.Errorf("clamp gives %d, mirror %d, want 0", edge(Clamp), edge(Mirror))
	}
	if edge(Repeat) == 0 {
		t.Error("repeat doesn't see the other side")
	}
}

func TestInvisiblePixelsDoNotBleed(t *testing.T) {
	// A red square on transparent green.
	img := fill(32, 32, func(x, _ int) color.NRGBA {
		if x < 16 {
			return color.NRGBA{200, 0, 0, 255}
		}
		return color.NRGBA{0, 255, 0, 0}
	})
	out := Resize(img, 8, 8, Resample{Role: Color, WrapS: Clamp, WrapT: Clamp, Alpha: true})
	for i := 0; i < len(out.Pix); i += 4 {
		if out.Pix[i+3] > 0 && out.Pix[i+1] > 0 {
			t.Fatalf("pixel %d is %v", i/4, out.Pix[i:i+4])
		}
	}
}

func TestResizeIsNearImagingForData(t *testing.T) {
	img := smooth(200, 120)
	ours := Resize(img, 50, 30, Resample{Role: Data, WrapS: Clamp, WrapT: Clamp})
	theirs := imaging.Resize(img, 50, 30, imaging.Lanczos)
	for y := 3; y < 27; y++ { // the edges differ: imaging cuts its kernel off there
		for x := 3; x < 47; x++ {
			a, b := ours.NRGBAAt(x, y), theirs.NRGBAAt(x, y)
			if d := int(a.R) - int(b.R); d < -1 || d > 1 {
				t.Fatalf("at %d, %d: %v and %v", x, y, a, b)
			}
		}
	}
}

func TestResizeIsTheSameWithAnyNumberOfProcessors(t *testing.T) {
	img := noise(300, 200)
	run := func(n int) []byte {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(n))
		return Resize(img, 128, 64, Resample{Role: Color}).Pix
	}
	if !bytes.Equal(run(1), run(4)) {
		t.Error("the pixels differ")
	}
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
	if got := jfif.nrgba(src).NRGBAAt(0, 0); got != (color.NRGBA{1, 2, 255, 127}) {
		t.Errorf("got %v", got)
	}
}

// The two do not do the same: imaging averages sRGB codes.
func BenchmarkResize(b *testing.B) {
	img := smooth(2048, 2048)
	b.Run("plinth", func(b *testing.B) {
		b.SetBytes(int64(len(img.Pix)))
		for b.Loop() {
			Resize(img, 512, 512, Resample{Role: Color})
		}
	})
	b.Run("imaging", func(b *testing.B) {
		b.SetBytes(int64(len(img.Pix)))
		for b.Loop() {
			imaging.Resize(img, 512, 512, imaging.Lanczos)
		}
	})
}

