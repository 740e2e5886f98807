package scene

import (
	"fmt"
	"math"

	"github.com/plinth3d/plinth/mesh"
	"github.com/plinth3d/plinth/textures"
)

// Facts are what can be counted and measured of a scene.
type Facts struct {
	Triangles  int64      `json:"triangles"` // drawn: a mesh counts as often as it stands
	Vertices   int64      `json:"vertices"`  // stored
	Size       [3]float64 `json:"size"`      // meters, of the box around the stage at rest
	Center     [3]float64 `json:"center"`    // meters
	Radius     float64    `json:"radius"`    // meters, from the center to the farthest vertex
	GPUBytes   int64      `json:"gpuBytes"`  // of buffers, and textures with mipmaps
	Nodes      int        `json:"nodes"`
	Meshes     int        `json:"meshes"`
	Primitives int        `json:"primitives"`
	Materials  int        `json:"materials"`
	Images     int        `json:"images"`
	ImageBytes int64      `json:"imageBytes"`
	Skins      int        `json:"skins"`
	Animations int        `json:"animations"`
	Morphs     int        `json:"morphs"`
	Extensions []string   `json:"extensions"`
}

// Inspect counts and measures.
func (s *Scene) Inspect() (Facts, error) {
	f := Facts{
		Nodes: len(s.Nodes), Meshes: len(s.Meshes), Materials: len(s.Materials), Images: len(s.Images),
		Skins: len(s.Skins), Animations: len(s.Animations), Extensions: s.Used(),
	}
	points := s.worldPoints()
	if lo, hi, ok := mesh.Bounds(points); ok {
		for k := range 3 {
			f.Size[k] = float64(hi[k]) - float64(lo[k])
			f.Center[k] = (float64(hi[k]) + float64(lo[k])) / 2
		}
	}
	for _, p := range points {
		d := 0.0
		for k := range 3 {
			x := float64(p[k]) - f.Center[k]
			d += float64(x * x)
		}
		f.Radius = max(f.Radius, math.Sqrt(d))
	}
	counts := make([]int64, len(s.Meshes))
	for m := range s.Meshes {
		for i := range s.Meshes[m].Primitives {
			counts[m] += int64(len(s.Meshes[m].Primitives[i].TriangleList()) / 3)
		}
	}
	for _, p := range s.Placements() {
		f.Triangles += counts[p.Mesh]
	}
	for i := range s.Meshes {
		for k := range s.Meshes[i].Primitives {
			p := &s.Meshes[i].Primitives[k]
			f.Primitives++
			f.Vertices += int64(p.Vertices())
			f.Morphs += len(p.Targets)
		}
	}
	f.GPUBytes = BufferBytes(s.Meshes)
	var sizes textures.Sizes
	for i, img := range s.Images {
		w, h, err := sizes.Config(img.Data)
		if err != nil {
			return f, Bad(place("images", i), "%v", err)
		}
		f.GPUBytes += textures.GPUBytes(w, h)
		f.ImageBytes += int64(len(img.Data))
	}
	return f, nil
}

// worldPoints is every vertex that stands on the stage, at rest.
func (s *Scene) worldPoints() (out [][3]float32) {
	world := s.Rest()
	joints := map[int][]Mat{}
	for _, place := range s.Placements() {
		if place.Skin != None && joints[place.Skin] == nil {
			joints[place.Skin] = s.JointMatrices(place.Skin, world)
		}
		prims := s.Meshes[place.Mesh].Primitives
		for i := range prims {
			positions := prims[i].Attribute("POSITION")
			if positions == nil {
				continue
			}
			points := positions.Vec3()
			if place.Skin != None {
				out = append(out, prims[i].Pose(points, joints[place.Skin])...)
				continue
			}
			for _, p := range points {
				out = append(out, place.At.Point(p))
			}
		}
	}
	return out
}

// BufferBytes is the memory of vertices and indices as the writer packs them.
func BufferBytes(meshes []Mesh) (sum int64) {
	seen := map[*Array]bool{}
	type order struct { // a list of indices that primitives may share
		first *uint32
		n     int
		kind  Kind
	}
	orders := map[order]bool{}
	add := func(list []Attribute) {
		for _, a := range list {
			if !seen[a.Array] {
				seen[a.Array] = true
				sum += int64(len(a.Data))
			}
		}
	}
	for i := range meshes {
		for j := range meshes[i].Primitives {
			p := &meshes[i].Primitives[j]
			add(p.Attributes)
			for _, t := range p.Targets {
				add(t)
			}
			if len(p.Indices) == 0 {
				continue
			}
			if o := (order{&p.Indices[0], len(p.Indices), IndexKind(p.Vertices())}); !orders[o] {
				orders[o] = true
				sum += int64(o.n) * int64(o.kind.Size())
			}
		}
	}
	return sum
}

// IndexKind is the smallest type for indices of that many vertices. The largest
// value of a type is kept free, as glTF asks; one byte is slow on many devices.
func IndexKind(vertices int) Kind {
	if vertices <= math.MaxUint16 {
		return Uint16
	}
	return Uint32
}

// Sizes beyond which a product is probably in another unit, in meters.
const (
	tooLarge = 30
	tooSmall = 0.01
)

// SizeFinding tells when the scene has a size no product has, with the unit that
// would make it likely.
func (f *Facts) SizeFinding() (Finding, bool) {
	largest := max(f.Size[0], f.Size[1], f.Size[2])
	if largest == 0 || largest >= tooSmall && largest <= tooLarge {
		return Finding{}, false
	}
	do := "check the scale in the exporter"
	for _, unit := range []string{"cm", "mm", "in"} {
		if got := largest * Units[unit]; largest > tooLarge && got >= 0.02 && got <= 5 {
			do = fmt.Sprintf("if it is drawn in %s, convert with --unit %s or upload with ?unit=%s: it is then %.2f m", unit, unit, unit, got)
			break
		}
	}
	return Finding{"size", Note, "the model", fmt.Sprintf("is %.4g m in its largest extent, unusual for a product", largest), do}, true
}
