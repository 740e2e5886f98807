package textures

import (
	"math"
	"slices"
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

// A kernel says which pixels of a line make each pixel of a line of another
// length. The line is continued beyond its edges, by before pixels on one side and
// to length in all, so that what makes a pixel is contiguous: pixel i is the sum of
// taps pixels from first[i] on, by the weights from weight[at[i]] on. Weights sum
// up to 1.
type kernel struct {
	taps           int
	first, at      []int32
	weight         []float32
	before, length int
}

// lobes of the filter: three are sharper than two and ring less than four
// (Turkowski, "Filters for common resampling tasks", 1990).
const lobes = 3

// grid is the fineness of weights. On it, whatever a processor makes of the last
// bit of a sine is gone, and sums of weights are exact.
const grid = 1 << 20

// newKernel makes the Lanczos kernel (Duchon, "Lanczos filtering in one and two
// dimensions", 1979) from src pixels to dst, widened when they are fewer.
func newKernel(src, dst int, wrap Wrap) kernel {
	scale := float64(src) / float64(dst)
	k := kernel{first: make([]int32, dst), at: make([]int32, dst)}
	k.taps = int(math.Ceil(2 * lobes * max(scale, 1)))
	switch {
	case src == dst:
		k.copies()
	case k.taps >= src:
		k.fold(src, scale, wrap)
	default:
		k.repeat(src, dst, scale)
	}
	low, high := slices.Min(k.first), slices.Max(k.first)
	for i := range k.first {
		k.first[i] -= low
	}
	k.before, k.length = int(-low), int(high-low)+k.taps
	return k
}

// copies makes each pixel itself.
func (k *kernel) copies() {
	k.taps, k.weight = 1, []float32{1}
	for i := range k.first {
		k.first[i] = int32(i)
	}
}

// repeat makes the weights of one period of the pattern, which is all there is.
func (k *kernel) repeat(src, dst int, scale float64) {
	periods := gcd(src, dst)
	k.weight = make([]float32, 0, dst/periods*k.taps)
	all := newTaps(k.taps, scale)
	for p := range dst / periods {
		first, units := all.of(p)
		for _, u := range units {
			k.weight = append(k.weight, float32(u)/grid)
		}
		for q := range periods {
			i := p + q*(dst/periods)
			k.first[i], k.at[i] = int32(first+q*(src/periods)), int32(p*k.taps)
		}
	}
}

// fold makes weights that count each pixel once where the filter is wider than the line,
// however often it comes round.
func (k *kernel) fold(src int, scale float64, wrap Wrap) {
	k.weight = make([]float32, 0, len(k.at)*src)
	all, once := newTaps(k.taps, scale), make([]int64, src)
	for i := range k.at {
		k.at[i] = int32(i * src)
		clear(once)
		first, units := all.of(i)
		for j, u := range units {
			once[wrap.at(first+j, src)] += u
		}
		for _, u := range once {
			k.weight = append(k.weight, float32(u)/grid)
		}
	}
	k.taps = src
}

// taps makes the weights of one pixel after the other, in the same memory: those of a
// line that shrinks to a pixel are six times as many as it has.
type taps struct {
	scale float64
	raw   []float64
	units []int64
}

func newTaps(n int, scale float64) *taps {
	return &taps{scale: scale, raw: make([]float64, n), units: make([]int64, n)}
}

// of returns the first tap of pixel i and the weights of all, in units of the grid,
// which make one in all. They are good until the next pixel's are made.
func (t *taps) of(i int) (first int, units []int64) {
	wide := max(t.scale, 1)
	center := float64((float64(i) + 0.5) * t.scale)
	first = int(math.Floor(center-float64(lobes*wide)-0.5)) + 1
	sum := 0.0
	for j := range t.raw {
		t.raw[j] = lanczos((float64(first+j) + 0.5 - center) / wide)
		sum += t.raw[j]
	}
	left := int64(grid)
	for j, v := range t.raw {
		t.units[j] = int64(math.Round(v / sum * grid))
		left -= t.units[j]
	}
	t.units[len(t.units)/2] += left // what rounding lost
	return first, t.units
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

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// weights returns those that pixels y..y+3 have in pixel i.
func (k *kernel) weights(i, y int) (w [4]float32) {
	own := k.weight[k.at[i]:][:k.taps]
	for j := range w {
		if t := y + j - int(k.first[i]); t >= 0 && t < len(own) {
			w[j] = own[t]
		}
	}
	return w
}

// end is the pixel after the last that pixel i is made of.
func (k *kernel) end(i int) int { return int(k.first[i]) + k.taps }
