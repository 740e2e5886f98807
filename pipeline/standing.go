package pipeline

import (
	"math"

	"github.com/plinth3d/plinth/mesh/scene"
)

// standing is the scale of each mesh along its own axes, where it stands largest along
// each: a mesh counts once. It is nil for meshes that are not on the stage.
func standing(s *scene.Scene) []*[3]float64 {
	out := make([]*[3]float64, len(s.Meshes))
	rest := s.Rest()
	skins := map[int]float64{}
	for _, place := range s.Placements() {
		scale := axisScales(place.At)
		if place.Skin != scene.None {
			if _, ok := skins[place.Skin]; !ok {
				skins[place.Skin] = skinScale(s, place.Skin, rest)
			}
			scale = [3]float64{skins[place.Skin], skins[place.Skin], skins[place.Skin]}
		}
		if out[place.Mesh] == nil {
			out[place.Mesh] = &[3]float64{}
		}
		for k := range scale {
			out[place.Mesh][k] = max(out[place.Mesh][k], scale[k])
		}
	}
	return out
}

// axisScales is how much longer things along each axis become, and nothing becomes longer
// than that says: where a transform shears, it is the most for all three.
func axisScales(at scene.Mat) (out [3]float64) {
	longest := 0.0
	for k := range out {
		out[k] = math.Sqrt(float64(at[4*k]*at[4*k]) + float64(at[4*k+1]*at[4*k+1]) + float64(at[4*k+2]*at[4*k+2]))
		longest = max(longest, out[k])
	}
	if all := at.Stretch(); all > longest*(1+1e-5) {
		return [3]float64{all, all, all}
	}
	return out
}

// skinScale is the scale at which joints show a skinned mesh: the largest of any.
func skinScale(s *scene.Scene, skin int, world []*scene.Mat) float64 {
	largest := 0.0
	for _, j := range s.JointMatrices(skin, world) {
		largest = max(largest, j.Stretch())
	}
	return largest
}
