package pipeline

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/plinth3d/plinth/mesh"
	"github.com/plinth3d/plinth/mesh/glb"
	"github.com/plinth3d/plinth/mesh/scene"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/textures"
)

// A Reduced is a model taken down to one target and packed, its images as they came.
type Reduced struct {
	Data      []byte
	Triangles int64
	Vertices  int64
	Reasons   []string // why there are more triangles than the target asks for

	// Difference is that of the surface from the source's as it stands in the world,
	// with all rounding of the form, sampled; lengths are meters.
	Difference mesh.Difference
}

// compared is how many points of each surface Reduce and Compare look at.
const compared = 100_000

// Reduce simplifies a model to each target, finest first, and packs it in a form. Lengths
// are meters. It is for those who want a mesh of a certain size; Process makes what shoppers
// load.
//
// The web form rounds positions and texture coordinates as coarsely as keeps the rounding
// under a seventh of the simplification's own error: the two together are then 1 % more, or
// up to 3 % where a flat side lies half a step off and its whole surface is moved. Where 16
// bits are too few it is a quarter. Where there is no error to match, positions may
// move by a twelfth of a pixel at the recipe's finest level.
func Reduce(ctx context.Context, src []byte, targets []mesh.Target, form string, r Recipe) ([]Reduced, error) {
	if form != asset.Universal && form != asset.Web {
		return nil, fmt.Errorf("%w: form %.40q is none of %s, %s", asset.ErrInvalid, form, asset.Universal, asset.Web)
	}
	if err := r.Check(); err != nil {
		return nil, err
	}
	m, err := read(src, r)
	if err != nil {
		return nil, err
	}
	s := tidied(m.scene, r)
	source := surface(s)
	if source.Triangles() == 0 {
		return nil, noTriangles("simplify")
	}
	levels, err := shapes(ctx, s, targets, r.Crease*math.Pi/180, simplified)
	if err != nil {
		return nil, err
	}
	out := make([]Reduced, len(levels))
	for k, l := range levels {
		level := *s
		level.Meshes = l.meshes
		if form == asset.Web {
			d := mesh.Distance(source, surface(&level), compared)
			t := tightness{
				shift: mesh.ShiftFor(d.RMS / 7), most: mesh.ShiftFor(d.RMS / 4), shade: normalBits,
				fractions: texelFractions, slide: mesh.StepFor(d.UV / 7), edge: edges(&level),
			}
			if d.RMS == 0 {
				t.shift = gridShare * Pixel(m.facts.Radius, r.Levels[0].Height)
			}
			web, _ := webbed(&level, t)
			level = *web
			out[k].Data, err = glb.EncodeWith(&level, glb.Options{Meshopt: true})
		} else {
			out[k].Data, err = glb.Encode(&level)
		}
		if err != nil {
			return nil, err
		}
		// What is measured is what a reader finds.
		back, err := glb.Decode(out[k].Data, r.Limits)
		if err != nil {
			return nil, fmt.Errorf("read what was written: %w", err)
		}
		facts, err := back.Inspect()
		if err != nil {
			return nil, err
		}
		out[k].Triangles, out[k].Vertices, out[k].Reasons = facts.Triangles, facts.Vertices, l.reasons
		out[k].Difference = mesh.Distance(source, surface(back), compared)
	}
	return out, nil
}

func noTriangles(to string) error {
	return &scene.FormatError{Code: "empty", Where: "meshes", What: "have no triangles to " + to, Do: "points and lines stay as they are"}
}

// edges tells the longer side of a texture, in texels; 1 where it isn't known.
func edges(s *scene.Scene) func(texture int) int {
	known := map[int]int{}
	return func(texture int) int {
		i := s.Textures[texture].Source
		if i == scene.None {
			return 1
		}
		if known[i] == 0 {
			known[i] = 1
			if w, h, err := textures.Config(s.Images[i].Data); err == nil {
				known[i] = max(w, h)
			}
		}
		return known[i]
	}
}

// A Comparison is what Compare finds of two models.
type Comparison struct {
	Triangles [2]int64 `json:"triangles"`
	Bytes     [2]int64 `json:"bytes"`
	Diagonal  float64  `json:"diagonal"` // meters, of the box around the first
	mesh.Difference
}

// Compare samples how far the surfaces of two models lie apart, as they stand in the
// world at rest.
func Compare(a, b []byte, r Recipe) (Comparison, error) {
	var out Comparison
	var surfaces [2]*mesh.Mesh
	for i, src := range [2][]byte{a, b} {
		m, err := read(src, r)
		if err != nil {
			return out, err
		}
		if surfaces[i] = surface(m.scene); surfaces[i].Triangles() == 0 {
			return out, noTriangles("compare")
		}
		out.Triangles[i], out.Bytes[i] = m.facts.Triangles, int64(len(src))
	}
	if lo, hi, ok := mesh.Bounds(surfaces[0].Positions); ok {
		for k := range 3 {
			out.Diagonal = math.Hypot(out.Diagonal, float64(hi[k])-float64(lo[k]))
		}
	}
	out.Difference = mesh.Distance(surfaces[0], surfaces[1], compared)
	return out, nil
}

// Surface reads a model as one mesh in the world: everything that is drawn, at rest.
func Surface(src []byte, r Recipe) (*mesh.Mesh, error) {
	m, err := read(src, r)
	if err != nil {
		return nil, err
	}
	return surface(m.scene), nil
}

func surface(s *scene.Scene) *mesh.Mesh {
	var b body
	rest := s.Rest()
	for _, p := range s.Placements() {
		first, parts := len(b.mesh.Positions), len(b.parts)
		b.add(s, p.Mesh, &p.At)
		transformUVs(s, b.parts[parts:], &b.mesh)
		if p.Skin == scene.None {
			continue
		}
		joints := s.JointMatrices(p.Skin, rest)
		at := first
		for j := range s.Meshes[p.Mesh].Primitives {
			prim := &s.Meshes[p.Mesh].Primitives[j]
			positions := prim.Attribute("POSITION")
			if positions == nil || len(prim.TriangleList()) == 0 {
				continue
			}
			at += copy(b.mesh.Positions[at:], prim.Pose(positions.Vec3(), joints))
		}
	}
	return &b.mesh
}

// transformUVs applies the texture transforms of parts to their
// first set of texture coordinates: those of the first slot that reads it. Where none
// does, they are no part of what is seen.
func transformUVs(s *scene.Scene, parts []part, m *mesh.Mesh) {
	if len(m.UVs) == 0 {
		return
	}
	for _, at := range parts {
		p := &s.Meshes[at.mesh].Primitives[at.primitive]
		uvs := m.UVs[0][at.first : at.first+p.Vertices()]
		var slots []scene.Slot
		if p.Material != scene.None {
			slots = s.Materials[p.Material].Slots()
		}
		i := slices.IndexFunc(slots, func(x scene.Slot) bool { return x.UV == 0 })
		if i < 0 {
			clear(uvs)
			continue
		}
		for v := range uvs {
			for k := range 2 {
				uvs[v][k] = float32(slots[i].Offset[k] + float64(float64(uvs[v][k])*slots[i].Transform[k]))
			}
		}
	}
}
