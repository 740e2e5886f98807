package textures

import (
	"image/color"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// TestChoicesHangOnNoLastBit: logarithms and powers differ in their last bit from machine
// to machine, so whatever is compared, or becomes a step, is in billionths.
func TestChoicesHangOnNoLastBit(t *testing.T) {
	whole := func(t *rapid.T, what string, x float64) {
		t.Helper()
		if math.Round(x*1e9)/1e9 != x {
			t.Fatalf("%s is %.17g", what, x)
		}
	}
	t.Run("decibels and errors are in billionths", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			figure := rapid.Float64Range(0.01, 60)
			whole(t, "a PSNR", decibels(figure.Draw(t, "squared error")))
			c := Coded{
				PSNR: figure.Draw(t, "PSNR"), Angle: figure.Draw(t, "angle"), Mean: figure.Draw(t, "mean"),
				Shift: figure.Draw(t, "shift"), Detail: rapid.Float64Range(0, 1).Draw(t, "detail"),
			}
			for _, q := range []Quality{{PSNR: 38}, {PSNR: 37.5, Detail: 0.97}, {Angle: 3, Mean: 1}, {Shift: 1.7}} {
				whole(t, "an error", c.excess(q))
			}
		})
	})
	t.Run("steps are", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			var b bracket
			b.bad = math.Inf(1)
			step := firstStep
			for range 6 {
				step = b.next(step, settled(rapid.Float64Range(0.01, 9).Draw(t, "error")), 0.06)
				whole(t, "a step", step)
			}
		})
	})
	t.Run("what lost nothing, or all, is still told", func(t *testing.T) {
		if got := decibels(0); !math.IsInf(got, 1) {
			t.Errorf("no error has %g dB", got)
		}
		if got := (Coded{PSNR: math.Inf(1), Detail: 1}).excess(Quality{PSNR: 40, Detail: 1}); got != 0 {
			t.Errorf("no error is %g of what is allowed", got)
		}
	})
}

// The sums of a block don't fit 32 bits.
func TestTheLargestShiftOfBlue(t *testing.T) {
	blue, black := plain(8, 8, color.NRGBA{0, 0, 255, 255}), plain(8, 8, color.NRGBA{0, 0, 0, 255})
	if a, b := Shift(blue, black), Shift(black, blue); a != 63.75 || b != 63.75 {
		t.Errorf("got %g and %g, want 63.75: half of 255 * 0.886 / 1.772", a, b)
	}
}
