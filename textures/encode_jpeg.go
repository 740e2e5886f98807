package textures

import (
	"fmt"
	"image"
	"math"

	"github.com/plinth3d/plinth/textures/jpeg"
)

// A scheme is a way to make a JPEG of an image: its components, and how much an error of each
// channel counts. Only the steps' size is left to find.
type scheme struct {
	layout  jpeg.Layout
	weights [3]float64 // of R, G and B; 0 where nothing reads it
	apart   bool       // each component has its own step, to keep its own quality
}

// schemes are those worth a try for a use.
func (e *encoding) schemes() []scheme {
	all := [3]float64{1, 1, 1}
	switch {
	case e.gray:
		return []scheme{{jpeg.Gray, all, false}}
	case e.use.Role.Light():
		return []scheme{{jpeg.YCbCr420, all, false}, {jpeg.YCbCr444, all, false}}
	case e.use.Role == Normal:
		// An error along a normal doesn't turn it. Where normals are near Z that is Z's error;
		// where they are steep all three count.
		return []scheme{{jpeg.RGB, [3]float64{1, 1, 0.25}, false}, {jpeg.RGB, all, false}}
	}
	w := [3]float64{}
	for c := range w {
		if e.use.Used&(1<<c) != 0 {
			w[c] = 1
		}
	}
	return []scheme{{jpeg.RGB, w, true}}
}

// spread is how an error of a component counts in R, G and B (ITU-T T.871, section 7).
var spread = [3][3]float64{{1, 1, 1}, {0, 0.344136, 1.772}, {1.402, 0.714136, 0}}

// steps are the quantization steps of each component such that their errors count alike.
func (s scheme) steps(size [3]float64) []jpeg.Steps {
	out := make([]jpeg.Steps, s.layout.Components())
	for c := range out {
		weight := s.weights[c]
		if s.layout == jpeg.YCbCr420 || s.layout == jpeg.YCbCr444 {
			weight = 0
			for k, w := range s.weights {
				weight += w * spread[c][k] * spread[c][k]
			}
		}
		out[c] = jpeg.Flat(min(size[c]/math.Sqrt(max(weight, 1e-6)), largestStep))
	}
	return out
}

const largestStep = 255

// rounding saves bits where they do least: some 5 to 10 % at the same error.
var rounding = jpeg.Rounding{ToOne: 0.63, Up: 0.54}

// lossyJPEG is the smallest JPEG that keeps the quality asked for, or the best. The
// sample decides how it is made and about how finely, the image the rest.
func (e *encoding) lossyJPEG() (Coded, error) {
	if e.jpeg != nil {
		return *e.jpeg, nil
	}
	first, err := e.choose()
	if err != nil {
		return Coded{}, err
	}
	t, err := e.trial(e.img, first.scheme)
	if err != nil {
		return Coded{}, err
	}
	t.search(first.size, 0.05)
	t.coded.Data = t.best.Encode()
	e.jpeg = &t.coded
	return t.coded, nil
}

// choose searches the sample by each scheme and returns the best. Here it is also
// decided whether a normal map is too noisy for the angle that is asked.
func (e *encoding) choose() (*trial, error) {
	all := e.schemes()
	noisy := e.use.Role == Normal && e.use.Quality.Noisy > e.use.Quality.Angle
	if len(all) == 1 && e.sample == e.img && !noisy {
		return &trial{scheme: all[0], size: [3]float64{firstStep, firstStep, firstStep}}, nil
	}
	best, err := e.bestOf(all)
	if err != nil || !noisy {
		return best, err
	}
	strict := e.use.Quality.Angle
	e.use.Quality.Angle = e.use.Quality.Noisy
	easy, err := e.bestOf([]scheme{best.scheme})
	if err != nil {
		return nil, err
	}
	if best.coded.keeps(best.use.Quality) && float64(best.bytes) <= noisyCost*float64(easy.bytes) {
		e.use.Quality.Angle = strict
		return best, nil
	}
	return easy, nil
}

// noisyCost is how many times the bytes of Quality.Noisy the stricter Quality.Angle may cost.
const noisyCost = 1.5

// bestOf searches the sample by each scheme.
func (e *encoding) bestOf(all []scheme) (best *trial, err error) {
	for _, s := range all {
		t, err := e.trial(e.sample, s)
		if err != nil {
			return nil, err
		}
		t.search([3]float64{firstStep, firstStep, firstStep}, 0.03)
		t.bytes = len(t.best.Encode())
		if best == nil || t.betterThan(best) {
			best = t
		}
	}
	return best, nil
}

// trial is a search for the largest steps that keep a quality.
type trial struct {
	scheme
	use    Use
	img    *image.NRGBA
	source *jpeg.Transformed

	size  [3]float64 // of the steps of best
	best  *jpeg.Quantized
	coded Coded // what is known of best
	bytes int   // of best's file
}

func (e *encoding) trial(img *image.NRGBA, s scheme) (*trial, error) {
	source, err := jpeg.Transform(img, s.layout)
	if err != nil {
		return nil, fmt.Errorf("encode JPEG: %w", err)
	}
	return &trial{scheme: s, use: e.use, img: img, source: source}, nil
}

// The steps that are tried: below, rounding to 8 bits is all there is.
const (
	firstStep = 16.0
	finest    = 1.0
	coarsest  = largestStep * 2
)

// bracket holds the largest step that is known to do and the smallest that isn't.
type bracket struct{ good, bad float64 }

// search looks for steps whose error is at most what is allowed and no less than slack under
// it, or the finest. The error grows about in proportion to the step, or slower.
func (t *trial) search(size [3]float64, slack float64) {
	var brackets [3]bracket
	for c := range brackets {
		brackets[c] = bracket{0, math.Inf(1)}
		size[c] = min(max(size[c], finest), coarsest)
	}
	const rounds = 10
	for range rounds {
		q := t.source.Quantize(t.steps(size), rounding)
		coded, over := t.look(q)
		good := max(over[0], over[1], over[2]) <= 1
		if t.best == nil || good && (!t.coded.keeps(t.use.Quality) || larger(size, t.size)) ||
			!good && !t.coded.keeps(t.use.Quality) && coded.excess(t.use.Quality) < t.coded.excess(t.use.Quality) {
			t.best, t.coded, t.size = q, coded, size
		}
		next, done := size, good
		for c := range next {
			next[c] = brackets[c].next(size[c], over[c], slack)
			done = done && next[c] == size[c]
		}
		if done || next == size {
			return
		}
		size = next
	}
}

func larger(a, b [3]float64) bool { return a[0]+a[1]+a[2] > b[0]+b[1]+b[2] }

// next is the step to try after one whose error was over times what is allowed, or the
// same when that is near enough.
func (b *bracket) next(step, over, slack float64) float64 {
	if over <= 1 {
		b.good = max(b.good, step)
		if over >= 1-slack || step >= coarsest {
			return step
		}
	} else {
		b.bad = min(b.bad, step)
		if step <= finest {
			return step
		}
	}
	// A little to the good side of where the error would be just allowed.
	guess := step * min(max(math.Pow((1-slack/3)/max(over, 1e-3), 1.2), 0.25), 4)
	if b.good > 0 && b.bad < math.Inf(1) {
		if b.bad < b.good*(1+slack/2) {
			return b.good
		}
		lo, hi := b.good*(1+slack/8), b.bad/(1+slack/8)
		if guess <= lo || guess >= hi {
			guess = math.Sqrt(b.good * b.bad)
		}
	}
	return min(max(guess, finest), coarsest)
}

// look measures what decoders will make of q; over is how many times the error is what is
// allowed, by component where they are apart.
func (t *trial) look(q *jpeg.Quantized) (c Coded, over [3]float64) {
	c.MIME = JPEG
	back := jfif.nrgba(q.Image())
	c.measured(t.img, back, t.use)
	all := c.excess(t.use.Quality)
	if !t.apart {
		return c, [3]float64{all, all, all}
	}
	squares := measureSquares(t.img, back, t.use)
	for k := range over {
		if t.weights[k] > 0 {
			over[k] = math.Pow(10, (t.use.Quality.PSNR-decibels(squares.mse(k)))/20)
		} else {
			over[k] = 1
		}
	}
	return c, over
}

// betterThan tells whether t keeps what is asked where other doesn't, or is smaller.
func (t *trial) betterThan(other *trial) bool {
	if a, b := t.coded.keeps(t.use.Quality), other.coded.keeps(other.use.Quality); a != b {
		return a
	}
	return t.bytes < other.bytes
}
