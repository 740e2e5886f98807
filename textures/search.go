package textures

import (
	"fmt"
	"image"
	"math"

	"github.com/plinth3d/plinth/textures/jpeg"
)

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

// search looks for steps whose error is at most what is allowed and no less than slack
// under it, or the finest. With each round it is content with half a slack more: errors
// don't grow evenly.
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

// keep keeps what is better than best: good rather than not, then coarser if good, and
// nearer to good if not.
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
	squares := c.measured(t.img, back, t.use)
	if !t.apart {
		all := c.excess(t.use.Quality)
		return c, [3]float64{all, all, all}
	}
	rest := t.use.Quality
	rest.PSNR = 0
	for k := range over {
		noise := settled(math.Pow(10, (t.use.Quality.PSNR-decibels(squares.mse(k)))/20))
		over[k] = max(noise, c.excess(rest))
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
