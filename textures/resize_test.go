package textures

import (
	"bytes"
	"image"
	"image/color"
	"math"
	"runtime"
	"testing"

	"github.com/disintegration/imaging"
)

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
