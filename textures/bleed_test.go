package textures

import (
	"image/color"
	"testing"
)

func TestHiddenPixelsTakeTheColorsBesideThem(t *testing.T) {
	red, blue := color.NRGBA{200, 0, 0, 255}, color.NRGBA{0, 0, 200, 128}
	img := fill(37, 21, func(x, y int) color.NRGBA {
		switch {
		case x < 4:
			return red
		case x > 32:
			return blue
		}
		return color.NRGBA{0, 255, 0, 0}
	})
	out := Bleed(img)
	for y := range 21 {
		for x := range 37 {
			got, before := out.NRGBAAt(x, y), img.NRGBAAt(x, y)
			switch {
			case got.A != before.A:
				t.Fatalf("alpha at %d, %d is %d, want %d", x, y, got.A, before.A)
			case before.A > 0 && got != before:
				t.Fatalf("what is seen at %d, %d is %v, want %v", x, y, got, before)
			case got.G != 0:
				t.Fatalf("a hidden color is left at %d, %d: %v", x, y, got)
			case x < 8 && (got.R != 200 || got.B != 0), x >= 32 && (got.R != 0 || got.B != 200):
				t.Fatalf("the color at %d, %d is %v", x, y, got)
			}
		}
	}
}

func TestAnImageWithNothingToSeeIsBlack(t *testing.T) {
	out := Bleed(fill(3, 5, func(_, _ int) color.NRGBA { return color.NRGBA{9, 9, 9, 0} }))
	for i, v := range out.Pix {
		if v != 0 {
			t.Fatalf("byte %d is %d", i, v)
		}
	}
}
