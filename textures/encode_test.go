package textures

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"runtime"
	"testing"

	"github.com/plinth3d/plinth/textures/jpeg"
)

func encodeOne(img *image.NRGBA, u Use, set Set) (Coded, error) {
	all, err := Encode(img, u, set)
	if err != nil {
		return Coded{}, err
	}
	return all[0], nil
}

func decodedFile(t *testing.T, c Coded) *image.NRGBA {
	t.Helper()
	img, err := Decode(c.Data, 1<<24)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// TestWhatIsSaidOfAFileIsSo decodes what was encoded and measures it.
func TestWhatIsSaidOfAFileIsSo(t *testing.T) {
	for _, test := range []struct {
		name string
		img  *image.NRGBA
		use  Use
	}{
		{"color", smooth(400, 300), Use{Color, RGB, Quality{PSNR: 38, Shift: 2}}},
		{"large color", smooth(1024, 768), Use{Color, RGB, Quality{PSNR: 40}}},
		{"normals", bumps(256, 256), Use{Normal, RGB, Quality{Angle: 3, Mean: 1}}},
		{"large normals", bumps(1024, 1024), Use{Normal, RGB, Quality{Angle: 3, Noisy: 5, Mean: 1}}},
		{"orm", smooth(256, 256), Use{ORM, G | B, Quality{PSNR: 37}}},
		{"occlusion", smooth(256, 256), Use{ORM, R, Quality{PSNR: 37}}},
		{"odd sizes", smooth(33, 7), Use{Data, RGB, Quality{PSNR: 40}}},
	} {
		for name, set := range map[string]Set{"universal": Universal, "web": Web} {
			t.Run(test.name+" "+name, func(t *testing.T) {
				c, err := encodeOne(test.img, test.use, set)
				if err != nil {
					t.Fatal(err)
				}
				if c.MIME != Sniff(c.Data) {
					t.Errorf("%s is called %s", Sniff(c.Data), c.MIME)
				}
				got := Coded{}
				got.measured(test.img, decodedFile(t, c), test.use)
				// Decoders round the transform as they like.
				if !c.keeps(test.use.Quality) || got.excess(test.use.Quality) > 1.01 {
					t.Errorf("%s: said %.3f of what is allowed, is %.3f", c.MIME, c.excess(test.use.Quality), got.excess(test.use.Quality))
				}
			})
		}
	}
}

func TestEncode(t *testing.T) {
	t.Run("smooth color is a JPEG for any viewer and a WebP for browsers", func(t *testing.T) {
		all, err := Encode(smooth(128, 128), Use{Color, RGB, Quality{PSNR: 40}}, Universal, Web)
		if err != nil || all[0].MIME != JPEG || all[1].MIME != WebP {
			t.Fatalf("got %v, %v", all, err)
		}
	})
	t.Run("used alpha is a PNG without loss, or a WebP with exact alpha", func(t *testing.T) {
		img := smooth(64, 64)
		for i := 3; i < len(img.Pix); i += 4 {
			img.Pix[i] = uint8(i % 256)
		}
		all, err := Encode(img, Use{Color, RGB | A, Quality{PSNR: 36}}, Universal, Web)
		if err != nil || all[0].MIME != PNG || all[1].MIME != WebP {
			t.Fatalf("got %v, %v", all, err)
		}
		if !bytes.Equal(decodedFile(t, all[0]).Pix, img.Pix) {
			t.Error("the PNG's pixels differ")
		}
		web := decodedFile(t, all[1])
		for i := 3; i < len(img.Pix); i += 4 {
			if web.Pix[i] != img.Pix[i] {
				t.Fatalf("alpha %d is %d, want %d", i/4, web.Pix[i], img.Pix[i])
			}
		}
		if len(all[1].Data) >= len(all[0].Data) {
			t.Errorf("the WebP has %d bytes, the PNG %d", len(all[1].Data), len(all[0].Data))
		}
	})
	t.Run("unused alpha is dropped", func(t *testing.T) {
		img := smooth(32, 32)
		img.Pix[3] = 7
		for _, set := range []Set{Universal, Web} {
			c, err := encodeOne(img, Use{Color, RGB, Quality{PSNR: 100}}, set)
			if err != nil {
				t.Fatal(err)
			}
			if decodedFile(t, c).Pix[3] != 255 {
				t.Error("alpha is still there")
			}
		}
	})
	t.Run("a drawing is lossless where that is smaller", func(t *testing.T) {
		img := fill(256, 256, func(x, y int) color.NRGBA {
			if (x/31+y/17)%2 == 0 {
				return color.NRGBA{200, 30, 40, 255}
			}
			return color.NRGBA{20, 30, 240, 255}
		})
		for set, want := range map[Set]string{Universal: PNG, Web: WebP} {
			c, err := encodeOne(img, Use{Color, RGB, Quality{PSNR: 38}}, set)
			if err != nil || c.MIME != want || !bytes.Equal(decodedFile(t, c).Pix, img.Pix) {
				t.Errorf("got %s of %g dB, %v", c.MIME, c.PSNR, err)
			}
		}
	})
	t.Run("what no lossy codec can keep is lossless", func(t *testing.T) {
		for set, want := range map[Set]string{Universal: PNG, Web: WebP} {
			c, err := encodeOne(noise(64, 64), Use{ORM, RGB, Quality{PSNR: 90}}, set)
			if err != nil || c.MIME != want {
				t.Errorf("got %s with %g dB, %v", c.MIME, c.PSNR, err)
			}
		}
	})
	t.Run("one channel is coded alone", func(t *testing.T) {
		c, err := encodeOne(smooth(128, 128), Use{ORM, R, Quality{PSNR: 37}}, Universal)
		if err != nil || c.MIME != JPEG {
			t.Fatalf("got %s, %v", c.MIME, err)
		}
		if img := decodedFile(t, c); !IsGray(img) {
			t.Error("it is not gray")
		}
	})
	t.Run("one channel is a WebP for browsers where that is smaller", func(t *testing.T) {
		all, err := Encode(smooth(256, 256), Use{ORM, G, Quality{PSNR: 37}}, Universal, Web)
		if err != nil || all[0].MIME != JPEG || all[1].MIME != WebP || len(all[1].Data) >= len(all[0].Data) || all[1].PSNR < 37 {
			t.Errorf("got %v, %v", all, err)
		}
	})
	t.Run("colors that only carry alpha are filled", func(t *testing.T) {
		img := noise(128, 128)
		for i := 3; i < len(img.Pix); i += 4 {
			img.Pix[i] = uint8(i / 512)
		}
		all, err := Encode(img, Use{Data, A, Quality{PSNR: 40}}, Universal, Web)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range all {
			back := decodedFile(t, c)
			if len(c.Data) > 4000 || PSNR(img, back, Use{Data, A, Quality{}}) < 40 {
				t.Errorf("%s has %d bytes", c.MIME, len(c.Data))
			}
		}
	})
	t.Run("noisy normals may be further off where that saves a third", func(t *testing.T) {
		// Calm but for a fiftieth of the surface, whose noise sets the percentile.
		img := bumps(512, 512)
		n := noise(512, 512)
		for y := range 512 {
			for x := range 11 {
				at := img.PixOffset(x, y)
				img.Pix[at], img.Pix[at+1], img.Pix[at+2] = n.Pix[at], n.Pix[at+1], 128+n.Pix[at+2]/2
			}
		}
		strict, err := encodeOne(img, Use{Normal, RGB, Quality{Angle: 3}}, Universal)
		if err != nil {
			t.Fatal(err)
		}
		eased, err := encodeOne(img, Use{Normal, RGB, Quality{Angle: 3, Noisy: 12}}, Universal)
		if err != nil {
			t.Fatal(err)
		}
		if strict.Angle > 3 || eased.Angle <= 3 || eased.Angle > 12 || 3*len(eased.Data) > 2*len(strict.Data) {
			t.Errorf("got %d bytes at %g degrees, and %d at %g", len(strict.Data), strict.Angle, len(eased.Data), eased.Angle)
		}
	})
	t.Run("what is too large for a codec takes another", func(t *testing.T) {
		u := Use{Color, RGB, Quality{PSNR: 38}}
		wide, err := Encode(smooth(webpEdge+1, 8), u, Universal, Web)
		if err != nil || wide[1].MIME == WebP {
			t.Errorf("beyond WebP: got %s, %v", wide[1].MIME, err)
		}
		wider, err := Encode(smooth(jpeg.MaxEdge+1, 4), u, Universal, Web)
		if err != nil || wider[0].MIME != PNG || wider[1].MIME != PNG {
			t.Errorf("beyond JPEG: got %v, %v", wider, err)
		}
	})
	t.Run("no pixels are an error", func(t *testing.T) {
		if _, err := Encode(image.NewNRGBA(image.Rect(0, 0, 0, 3)), Use{Color, RGB, Quality{}}, Web); err == nil {
			t.Error("got none")
		}
	})
}

func TestUnusedChannelsCostLittle(t *testing.T) {
	img := noise(128, 128)
	all, err := encodeOne(img, Use{ORM, RGB, Quality{PSNR: 30}}, Universal)
	if err != nil {
		t.Fatal(err)
	}
	two, err := encodeOne(img, Use{ORM, G | B, Quality{PSNR: 30}}, Universal)
	if err != nil {
		t.Fatal(err)
	}
	one, err := encodeOne(img, Use{ORM, R, Quality{PSNR: 30}}, Universal)
	if err != nil {
		t.Fatal(err)
	}
	if !(len(one.Data) < len(two.Data) && len(two.Data) < len(all.Data)) {
		t.Errorf("one channel takes %d bytes, two %d, three %d", len(one.Data), len(two.Data), len(all.Data))
	}
	back, err := Decode(two.Data, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if got := PSNR(img, back, Use{ORM, G | B, Quality{}}); got < 30 {
		t.Errorf("what is used has %g dB, want 30", got)
	}
}

func TestEncodeIsTheSameWithAnyNumberOfProcessors(t *testing.T) {
	run := func(n int) string {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(n))
		all, err := Encode(smooth(700, 600), Use{Color, RGB, Quality{PSNR: 38, Shift: 2}}, Universal, Web)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(all)
	}
	if run(1) != run(8) {
		t.Error("the files differ")
	}
}

func BenchmarkEncode(b *testing.B) {
	for _, test := range []struct {
		name string
		img  *image.NRGBA
		use  Use
		set  Set
	}{
		{"color JPEG", smooth(1024, 1024), Use{Color, RGB, Quality{PSNR: 38, Shift: 2}}, Universal},
		{"color WebP", smooth(1024, 1024), Use{Color, RGB, Quality{PSNR: 38, Shift: 2}}, Web},
		{"normals", bumps(1024, 1024), Use{Normal, RGB, Quality{Angle: 3, Noisy: 5, Mean: 1}}, Web},
	} {
		b.Run(test.name, func(b *testing.B) {
			b.SetBytes(int64(len(test.img.Pix)))
			for b.Loop() {
				if _, err := Encode(test.img, test.use, test.set); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
