package jpeg

import (
	"bytes"
	"fmt"
	"image"
	stdjpeg "image/jpeg"
	"math"
	"math/rand/v2"
	"testing"
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
