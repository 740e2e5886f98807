package main

import (
	"bytes"
	"image"
	"image/color"
	"math"
	"os"
	"testing"
)

func TestTextureResizesByWhatItIsFor(t *testing.T) {
	t.Chdir(sourceImages(t))
	pixels := func(args string) []uint8 {
		packed(t, args+" -o out.png")
		img, _ := imageFile(t, "out.png")
		return img.Pix
	}
	t.Run("light isn't averaged as numbers", func(t *testing.T) {
		if bytes.Equal(pixels("wood.png --role color --edge 20"), pixels("wood.png --role data --edge 20")) {
			t.Error("it is")
		}
	})
	t.Run("what lies beyond the edge counts", func(t *testing.T) {
		if bytes.Equal(pixels("wood.png --role color --edge 20"), pixels("wood.png --role color --edge 20 --wrap clamp")) {
			t.Error("it doesn't")
		}
	})
	t.Run("colors count by their opacity, or don't", func(t *testing.T) {
		if bytes.Equal(pixels("leaf.png --role color --edge 20"), pixels("leaf.png --role color --edge 20 --alpha=false")) {
			t.Error("it is all the same")
		}
	})
	t.Run("normals keep their length", func(t *testing.T) {
		pix := pixels("bumps.png --role normal --edge 20")
		for i := 0; i < len(pix); i += 4 {
			x, y, z := float64(pix[i])/127.5-1, float64(pix[i+1])/127.5-1, float64(pix[i+2])/127.5-1
			if n := math.Sqrt(x*x + y*y + z*z); math.Abs(n-1) > 0.02 {
				t.Fatalf("pixel %d has length %g", i/4, n)
			}
		}
	})
	t.Run("a cutoff keeps as much in sight", func(t *testing.T) {
		if err := os.WriteFile("wire.png", asPNG(t, wire()), 0o644); err != nil {
			t.Fatal(err)
		}
		seen := func(pix []uint8) (share float64) {
			for i := 3; i < len(pix); i += 4 {
				if pix[i] >= 128 {
					share += 4 / float64(len(pix))
				}
			}
			return share
		}
		want := seen(wire().Pix)
		kept, lost := seen(pixels("wire.png --role color --edge 16 --cutoff 0.5")), seen(pixels("wire.png --role color --edge 16"))
		if math.Abs(kept-want) > 0.07 || math.Abs(lost-want) < 2*math.Abs(kept-want) {
			t.Errorf("%.3f was in sight, %.3f with a cutoff, %.3f without", want, kept, lost)
		}
	})
}

// wire is thin lines on nothing.
func wire() *image.NRGBA {
	img := plainImage(64, 64, color.NRGBA{200, 200, 200, 0})
	for y := range 64 {
		for x := range 64 {
			if x%7 == 0 || y%9 == 0 {
				img.Pix[img.PixOffset(x, y)+3] = 255
			}
		}
	}
	return img
}

func TestTextureLeavesNoFringeBesideWhatIsSeen(t *testing.T) {
	t.Chdir(sourceImages(t))
	img := plainImage(64, 64, color.NRGBA{})
	for y := range 64 {
		for x := range 24 {
			img.SetNRGBA(x, y, color.NRGBA{200, 150, 40, 255})
		}
	}
	if err := os.WriteFile("half.png", asPNG(t, img), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args string
		want color.NRGBA // of hidden pixels
	}{
		"hidden pixels take the color beside them":      {"", color.NRGBA{200, 150, 40, 0}},
		"they do in an image that is resized":           {"--edge 32", color.NRGBA{200, 150, 40, 0}},
		"they stay where alpha is no opacity":           {"--alpha=false", color.NRGBA{}},
		"they stay where alpha isn't opacity by a role": {"--role data", color.NRGBA{}},
	} {
		t.Run(name, func(t *testing.T) {
			packed(t, "half.png -o out.png --role color "+c.args)
			out, _ := imageFile(t, "out.png")
			w := out.Rect.Dx()
			for x := range w {
				got := out.NRGBAAt(x, w/2)
				off := max(away(got.R, c.want.R), away(got.G, c.want.G), away(got.B, c.want.B))
				if got.A == 0 && off > 30 { // the filter rings beside the edge
					t.Fatalf("pixel %d of %d is %v, want %v", x, w, got, c.want)
				}
			}
			if out.NRGBAAt(w/2, w/2).A != 0 {
				t.Error("nothing is hidden")
			}
		})
	}
}

// away is how far two codes are apart.
func away(a, b uint8) int { return max(int(a)-int(b), int(b)-int(a)) }
