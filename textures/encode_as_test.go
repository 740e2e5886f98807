package textures

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// smoothAlpha has all kinds of alpha.
func smoothAlpha(w, h int) *image.NRGBA {
	img := smooth(w, h)
	for y := range h {
		for x := range w {
			img.Pix[img.PixOffset(x, y)+3] = uint8(min(max(2*x*255/w+20*(y%3)-100, 0), 255))
		}
	}
	return img
}

// TestWebPQualityIsThatOfCwebp compares with Google's own tool, which packs the same
// library.
func TestWebPQualityIsThatOfCwebp(t *testing.T) {
	cwebp, err := exec.LookPath("cwebp")
	if err != nil {
		t.Skip("cwebp is not installed (Debian's package webp); nothing here says whether its bytes are the same")
	}
	dir := t.TempDir()
	for name, img := range map[string]*image.NRGBA{
		"a pixel": smooth(1, 1), "odd": smooth(33, 17), "square": smooth(256, 256), "wide": smooth(700, 130), "noise": noise(64, 64),
		"translucent": smoothAlpha(200, 120), "translucent and odd": smoothAlpha(77, 41),
	} {
		in := filepath.Join(dir, name+".png")
		if err := os.WriteFile(in, samplePNG(t, img), 0o644); err != nil {
			t.Fatal(err)
		}
		for _, quality := range []int{1, 40, 75, 90, 100} {
			t.Run(fmt.Sprintf("%s at quality %d", name, quality), func(t *testing.T) {
				out := filepath.Join(t.TempDir(), "out.webp")
				cmd := exec.CommandContext(t.Context(), cwebp, "-quiet", "-q", fmt.Sprint(quality), "-m", "4", in, "-o", out)
				if talk, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("%v: %s", err, talk)
				}
				want, err := os.ReadFile(out)
				if err != nil {
					t.Fatal(err)
				}
				got, err := EncodeAs(img, Use{Color, RGB | A, Quality{}}, WebPCodec, quality)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got.Data, want) {
					t.Errorf("%d bytes differ from the %d of cwebp", len(got.Data), len(want))
				}
			})
		}
	}
}

// sampling is what a JPEG says of its components: how many there are, and the factors of
// the first.
func sampling(t *testing.T, file []byte) (components int, factors byte) {
	t.Helper()
	for p, err := range jpegSegments(file) {
		if err != nil {
			t.Fatal(err)
		}
		if isFrame(p.kind[0]) {
			return int(p.body[5]), p.body[7]
		}
	}
	t.Fatal("it has no frame")
	return 0, 0
}

func TestJPEGQualityIsThatOfLibjpeg(t *testing.T) {
	for name, test := range map[string]struct {
		img        *image.NRGBA
		use        Use
		components int
		factors    byte
	}{
		"light has half the colors' resolution": {smooth(200, 120), Use{Color, RGB, Quality{}}, 3, 0x22},
		"normals have all of it":                {bumps(128, 128), Use{Normal, RGB, Quality{}}, 3, 0x11},
		"numbers have all of it":                {smooth(128, 64), Use{ORM, G | B, Quality{}}, 3, 0x11},
		"one channel is gray":                   {smooth(128, 64), Use{Data, G, Quality{}}, 1, 0x11},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := EncodeAs(test.img, test.use, JPEGCodec, 80)
			if err != nil || c.MIME != JPEG {
				t.Fatalf("got %s, %v", c.MIME, err)
			}
			if n, f := sampling(t, c.Data); n != test.components || f != test.factors {
				t.Errorf("it has %d components, the first with %#x; want %d and %#x", n, f, test.components, test.factors)
			}
		})
	}
	t.Run("the error is no more than that of Go's encoder, which has the same scale", func(t *testing.T) {
		img := smooth(320, 240)
		for _, quality := range []int{10, 50, 90} {
			var out bytes.Buffer
			if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: quality}); err != nil {
				t.Fatal(err)
			}
			u := Use{Color, RGB, Quality{}}
			got, err := EncodeAs(img, u, JPEGCodec, quality)
			if err != nil {
				t.Fatal(err)
			}
			want := PSNR(img, decodedFile(t, Coded{Data: out.Bytes()}), u)
			if got.PSNR < want-0.05 || got.PSNR > want+1 || len(got.Data) > out.Len() {
				t.Errorf("quality %d: %d bytes with %.2f dB, Go makes %d with %.2f", quality, len(got.Data), got.PSNR, out.Len(), want)
			}
		}
	})
}

func TestEncodeAsKeepsAQuality(t *testing.T) {
	for name, test := range map[string]struct {
		img   *image.NRGBA
		use   Use
		codec Codec
		mime  string
	}{
		"color as JPEG":                   {smooth(200, 120), Use{Color, RGB, Quality{PSNR: 38}}, JPEGCodec, JPEG},
		"color as WebP":                   {smooth(200, 120), Use{Color, RGB, Quality{PSNR: 38}}, WebPCodec, WebP},
		"color as PNG":                    {smooth(200, 120), Use{Color, RGB, Quality{PSNR: 38}}, PNGCodec, PNG},
		"color as what is smallest":       {smooth(200, 120), Use{Color, RGB, Quality{PSNR: 38}}, AutoCodec, WebP},
		"translucent color as WebP":       {smoothAlpha(200, 120), Use{Color, RGB | A, Quality{PSNR: 36}}, WebPCodec, WebP},
		"normals as JPEG":                 {bumps(256, 256), Use{Normal, RGB, Quality{Angle: 2}}, JPEGCodec, JPEG},
		"normals as WebP":                 {bumps(256, 256), Use{Normal, RGB, Quality{Angle: 3}}, WebPCodec, WebP},
		"numbers with alpha as WebP":      {smoothAlpha(64, 64), Use{Data, RGB | A, Quality{PSNR: 40}}, WebPCodec, WebP},
		"noise as what no lossy file is":  {noise(64, 64), Use{ORM, RGB, Quality{PSNR: 90}}, WebPCodec, WebP},
		"color as WebP that doesn't lose": {smooth(64, 64), Use{Color, RGB, Quality{}}, LosslessWebPCodec, WebP},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := EncodeAs(test.img, test.use, test.codec, 0)
			if err != nil || c.MIME != test.mime || Sniff(c.Data) != test.mime {
				t.Fatalf("got %s, %v", c.MIME, err)
			}
			got := Coded{}
			got.measured(test.img, decodedFile(t, c), test.use)
			if !c.Kept(test.use.Quality) || got.excess(test.use.Quality) > 1.01 {
				t.Errorf("it is %.3f of what is allowed", got.excess(test.use.Quality))
			}
		})
	}
	t.Run("what can't be kept is told", func(t *testing.T) {
		q := Quality{PSNR: 90}
		c, err := EncodeAs(smooth(128, 128), Use{Color, RGB, q}, JPEGCodec, 0)
		if err != nil || c.Kept(q) || len(c.Data) == 0 || c.PSNR < 40 {
			t.Errorf("got %d bytes with %.2f dB, kept: %t, %v", len(c.Data), c.PSNR, c.Kept(q), err)
		}
	})
	t.Run("noisy normals keep what noisy ones may be off", func(t *testing.T) {
		q := Quality{Angle: 3, Noisy: 5}
		if !(Coded{Angle: 4}).Kept(q) || (Coded{Angle: 5.5}).Kept(q) || (Coded{Angle: 4}).Kept(Quality{Angle: 3}) {
			t.Error("they don't")
		}
	})
}

func TestEncodeAsRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		img     *image.NRGBA
		used    Channels
		codec   Codec
		quality int
		want    error
	}{
		"a JPEG with alpha":          {smoothAlpha(9, 9), RGB | A, JPEGCodec, 0, ErrAlpha},
		"the same at a quality":      {smoothAlpha(9, 9), RGB | A, JPEGCodec, 80, ErrAlpha},
		"a PNG at a quality":         {smooth(9, 9), RGB, PNGCodec, 80, errQuality},
		"all codecs at a quality":    {smooth(9, 9), RGB, AutoCodec, 80, errQuality},
		"a quality above 100":        {smooth(9, 9), RGB, WebPCodec, 101, errQuality},
		"a quality below 1":          {smooth(9, 9), RGB, JPEGCodec, -1, errQuality},
		"an image without pixels":    {image.NewNRGBA(image.Rect(0, 0, 4, 0)), RGB, PNGCodec, 0, ErrFormat},
		"an image too large of WebP": {image.NewNRGBA(image.Rect(0, 0, 1<<14, 1)), RGB, LosslessWebPCodec, 0, ErrFormat},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := EncodeAs(test.img, Use{Color, test.used, Quality{}}, test.codec, test.quality); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
	t.Run("a codec that is none", func(t *testing.T) {
		if _, err := EncodeAs(smooth(9, 9), Use{Color, RGB, Quality{}}, "bmp", 0); err == nil {
			t.Error("got no error")
		}
	})
	t.Run("alpha that is not in use is no alpha", func(t *testing.T) {
		c, err := EncodeAs(smoothAlpha(40, 40), Use{Color, RGB, Quality{}}, JPEGCodec, 90)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := jpeg.Decode(bytes.NewReader(c.Data)); err != nil {
			t.Error(err)
		}
	})
	t.Run("a PNG has the pixels", func(t *testing.T) {
		img := smoothAlpha(40, 40)
		c, err := EncodeAs(img, Use{Color, RGB | A, Quality{}}, PNGCodec, 0)
		if err != nil {
			t.Fatal(err)
		}
		back, err := png.Decode(bytes.NewReader(c.Data))
		if err != nil || !bytes.Equal(back.(*image.NRGBA).Pix, img.Pix) {
			t.Errorf("they differ, %v", err)
		}
	})
}
