package textures

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// off returns img with every color code moved by at most most.
func off(img *image.NRGBA, most int) *image.NRGBA {
	r := rand.New(rand.NewPCG(3, 4))
	out := image.NewNRGBA(img.Rect)
	for i, v := range img.Pix {
		out.Pix[i] = v
		if i%4 != 3 {
			out.Pix[i] = uint8(min(max(int(v)+r.IntN(2*most+1)-most, 0), 255))
		}
	}
	return out
}

func plain(w, h int, c color.NRGBA) *image.NRGBA {
	return fill(w, h, func(_, _ int) color.NRGBA { return c })
}

func TestPSNRIsThatOfItsDefinition(t *testing.T) {
	a := plain(8, 4, color.NRGBA{100, 100, 100, 255})
	b := plain(8, 4, color.NRGBA{101, 98, 100, 255})
	for name, c := range map[string]struct {
		use Use
		mse float64
	}{
		"light is the mean of its channels":        {Use{Role: Color, Used: RGB}, 5.0 / 3},
		"with alpha too":                           {Use{Role: Color, Used: RGB | A}, 5.0 / 4},
		"normals are the mean of their channels":   {Use{Role: Normal, Used: RGB}, 5.0 / 3},
		"data is as good as its worst channel":     {Use{Role: Data, Used: RGB}, 4},
		"what is not in use does not count":        {Use{Role: ORM, Used: R | B}, 1},
		"a channel that is the same has no bounds": {Use{Role: ORM, Used: B}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got, want := PSNR(a, b, c.use), settled(10*math.Log10(255*255/c.mse)); got != want {
				t.Errorf("got %g dB, want %g", got, want)
			}
		})
	}
}

func TestInvisibleColorsDoNotCount(t *testing.T) {
	half := func(c, alpha uint8) *image.NRGBA {
		return fill(16, 16, func(x, _ int) color.NRGBA {
			if x < 8 {
				return color.NRGBA{50, 50, 50, 255}
			}
			return color.NRGBA{c, c, c, alpha}
		})
	}
	u := Use{Role: Color, Used: RGB | A}
	if got := PSNR(half(10, 0), half(240, 0), u); !math.IsInf(got, 1) {
		t.Errorf("colors that nobody sees: got %g dB, want +Inf", got)
	}
	if got := PSNR(half(10, 0), half(240, 0), Use{Role: Color, Used: RGB}); got > 15 {
		t.Errorf("without alpha in use: got %g dB", got)
	}
	// Weights 255 and 51 over the two halves: the mean of 0 and 100 is 100/6.
	mse := 3 * 100.0 / 6 / 4
	if got, want := PSNR(half(10, 51), half(20, 51), u), 10*math.Log10(255*255/mse); math.Abs(got-want) > 1e-9 {
		t.Errorf("a fifth visible: got %g dB, want %g", got, want)
	}
	if got, want := PSNR(half(10, 0), half(10, 255), u), 10*math.Log10(4*2); math.Abs(got-want) > 1e-9 {
		t.Errorf("alpha itself: got %g dB, want %g", got, want)
	}
	if got := PSNR(half(10, 0), half(20, 0), Use{Role: Data, Used: RGB | A}); got > 35 {
		t.Errorf("numbers count whatever alpha is: got %g dB", got)
	}
}

// exactAngle is in degrees, by the cross product, which is good at small angles.
func exactAngle(p, q []uint8) float64 {
	var v, w [3]float64
	for c := range 3 {
		v[c], w[c] = 2*float64(p[c])-255, 2*float64(q[c])-255
	}
	x, y, z := v[1]*w[2]-v[2]*w[1], v[2]*w[0]-v[0]*w[2], v[0]*w[1]-v[1]*w[0]
	return math.Atan2(math.Sqrt(x*x+y*y+z*z), v[0]*w[0]+v[1]*w[1]+v[2]*w[2]) * 180 / math.Pi
}

func TestAnglesAreThoseOfTheVectors(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, q := image.NewNRGBA(image.Rect(0, 0, 1, 1)), image.NewNRGBA(image.Rect(0, 0, 1, 1))
		for c := range 3 {
			p.Pix[c] = rapid.Uint8().Draw(t, "a")
			q.Pix[c] = rapid.Uint8().Draw(t, "b")
			if rapid.Bool().Draw(t, "near") {
				q.Pix[c] = uint8(min(max(int(p.Pix[c])+rapid.IntRange(-3, 3).Draw(t, "by"), 0), 255))
			}
		}
		p.Pix[2] |= 0xc0 // a normal: up, and longer than a half
		want := exactAngle(p.Pix, q.Pix)
		mean, p99 := Angles(p, q)
		if width := 0.01 / math.Cos(min(want, 179)*math.Pi/360); want < 179 && math.Abs(mean-want) > width {
			t.Fatalf("%v and %v: mean %g degrees, want %g", p.Pix, q.Pix, mean, want)
		} else if want < 179 && (p99 < want-1e-6 || p99 > want+0.01+2*width) {
			t.Fatalf("%v and %v: percentile %g degrees, want %g or little above", p.Pix, q.Pix, p99, want)
		}
	})
}

func TestAnglesOfPixelsThatAreNoNormalAreLeftOut(t *testing.T) {
	up := color.NRGBA{128, 128, 255, 255}
	for name, c := range map[string]color.NRGBA{
		"into the surface":    {128, 128, 0, 255},
		"shorter than a half": {140, 120, 150, 255},
	} {
		t.Run(name, func(t *testing.T) {
			a := fill(10, 10, func(x, _ int) color.NRGBA {
				if x < 5 {
					return c
				}
				return up
			})
			if mean, p99 := Angles(a, plain(10, 10, up)); mean != 0 || p99 != 0 {
				t.Errorf("got %g and %g degrees, want 0", mean, p99)
			}
			if got := measureAngles(a, a).total; got != 50 {
				t.Errorf("%d pixels count, want 50", got)
			}
		})
	}
}

func TestThePercentileLeavesOutOneOfAHundred(t *testing.T) {
	up, aside := color.NRGBA{128, 128, 255, 255}, color.NRGBA{255, 128, 128, 255}
	with := func(n int) *image.NRGBA {
		return fill(100, 10, func(x, y int) color.NRGBA {
			if x+100*y < n {
				return aside
			}
			return up
		})
	}
	a := with(0)
	if _, p99 := Angles(a, with(10)); p99 != 0 {
		t.Errorf("ten of a thousand: got %g degrees, want 0", p99)
	}
	mean, p99 := Angles(a, with(11))
	if math.Abs(p99-89.56) > 0.02 || math.Abs(mean-p99*0.011) > 1e-3 {
		t.Errorf("eleven of a thousand: got %g and a mean of %g degrees", p99, mean)
	}
}

func TestMeasuresTakePartsOfImages(t *testing.T) {
	whole, other := bumps(40, 30), off(bumps(40, 30), 4)
	box := image.Rect(5, 7, 30, 28)
	part := func(m *image.NRGBA) *image.NRGBA { return m.SubImage(box).(*image.NRGBA) }
	copied := func(m *image.NRGBA) *image.NRGBA {
		return fill(box.Dx(), box.Dy(), func(x, y int) color.NRGBA { return m.NRGBAAt(x+5, y+7) })
	}
	u := Use{Role: Normal, Used: RGB}
	got, err := Compare(part(whole), part(other), u)
	if err != nil {
		t.Fatal(err)
	}
	want, err := Compare(copied(whole), copied(other), u)
	if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("a part gives %+v, its copy %+v", got, want)
	}
	if a, b := Shift(part(whole), part(other)), Shift(copied(whole), copied(other)); a != b {
		t.Errorf("a part shifts by %g, its copy by %g", a, b)
	}
}

func BenchmarkMeasure(b *testing.B) {
	x, y := bumps(1024, 1024), off(bumps(1024, 1024), 6)
	perPixel := func(b *testing.B, measure func()) {
		for b.Loop() {
			measure()
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(1024*1024), "ns/pixel")
	}
	b.Run("PSNR", func(b *testing.B) { perPixel(b, func() { PSNR(x, y, Use{Role: Color, Used: RGB}) }) })
	b.Run("PSNR with alpha", func(b *testing.B) { perPixel(b, func() { PSNR(x, y, Use{Role: Color, Used: RGB | A}) }) })
	b.Run("Angles", func(b *testing.B) { perPixel(b, func() { Angles(x, y) }) })
	b.Run("Shift", func(b *testing.B) { perPixel(b, func() { Shift(x, y) }) })
	b.Run("SSIM", func(b *testing.B) { perPixel(b, func() { SSIM(x, y, Use{Role: Color, Used: RGB}) }) })
}

func TestShiftSeesBlotches(t *testing.T) {
	a := fill(64, 64, func(_, _ int) color.NRGBA { return color.NRGBA{100, 100, 100, 255} })
	b := fill(64, 64, func(x, y int) color.NRGBA {
		if x < 16 && y < 16 { // four blocks of 64 are greener
			return color.NRGBA{100, 104, 100, 255}
		}
		return color.NRGBA{100, 100, 100, 255}
	})
	if got := Shift(a, b); got != 2.3125 { // 4 of green are 2.348 of luma
		t.Errorf("got %g, want 2.3125", got)
	}
	noisy := fill(64, 64, func(x, y int) color.NRGBA { // as far off, with a mean of zero
		return color.NRGBA{100, uint8(96 + 8*((x+y)%2)), 100, 255}
	})
	if got := Shift(a, noisy); got != 0 {
		t.Errorf("noise: got %g, want 0", got)
	}
}
