package pipeline

import (
	"math"
	"slices"

	"github.com/plinth3d/plinth/mesh/scene"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/textures"
)

// plan is the choice of one level in one form before it is packed.
type plan struct {
	form    string
	pixels  float64 // of error that were allowed
	relaxed string  // the cap that allowed more than the recipe's
	images  []coding
	texel   float64 // meters
}

// gridShare is the part of a level's pixels that the web form may round positions by. The
// rest is the simplifier's.
const gridShare = 0.08

func (j *job) room() float64 {
	if slices.Contains(j.recipe.Forms, asset.Web) {
		return 1 - gridShare
	}
	return 1
}

// at chooses sizes for a level at an error of that many pixels. A texture may have that many
// times the pixels that its role may: where a cap binds, errors grow in step, so that the
// worst is as small as it can be.
func (j *job) at(level int, form string, pixels float64) plan {
	pixel := Pixel(j.model.facts.Radius, j.recipe.Levels[level].Height)
	out := plan{form: form, pixels: pixels}
	for i := range j.pictures {
		p := &j.pictures[i]
		share := j.recipe.Roles[p.how.Role].Pixels
		w, h := p.fit(pixel*pixels*share, form)
		out.images = append(out.images, coding{i, w, h, form})
		out.texel = max(out.texel, p.texel(w, h)/share)
	}
	return out
}

// shape is the coarsest that is within the error of a level's plan.
func (j *job) shape(level int, p plan) *shape {
	pixel := Pixel(j.model.facts.Radius, j.recipe.Levels[level].Height)
	out := level
	for k := level; k < len(j.shapes); k++ {
		if j.shapes[k].deviation <= j.room()*p.pixels*pixel {
			out = k
		}
	}
	return &j.shapes[out]
}

// plan is at, at the recipe's pixels or as few more as keep the cap on GPU memory, which is
// known before anything is coded.
func (j *job) plan(level int, form string) plan {
	cap := j.recipe.Levels[level].GPUBytes
	out := j.at(level, form, j.recipe.Pixels)
	if cap == 0 || j.gpuBytes(out) <= cap {
		return out
	}
	out = j.least(level, form, func(p plan) bool { return j.gpuBytes(p) <= cap })
	out.relaxed = "gpuBytes"
	return out
}

// least is the plan with the fewest pixels that will do, or the most that the recipe allows.
func (j *job) least(level int, form string, will func(plan) bool) plan {
	lo, hi := j.recipe.Pixels, j.recipe.Relaxed
	for range 12 { // to a 4000th of the range
		if middle := (lo + hi) / 2; will(j.at(level, form, middle)) {
			hi = middle
		} else {
			lo = middle
		}
	}
	return j.at(level, form, hi)
}

// gpuBytes is what a plan takes at most: no level has more geometry than the source.
func (j *job) gpuBytes(p plan) int64 {
	sum := scene.BufferBytes(j.folded.Meshes)
	for _, c := range p.images {
		sum += textures.GPUBytes(c.w, c.h)
	}
	return sum
}

// smaller is the plan to try after one whose file had too many bytes, and false when there is none.
// Bytes of images fall somewhat slower than their texels.
func (j *job) smaller(level int, p plan, bytes, cap int64) (plan, bool) {
	if p.pixels >= j.recipe.Relaxed {
		return p, false
	}
	pixels := min(p.pixels*max(math.Pow(float64(bytes)/float64(cap), 0.6), 1.02), j.recipe.Relaxed)
	next := j.at(level, p.form, pixels)
	next.relaxed = "bytes"
	return next, true
}
