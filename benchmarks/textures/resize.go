package main

import (
	"context"
	"fmt"
	"image"
	"math"

	"github.com/disintegration/imaging"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/textures"
)

// scales are how much smaller images are made to look at what that does to them.
var scales = []struct {
	name string
	by   [2]int
}{{"4:1", [2]int{1, 4}}, {"2:1", [2]int{1, 2}}, {"1024:836", [2]int{836, 1024}}}

func scaled(m *pipeline.Map, by [2]int) (w, h int) {
	return max(1, m.Pixels.Rect.Dx()*by[0]/by[1]), max(1, m.Pixels.Rect.Dy()*by[0]/by[1])
}

// resizing looks at what resizing does to light and normals, and what it takes beside
// imaging, which averages sRGB codes.
func resizing(_ context.Context, b *bench) error {
	light(b)
	normals(b)
	board := checkerboard(64, 64)
	fmt.Printf("A checkerboard of single pixels, black and white, becomes %d at half its size, by imaging %d; as light it is 188.\n\n",
		textures.Resize(board, 32, 32, textures.Resample{Role: textures.Color}).NRGBAAt(16, 16).R,
		imaging.Resize(board, 32, 32, imaging.Lanczos).NRGBAAt(16, 16).R)
	speed(b)
	return nil
}

// light prints by how much the mean of each color's linear light changes at 4:1.
func light(b *bench) {
	fmt.Println("Mean linear light of color and emissive maps after 4:1, against before; the worst channel of the worst map of each product:")
	fmt.Println()
	fmt.Println("| product | maps | ours | imaging Lanczos |")
	fmt.Println("|---|---:|---:|---:|")
	count, worst := 0, [2]float64{}
	for _, p := range b.products {
		var off [2]float64
		n := 0
		for i := range p.maps {
			m := &p.maps[i]
			if !m.How.Role.Light() {
				continue
			}
			n++
			w, h := scaled(m, scales[0].by)
			for k, out := range []*image.NRGBA{textures.Resize(m.Pixels, w, h, m.How), imaging.Resize(m.Pixels, w, h, imaging.Lanczos)} {
				off[k] = max(off[k], lightOff(m.Pixels, out, m.How.Alpha))
			}
		}
		if n == 0 {
			continue
		}
		count += n
		worst[0], worst[1] = max(worst[0], off[0]), max(worst[1], off[1])
		fmt.Printf("| %s | %d | %.4f %% | %.2f %% |\n", p.name, n, 100*off[0], 100*off[1])
	}
	fmt.Printf("| worst | %d | %.4f %% | %.2f %% |\n\n", count, 100*worst[0], 100*worst[1])
}

// lightOff is the change of the mean of the channel where it is largest, as a share.
func lightOff(before, after *image.NRGBA, alpha bool) (off float64) {
	want, got := meanLight(before, alpha), meanLight(after, alpha)
	for c := range want {
		if want[c] > 0 {
			off = max(off, math.Abs(got[c]/want[c]-1))
		}
	}
	return off
}

// meanLight is the mean of each color's light, as much as is seen of it.
func meanLight(img *image.NRGBA, alpha bool) (mean [3]float64) {
	for i := 0; i < len(img.Pix); i += 4 {
		a := 1.0
		if alpha {
			a = float64(img.Pix[i+3]) / 255
		}
		for c := range mean {
			mean[c] += a * textures.Linear(float64(img.Pix[i+c])/255)
		}
	}
	for c := range mean {
		mean[c] /= float64(len(img.Pix) / 4)
	}
	return mean
}

// normals counts those that are short after resizing.
func normals(b *bench) {
	fmt.Println("Normals shorter than 0.99 after resizing, of all normal maps of the products:")
	fmt.Println()
	fmt.Println("| from, to | maps | pixels | ours | imaging Lanczos |")
	fmt.Println("|---|---:|---:|---:|---:|")
	for _, s := range scales {
		var maps, pixels int
		var n [2]int
		for _, p := range b.products {
			for i := range p.maps {
				m := &p.maps[i]
				if m.How.Role != textures.Normal {
					continue
				}
				w, h := scaled(m, s.by)
				maps, pixels = maps+1, pixels+w*h
				n[0] += short(textures.Resize(m.Pixels, w, h, m.How))
				n[1] += short(imaging.Resize(m.Pixels, w, h, imaging.Lanczos))
			}
		}
		fmt.Printf("| %s | %d | %d | %d | %d |\n", s.name, maps, pixels, n[0], n[1])
	}
	fmt.Println()
}

// short counts the normals of an image whose length is below 0.99.
func short(img *image.NRGBA) (n int) {
	for i := 0; i < len(img.Pix); i += 4 {
		sum := 0
		for _, v := range img.Pix[i : i+3] {
			sum += (2*int(v) - 255) * (2*int(v) - 255)
		}
		if math.Sqrt(float64(sum)) < 0.99*255 {
			n++
		}
	}
	return n
}

func checkerboard(w, h int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		v := uint8(255 * ((i%w + i/w) % 2))
		copy(img.Pix[4*i:], []uint8{v, v, v, 255})
	}
	return img
}

// speed prints what resizing takes.
func speed(b *bench) {
	fmt.Printf("CPU time of resizing the products' maps, milliseconds for a megapixel of the source; the least of %d rounds of each map, in turn (load %s):\n\n", b.times, load())
	fmt.Println("| role | maps | megapixels | from, to | ours | imaging Lanczos | ratio | worst map |")
	fmt.Println("|---|---:|---:|---|---:|---:|---:|---:|")
	for _, role := range roles {
		for _, s := range scales {
			var n int
			var pixels, ours, theirs, worst float64
			for _, p := range b.products {
				for i := range p.maps {
					m := &p.maps[i]
					if m.How.Role != role {
						continue
					}
					w, h := scaled(m, s.by)
					took := turns(b.times, func() { textures.Resize(m.Pixels, w, h, m.How) }, func() { imaging.Resize(m.Pixels, w, h, imaging.Lanczos) })
					n, pixels = n+1, pixels+float64(len(m.Pixels.Pix)/4)/1e6
					ours, theirs, worst = ours+took[0], theirs+took[1], max(worst, took[0]/took[1])
				}
			}
			if n > 0 {
				fmt.Printf("| %s | %d | %.1f | %s | %.1f | %.1f | %.2f | %.2f |\n", role, n, pixels, s.name, 1e3*ours/pixels, 1e3*theirs/pixels, ours/theirs, worst)
			}
		}
	}
	fmt.Println()
}
