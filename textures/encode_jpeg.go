package textures

import (
	"math"

	"github.com/plinth3d/plinth/textures/jpeg"
)

// A scheme is a way to make a JPEG of an image: its components, and how much an error of
// each channel counts. Only the steps' size is left to find.
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
		// An error along a normal doesn't turn it. Where normals are near Z that is Z's
		// error; where they are steep all three count.
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

// noisyCost is how many times the bytes of Quality.Noisy the stricter Quality.Angle may
// cost.
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
