package jpeg

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	stdjpeg "image/jpeg"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func picture(w, h int) *image.NRGBA {
	r := rand.New(rand.NewPCG(1, 2))
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			p := img.Pix[img.PixOffset(x, y):]
			p[0] = uint8(128 + 90*math.Sin(float64(x)/9) + 20*r.Float64())
			p[1] = uint8(128 + 90*math.Cos(float64(y)/7) + 20*r.Float64())
			p[2] = uint8(128 + 90*math.Sin(float64(x+y)/13) + 20*r.Float64())
			p[3] = 255
		}
	}
	return img
}

func TestDecodersReadWhatIsWritten(t *testing.T) {
	for _, layout := range []Layout{Gray, YCbCr444, YCbCr420, RGB} {
		for _, size := range [][2]int{{1, 1}, {7, 9}, {16, 16}, {17, 33}, {64, 40}, {300, 200}} {
			t.Run(fmt.Sprintf("layout %d, %d by %d", layout, size[0], size[1]), func(t *testing.T) {
				img := picture(size[0], size[1])
				tr, err := Transform(img, layout)
				if err != nil {
					t.Fatal(err)
				}
				steps := []Steps{Flat(3), Flat(5.5), Flat(4)}[:layout.Components()]
				q := tr.Quantize(steps, Rounding{0.6, 0.55})
				for _, kind := range []string{"sequential", "progressive"} {
					data := q.write(q.sequential(), 0xc0)
					if kind == "progressive" {
						data = q.write(q.progressive(), 0xc2)
					}
					back, err := stdjpeg.Decode(bytes.NewReader(data))
					if err != nil {
						t.Fatalf("%s: %v", kind, err)
					}
					if back.Bounds() != img.Rect {
						t.Fatalf("%s: bounds %v", kind, back.Bounds())
					}
					if d := far(back, q.Image()); d > 1 {
						t.Errorf("%s: decoder and Image are %d codes apart", kind, d)
					}
				}
			})
		}
	}
}

// TestAnyCoefficientsAreRead writes coefficients that no picture may have: the largest,
// long runs, blocks that end late.
func TestAnyCoefficientsAreRead(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		layout := rapid.SampledFrom([]Layout{Gray, YCbCr444, YCbCr420, RGB}).Draw(rt, "layout")
		img := image.NewNRGBA(image.Rect(0, 0, rapid.IntRange(1, 70).Draw(rt, "width"), rapid.IntRange(1, 70).Draw(rt, "height")))
		tr, err := Transform(img, layout)
		if err != nil {
			rt.Fatal(err)
		}
		q := tr.Quantize([]Steps{Flat(1), Flat(1), Flat(1)}[:layout.Components()], Rounding{0.5, 0.5})
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		share := rapid.Float64Range(0, 1).Draw(rt, "share of coefficients")
		for c := range q.coefs {
			for i := range q.coefs[c] {
				if r.Float64() < share {
					q.coefs[c][i] = int16(r.IntN(2047) - 1023)
				}
			}
		}
		a, err := stdjpeg.Decode(bytes.NewReader(q.write(q.sequential(), 0xc0)))
		if err != nil {
			rt.Fatalf("sequential: %v", err)
		}
		b, err := stdjpeg.Decode(bytes.NewReader(q.write(q.progressive(), 0xc2)))
		if err != nil {
			rt.Fatalf("progressive: %v", err)
		}
		// The decoder is the same, so the coefficients are the same if the samples are.
		if !sameSamples(a, b) {
			rt.Fatal("the two files differ")
		}
	})
}

// sameSamples compares what lies within the image: padding is not in every scan.
func sameSamples(a, b image.Image) bool {
	if x, ok := a.(*image.RGBA); ok {
		y, ok := b.(*image.RGBA)
		return ok && cmp.Equal(within(x), within(y))
	}
	return far(a, b) == 0
}

// within copies the pixels that are within the bounds.
func within(img *image.RGBA) (out []uint8) {
	for y := range img.Rect.Dy() {
		out = append(out, img.Pix[y*img.Stride:][:4*img.Rect.Dx()]...)
	}
	return out
}

// A run of empty blocks is at most 32767 long (T.81, G.1.2.2).
func TestManyEmptyBlocks(t *testing.T) {
	img := image.NewNRGBA(image.Rect(0, 0, 2048, 1200)) // 38400 blocks
	for i := range img.Pix {
		img.Pix[i] = 77
	}
	tr, err := Transform(img, Gray)
	if err != nil {
		t.Fatal(err)
	}
	q := tr.Quantize([]Steps{Flat(2)}, Rounding{0.5, 0.5})
	back, err := stdjpeg.Decode(bytes.NewReader(q.write(q.progressive(), 0xc2)))
	if err != nil {
		t.Fatal(err)
	}
	if d := far(back, q.Image()); d > 0 || back.At(2047, 1199) != (color.Gray{77}) {
		t.Errorf("got %v, %d codes off", back.At(2047, 1199), d)
	}
}

func TestNoJPEGIsThatLarge(t *testing.T) {
	for _, size := range [][2]int{{0, 5}, {5, 0}, {65536, 1}} {
		if _, err := Transform(&image.NRGBA{Rect: image.Rect(0, 0, size[0], size[1])}, RGB); !errors.Is(err, ErrSize) {
			t.Errorf("%v: got %v", size, err)
		}
	}
}

func TestStepsAreFractionsInTheMean(t *testing.T) {
	for _, want := range []float64{1, 3.3, 7.5, 20.2, 100} {
		sum := 0.0
		for _, s := range Flat(want) {
			sum += float64(s)
		}
		if got := sum / blockSize; math.Abs(got-want) > 0.05*want+0.1 {
			t.Errorf("steps of %g are %g in the mean", want, got)
		}
	}
	f := Flat(50).Finer(12)
	if f[0] != 12 || f[1] != 12 || f[8] != 12 || f[2] != 24 || f[9] != 24 || f[3] < 40 || f[63] < 50 {
		t.Errorf("got %v", f)
	}
}

// far is the largest difference of any sample.
func far(a, b image.Image) int {
	most := 0
	compare := func(a, b []uint8, strideA, strideB, w, h int) {
		for y := range h {
			for x := range w {
				d := int(a[y*strideA+x]) - int(b[y*strideB+x])
				most = max(most, d, -d)
			}
		}
	}
	w, h := a.Bounds().Dx(), a.Bounds().Dy()
	switch a := a.(type) {
	case *image.Gray:
		compare(a.Pix, b.(*image.Gray).Pix, a.Stride, b.(*image.Gray).Stride, w, h)
	case *image.RGBA:
		compare(a.Pix, b.(*image.NRGBA).Pix, a.Stride, b.(*image.NRGBA).Stride, 4*w, h)
	case *image.YCbCr:
		b := b.(*image.YCbCr)
		compare(a.Y, b.Y, a.YStride, b.YStride, w, h)
		if a.SubsampleRatio == image.YCbCrSubsampleRatio420 {
			w, h = (w+1)/2, (h+1)/2
		}
		compare(a.Cb, b.Cb, a.CStride, b.CStride, w, h)
		compare(a.Cr, b.Cr, a.CStride, b.CStride, w, h)
	default:
		panic(fmt.Sprintf("a decoder made %T", a))
	}
	return most
}

// TestWritingTakesLittleMemory: it comes on top of all that a search holds, and a noisy
// picture has nearly as many symbols as samples.
func TestWritingTakesLittleMemory(t *testing.T) {
	const side = 512
	tr, err := Transform(picture(side, side), RGB)
	if err != nil {
		t.Fatal(err)
	}
	q := tr.Quantize([]Steps{Flat(2), Flat(2), Flat(2)}, Rounding{0.5, 0.5})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	data := q.Encode()
	runtime.ReadMemStats(&after)
	if got, most := int(after.TotalAlloc-before.TotalAlloc), 12*len(data); got > most {
		t.Errorf("%d bytes of file, %.1f a pixel, take %d, the most allowed is %d", len(data), float64(len(data))/side/side, got, most)
	}
}
