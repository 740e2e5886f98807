package main

import (
	"bytes"
	"image"
	"math"
	"testing"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/testdata/models"
	"github.com/plinth3d/plinth/textures"
)

func TestPartsAreChosenByName(t *testing.T) {
	if all, err := chosen(""); err != nil || len(all) != len(parts) {
		t.Errorf("no name chooses %d parts of %d (%v)", len(all), len(parts), err)
	}
	if one, err := chosen("forms"); err != nil || len(one) != 1 || one[0].name != "forms" {
		t.Errorf("forms chooses %v (%v)", one, err)
	}
	if _, err := chosen("form"); err == nil {
		t.Error("a name that is none is taken")
	}
}

// Each image of each file is matched with what it was made of, so its loss is what the
// manifest says.
func TestImagesAreMatchedWithTheirSources(t *testing.T) {
	b := &bench{recipe: recipe()}
	b.recipe.Levels = b.recipe.Levels[2:]
	seen := 0
	for _, m := range models.All() {
		if m.Large {
			continue
		}
		source, err := m.Make()
		if err != nil {
			t.Fatal(err)
		}
		p := &product{name: m.Name, source: source}
		if p.maps, err = pipeline.Maps(t.Context(), p.source, b.recipe); err != nil {
			t.Fatal(err)
		}
		for level := range b.recipe.Levels {
			for _, form := range b.recipe.Forms {
				r, err := b.rendition(t.Context(), p, level, form)
				if err != nil {
					t.Fatal(err)
				}
				for i := range r.images {
					x := &r.images[i]
					d, err := x.loss()
					if err != nil {
						t.Fatal(err)
					}
					seen++
					if lossless := x.PSNR == 0; lossless != math.IsInf(d.PSNR, 1) || !lossless && math.Abs(d.PSNR-x.PSNR) > 0.01 {
						t.Errorf("%s, level %d, %s, image %d: %.2f dB, the manifest says %.2f", m.Name, level, form, i, d.PSNR, x.PSNR)
					}
				}
			}
		}
	}
	if seen == 0 {
		t.Error("no sample has images")
	}
}

func TestBoundsAreThoseOfTheRoles(t *testing.T) {
	good := map[textures.Role]textures.Difference{
		textures.Normal: {MeanAngle: 1, Angle: 5, PSNR: 20},
		textures.ORM:    {PSNR: 37},
		textures.Color:  {PSNR: 36},
		textures.Data:   {PSNR: 10},
	}
	bad := map[textures.Role][]textures.Difference{
		textures.Normal:   {{MeanAngle: 1.01, Angle: 2}, {Angle: 5.01}},
		textures.ORM:      {{PSNR: 36.99}},
		textures.Emissive: {{PSNR: 35.99}},
	}
	for role, d := range good {
		d.Use.Role = role
		if got := beyond(d); got != "" {
			t.Errorf("%s: %s", role, got)
		}
	}
	for role, list := range bad {
		for _, d := range list {
			d.Use.Role = role
			if beyond(d) == "" {
				t.Errorf("%s: %+v is within its bounds", role, d)
			}
		}
	}
}

func TestBytesAreThoseAtTheGoal(t *testing.T) {
	// 1000 bytes at quality 0, twice as many every 10, one dB a step.
	codec := func(q int) (float64, float64, error) { return 1000 * math.Pow(2, float64(q)/10), float64(q), nil }
	for goal, want := range map[float64]float64{40: 16000, 40.5: 16000 * math.Pow(2, 0.05), 100: 1024000, 0.5: 1000 * math.Pow(2, 0.1), 101: math.Inf(1)} {
		got, err := bytesAt(goal, codec)
		if err != nil || math.Abs(got-want) > 1e-6*want {
			t.Errorf("at %g: %g bytes, want %g (%v)", goal, got, want, err)
		}
	}
}

func TestLightAndNormalsAreCounted(t *testing.T) {
	board := checkerboard(8, 8)
	if got := meanLight(board, false)[0]; got != 0.5 {
		t.Errorf("a checkerboard has a mean of %g, want half the light", got)
	}
	if got := lightOff(board, textures.Resize(board, 4, 4, textures.Resample{Role: textures.Color}), false); got > 0.01 {
		t.Errorf("resized as light it is %g off", got)
	}
	up := image.NewNRGBA(image.Rect(0, 0, 2, 1))
	copy(up.Pix, []uint8{128, 128, 255, 255, 128, 128, 250, 255})
	if got := short(up); got != 1 {
		t.Errorf("%d normals are short, want the second", got)
	}
}

func TestMediansAreOfTheMiddle(t *testing.T) {
	for _, c := range []struct {
		of   []float64
		want float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 2, 9}, 3}} {
		if got := median(c.of); got != c.want {
			t.Errorf("of %v: %g, want %g", c.of, got, c.want)
		}
	}
}

// What the source itself stands for has no images to look at, and weighs what it does.
func TestASourceThatStandsForALevelIsWhole(t *testing.T) {
	b := &bench{recipe: recipe()}
	source := []byte("glTF")
	p := &product{name: "p", source: source, result: &pipeline.Result{
		Manifest: asset.Manifest{Levels: []asset.Level{{Renditions: []asset.Rendition{{Form: asset.Universal, Key: "a"}}}}},
		Outputs:  []pipeline.Output{{Name: "a", Data: bytes.Clone(source)}},
	}}
	r, err := b.rendition(t.Context(), p, 0, asset.Universal)
	if err != nil || !r.whole || len(r.images) != 0 {
		t.Errorf("got %+v (%v)", r, err)
	}
	if _, err := b.rendition(t.Context(), p, 0, asset.Web); err == nil {
		t.Error("a form that isn't there is found")
	}
}
