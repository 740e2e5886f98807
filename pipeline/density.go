package pipeline

import (
	"fmt"
	"math"
	"slices"

	"github.com/plinth3d/plinth/mesh"
	"github.com/plinth3d/plinth/mesh/scene"
)

// spot is a set of texture coordinates under a material.
type spot struct{ material, uv int }

// share of the surface on which a texel must be no larger than allowed. The last
// tenth is seams, undersides and stretched corners.
const share = 0.9

// densities returns, for each material and set of coordinates, how many meters of
// surface one unit of u and of v covers: on 90 % of the area, no more.
func densities(s *scene.Scene) map[spot][2]float64 {
	type sample struct {
		meters [2]float64
		area   float64
	}
	// A mesh counts once, where it stands largest.
	largest := map[int]scene.Mat{}
	rest := s.Rest()
	scales := map[int]scene.Mat{}
	for _, place := range s.Placements() {
		at := place.At
		if place.Skin != scene.None {
			if _, ok := scales[place.Skin]; !ok {
				scales[place.Skin] = skinScale(s, place.Skin, rest)
			}
			at = scales[place.Skin]
		}
		if old, ok := largest[place.Mesh]; !ok || at.Stretch() > old.Stretch() {
			largest[place.Mesh] = at
		}
	}
	all := map[spot][][]sample{}
	for m := range s.Meshes {
		at, placed := largest[m]
		if !placed {
			continue
		}
		prims := s.Meshes[m].Primitives
		for i := range prims {
			p := &prims[i]
			list := p.TriangleList()
			if p.Attribute("POSITION") == nil || len(list) == 0 {
				continue
			}
			points := p.Attribute("POSITION").Vec3()
			for k := range points {
				points[k] = at.Point(points[k])
			}
			for set := 0; ; set++ {
				a := p.Attribute(fmt.Sprintf("TEXCOORD_%d", set))
				if a == nil {
					break
				}
				uv := a.Vec2()
				var samples []sample
				for t := 0; t < len(list); t += 3 {
					i, j, k := list[t], list[t+1], list[t+2]
					if m, ok := metersPerUnit(points[i], points[j], points[k], uv[i], uv[j], uv[k]); ok {
						samples = append(samples, sample{m, mesh.Area(points[i], points[j], points[k])})
					}
				}
				for _, m := range p.Materials() {
					all[spot{m, set}] = append(all[spot{m, set}], samples)
				}
			}
		}
	}
	out := map[spot][2]float64{}
	for at, lists := range all {
		samples := slices.Concat(lists...)
		total := 0.0
		for _, x := range samples {
			total += x.area
		}
		var result [2]float64
		for axis := range 2 {
			slices.SortFunc(samples, func(a, b sample) int {
				switch {
				case a.meters[axis] < b.meters[axis]:
					return -1
				case a.meters[axis] > b.meters[axis]:
					return 1
				}
				return 0
			})
			sum := 0.0
			for _, x := range samples {
				if sum += x.area; sum >= share*total {
					result[axis] = x.meters[axis]
					break
				}
			}
		}
		out[at] = result
	}
	return out
}

// skinScale is the scale at which joints show a skinned mesh: the largest of any.
func skinScale(s *scene.Scene, skin int, world []*scene.Mat) scene.Mat {
	most := 0.0
	for _, j := range s.JointMatrices(skin, world) {
		most = max(most, j.Stretch())
	}
	return scene.Mat{0: most, 5: most, 10: most, 15: 1}
}

// metersPerUnit is the length of the derivatives of the surface along u and v; ok is
// false where the texture is squeezed to a line.
func metersPerUnit(a, b, c [3]float32, ta, tb, tc [2]float32) (out [2]float64, ok bool) {
	du1, dv1 := float64(tb[0])-float64(ta[0]), float64(tb[1])-float64(ta[1])
	du2, dv2 := float64(tc[0])-float64(ta[0]), float64(tc[1])-float64(ta[1])
	det := float64(du1*dv2) - float64(du2*dv1)
	if math.Abs(det) < 1e-14 {
		return out, false
	}
	var u, v float64
	for k := range 3 {
		e1, e2 := float64(b[k])-float64(a[k]), float64(c[k])-float64(a[k])
		x := (float64(e1*dv2) - float64(e2*dv1)) / det
		y := (float64(e2*du1) - float64(e1*du2)) / det
		u, v = u+float64(x*x), v+float64(y*y)
	}
	return [2]float64{math.Sqrt(u), math.Sqrt(v)}, true
}
