//go:build cgo

package textures

import (
	"fmt"
	"image"
	"image/color"
	"math/rand/v2"
	"testing"

	"github.com/chai2010/webp"
)

// libwebp is what browsers read WebP with.
func TestLossyWebPIsReadAsLibwebpReadsIt(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {1, 2}, {2, 1}, {2, 2}, {3, 3}, {5, 1}, {1, 7}, {15, 17}, {16, 16}, {33, 31}, {64, 40}, {257, 129}} {
		for _, quality := range []float32{5, 60, 100} {
			t.Run(fmt.Sprintf("%d by %d pixels of quality %g without alpha", size[0], size[1], quality), func(t *testing.T) {
				file, err := webp.EncodeRGB(raw(wild(size[0], size[1], 255)), quality)
				if err != nil {
					t.Fatal(err)
				}
				sameAsLibwebp(t, file)
			})
			t.Run(fmt.Sprintf("%d by %d pixels of quality %g with alpha", size[0], size[1], quality), func(t *testing.T) {
				file, err := webp.EncodeRGBA(raw(wild(size[0], size[1], 0)), quality)
				if err != nil {
					t.Fatal(err)
				}
				sameAsLibwebp(t, file)
			})
		}
	}
}

func TestLosslessWebPIsReadAsLibwebpReadsIt(t *testing.T) {
	few := fill(37, 21, func(x, y int) color.NRGBA { return color.NRGBA{uint8(x % 3 * 90), uint8(y % 2 * 200), 7, 255} })
	for name, img := range map[string]*image.NRGBA{
		"noise with alpha": wild(40, 33, 0), "smooth": smooth(64, 48), "few colors": few, "one pixel": wild(1, 1, 0),
	} {
		t.Run(name, func(t *testing.T) {
			file, err := webp.EncodeExactLosslessRGBA(raw(img))
			if err != nil {
				t.Fatal(err)
			}
			sameAsLibwebp(t, file)
		})
	}
}

// wild has edges, gradients and noise; alpha is at least opaque.
func wild(w, h, opaque int) *image.NRGBA {
	r := rand.New(rand.NewPCG(uint64(w), uint64(h)))
	return fill(w, h, func(x, y int) color.NRGBA {
		a := uint8(max(opaque, (x*9+y*5)%256))
		switch (x/6 + y/9) % 4 {
		case 0:
			return color.NRGBA{255, uint8(x * 3), 0, a}
		case 1:
			return color.NRGBA{0, uint8(y * 5), 255, a}
		case 2:
			return color.NRGBA{uint8(r.IntN(256)), uint8(r.IntN(256)), uint8(r.IntN(256)), a}
		}
		return color.NRGBA{0, 255, 0, a}
	})
}

// raw is img for libwebp, which takes colors that aren't premultiplied.
func raw(img *image.NRGBA) *image.RGBA {
	return &image.RGBA{Pix: img.Pix, Stride: img.Stride, Rect: img.Rect}
}

func sameAsLibwebp(t *testing.T, file []byte) {
	t.Helper()
	want, err := webp.DecodeRGBA(file)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode(file, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if got.Rect != want.Rect {
		t.Fatalf("got %v, want %v", got.Rect, want.Rect)
	}
	for i, v := range want.Pix {
		if got.Pix[i] != v {
			p := i / 4 * 4
			t.Fatalf("pixel %d is %v, want %v", i/4, got.Pix[p:p+4], want.Pix[p:p+4])
		}
	}
}
