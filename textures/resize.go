package textures

import (
	"image"
	"math"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// Wrap is how an image goes on beyond its edge.
type Wrap int

// The wrap modes of glTF.
const (
	Repeat Wrap = iota
	Mirror
	Clamp
)

// at is the pixel of n that stands at i.
func (w Wrap) at(i, n int) int {
	switch w {
	case Clamp:
		return min(max(i, 0), n-1)
	case Mirror:
		if i %= 2 * n; i < 0 {
			i += 2 * n
		}
		if i >= n {
			i = 2*n - 1 - i
		}
		return i
	}
	if i %= n; i < 0 {
		i += n
	}
	return i
}

// Resample says how Resize treats an image.
type Resample struct {
	Role         Role
	WrapS, WrapT Wrap
	Alpha        bool // alpha is opacity: colors count by how much of them is seen
}

// Resize scales img to w by h pixels with a separable Lanczos filter of three
// lobes (Duchon, "Lanczos filtering in one and two dimensions", 1979), widened
// when it shrinks. Light is averaged as light, not as sRGB codes; normals are
// averaged as vectors and come out with length 1; other data is averaged per
// channel.
//
// All arithmetic is in float32 in a fixed order, with products rounded before
// they are added, so that every machine makes the same pixels.
func Resize(img *image.NRGBA, w, h int, how Resample) *image.NRGBA {
	sw, sh := img.Rect.Dx(), img.Rect.Dy()
	across := newKernel(sw, w, how.WrapS)
	down := newKernel(sh, h, how.WrapT)

	middle := make([]float32, 4*w*sh)
	parallel(sh, func(from, to int) {
		line := make([]float32, 4*sw)
		for y := from; y < to; y++ {
			how.load(line, img.Pix[y*img.Stride:y*img.Stride+4*sw])
			across.apply(middle[4*w*y:4*w*(y+1)], line)
		}
	})
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	parallel(h, func(from, to int) {
		line := make([]float32, 4*w)
		for y := from; y < to; y++ {
			clear(line)
			for t := down.first[y]; t < down.first[y+1]; t++ {
				weight := down.weight[t]
				row := middle[4*w*int(down.from[t]):][:4*w]
				for i, v := range row {
					line[i] += float32(weight * v)
				}
			}
			how.store(out.Pix[y*out.Stride:][:4*w], line)
		}
	})
	return out
}

// parallel calls work for runs of 0..n. Each row is made on its own, so the
// result does not depend on the runs.
func parallel(n int, work func(from, to int)) {
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	const run = 32
	for from := 0; from < n; from += run {
		group.Go(func() error {
			work(from, min(from+run, n))
			return nil
		})
	}
	_ = group.Wait() // no run fails
}

// kernel holds, for each pixel of the result, the source pixels from[first[i]:first[i+1]]
// and their weights, which sum up to 1.
type kernel struct {
	first  []int
	from   []int32
	weight []float32
}

const lobes = 3

func newKernel(src, dst int, wrap Wrap) kernel {
	scale := float64(src) / float64(dst)
	radius := lobes * max(scale, 1)
	k := kernel{first: make([]int, 1, dst+1)}
	for i := range dst {
		center := (float64(i) + 0.5) * scale
		lo, hi := int(math.Ceil(center-radius-0.5)), int(math.Floor(center+radius-0.5))
		raw := make([]float64, 0, hi-lo+1)
		sum := 0.0
		for j := lo; j <= hi; j++ {
			v := lanczos((float64(j) + 0.5 - center) / max(scale, 1))
			raw = append(raw, v)
			sum += v
		}
		// Weights are put on a grid of 2^-20: whatever a processor's last bit of a
		// sine is, it is gone. What is lost goes to the middle one.
		left := int64(1 << 20)
		from := len(k.weight)
		for j, v := range raw {
			units := int64(math.Round(v / sum * (1 << 20)))
			left -= units
			k.from = append(k.from, int32(wrap.at(lo+j, src)))
			k.weight = append(k.weight, float32(units)/(1<<20))
		}
		k.weight[from+len(raw)/2] += float32(left) / (1 << 20)
		k.first = append(k.first, len(k.weight))
	}
	return k
}

func lanczos(x float64) float64 {
	if x == 0 {
		return 1
	}
	if math.Abs(x) >= lobes {
		return 0
	}
	a := math.Pi * x
	return lobes * math.Sin(a) * math.Sin(a/lobes) / (a * a)
}

func (k *kernel) apply(dst, src []float32) {
	for i := range len(dst) / 4 {
		var r, g, b, a float32
		for t := k.first[i]; t < k.first[i+1]; t++ {
			w := k.weight[t]
			p := src[4*k.from[t] : 4*k.from[t]+4 : 4*k.from[t]+4]
			r += float32(w * p[0])
			g += float32(w * p[1])
			b += float32(w * p[2])
			a += float32(w * p[3])
		}
		d := dst[4*i : 4*i+4 : 4*i+4]
		d[0], d[1], d[2], d[3] = r, g, b, a
	}
}

// load turns a row of pixels into what may be averaged.
func (how Resample) load(dst []float32, src []uint8) {
	switch {
	case how.Role.Light():
		for i := 0; i < len(src); i += 4 {
			a := float32(1)
			if how.Alpha {
				a = float32(src[i+3]) / 255
			}
			for c := range 3 {
				dst[i+c] = linear[src[i+c]] * a
			}
			dst[i+3] = float32(src[i+3]) / 255
		}
	case how.Role == Normal:
		for i := 0; i < len(src); i += 4 {
			for c := range 3 {
				dst[i+c] = float32(2*int(src[i+c])-255) / 255
			}
			dst[i+3] = float32(src[i+3]) / 255
		}
	default:
		for i, v := range src {
			dst[i] = float32(v) / 255
		}
	}
}

// store turns averages into a row of pixels.
func (how Resample) store(dst []uint8, src []float32) {
	switch {
	case how.Role.Light():
		for i := 0; i < len(dst); i += 4 {
			a := src[i+3]
			dst[i+3] = code(a)
			over := float32(1)
			if how.Alpha {
				if dst[i+3] == 0 {
					dst[i], dst[i+1], dst[i+2] = 0, 0, 0
					continue
				}
				over = 1 / a
			}
			for c := range 3 {
				dst[i+c] = SRGB(src[i+c] * over)
			}
		}
	case how.Role == Normal:
		for i := 0; i < len(dst); i += 4 {
			x, y, z := float64(src[i]), float64(src[i+1]), float64(src[i+2])
			l := math.Sqrt(float64(x*x) + float64(y*y) + float64(z*z))
			if l < 1e-6 {
				x, y, z, l = 0, 0, 1, 1
			}
			dst[i], dst[i+1], dst[i+2] = code(float32(x/l/2+0.5)), code(float32(y/l/2+0.5)), code(float32(z/l/2+0.5))
			dst[i+3] = code(src[i+3])
		}
	default:
		for i := range dst {
			dst[i] = code(src[i])
		}
	}
}

// code is the byte for a number from 0 to 1.
func code(v float32) uint8 { return uint8(min(max(float32(v*255), 0), 255) + 0.5) }

// linear is the light of each sRGB code (IEC 61966-2-1), 0 to 1.
var linear = func() (t [256]float32) {
	for i := range t {
		t[i] = float32(Linear(float64(i) / 255))
	}
	return t
}()

// Linear is the light of an sRGB value; both are 0 to 1.
func Linear(v float64) float64 {
	if v <= 0.04045 {
		return v / 12.92
	}
	return math.Pow((v+0.055)/1.055, 2.4)
}

// steps maps light in 65536ths to the nearest sRGB code. The slope of the curve
// is at most 12.92, a twentieth of a code for each step.
var steps = func() (t [1<<16 + 1]uint8) {
	next := 0
	for c := range 256 {
		// Up to the light that lies between this code and the next.
		end := 1 << 16
		if c < 255 {
			end = int(Linear((float64(c)+0.5)/255) * (1 << 16))
		}
		for ; next <= end; next++ {
			t[next] = uint8(c)
		}
	}
	return t
}()

// SRGB is the code nearest to light v, 0 to 1.
func SRGB(v float32) uint8 {
	return steps[int(min(max(float32(v*(1<<16)), 0), 1<<16)+0.5)]
}
