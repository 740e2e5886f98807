package pipeline

import (
	"slices"

	"github.com/plinth3d/plinth/mesh/scene"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/textures"
)

// planned is m on its way through Process up to where levels are planned.
func planned(m *Model, pictures []picture, r Recipe) *job {
	if !r.Dedup {
		return newJob(m, m.scene, pictures, r)
	}
	s := m.scene.Dedup()
	return newJob(m, s, carried(m.scene, s, pictures), r)
}

// addLevels tells what becomes of each image of s. Images of equal bytes may be one in memory, and
// yet apart by what they are for.
func addLevels(out []ImageFacts, s *scene.Scene, j *job, first []int) {
	type use struct {
		bytes int // the first image that has them
		role  textures.Role
	}
	same := make([]int, len(s.Images))
	seen := map[string]int{}
	for i, img := range s.Images {
		key := asset.Hash(img.Data)
		if _, known := seen[key]; !known {
			seen[key] = i
		}
		same[i] = seen[key]
	}
	sizes := map[use][]ImageLevel{}
	for i, levels := range j.imageLevels() {
		p := &j.pictures[i]
		if at := (use{same[p.source], kindOf(p.how.Role)}); sizes[at] == nil { // the first is the one that is used
			sizes[at] = levels
		}
	}
	for i := range out {
		at := i
		if j.recipe.Dedup {
			at = first[i]
		}
		levels, stays := sizes[use{same[at], kindOf(textures.Role(out[at].Role))}]
		switch used := len(out[i].Uses) > 0; {
		case !stays:
			out[i].Factor = used
		case used || j.recipe.Dedup || same[i] == i:
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
