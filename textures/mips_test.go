package textures

import (
	"bytes"
	"image/color"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestMips(t *testing.T) {
	t.Run("each level is half the one above, down to one pixel", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			img, how := anyImage(t)
			levels := Mips(img, how)
			if !bytes.Equal(levels[0].Pix, img.Pix) {
				t.Error("the finest is not the image")
			}
			for i, l := range levels {
				w, h := max(img.Rect.Dx()>>i, 1), max(img.Rect.Dy()>>i, 1)
				if l.Rect.Dx() != w || l.Rect.Dy() != h {
					t.Errorf("level %d is %v, want %d by %d", i, l.Rect, w, h)
				}
			}
			if last := levels[len(levels)-1]; len(last.Pix) != 4 {
				t.Errorf("the last is %v", last.Rect)
			}
		})
	})
	t.Run("the first is what Resize makes", func(t *testing.T) {
		img := noise(64, 48)
		for _, how := range []Resample{{Role: Color}, {Role: Normal}, {Role: Data}} {
			if !bytes.Equal(Mips(img, how)[1].Pix, Resize(img, 32, 24, how).Pix) {
				t.Errorf("%s: the pixels differ", how.Role)
			}
		}
	})
	t.Run("light stays to the last", func(t *testing.T) {
		img := fill(64, 64, func(x, y int) color.NRGBA {
			v := uint8(255 * ((x + y) % 2))
			return color.NRGBA{v, v, v, 255}
		})
		for i, l := range Mips(img, Resample{Role: Color})[1:] {
			if got := l.NRGBAAt(0, 0); got != (color.NRGBA{188, 188, 188, 255}) {
				t.Errorf("level %d: got %v, want 188", i+1, got)
			}
		}
	})
	t.Run("what is less than a byte can tell adds up", func(t *testing.T) {
		img := fill(64, 64, func(x, y int) color.NRGBA { return color.NRGBA{uint8(100 + (x+3*y)%8/3), 0, 0, 255} })
		levels := Mips(img, Resample{Role: Data})
		const mean = 101 - 0.125 // three times 0, three times 1, twice 2 in eight
		if got := levels[len(levels)-1].Pix[0]; math.Abs(float64(got)-mean) > 0.5 {
			t.Errorf("got %d, want the nearest to %g", got, mean)
		}
	})
	t.Run("normals have length 1 in each", func(t *testing.T) {
		for i, l := range Mips(bumps(100, 60), Resample{Role: Normal}) {
			for k := 0; k < len(l.Pix); k += 4 {
				if n := lengthOf(l.Pix[k:]); n < 0.98 || i > 0 && n < 0.99 {
					t.Fatalf("level %d has a normal of length %g", i, n)
				}
			}
		}
	})
}
