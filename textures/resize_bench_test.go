//go:build unix

package textures

import (
	"fmt"
	"image"
	"image/color"
	"runtime"
	"syscall"
	"testing"

	"github.com/disintegration/imaging"
)

// processor is the CPU time of this program so far, in seconds.
func processor(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// The two do not do the same: imaging averages sRGB codes. The ratio is of CPU time,
// the two taking turns. Noise is where nearly every pixel rings and has to be
// settled.
func BenchmarkResize(b *testing.B) {
	seeThrough := noise(2048, 2048)
	for i := 3; i < len(seeThrough.Pix); i += 4 {
		seeThrough.Pix[i] = uint8(i >> 8)
	}
	discs := fill(2048, 2048, func(x, y int) color.NRGBA {
		x, y = x%96-48, y%96-48
		return color.NRGBA{90, 160, 60, uint8(255 * (min(x*x+y*y, 1600) / 1600))}
	})
	for _, size := range [][2]int{{2048, 512}, {2048, 1024}, {1024, 836}, {2048, 716}} {
		for _, kind := range []struct {
			name string
			from *image.NRGBA
			how  Resample
		}{
			{"color", smooth(2048, 2048), Resample{Role: Color}},
			{"cut-out", discs, Resample{Role: Color, Alpha: true, Cutoff: 0.5}},
			{"noise with alpha", seeThrough, Resample{Role: Color, Alpha: true}},
			{"normal", bumps(2048, 2048), Resample{Role: Normal}},
			{"data", smooth(2048, 2048), Resample{Role: Data}},
		} {
			b.Run(fmt.Sprintf("%s/%d-%d", kind.name, size[0], size[1]), func(b *testing.B) {
				img := kind.from
				if size[0] != 2048 {
					img = imaging.Crop(img, image.Rect(0, 0, size[0], size[0]))
				}
				var ours, theirs float64
				n := 0
				for b.Loop() {
					runtime.GC()
					start := processor(b)
					Resize(img, size[1], size[1], kind.how)
					middle := processor(b)
					imaging.Resize(img, size[1], size[1], imaging.Lanczos)
					ours, theirs = ours+middle-start, theirs+processor(b)-middle
					n++
				}
				b.ReportMetric(ours/theirs, "ratio")
				b.ReportMetric(1000*ours/float64(n), "ms/resize")
			})
		}
	}
}
