package textures

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"math/rand/v2"
	"runtime"
	"testing"
)

func planes(w, h int, ratio image.YCbCrSubsampleRatio) *image.YCbCr {
	r := rand.New(rand.NewPCG(uint64(w), uint64(h)))
	img := image.NewYCbCr(image.Rect(0, 0, w, h), ratio)
	for _, plane := range [][]uint8{img.Y, img.Cb, img.Cr} {
		for i := range plane {
			plane[i] = uint8(r.IntN(256))
		}
	}
	return img
}

// The way the libjpeg-turbo project documents its "fancy" upsampling: 3/4 of the nearer
// and 1/4 of the further sample along each axis, edges repeated.
func TestChromaIsInterpolatedAsLibjpegDoes(t *testing.T) {
	at := func(img *image.YCbCr, plane []uint8, x, y int) int {
		sx, sy := spacing(img.SubsampleRatio)
		w, h := (img.Rect.Dx()+sx-1)/sx, (img.Rect.Dy()+sy-1)/sy
		sample := func(x, y int) int { return int(plane[min(max(y, 0), h-1)*img.CStride+min(max(x, 0), w-1)]) }
		i, j := x/sx, y/sy
		beside, below := i+2*(x%2)-1, j+2*(y%2)-1
		switch {
		case sx == 2 && w <= 2 || sx == 4:
			return sample(i, j)
		case sx == 2 && sy == 2:
			return (9*sample(i, j) + 3*sample(beside, j) + 3*sample(i, below) + sample(beside, below) + 8 - x%2) / 16
		case sx == 2:
			return (3*sample(i, j) + sample(beside, j) + 1 + x%2) / 4
		case sy == 2:
			return (3*sample(i, j) + sample(i, below) + 1 + y%2) / 4
		}
		return sample(i, j)
	}
	for _, ratio := range []image.YCbCrSubsampleRatio{
		image.YCbCrSubsampleRatio444, image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio420,
		image.YCbCrSubsampleRatio440, image.YCbCrSubsampleRatio411, image.YCbCrSubsampleRatio410,
	} {
		for _, size := range [][2]int{{1, 1}, {2, 3}, {4, 4}, {5, 5}, {6, 1}, {1, 6}, {7, 9}, {40, 70}} {
			t.Run(fmt.Sprintf("%v of %d by %d pixels", ratio, size[0], size[1]), func(t *testing.T) {
				img := planes(size[0], size[1], ratio)
				got := jfif.nrgba(img)
				for y := range size[1] {
					for x := range size[0] {
						want := color.YCbCr{Y: img.Y[y*img.YStride+x], Cb: uint8(at(img, img.Cb, x, y)), Cr: uint8(at(img, img.Cr, x, y))}
						r, g, b := color.YCbCrToRGB(want.Y, want.Cb, want.Cr)
						if d := difference(got.NRGBAAt(x, y), color.NRGBA{r, g, b, 255}); d > 1 {
							t.Fatalf("at %d, %d: got %v, want %v as RGB, %d %d %d", x, y, got.NRGBAAt(x, y), want, r, g, b)
						}
					}
				}
			})
		}
	}
}

func difference(a, b color.NRGBA) int {
	d := 0
	for _, v := range [4][2]uint8{{a.R, b.R}, {a.G, b.G}, {a.B, b.B}, {a.A, b.A}} {
		d = max(d, int(v[0])-int(v[1]), int(v[1])-int(v[0]))
	}
	return d
}

func TestFullRangeIsRoundedToTheNearestCode(t *testing.T) {
	out := make([]uint8, 4)
	for y := 0; y < 256; y += 5 {
		for b := range 256 {
			for r := 0; r < 256; r += 3 {
				fullRange(out, []uint8{uint8(y)}, []uint8{uint8(b)}, []uint8{uint8(r)})
				cb, cr := float64(b-128), float64(r-128)
				for c, want := range [3]float64{float64(y) + 1.402*cr, float64(y) - 0.344136286*cb - 0.714136286*cr, float64(y) + 1.772*cb} {
					if off := float64(out[c]) - min(max(want, 0), 255); off > 0.503 || off < -0.503 {
						t.Fatalf("%d %d %d: channel %d is %d, want %g", y, b, r, c, out[c], want)
					}
				}
			}
		}
	}
}

func TestVideoRangeReachesBlackAndWhite(t *testing.T) {
	out := make([]uint8, 8)
	videoRange(out, []uint8{16, 235}, []uint8{128, 128}, []uint8{128, 128})
	if want := []uint8{0, 0, 0, 255, 255, 255, 255, 255}; !bytes.Equal(out, want) {
		t.Errorf("got %v, want %v", out, want)
	}
}

func TestChromaIsTheSameWithAnyNumberOfProcessors(t *testing.T) {
	img := planes(133, 301, image.YCbCrSubsampleRatio420)
	run := func(n int) []byte {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(n))
		return jfif.nrgba(img).Pix
	}
	if !bytes.Equal(run(1), run(4)) {
		t.Error("the pixels differ")
	}
}

func BenchmarkDecodeJPEG(b *testing.B) {
	var file bytes.Buffer
	if err := jpeg.Encode(&file, smooth(1024, 1024), &jpeg.Options{Quality: 90}); err != nil { // 4:2:0
		b.Fatal(err)
	}
	b.Run("plinth", func(b *testing.B) {
		b.SetBytes(4 << 20)
		for b.Loop() {
			if _, err := Decode(file.Bytes(), 1<<20); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("image and draw", func(b *testing.B) {
		b.SetBytes(4 << 20)
		for b.Loop() {
			img, err := jpeg.Decode(bytes.NewReader(file.Bytes()))
			if err != nil {
				b.Fatal(err)
			}
			draw.Draw(image.NewRGBA(img.Bounds()), img.Bounds(), img, image.Point{}, draw.Src)
		}
	})
}

func BenchmarkUpsample(b *testing.B) {
	img := planes(1024, 1024, image.YCbCrSubsampleRatio420)
	for name, how := range map[string]*rendering{"jpeg": &jfif, "webp": &vp8} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(4 << 20)
			for b.Loop() {
				how.draw(img)
			}
		})
	}
	b.Run("draw", func(b *testing.B) {
		b.SetBytes(4 << 20)
		for b.Loop() {
			draw.Draw(image.NewRGBA(img.Bounds()), img.Bounds(), img, image.Point{}, draw.Src)
		}
	})
}
