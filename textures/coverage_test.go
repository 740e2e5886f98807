package textures

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"testing"
)

// leaves are what a cut-out is made of: large shapes, thin stems and specks.
func leaves(w, h int) *image.NRGBA {
	return fill(w, h, func(x, y int) color.NRGBA {
		c := color.NRGBA{40, 150, 30, 0}
		if (x-30)*(x-30)+(y-30)*(y-30) < 500 || x%17 == 0 || (x*x+3*y*y)%97 < 9 {
			c.A = 255
		}
		return c
	})
}

func TestCutOutsKeepTheirCoverage(t *testing.T) {
	img := leaves(256, 200)
	for _, cutoff := range []float64{0.02, 0.1, 0.3, 0.5, 0.75, 1} {
		how := Resample{Role: Color, Alpha: true, Cutoff: cutoff}
		least := leastSeen(cutoff)
		want := coverage(img, least)
		sizes := append(Mips(img, how), Resize(img, 64, 64, how), Resize(img, 209, 163, how), Resize(img, 300, 300, how))
		for _, out := range sizes {
			w, h := out.Rect.Dx(), out.Rect.Dy()
			t.Run(fmt.Sprintf("cutoff %g, %d by %d", cutoff, w, h), func(t *testing.T) {
				row := 1 / float64(max(h, w)) // or one pixel of the last
				if got := coverage(out, least); math.Abs(got-want) > max(0.002, min(row, 0.5)) {
					t.Errorf("%.4f is seen, want %.4f", got, want)
				}
			})
		}
	}
	t.Run("without a cutoff it is lost", func(t *testing.T) { // or the test above says nothing
		want := coverage(img, 128)
		if got := coverage(Resize(img, 32, 25, Resample{Role: Color, Alpha: true}), 128); math.Abs(got-want) < 0.05 {
			t.Errorf("%.4f is seen, as much as the %.4f before", got, want)
		}
	})
}

func TestCoverageAtTheEnds(t *testing.T) {
	how := Resample{Role: Color, Alpha: true, Cutoff: 0.5}
	for alpha, want := range map[uint8]uint8{0: 0, 100: 100, 127: 127, 128: 128, 200: 200, 255: 255} {
		img := fill(40, 40, func(_, _ int) color.NRGBA { return color.NRGBA{9, 9, 9, alpha} })
		for _, out := range Mips(img, how) {
			if got := out.Pix[3]; got != want {
				t.Errorf("alpha %d all over becomes %d", alpha, got)
			}
		}
	}
}

func TestWhatIsOpaqueStaysOpaque(t *testing.T) {
	out := Resize(leaves(256, 200), 64, 50, Resample{Role: Color, Alpha: true, Cutoff: 0.5})
	if a := out.NRGBAAt(7, 7).A; a != 255 {
		t.Errorf("inside a leaf alpha is %d, want 255", a)
	}
}

func TestLeastSeen(t *testing.T) {
	for cutoff, want := range map[float64]uint8{0.5: 128, 1: 255, 0.001: 1, 0.2: 51, 0.25: 64} {
		if got := leastSeen(cutoff); got != want {
			t.Errorf("with a cutoff of %g, %d is seen, want %d", cutoff, got, want)
		}
	}
}
