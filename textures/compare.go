package textures

import (
	"image"
	"math"
	"slices"
)

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
// degrees. Pixels of a that are no normal are left out: shorter than a half, or
// pointing into the surface, where no light is whatever the direction.
func Angle(a, b *image.NRGBA) float64 {
	const bins = 1800 // tenths of a degree
	var count [bins + 1]int
	total := 0
	for i := 0; i < len(a.Pix); i += 4 {
		if !isNormal(a.Pix[i:]) {
			continue
		}
		count[min(int(math.Ceil(10*angle(a.Pix[i:], b.Pix[i:]))), bins)]++
		total++
	}
	left := total / 100
	for d, n := range slices.Backward(count[:]) {
		if left -= n; left < 0 {
			return float64(d) / 10
		}
	}
	return 0
}

// Shift is the 99th percentile, over blocks of 8 by 8 pixels, of how far the mean of
// a channel of b is from a's, in codes. On plain surfaces the eye sees such
// blotches, which hardly count in a PSNR.
func Shift(a, b *image.NRGBA) float64 {
	w, h := a.Rect.Dx(), a.Rect.Dy()
	const bins, fine = 1024, 16 // sixteenths of a code
	var count [bins]int
	total := 0
	for y := 0; y < h; y += 8 {
		for x := 0; x < w; x += 8 {
			var sum [3]int
			n := 0
			for j := y; j < min(y+8, h); j++ {
				p, q := a.Pix[j*a.Stride+4*x:], b.Pix[j*b.Stride+4*x:]
				for i := range min(8, w-x) {
					for c := range 3 {
						sum[c] += int(p[4*i+c]) - int(q[4*i+c])
					}
					n++
				}
			}
			worst := 0
			for _, s := range sum {
				worst = max(worst, s, -s)
			}
			count[min(worst*fine/n, bins-1)]++
			total++
		}
	}
	left := total / 100
	for d, n := range slices.Backward(count[:]) {
		if left -= n; left < 0 {
			return float64(d) / fine
		}
	}
	return 0
}

func isNormal(p []uint8) bool {
	sum := 0
	for c := range 3 {
		x := 2*int(p[c]) - 255
		sum += x * x
	}
	return p[2] > 127 && 4*sum >= 255*255
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
