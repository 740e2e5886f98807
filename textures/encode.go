package textures

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"math"
	"slices"

	"github.com/gen2brain/jpegli"
)

// Quality is what a coded image must keep. A zero field asks nothing.
type Quality struct {
	PSNR  float64 // dB, of the worst used channel for ORM and data, of all for light
	Angle float64 // degrees: 99 of 100 normals are nearer than this
}

// A Coded image is a file and how near it is to what was coded.
type Coded struct {
	Data  []byte
	MIME  string
	PSNR  float64 // dB over the used channels; +Inf when nothing was lost
	Angle float64 // degrees, 99th percentile, of normals
}

// A Use says what a coded image is for.
type Use struct {
	Role    Role
	Used    Channels
	Quality Quality
}

// The qualities that are tried: what libjpeg calls them, in rising order.
var qualities = []int{60, 68, 75, 80, 84, 88, 91, 94, 96, 98}

// Encode packs img as the smaller of a JPEG that keeps the quality asked for and a
// PNG; an image whose alpha is used is a PNG. Light is coded with half the
// colors' resolution (4:2:0) where that can keep the quality, everything else
// without (4:4:4). When no JPEG is good enough, the best of them is taken if it
// is under a third of the PNG: what was reached is in the result.
func Encode(img *image.NRGBA, u Use) (Coded, error) {
	lossless, err := encodePNG(img, u.Used)
	if err != nil || u.Used&A != 0 && Analyse(img).Min[3] < 255 {
		return lossless, err
	}
	opaque := Opaque(img)
	var best Coded
	if u.Role.Light() {
		best, err = search(opaque, u, image.YCbCrSubsampleRatio420)
	}
	if err == nil && (best.Data == nil || !best.good(u.Quality)) {
		best, err = search(opaque, u, image.YCbCrSubsampleRatio444)
	}
	if err != nil {
		return Coded{}, err
	}
	size := len(best.Data)
	if !best.good(u.Quality) {
		size *= 3
	}
	if size < len(lossless.Data) {
		return best, nil
	}
	return lossless, nil
}

// search finds the smallest quality that will do, or the best there is. A higher
// one is never worse, near enough.
func search(img *image.NRGBA, u Use, sampling image.YCbCrSubsampleRatio) (best Coded, err error) {
	lo, hi := 0, len(qualities)-1
	for {
		mid := (lo + hi) / 2
		c, err := encodeJPEG(img, qualities[mid], sampling, u)
		if err != nil {
			return Coded{}, err
		}
		if c.good(u.Quality) || lo == hi && best.Data == nil {
			best, hi = c, mid
		} else {
			lo = mid + 1
		}
		if lo >= hi && best.Data != nil {
			return best, nil
		}
	}
}

func (c Coded) good(q Quality) bool {
	return c.PSNR >= q.PSNR && (q.Angle == 0 || c.Angle <= q.Angle)
}

// Opaque returns img with alpha 255 all over.
func Opaque(img *image.NRGBA) *image.NRGBA {
	out := image.NewNRGBA(img.Rect)
	copy(out.Pix, img.Pix)
	for i := 3; i < len(out.Pix); i += 4 {
		out.Pix[i] = 255
	}
	return out
}

func encodePNG(img *image.NRGBA, used Channels) (Coded, error) {
	var src image.Image = img
	stats := Analyse(img)
	if used&A == 0 && stats.Min[3] < 255 {
		img = Opaque(img)
		src = img
	}
	if (used&A == 0 || stats.Min[3] == 255) && gray(img) {
		g := image.NewGray(img.Rect)
		for i := range g.Pix {
			g.Pix[i] = img.Pix[4*i]
		}
		src = g
	}
	var out bytes.Buffer
	enc := png.Encoder{CompressionLevel: png.BestCompression}
	if err := enc.Encode(&out, src); err != nil {
		return Coded{}, fmt.Errorf("encode PNG: %w", err)
	}
	return Coded{Data: out.Bytes(), MIME: PNG, PSNR: math.Inf(1)}, nil
}

func gray(img *image.NRGBA) bool {
	for i := 0; i < len(img.Pix); i += 4 {
		if img.Pix[i] != img.Pix[i+1] || img.Pix[i] != img.Pix[i+2] {
			return false
		}
	}
	return true
}

func encodeJPEG(img *image.NRGBA, quality int, sampling image.YCbCrSubsampleRatio, u Use) (Coded, error) {
	var out bytes.Buffer
	err := jpegli.Encode(&out, img, &jpegli.EncodingOptions{
		Quality:              quality,
		ChromaSubsampling:    sampling,
		ProgressiveLevel:     2,
		OptimizeCoding:       true,
		AdaptiveQuantization: u.Role.Light(),
	})
	if err != nil {
		return Coded{}, fmt.Errorf("encode JPEG: %w", err)
	}
	back, err := Decode(out.Bytes(), int64(img.Rect.Dx())*int64(img.Rect.Dy()))
	if err != nil {
		return Coded{}, fmt.Errorf("read back JPEG: %w", err)
	}
	c := Coded{Data: out.Bytes(), MIME: JPEG, PSNR: PSNR(img, back, u)}
	if u.Role == Normal {
		c.Angle = Angle(img, back)
	}
	return c, nil
}

// PSNR is the peak signal-to-noise ratio of b against a, in dB over the channels
// in use: of all together for light and normals, of the worst for other data.
func PSNR(a, b *image.NRGBA, u Use) float64 {
	var sum [4]int64
	for i := 0; i+4 <= len(a.Pix) && i+4 <= len(b.Pix); i += 4 {
		for c := range 4 {
			d := int64(a.Pix[i+c]) - int64(b.Pix[i+c])
			sum[c] += d * d
		}
	}
	pixels := float64(len(a.Pix) / 4)
	all, worst, n := 0.0, 0.0, 0.0
	for c := range 4 {
		if u.Used&(1<<c) != 0 {
			mse := float64(sum[c]) / pixels
			all, worst, n = all+mse, max(worst, mse), n+1
		}
	}
	mse := worst
	if u.Role.Light() || u.Role == Normal {
		mse = all / max(n, 1)
	}
	return 10 * math.Log10(255*255/mse)
}

// Angle is the 99th percentile of the angle between the normals of a and b, in
// degrees.
func Angle(a, b *image.NRGBA) float64 {
	const bins = 1800 // tenths of a degree
	var count [bins + 1]int
	for i := 0; i < len(a.Pix); i += 4 {
		count[min(int(math.Ceil(10*angle(a.Pix[i:], b.Pix[i:]))), bins)]++
	}
	left := len(a.Pix) / 400
	for d, n := range slices.Backward(count[:]) {
		if left -= n; left < 0 {
			return float64(d) / 10
		}
	}
	return 0
}

// angle is between two coded normals, in degrees.
func angle(a, b []uint8) float64 {
	var dot, la, lb int64
	for c := range 3 {
		x, y := 2*int64(a[c])-255, 2*int64(b[c])-255
		dot, la, lb = dot+x*y, la+x*x, lb+y*y
	}
	return math.Acos(min(max(float64(dot)/math.Sqrt(float64(la)*float64(lb)), -1), 1)) * 180 / math.Pi
}
