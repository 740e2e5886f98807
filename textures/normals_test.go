package textures

import (
	"image"
	"image/color"
	"testing"
)

// flattened is a normal map whose third channel is v all over, but for every nth pixel.
func flattened(side, n int, v uint8) *image.NRGBA {
	img := bumps(side, side)
	for i := 0; i < len(img.Pix); i += 4 {
		if i/4%n != 0 {
			img.Pix[i+2] = v
		}
	}
	return img
}

func TestIsNormalMap(t *testing.T) {
	for name, c := range map[string]struct {
		img  *image.NRGBA
		want bool
	}{
		"bumps are":                                 {bumps(64, 64), true},
		"a map of two channels isn't":               {flattened(64, 1<<20, 0), false},
		"one of which a twentieth counts isn't":     {flattened(64, 20, 0), false},
		"one of which an eighth counts is":          {flattened(64, 8, 0), true},
		"black isn't":                               {fill(8, 8, func(_, _ int) color.NRGBA { return color.NRGBA{0, 0, 0, 255} }), false},
		"gray, whose vectors have no length, isn't": {fill(8, 8, func(_, _ int) color.NRGBA { return color.NRGBA{128, 128, 128, 255} }), false},
		"no pixels aren't":                          {image.NewNRGBA(image.Rectangle{}), false},
		"a part of an image is looked at alone":     {flattened(64, 1<<20, 0).SubImage(image.Rect(0, 0, 1, 1)).(*image.NRGBA), true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := IsNormalMap(c.img); got != c.want {
				t.Errorf("got %v; %g are normals", got, NormalShare(c.img))
			}
		})
	}
}

// TestNormalMapsThatAreNoneAreData: no angle can tell what is lost of them.
func TestNormalMapsThatAreNoneAreData(t *testing.T) {
	img := flattened(256, 1<<20, 0)
	data := Use{Data, RGB, Quality{}}
	for _, quality := range []Quality{{Angle: 3, Noisy: 5, Mean: 1}, {PSNR: 44, Angle: 3}, {}} {
		u := Use{Normal, RGB, quality}
		want := max(quality.PSNR, 40)
		all, err := Encode(img, u, Universal, Web)
		if err != nil {
			t.Fatal(err)
		}
		one, err := EncodeAs(img, u, JPEGCodec, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range append(all, one) {
			if got := PSNR(img, decodedFile(t, c), data); got < want-0.05 {
				t.Errorf("asked for %+v, the worst channel of a %s has %.1f dB, want %g", quality, c.MIME, got, want)
			}
		}
	}
	for name, scale := range map[string]func(Role) *image.NRGBA{
		"resizing":    func(r Role) *image.NRGBA { return Resize(img, 100, 90, Resample{Role: r}) },
		"a mip level": func(r Role) *image.NRGBA { return Mips(img, Resample{Role: r})[2] },
	} {
		if got := PSNR(scale(Data), scale(Normal), data); got < 1000 {
			t.Errorf("%s is not that of data: it is %.1f dB off", name, got)
		}
	}
}
