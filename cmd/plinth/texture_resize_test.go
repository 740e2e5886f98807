package main

import (
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
	striped := func(name string, first, second color.NRGBA, each int) {
		img := plainImage(64, 64, first)
		for i := range 64 * 64 {
			if i%64/each%2 == 1 {
				img.SetNRGBA(i%64, i/64, second)
			}
		}
		if err := os.WriteFile(name, asPNG(t, img), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	black, white := color.NRGBA{A: 255}, color.NRGBA{255, 255, 255, 255}
	t.Run("half of the light is a light gray, half of a number is the middle", func(t *testing.T) {
		striped("fine.png", black, white, 1)
		for role, want := range map[string]uint8{"color": 188, "emissive": 188, "data": 128, "orm": 128} {
			for i, v := range pixels("fine.png --edge 16 --role " + role) {
				if i%4 < 3 && away(v, want) > 2 {
					t.Fatalf("%s: pixel %d is %d, want %d", role, i/4, v, want)
				}
			}
		}
	})
	t.Run("what lies beyond the edge counts, which is the other side, or more of the same", func(t *testing.T) {
		striped("half.png", black, white, 32)
		if v := pixels("half.png --edge 8 --role data")[0]; v < 8 || v > 40 {
			t.Errorf("black that goes on in white is %d, want some white in it", v)
		}
		for _, wrap := range []string{"clamp", "mirror"} {
			if v := pixels("half.png --edge 8 --role data --wrap " + wrap)[0]; v != 0 {
				t.Errorf("black that goes on in black is %d: --wrap %s", v, wrap)
			}
		}
	})
	t.Run("colors count by their opacity, or don't", func(t *testing.T) {
		striped("veil.png", color.NRGBA{200, 0, 0, 255}, color.NRGBA{0, 200, 0, 0}, 1)
		seen, all := pixels("veil.png --role color --edge 16"), pixels("veil.png --role color --edge 16 --alpha=false")
		for i := 0; i < len(seen); i += 4 {
			if seen[i+1] != 0 || away(seen[i], 200) > 2 || away(seen[i+3], 128) > 2 {
				t.Fatalf("pixel %d is %v, want no green that nobody sees", i/4, seen[i:i+4])
			}
			if away(all[i], all[i+1]) > 2 || all[i] < 130 || all[i] > 160 {
				t.Fatalf("pixel %d is %v without opacity, want as much green as red", i/4, all[i:i+4])
			}
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
