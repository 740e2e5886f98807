package pipeline

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/plinth3d/plinth/mesh"
	"github.com/plinth3d/plinth/mesh/scene"
)

// A mapping is how a material lays an image on surfaces.
type mapping struct {
	material int
	layout
}

// A layout is by which texture coordinates that is, and how KHR_texture_transform scales and
// turns them.
type layout struct {
	uv       int
	scale    [2]float64
	rotation float64
}

func mappingOf(material int, slot scene.Slot) mapping {
	return mapping{material, layout{slot.UV, slot.Transform, slot.Rotation}}
}

// shares of the surface on which a texel is no larger than a density says. Sizes are
// chosen by the last: the tenth that is left is seams, undersides and stretched corners.
var shares = [...]float64{0.5, 0.9}

// Indexes of shares.
const (
	half = iota
	most
)

// A density is how many meters of surface one unit of u and of v covers, at most, on each
// of the shares of the area. It is 0 where nothing shows the image. It is infinite where
// more of the area squeezes the image to a line or a point: that shows single texels, such
// as swatches of a palette, and a smaller image mixes them with their neighbors.
type density [len(shares)][2]float64

// A patch is one triangle's part of a density.
type patch struct {
	meters [2]float64
	area   float64 // square meters
}

// densities returns the density of each mapping that something on the stage shows.
func densities(s *scene.Scene) map[mapping]density {
	var pieces [][]patch
	shown := map[mapping][]int{} // pieces that show it
	for m, scale := range standing(s) {
		if scale == nil {
			continue
		}
		for i := range s.Meshes[m].Primitives {
			p := &s.Meshes[m].Primitives[i]
			list := p.TriangleList()
			if p.Attribute("POSITION") == nil || len(list) == 0 {
				continue
			}
			points := p.Attribute("POSITION").Vec3()
			known := map[layout]int{}
			for _, at := range mappings(s, p) {
				n, ok := known[at.layout]
				if uvs := p.Attribute(fmt.Sprintf("TEXCOORD_%d", at.uv)); !ok && uvs != nil {
					n, ok = len(pieces), true
					pieces = append(pieces, patches(list, points, *scale, uvs.Vec2(), at.layout))
					known[at.layout] = n
				}
				if ok {
					shown[at] = append(shown[at], n)
				}
			}
		}
	}
	// Materials of variants are shown by the same pieces.
	sums := map[string]density{}
	out := map[mapping]density{}
	for at, list := range shown {
		key := fmt.Sprint(list)
		if _, known := sums[key]; !known {
			var all []patch
			for _, n := range list {
				all = append(all, pieces[n]...)
			}
			sums[key] = densityOf(all)
		}
		out[at] = sums[key]
	}
	return out
}

// mappings are those of all materials that p can show, each once.
func mappings(s *scene.Scene, p *scene.Primitive) (out []mapping) {
	seen := map[mapping]bool{}
	for _, m := range p.Materials() {
		for _, slot := range s.Materials[m].Slots() {
			if at := mappingOf(m, slot); !seen[at] {
				seen[at] = true
				out = append(out, at)
			}
		}
	}
	return out
}

// patches are those of triangles that stand at that scale.
func patches(list []uint32, points [][3]float32, scale [3]float64, uvs [][2]float32, by layout) []patch {
	corner := func(v uint32) (out [3]float32) {
		for k := range out {
			out[k] = float32(float64(points[v][k]) * scale[k])
		}
		return out
	}
	out := make([]patch, 0, len(list)/3)
	for t := 0; t+3 <= len(list); t += 3 {
		i, j, k := list[t], list[t+1], list[t+2]
		a, b, c := corner(i), corner(j), corner(k)
		at := patch{area: mesh.Area(a, b, c)}
		for _, turn := range by.turns() {
			m := metersPerUnit(a, b, c, turn(uvs[i]), turn(uvs[j]), turn(uvs[k]))
			at.meters[0], at.meters[1] = max(at.meters[0], m[0]), max(at.meters[1], m[1])
		}
		out = append(out, at)
	}
	return out
}

// turns are what a layout does to coordinates, but for their offset, which changes no
// length. Viewers turn the other way than the text of KHR_texture_transform, so what is
// right for both counts.
func (l layout) turns() []func([2]float32) [2]float64 {
	turn := func(angle float64) func([2]float32) [2]float64 {
		sin, cos := tidy(math.Sin(angle)), tidy(math.Cos(angle))
		return func(uv [2]float32) [2]float64 {
			u, v := float64(float64(uv[0])*l.scale[0]), float64(float64(uv[1])*l.scale[1])
			return [2]float64{float64(cos*u) - float64(sin*v), float64(sin*u) + float64(cos*v)}
		}
	}
	if l.rotation == 0 {
		return []func([2]float32) [2]float64{turn(0)}
	}
	return []func([2]float32) [2]float64{turn(l.rotation), turn(-l.rotation)}
}

// densityOf sorts all.
func densityOf(all []patch) (out density) {
	total := 0.0
	for _, x := range all {
		total += x.area
	}
	for axis := range 2 {
		slices.SortFunc(all, func(a, b patch) int { return cmp.Compare(a.meters[axis], b.meters[axis]) })
		sum, next := 0.0, 0
		for _, x := range all {
			sum += x.area
			for next < len(shares) && sum >= shares[next]*total {
				out[next][axis] = x.meters[axis]
				next++
			}
		}
	}
	return out
}

// flat is the least that a triangle covers of an image, along an axis, to show more of it
// than a point; float32 has no finer steps near 1.
const flat = 1e-7

// metersPerUnit is the length of the derivatives of the surface along u and v. Where the
// image is squeezed to a line, it is by how much of each the line covers, and infinite
// along an axis of which it covers nothing.
func metersPerUnit(a, b, c [3]float32, ta, tb, tc [2]float64) (out [2]float64) {
	du1, dv1 := tb[0]-ta[0], tb[1]-ta[1]
	du2, dv2 := tc[0]-ta[0], tc[1]-ta[1]
	det := float64(du1*dv2) - float64(du2*dv1)
	if math.Abs(det) < flat*flat {
		longest := max(span(a, b), span(b, c), span(c, a))
		for axis, covers := range [2]float64{max(math.Abs(du1), math.Abs(du2), math.Abs(du1-du2)), max(math.Abs(dv1), math.Abs(dv2), math.Abs(dv1-dv2))} {
			if out[axis] = math.Inf(1); covers >= flat {
				out[axis] = longest / covers
			}
		}
		return out
	}
	var u, v float64
	for k := range 3 {
		e1, e2 := float64(b[k])-float64(a[k]), float64(c[k])-float64(a[k])
		x := (float64(e1*dv2) - float64(e2*dv1)) / det
		y := (float64(e2*du1) - float64(e1*du2)) / det
		u, v = u+float64(x*x), v+float64(y*y)
	}
	return [2]float64{math.Sqrt(u), math.Sqrt(v)}
}

// span is the length of an edge in meters.
func span(a, b [3]float32) float64 {
	sum := 0.0
	for k := range 3 {
		d := float64(b[k]) - float64(a[k])
		sum += float64(d * d)
	}
	return math.Sqrt(sum)
}
