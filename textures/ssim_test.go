package textures

import (
	"image"
	"image/color"
	"math"
	"runtime"
	"testing"

	"pgregory.net/rapid"
)

// slowSSIM is the formula of the paper with a window in two dimensions, of gray images.
func slowSSIM(a, b *image.NRGBA) float64 {
	w, h := a.Rect.Dx(), a.Rect.Dy()
	kw, kh := min(w, 11), min(h, 11)
	sum, n := 0.0, 0.0
	for top := range h - kh + 1 {
		for left := range w - kw + 1 {
			var total, mx, my, vx, vy, vxy float64
			each := func(do func(weight, x, y float64)) {
				for j := range kh {
					for i := range kw {
						di, dj := float64(i)-float64(kw-1)/2, float64(j)-float64(kh-1)/2
						x, y := a.NRGBAAt(left+i, top+j).R, b.NRGBAAt(left+i, top+j).R
						do(math.Exp(-(di*di+dj*dj)/4.5), float64(x), float64(y))
					}
				}
			}
			each(func(weight, _, _ float64) { total += weight })
			each(func(weight, x, y float64) { mx, my = mx+weight/total*x, my+weight/total*y })
			each(func(weight, x, y float64) {
				vx, vy = vx+weight/total*(x-mx)*(x-mx), vy+weight/total*(y-my)*(y-my)
				vxy += weight / total * (x - mx) * (y - my)
			})
			const c1, c2 = 6.5025, 58.5225
			sum += (2*mx*my + c1) * (2*vxy + c2) / ((mx*mx + my*my + c1) * (vx + vy + c2))
			n++
		}
	}
	return sum / n
}

func gray8(img *image.NRGBA) *image.NRGBA {
	return fill(img.Rect.Dx(), img.Rect.Dy(), func(x, y int) color.NRGBA {
		v := img.NRGBAAt(x, y).G
		return color.NRGBA{v, v, v, 255}
	})
}

func TestSSIMIsThatOfThePaper(t *testing.T) {
	for _, size := range [][2]int{{40, 30}, {11, 11}, {12, 70}, {100, 5}, {8, 8}, {1, 20}, {1, 1}} {
		a := gray8(smooth(size[0], size[1]))
		b := gray8(off(smooth(size[0], size[1]), 20))
		for _, u := range []Use{{Role: Color, Used: RGB}, {Role: ORM, Used: RGB}, {Role: Data, Used: R}} {
			if got, want := SSIM(a, b, u), slowSSIM(a, b); math.Abs(got-want) > 1e-9 {
				t.Errorf("%v as %s: got %.12f, want %.12f", size, u.Role, got, want)
			}
		}
	}
}

func TestSSIMOfPlainImagesIsTheLuminanceTerm(t *testing.T) {
	// No variance: (2xy + C1) / (x² + y² + C1), with x = 100 and y = 120.
	a, b := plain(32, 32, color.NRGBA{100, 100, 100, 255}), plain(32, 32, color.NRGBA{120, 120, 120, 255})
	want := (2*100*120 + 6.5025) / (100*100 + 120*120 + 6.5025)
	if got := SSIM(a, b, Use{Role: Color, Used: RGB}); math.Abs(got-want) > 1e-9 {
		t.Errorf("got %.12f, want %.12f", got, want)
	}
	// One channel of three differs: numbers take the mean, light the luma.
	b = plain(32, 32, color.NRGBA{100, 120, 100, 255})
	if got := SSIM(a, b, Use{Role: Data, Used: RGB}); math.Abs(got-(2+want)/3) > 1e-9 {
		t.Errorf("as data: got %.12f, want %.12f", got, (2+want)/3)
	}
	y := 100 + 0.587*20
	want = (2*100*y + 6.5025) / (100*100 + y*y + 6.5025)
	if got := SSIM(a, b, Use{Role: Color, Used: RGB}); math.Abs(got-want) > 1e-9 {
		t.Errorf("as light: got %.12f, want %.12f", got, want)
	}
}

func TestSSIMIsOneForEqualImagesAndSymmetric(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(1, 20).Draw(t, "w"), rapid.IntRange(1, 20).Draw(t, "h")
		draw := func(name string) *image.NRGBA {
			img := image.NewNRGBA(image.Rect(0, 0, w, h))
			copy(img.Pix, rapid.SliceOfN(rapid.Uint8(), len(img.Pix), len(img.Pix)).Draw(t, name))
			return img
		}
		a, b := draw("a"), draw("b")
		u := Use{rapid.SampledFrom([]Role{Color, Normal, Data}).Draw(t, "role"), Channels(rapid.IntRange(1, 15).Draw(t, "used")), Quality{}}
		if got := SSIM(a, a, u); math.Abs(got-1) > 1e-12 {
			t.Fatalf("of an image with itself: %.15f", got)
		}
		ab, ba := SSIM(a, b, u), SSIM(b, a, u)
		if ab != ba || !(ab >= -1 && ab <= 1+1e-12) {
			t.Fatalf("got %.15f, and the other way %.15f", ab, ba)
		}
	})
}

func TestSSIMFallsWithNoise(t *testing.T) {
	a, last := smooth(64, 64), 1.0
	for _, most := range []int{1, 4, 16, 64} {
		got := SSIM(a, off(a, most), Use{Role: Color, Used: RGB})
		if got >= last {
			t.Errorf("noise up to %d: %g, not below %g", most, got, last)
		}
		last = got
	}
}

func TestSSIMIsTheSameWithAnyNumberOfProcessors(t *testing.T) {
	a, b := smooth(90, 200), off(smooth(90, 200), 9)
	at := func(n int) float64 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(n))
		return SSIM(a, b, Use{Role: Color, Used: RGB})
	}
	if one, four := at(1), at(4); one != four {
		t.Errorf("one gives %v, four %v", one, four)
	}
}

func TestSSIMSeesAlphaOnAnyBackground(t *testing.T) {
	u := Use{Role: Color, Used: RGB | A}
	for _, gray := range []uint8{0, 128, 255} { // black on black shows nothing, on white it does
		a := plain(20, 20, color.NRGBA{gray, gray, gray, 255})
		b := plain(20, 20, color.NRGBA{gray, gray, gray, 60})
		if got := SSIM(a, b, u); got > 0.9 {
			t.Errorf("gray %d that fades: got %g", gray, got)
		}
	}
	a, b := plain(20, 20, color.NRGBA{9, 90, 9, 0}), plain(20, 20, color.NRGBA{200, 9, 9, 0})
	if got := SSIM(a, b, u); got != 1 {
		t.Errorf("colors that nobody sees: got %g, want 1", got)
	}
}
