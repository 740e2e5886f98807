package pipeline

import (
	"slices"

	"github.com/plinth3d/plinth/mesh/scene"
	"github.com/plinth3d/plinth/pipeline/asset"
)

// planned is m on its way through Process up to where levels are planned.
func planned(m *Model, pictures []picture, r Recipe) *job {
	s := m.scene
	if r.Dedup {
		s = s.Dedup()
		pictures = carried(m.scene, s, pictures)
		s = merged(s, pictures)
		uses(s, pictures)
	}
	folded := fold(s, pictures)
	return &job{recipe: r, model: m, folded: folded, pictures: carried(s, folded, pictures)}
}

// addLevels tells what becomes of each image of s.
func addLevels(out []ImageFacts, s *scene.Scene, j *job, first []int) {
	sizes := map[int][]ImageLevel{}
	for i, levels := range j.imageLevels() {
		if at := j.pictures[i].source; sizes[at] == nil { // the first is the one that is used
			sizes[at] = levels
		}
	}
	views := map[*byte]int{} // images that lie in one view are one to carried
	for i := range out {
		data := &s.Images[i].Data[0]
		if _, known := views[data]; !known {
			views[data] = i
		}
		at := views[data]
		if j.recipe.Dedup {
			at = first[i]
		}
		levels, stays := sizes[at]
		switch used := len(out[i].Uses) > 0; {
		case !stays:
			out[i].Factor = used
		case used || j.recipe.Dedup || at == i:
			out[i].Levels = levels
		}
	}
}

// imageLevels are the sizes that are planned for each image.
func (j *job) imageLevels() [][]ImageLevel {
	out := make([][]ImageLevel, len(j.pictures))
	for k, l := range j.recipe.Levels {
		for i, c := range j.plan(k, asset.Universal).images {
			out[i] = append(out[i], ImageLevel{Level: k, Height: l.Height, Universal: [2]int{c.w, c.h}})
		}
		if slices.Contains(j.recipe.Forms, asset.Web) {
			for i, c := range j.plan(k, asset.Web).images {
				out[i][k].Web = &[2]int{c.w, c.h}
			}
		}
	}
	return out
}
