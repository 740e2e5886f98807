package pipeline

import (
	"fmt"
	"image"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/plinth3d/plinth/mesh/glb"
	"github.com/plinth3d/plinth/mesh/scene"
	"github.com/plinth3d/plinth/textures"
)

// productMaps calls test for each image that the shared products use.
func productMaps(t *testing.T, test func(t *testing.T, p picture)) {
	files, _ := filepath.Glob("../../shared/models/product/*.glb")
	if len(files) == 0 {
		t.Skip("../shared/models/product is not here: real models lie beside a checkout, not in it; package textures tests generated images")
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		s, err := glb.Decode(data, scene.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		pictures, err := studyImages(t.Context(), s, 1<<26)
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range pictures {
			if !p.idle {
				t.Run(fmt.Sprintf("%s image %d %s", filepath.Base(f), i, p.how.Role), func(t *testing.T) { test(t, p) })
			}
		}
	}
}

// meanLight is the mean of each color's light, as much as is seen of it.
func meanLight(img *image.NRGBA, alpha bool) (mean [3]float64) {
	for i := 0; i < len(img.Pix); i += 4 {
		a := 1.0
		if alpha {
			a = float64(img.Pix[i+3]) / 255
		}
		for c := range mean {
			mean[c] += float64(textures.Linear(float64(img.Pix[i+c])/255) * a)
		}
	}
	for c := range mean {
		mean[c] /= float64(len(img.Pix) / 4)
	}
	return mean
}

func TestProductsKeepTheirLight(t *testing.T) {
	productMaps(t, func(t *testing.T, p picture) {
		if !p.how.Role.Light() {
			return
		}
		w, h := p.pixels.Rect.Dx(), p.pixels.Rect.Dy()
		how := p.how
		want := meanLight(p.pixels, how.Alpha)
		got := meanLight(textures.Resize(p.pixels, max(1, w/4), max(1, h/4), how), how.Alpha)
		for c := range want {
			if math.Abs(got[c]-want[c]) > 1e-3*want[c] {
				t.Errorf("channel %d has a mean of %g, want %g (%+.3f %%)", c, got[c], want[c], 100*(got[c]/want[c]-1))
			}
		}
	})
}

func TestProductsKeepTheirNormals(t *testing.T) {
	productMaps(t, func(t *testing.T, p picture) {
		if p.how.Role != textures.Normal {
			return
		}
		w, h := p.pixels.Rect.Dx(), p.pixels.Rect.Dy()
		for _, by := range [][2]int{{1, 2}, {1, 4}, {836, 1024}} {
			out := textures.Resize(p.pixels, w*by[0]/by[1], h*by[0]/by[1], p.how)
			short := 0
			for i := 0; i < len(out.Pix); i += 4 {
				if length(out.Pix[i:]) < 0.99 {
					short++
				}
			}
			if short > 0 {
				t.Errorf("at %d/%d, %d of %d normals are shorter than 0.99", by[0], by[1], short, len(out.Pix)/4)
			}
		}
	})
}

// length of a coded normal.
func length(p []uint8) float64 {
	sum := 0
	for _, v := range p[:3] {
		sum += (2*int(v) - 255) * (2*int(v) - 255)
	}
	return math.Sqrt(float64(sum)) / 255
}
