package pipeline

import (
	"context"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"testing"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/textures"
)

// TestProductsKeepTheirTextures decodes every image of every level and form of the shared
// products, and compares it with the source's, resized and not coded.
func TestProductsKeepTheirTextures(t *testing.T) {
	files, _ := filepath.Glob("../../shared/models/product/*.glb")
	if len(files) == 0 {
		t.Skip("../shared/models/product is not here: real models lie beside a checkout, not in it; package textures tests generated images")
	}
	if RaceEnabled {
		t.Skip("takes minutes with the race detector; package textures runs with it")
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			j, err := Processor{}.prepare(t.Context(), src, Default())
			if err != nil {
				t.Fatal(err)
			}
			var wanted []coding
			for k := range j.recipe.Levels {
				for _, form := range forms(j.recipe) {
					wanted = append(wanted, j.plan(k, form).images...)
				}
			}
			if err := j.codings.make(t.Context(), j.folded, j.pictures, j.recipe, wanted, watch{
				func() func() { return func() {} }, func(context.Context, imagePart) {}, func(float64) {},
			}); err != nil {
				t.Fatal(err)
			}
			for want, got := range j.codings {
				checkCoding(t, &j.pictures[want.image], want, got)
			}
		})
	}
}

func checkCoding(t *testing.T, p *picture, want coding, got textures.Coded) {
	t.Helper()
	name := fmt.Sprintf("image %d, %s, %s, %d by %d", want.image, p.how.Role, want.form, want.w, want.h)
	back, err := textures.Decode(got.Data, 1<<26)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	if back.Rect != image.Rect(0, 0, want.w, want.h) {
		t.Errorf("%s: it has %v", name, back.Rect)
		return
	}
	if (got.MIME == textures.WebP) && want.form == asset.Universal {
		t.Errorf("%s: a WebP is not for any viewer", name)
	}
	resized := textures.Resize(p.pixels, want.w, want.h, p.how)
	use := p.use(Default())
	d, err := textures.Compare(resized, back, use)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	if use.Role != textures.Normal {
		if d.PSNR < use.Quality.PSNR-0.01 || d.PSNR < 36 {
			t.Errorf("%s: %.2f dB, asked are %g", name, d.PSNR, use.Quality.PSNR)
		}
		return
	}
	if d.MeanAngle > 1.005 || d.Angle > 5 {
		t.Errorf("%s: normals are %.2f degrees off on average, 99 of 100 within %.2f", name, d.MeanAngle, d.Angle)
	}
	if d.Angle > 3 {
		t.Logf("%s is noisy: %.2f degrees", name, d.Angle)
	}
}

func TestSizesAreWhatFormsAllow(t *testing.T) {
	for _, test := range []struct {
		need         float64
		source       int
		any, forWebs int
	}{
		{0.3, 1024, 4, 4},
		{4, 1024, 4, 4},
		{4.1, 1024, 8, 8},
		{100, 1024, 128, 100},
		{101, 1024, 128, 104},
		{513, 1024, 1024, 516},
		{1023, 1024, 1024, 1024},
		{5000, 1024, 1024, 1024},
		{600, 1000, 1000, 600},
		{999, 1000, 1000, 1000},
		{2, 3, 3, 3},
		{1e300, 1 << 14, 1 << 14, 1 << 14},
	} {
		if got := size(test.need, asset.Universal, test.source); got != test.any {
			t.Errorf("%g texels of %d for any viewer: got %d, want %d", test.need, test.source, got, test.any)
		}
		if got := size(test.need, asset.Web, test.source); got != test.forWebs {
			t.Errorf("%g texels of %d for the web: got %d, want %d", test.need, test.source, got, test.forWebs)
		}
	}
}
