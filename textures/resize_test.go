package textures

import (
	"bytes"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/disintegration/imaging"
	"pgregory.net/rapid"
)

func TestACheckerboardAveragesAsLight(t *testing.T) {
	img := fill(64, 64, func(x, y int) color.NRGBA {
		v := uint8(255 * ((x + y) % 2))
		return color.NRGBA{v, v, v, 255}
	})
	out := Resize(img, 16, 16, Resample{Role: Color})
	for i, v := range out.Pix {
		want := uint8(188)
		if i%4 == 3 {
			want = 255
		}
		if v != want {
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

// Print is where the filter rings most.
func TestClippingAddsNoLight(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for name, img := range map[string]*image.NRGBA{
		"white lines on black": fill(256, 256, func(x, y int) color.NRGBA {
			v := uint8(255 * max(0, 1-min(x%37, y%23)))
			return color.NRGBA{v, v, v, 255}
		}),
		"black lines on white": fill(256, 256, func(x, y int) color.NRGBA {
			v := uint8(255 * min(1, x%37, y%23))
			return color.NRGBA{v, v, v, 255}
		}),
		"specks": fill(256, 256, func(_, _ int) color.NRGBA {
			v := uint8(255 * (r.IntN(40) / 39))
			return color.NRGBA{v, v, v, 255}
		}),
	} {
		sum := func(m *image.NRGBA) (sum float64) {
			for i := 0; i < len(m.Pix); i += 4 {
				sum += float64(linear[m.Pix[i]])
			}
			return sum / float64(len(m.Pix)/4)
		}
		want := sum(img)
		if got := sum(Resize(img, 64, 64, Resample{Role: Color})); math.Abs(got/want-1) > 2e-3 {
			t.Errorf("%s: mean light is %g, want %g (%+.2f %%)", name, got, want, 100*(got/want-1))
		}
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
		if l := lengthOf(out.Pix[i:]); l < 0.99 || l > 1.01 {
			t.Fatalf("pixel %d has length %g", i/4, l)
		}
	}
}

func TestWhatIsNoNormalCountsForNothing(t *testing.T) {
	img := fill(64, 64, func(x, y int) color.NRGBA {
		switch {
		case x < 24:
			return color.NRGBA{200, 128, 230, 255}
		case y < 32:
			return color.NRGBA{0, 0, 0, 255} // as between an atlas's charts
		}
		return color.NRGBA{128, 128, 128, 255}
	})
	out := Resize(img, 16, 16, Resample{Role: Normal, WrapS: Clamp, WrapT: Clamp})
	want := Resize(img.SubImage(image.Rect(0, 0, 8, 8)).(*image.NRGBA), 1, 1, Resample{Role: Normal}).NRGBAAt(0, 0)
	for y := range 16 {
		if got := out.NRGBAAt(5, y); got != want {
			t.Errorf("at the border %d: got %v, want %v as inside", y, got, want)
		}
		if got := out.NRGBAAt(13, y); got != (color.NRGBA{128, 128, 255, 255}) {
			t.Errorf("where there are none: got %v, want straight up", got)
		}
	}
}

func TestTheWrapModeDecidesWhatTheEdgeSees(t *testing.T) {
	// Black on the left, white on the right, gray from top to bottom.
	img := fill(64, 64, func(x, y int) color.NRGBA {
		return color.NRGBA{uint8(255 * (x / 32)), uint8(255 * (y / 32)), 0, 255}
	})
	corner := func(s, t Wrap) color.NRGBA {
		return Resize(img, 16, 16, Resample{Role: Data, WrapS: s, WrapT: t}).NRGBAAt(0, 0)
	}
	for _, s := range []Wrap{Repeat, Mirror, Clamp} {
		for _, w := range []Wrap{Repeat, Mirror, Clamp} {
			got := corner(s, w)
			if seen := got.R > 0; seen != (s == Repeat) {
				t.Errorf("across with mode %d: red is %d", s, got.R)
			}
			if seen := got.G > 0; seen != (w == Repeat) {
				t.Errorf("down with mode %d: green is %d", w, got.G)
			}
		}
	}
}

func TestBeyondTheEdgeTheImageGoesOn(t *testing.T) {
	const n, m = 48, 20
	img := noise(n, n)
	for _, w := range []Wrap{Repeat, Mirror, Clamp} {
		wide := fill(3*n, 3*n, func(x, y int) color.NRGBA { return img.NRGBAAt(w.at(x-n, n), w.at(y-n, n)) })
		got := Resize(img, m, m, Resample{Role: Normal, WrapS: w, WrapT: w})
		want := Resize(wide, 3*m, 3*m, Resample{Role: Normal}).SubImage(image.Rect(m, m, 2*m, 2*m)).(*image.NRGBA)
		if !bytes.Equal(got.Pix, clone(want).Pix) {
			t.Errorf("mode %d: the pixels differ from those of an image that goes on", w)
		}
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

func TestAlphaThatIsNotUsedChangesNoColor(t *testing.T) {
	for _, role := range []Role{Color, Emissive, ORM, Data, Normal} {
		img := bumps(48, 40)
		want := Resize(img, 20, 17, Resample{Role: role})
		for i := 3; i < len(img.Pix); i += 4 {
			img.Pix[i] = uint8(i % 251)
		}
		got := Resize(img, 20, 17, Resample{Role: role})
		if !bytes.Equal(Opaque(got).Pix, want.Pix) {
			t.Errorf("%s: the colors differ", role)
		}
	}
}

func TestResizeToItsOwnSizeIsACopy(t *testing.T) {
	img := noise(30, 20)
	for i := 3; i < len(img.Pix); i += 4 {
		img.Pix[i] = uint8(i)
	}
	for _, role := range []Role{Color, Normal, Data} {
		got := Resize(img, 30, 20, Resample{Role: role, Alpha: true, Cutoff: 0.5})
		if !bytes.Equal(got.Pix, img.Pix) {
			t.Errorf("%s: the pixels differ", role)
		}
		if got.Pix[0]++; got.Pix[0] == img.Pix[0] {
			t.Errorf("%s: it is the image itself", role)
		}
	}
}

func TestResizeReadsAPartOfAnImage(t *testing.T) {
	img := smooth(64, 64)
	part := img.SubImage(image.Rect(10, 20, 50, 60)).(*image.NRGBA)
	for _, size := range []int{40, 13} {
		got, want := Resize(part, size, size, Resample{Role: Color}), Resize(clone(part), size, size, Resample{Role: Color})
		if !bytes.Equal(got.Pix, want.Pix) {
			t.Errorf("at %d: the pixels differ from those of a copy", size)
		}
	}
}

// anyImage draws a size, content of every kind and a way to treat it.
func anyImage(t *rapid.T) (*image.NRGBA, Resample) {
	side := rapid.OneOf(rapid.IntRange(1, 9), rapid.IntRange(1, 150))
	img := image.NewNRGBA(image.Rect(0, 0, side.Draw(t, "width"), side.Draw(t, "height")))
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	extreme := rapid.Bool().Draw(t, "extreme")
	for i := range img.Pix {
		img.Pix[i] = uint8(r.IntN(256))
		if extreme {
			img.Pix[i] = uint8(255 * r.IntN(2))
		}
	}
	return img, Resample{
		Role:  rapid.SampledFrom([]Role{Color, Emissive, Normal, ORM, Data}).Draw(t, "role"),
		WrapS: Wrap(rapid.IntRange(0, 2).Draw(t, "across")), WrapT: Wrap(rapid.IntRange(0, 2).Draw(t, "down")),
		Alpha:  rapid.Bool().Draw(t, "alpha"),
		Cutoff: rapid.SampledFrom([]float64{0, 0.001, 0.5, 1, 2, math.Inf(1), math.NaN(), -1}).Draw(t, "cutoff"),
	}
}

func TestResizeOfAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		img, how := anyImage(t)
		side := rapid.IntRange(1, 150)
		w, h := side.Draw(t, "to width"), side.Draw(t, "to height")
		before := bytes.Clone(img.Pix)
		out := Resize(img, w, h, how)
		if out.Rect != image.Rect(0, 0, w, h) || len(out.Pix) != 4*w*h {
			t.Fatalf("got %v with %d bytes, want %d by %d", out.Rect, len(out.Pix), w, h)
		}
		if !bytes.Equal(before, img.Pix) {
			t.Error("the source has changed")
		}
		if how.Role != Normal || out.Rect == img.Rect || !IsNormalMap(img) {
			return
		}
		for i := 0; i < len(out.Pix); i += 4 {
			if l := lengthOf(out.Pix[i:]); l < 0.99 || l > 1.01 {
				t.Fatalf("pixel %d has length %g", i/4, l)
			}
		}
	})
}

// lengthOf a coded normal.
func lengthOf(p []uint8) float64 {
	sum := 0
	for _, v := range p[:3] {
		sum += (2*int(v) - 255) * (2*int(v) - 255)
	}
	return math.Sqrt(float64(sum)) / 255
}

func TestAConstantImageStaysConstant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		img, how := anyImage(t)
		how.Alpha, how.Cutoff = false, 0
		for i := range img.Pix {
			img.Pix[i] = img.Pix[i%4]
		}
		side := rapid.IntRange(1, 150)
		out := Resize(img, side.Draw(t, "to width"), side.Draw(t, "to height"), how)
		want := img.Pix
		if how.Role == Normal { // whatever is length 1
			want = out.Pix[:4]
		}
		for i, v := range out.Pix {
			if v != want[i%4] {
				t.Fatalf("byte %d is %d, want %d", i, v, want[i%4])
			}
		}
	})
}

func TestResizeToExtremeSizes(t *testing.T) {
	for _, size := range [][4]int{{1, 500, 1, 1}, {500, 1, 1, 1}, {4096, 2, 7, 1}, {2, 4096, 1, 7}, {1, 1, 300, 200}, {3, 3, 301, 1}, {2048, 2048, 1, 1}} {
		img := fill(size[0], size[1], func(x, y int) color.NRGBA {
			v := uint8(255 * ((x + y) % 2))
			return color.NRGBA{v, v, v, 255}
		})
		out := Resize(img, size[2], size[3], Resample{Role: Color})
		if size[2]*size[3] == 1 && out.NRGBAAt(0, 0) != (color.NRGBA{188, 188, 188, 255}) {
			t.Errorf("%v: got %v, want 188", size, out.NRGBAAt(0, 0))
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
	for i := 3; i < len(img.Pix); i += 4 {
		img.Pix[i] = uint8(i >> 3)
	}
	run := func(n int, how Resample) []byte {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(n))
		return Resize(img, 128, 170, how).Pix
	}
	for _, how := range []Resample{{Role: Color}, {Role: Color, Alpha: true, Cutoff: 0.4}, {Role: Normal}, {Role: Data}} {
		for n := 2; n < 7; n++ {
			if !bytes.Equal(run(1, how), run(n, how)) {
				t.Errorf("%+v: the pixels of %d processors differ", how, n)
			}
		}
	}
}
