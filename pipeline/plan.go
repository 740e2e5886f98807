package pipeline

import (
	"slices"

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
		share := j.recipe.Roles[p.use(j.recipe).Role].Pixels
		w, h := p.fit(pixel*pixels*share, pixels/j.recipe.Pixels, form)
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

// imageBytes is the GPU memory of a plan's images.
func (p *plan) imageBytes() (sum int64) {
	for _, c := range p.images {
		sum += textures.GPUBytes(c.w, c.h)
	}
	return sum
}
