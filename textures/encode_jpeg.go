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
	light   bool       // is looked at
}

// schemes are those worth a try for a use.
func (e *encoding) schemes() []scheme {
	all := [3]float64{1, 1, 1}
	switch {
	case e.gray:
		return []scheme{{layout: jpeg.Gray, weights: all, light: e.use.Role.Light()}}
	case e.use.Role.Light():
		return []scheme{{layout: jpeg.YCbCr420, weights: all, light: true}, {layout: jpeg.YCbCr444, weights: all, light: true}}
	case e.use.Role == Normal:
		// An error along a normal doesn't turn it. Where normals are near Z that is Z's error;
		// where they are steep all three count.
		return []scheme{{layout: jpeg.RGB, weights: [3]float64{1, 1, 0.25}}, {layout: jpeg.RGB, weights: all}}
	}
	w := [3]float64{}
	for c := range w {
		if e.use.Used&(1<<c) != 0 {
			w[c] = 1
		}
	}
	return []scheme{{layout: jpeg.RGB, weights: w, apart: true}}
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
				weight += float64(w * spread[c][k] * spread[c][k])
			}
		}
		out[c] = jpeg.Flat(min(size[c]/math.Sqrt(max(weight, 1e-6)), largestStep))
		if s.light {
			out[c] = out[c].Finer(blotch)
		}
	}
	return out
}

const largestStep = 255

// blotch is the largest step of a block's mean color: at most 3/4 of a code off.
const blotch = 12

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
	t.search(first.size, 0.06)
	coded := t.coded
	t.source = nil // memory for the file
	coded.Data = t.best.Encode()
	e.jpeg = &coded
	return coded, nil
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
	plain  [3]bool // components that are apart and one value all over: any small step does

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
	t := &trial{scheme: s, use: e.use, img: img, source: source}
	for c := range t.plain {
		t.plain[c] = s.apart && (e.stats.Constant(1<<c) || s.weights[c] == 0)
	}
	return t, nil
}

// The steps that are tried: below, rounding to 8 bits is all there is.
const (
	firstStep = 16.0
	finest    = 1.0
	coarsest  = largestStep * 2
	plainStep = 4.0
)

// search looks for steps whose error is at most what is allowed and no less than slack under
// it, or the finest. With each round it is content with half a slack more: errors don't grow evenly.
func (t *trial) search(size [3]float64, slack float64) {
	var brackets [3]bracket
	for c := range brackets {
		brackets[c].bad = math.Inf(1)
		size[c] = min(max(size[c], finest), coarsest)
		if t.plain[c] {
			size[c] = plainStep
		}
	}
	const rounds = 10
	for round := range rounds {
		q := t.source.Quantize(t.steps(size), rounding)
		coded, over := t.look(q)
		t.keep(q, coded, size)
		next := size
		for c := range next {
			if !t.plain[c] {
				next[c] = brackets[c].next(size[c], over[c], slack*(1+float64(round)/2))
			}
		}
		if next == size {
			return
		}
		size = next
	}
}

// keep keeps what is better than best: good rather than not, then coarser if good, and nearer
// to good if not.
func (t *trial) keep(q *jpeg.Quantized, coded Coded, size [3]float64) {
	if t.best != nil {
		now, before := coded.excess(t.use.Quality), t.coded.excess(t.use.Quality)
		switch {
		case now <= 1 && before <= 1:
			if size[0]+size[1]+size[2] <= t.size[0]+t.size[1]+t.size[2] {
				return
			}
		case now >= before:
			return
		}
	}
	t.best, t.coded, t.size = q, coded, size
}

// bracket is what a search knows of one step: the largest that does, the smallest that
// doesn't, and the last two.
type bracket struct {
	good, bad  float64
	step, over float64 // the last
}

// next is the step to try after one whose error was over times what is allowed, or the
// same when that is near enough. The error is taken for a power of the step, by the last
// two.
func (b *bracket) next(step, over, slack float64) float64 {
	over = max(over, 1e-3)
	power := 1.6
	if b.step > 0 && b.step != step && b.over != over {
		power = settled(min(max(math.Log(step/b.step)/math.Log(over/b.over), 0.7), 3))
	}
	b.step, b.over = step, over
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
	guess := settled(step * min(max(math.Pow((1-slack/2)/over, power), 0.2), 5))
	if b.bad < math.Inf(1) && b.good > 0 {
		if b.bad < b.good*(1+slack/2) {
			return b.good
		}
		if guess <= b.good || guess >= b.bad {
			guess = settled(math.Sqrt(b.good * b.bad))
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
	if !t.apart {
		all := c.excess(t.use.Quality)
		return c, [3]float64{all, all, all}
	}
	rest := t.use.Quality
	rest.PSNR = 0
	squares := measureSquares(t.img, back, t.use)
	for k := range over {
		over[k] = max(settled(math.Pow(10, (t.use.Quality.PSNR-decibels(squares.mse(k)))/20)), c.excess(rest))
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
