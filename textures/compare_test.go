package textures

import (
	"encoding/json"
	"image"
	"image/color"
	"math"
	"strings"
	"testing"
)

func TestCompareMeasuresWhatTheRoleAsksFor(t *testing.T) {
	a, b := bumps(64, 48), off(bumps(64, 48), 5)
	for _, role := range []Role{Color, Normal, ORM, Emissive, Data} {
		t.Run(string(role)+" has its own measures", func(t *testing.T) {
			u := Use{Role: role, Used: RGB}
			d, err := Compare(a, b, u)
			if err != nil {
				t.Fatal(err)
			}
			if d.Width != 64 || d.Height != 48 || d.PSNR != PSNR(a, b, u) || d.SSIM != SSIM(a, b, u) {
				t.Errorf("got %+v", d)
			}
			for c, db := range d.Channels {
				if db != PSNR(a, b, Use{Role: Data, Used: 1 << c}) {
					t.Errorf("channel %d has %g dB", c, db)
				}
			}
			mean, p99 := Angles(a, b)
			if role != Normal {
				mean, p99 = 0, 0
			}
			if d.MeanAngle != mean || d.Angle != p99 || d.MaxAngle < p99 || (d.Normals > 0) != (role == Normal) {
				t.Errorf("angles are %+v, want a mean of %g and %g", d, mean, p99)
			}
			shift, detail := 0.0, 0.0
			if role.Light() {
				shift, detail = Shift(a, b), Detail(a, b)
			}
			if d.Shift != shift || d.Detail != detail {
				t.Errorf("shift is %g, want %g; detail %g, want %g", d.Shift, shift, d.Detail, detail)
			}
		})
	}
}

func TestCompareRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		a, b *image.NRGBA
		used Channels
		says string
	}{
		"images of two sizes":    {bumps(64, 48), bumps(48, 64), RGB, "64 by 48 and 48 by 64 pixels; resize one"},
		"images without pixels":  {bumps(0, 0), bumps(0, 0), RGB, "no pixels"},
		"no channels to compare": {bumps(4, 4), bumps(4, 4), 0, "no channel is in use"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Compare(c.a, c.b, Use{Role: Data, Used: c.used}); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %q", err, c.says)
			}
		})
	}
}

func TestShiftOfHiddenColorsIsNone(t *testing.T) {
	a, b := plain(16, 16, color.NRGBA{9, 9, 9, 0}), plain(16, 16, color.NRGBA{90, 90, 90, 0})
	d, err := Compare(a, b, Use{Role: Color, Used: RGB | A})
	if err != nil || d.Shift != 0 || d.SSIM != 1 || !math.IsInf(d.PSNR, 1) {
		t.Errorf("got %+v, %v", d, err)
	}
	// Black that vanishes shows on white, by 255 codes.
	a, b = plain(16, 16, color.NRGBA{0, 0, 0, 255}), plain(16, 16, color.NRGBA{0, 0, 0, 0})
	if d, err = Compare(a, b, Use{Role: Color, Used: RGB | A}); err != nil || d.Shift != 255 {
		t.Errorf("got a shift of %g, %v", d.Shift, err)
	}
}

func TestADifferenceAsJSON(t *testing.T) {
	a := plain(16, 16, color.NRGBA{100, 100, 255, 255})
	b := plain(16, 16, color.NRGBA{100, 101, 255, 255})
	for name, c := range map[string]struct {
		a, b *image.NRGBA
		use  Use
		want string
	}{
		"equal images have null for infinity": {a, a, Use{Role: ORM, Used: G | B}, `{"role":"orm","width":16,"height":16,"psnr":null,"channels":{"b":null,"g":null},"ssim":1}`},
		"zeros that were measured are there":  {a, a, Use{Role: Normal, Used: RGB}, `{"role":"normal","width":16,"height":16,"psnr":null,"channels":{"b":null,"g":null,"r":null},"ssim":1,"meanAngle":0,"angle":0,"maxAngle":0,"normals":256}`},
		"without normals there are no angles": {plain(2, 1, color.NRGBA{}), plain(2, 1, color.NRGBA{}), Use{Role: Normal, Used: R}, `{"role":"normal","width":2,"height":1,"psnr":null,"channels":{"r":null},"ssim":1,"normals":0}`},
		"decibels are rounded":                {a, b, Use{Role: Color, Used: G}, `{"role":"color","width":16,"height":16,"psnr":48.131,"channels":{"g":48.131},"ssim":0.999988,"shift":0.563,"detail":0.999964}`},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := Compare(c.a, c.b, c.use)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := json.Marshal(d); err != nil || string(got) != c.want {
				t.Errorf("got  %s, %v\nwant %s", got, err, c.want)
			}
		})
	}
}
