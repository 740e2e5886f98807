package scene

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"math"
	"testing"
)

// A corner is a vertex as a renderer sees it in the world.
type corner struct {
	at, normal, tangent [3]float64
	hand                float64 // of the tangent frame in the world
	uv                  [2]float64
}

type triangle struct {
	look    string // materials, variants
	corners [3]corner
	taken   bool
}

// soup is every triangle on the stage, computed apart from the code under test: by
// the formulas of a vertex shader.
func soup(s *Scene) (out []triangle, extent float64) {
	looks := looks(s)
	for _, place := range s.Placements() {
		for i := range s.Meshes[place.Mesh].Primitives {
			p := &s.Meshes[place.Mesh].Primitives[i]
			shown := pick(looks, p.Materials())
			look := fmt.Sprint(len(p.Targets), place.Skin, shown)
			list := p.TriangleList()
			for t := 0; t < len(list); t += 3 {
				tri := triangle{look: look}
				for k := range 3 {
					v := int(list[t+k])
					if determinant(place.At) < 0 {
						v = int(list[t+2-k]) // a renderer turns the front
					}
					tri.corners[k] = shade(p, v, place.At)
					for _, x := range tri.corners[k].at {
						extent = max(extent, math.Abs(x))
					}
				}
				out = append(out, tri)
			}
		}
	}
	return out, extent
}

// looks describes materials by what they show, with images by their bytes.
func looks(s *Scene) (out []string) {
	for i := range s.Materials {
		m := s.Materials[i].Retexture(func(slot Slot) int {
			return int(crc32.ChecksumIEEE(s.Images[s.Textures[slot.Texture].Source].Data))
		})
		text, _ := json.Marshal(m)
		out = append(out, string(text))
	}
	return out
}

func shade(p *Primitive, v int, at Mat) (c corner) {
	read := func(name string) (out [4]float64) {
		if a := p.Attribute(name); a != nil {
			for k := range a.Width {
				out[k] = float64(a.At(v, k))
			}
		}
		return out
	}
	position, normal, tangent, uv := read("POSITION"), read("NORMAL"), read("TANGENT"), read("TEXCOORD_0")
	c.uv = [2]float64{uv[0], uv[1]}
	for r := range 3 {
		c.at[r] = at[r]*position[0] + at[4+r]*position[1] + at[8+r]*position[2] + at[12+r]
		c.tangent[r] = at[r]*tangent[0] + at[4+r]*tangent[1] + at[8+r]*tangent[2]
		for k := range 3 { // the inverse transpose, as minors over the determinant
			a, b, i, j := 4*((k+1)%3), 4*((k+2)%3), (r+1)%3, (r+2)%3
			c.normal[r] += (at[a+i]*at[b+j] - at[a+j]*at[b+i]) / determinant(at) * normal[k]
		}
	}
	c.normal, c.tangent = direction(c.normal), direction(c.tangent)
	c.hand = tangent[3] * math.Copysign(1, determinant(at))
	return c
}

func determinant(m Mat) float64 {
	return m[0]*(m[5]*m[10]-m[6]*m[9]) - m[4]*(m[1]*m[10]-m[2]*m[9]) + m[8]*(m[1]*m[6]-m[2]*m[5])
}

func direction(d [3]float64) [3]float64 {
	l := math.Sqrt(d[0]*d[0] + d[1]*d[1] + d[2]*d[2])
	if l == 0 || math.IsNaN(l) || math.IsInf(l, 0) {
		return [3]float64{}
	}
	return [3]float64{d[0] / l, d[1] / l, d[2] / l}
}

// SameSurfaces fails when the triangles of two scenes can't be paired: one look,
// corners in one order, equal within the rounding of float32.
func SameSurfaces(t *testing.T, a, b *Scene) {
	t.Helper()
	before, extent := soup(a)
	after, _ := soup(b)
	if len(before) != len(after) {
		t.Errorf("%d triangles became %d", len(before), len(after))
		return
	}
	near := max(extent, 1e-30) * 1e-6
	type cell [3]int64
	at := func(tri *triangle) (c cell) {
		for k := range 3 {
			sum := tri.corners[0].at[k] + tri.corners[1].at[k] + tri.corners[2].at[k]
			c[k] = int64(math.Floor(sum / (64 * near)))
		}
		return c
	}
	grid := map[cell][]int{}
	for i := range after {
		grid[at(&after[i])] = append(grid[at(&after[i])], i)
	}
	lost := 0
	for i := range before {
		if c := at(&before[i]); !pair(&before[i], after, near, func(n int) []int {
			return grid[cell{c[0] + int64(n%3) - 1, c[1] + int64(n/3%3) - 1, c[2] + int64(n/9) - 1}]
		}) {
			lost++
		}
	}
	if lost > 0 {
		t.Errorf("%d of %d triangles are not as they were", lost, len(before))
	}
}

// pair takes a triangle like tri from the 27 cells around it.
func pair(tri *triangle, all []triangle, near float64, cell func(int) []int) bool {
	for n := range 27 {
		for _, i := range cell(n) {
			for turn := range 3 {
				if other := &all[i]; !other.taken && tri.look == other.look && alikeFrom(tri, other, turn, near) {
					other.taken = true
					return true
				}
			}
		}
	}
	return false
}

func alikeFrom(a, b *triangle, turn int, near float64) bool {
	for k := range 3 {
		x, y := a.corners[k], b.corners[(k+turn)%3]
		if x.uv != y.uv || x.hand != y.hand {
			return false
		}
		for r := range 3 {
			if math.Abs(x.at[r]-y.at[r]) > near || math.Abs(x.normal[r]-y.normal[r]) > 1e-5 || math.Abs(x.tangent[r]-y.tangent[r]) > 1e-5 {
				return false
			}
		}
	}
	return true
}
