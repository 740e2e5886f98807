package scene

import (
	"math"
	"slices"

	"github.com/plinth3d/plinth/mesh"
)

// sizes is of each node how large what it shows is on the stage, as a share of all that
// stands there: diagonals of boxes. It is 1 for what bones or instances place, and for what
// is off the stage.
func (s *Scene) sizes() []float64 {
	out := slices.Repeat([]float64{1}, len(s.Nodes))
	lo, hi, _ := mesh.Bounds(s.worldPoints())
	whole := diagonal(lo, hi)
	for _, place := range s.Placements() {
		if whole == 0 || place.Skin != None || s.Nodes[place.Node].Instances != nil {
			continue
		}
		var corners [][3]float32
		for i := range s.Meshes[place.Mesh].Primitives {
			positions := s.Meshes[place.Mesh].Primitives[i].Attribute("POSITION")
			if positions == nil {
				continue
			}
			points := positions.Vec3()
			for k := range points {
				points[k] = place.At.Point(points[k])
			}
			if lo, hi, ok := mesh.Bounds(points); ok {
				corners = append(corners, lo, hi)
			}
		}
		if lo, hi, ok := mesh.Bounds(corners); ok {
			out[place.Node] = diagonal(lo, hi) / whole
		}
	}
	return out
}

func diagonal(lo, hi [3]float32) float64 {
	sum := 0.0
	for k := range 3 {
		x := float64(hi[k]) - float64(lo[k])
		sum += float64(x * x)
	}
	return math.Sqrt(sum)
}
