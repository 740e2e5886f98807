package pipeline

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/plinth3d/plinth/mesh"
	"github.com/plinth3d/plinth/mesh/scene"
)

// A body is a part of a scene that is simplified as one mesh: everything that
// stands still, together, so that borders between its primitives move together;
// or one mesh that moves or stands in several places.
type body struct {
	mesh    mesh.Mesh
	parts   []part
	stretch float64 // the most that the world lengthens it
	keep    bool    // vertices carry what can't be fitted to another place
}

// part is where a primitive's vertices are in a body; its number is that of its
// triangles in mesh.Parts.
type part struct {
	mesh, primitive int        // in the scene
	first           int        // vertex
	at              *scene.Mat // where it stands in the body; nil is as it is
}

// maxPosed bounds the vertices of all poses of a body. What needs more is kept as
// it came.
const maxPosed = 32 << 20

// bodies divides a scene.
func bodies(s *scene.Scene) []body {
	moments := frames(s)
	placed := map[int][]scene.Placement{}
	for _, p := range s.Placements() {
		placed[p.Mesh] = append(placed[p.Mesh], p)
	}
	moving, reach := animated(s), reaches(s)
	still := body{stretch: 1}
	var out []body
	for i := range s.Meshes {
		places := placed[i]
		morphs := slices.ContainsFunc(s.Meshes[i].Primitives, func(p scene.Primitive) bool { return len(p.Targets) > 0 })
		switch {
		case len(places) == 0:
		case len(places) == 1 && places[0].Skin == scene.None && !moving[places[0].Node] && !morphs && invertible(places[0].At):
			still.add(s, i, &places[0].At)
		case len(places) == 1 && places[0].Skin != scene.None:
			if b, ok := posed(s, i, places[0], moments); ok {
				out = append(out, b)
			}
		case slices.ContainsFunc(places, func(p scene.Placement) bool { return p.Skin != scene.None }):
			// One mesh on several skeletons is kept as it came.
		default:
			b := body{stretch: stretch(s, places, moving, reach)}
			b.add(s, i, nil)
			if b.morph(s, i) {
				out = append(out, b)
			}
		}
	}
	if len(still.parts) > 0 {
		out = append(out, still)
	}
	return slices.DeleteFunc(out, func(b body) bool {
		return b.mesh.Triangles() == 0 || b.stretch == 0 || math.IsInf(b.stretch, 0) || math.IsNaN(b.stretch)
	})
}

// add appends the triangles of a mesh, moved to the world where at is given.
func (b *body) add(s *scene.Scene, i int, at *scene.Mat) {
	for j := range s.Meshes[i].Primitives {
		p := &s.Meshes[i].Primitives[j]
		positions := p.Attribute("POSITION")
		list := p.TriangleList()
		if positions == nil || len(list) == 0 {
			continue
		}
		m, first := &b.mesh, len(b.mesh.Positions)
		for _, at0 := range positions.Vec3() {
			if at != nil {
				at0 = at.Point(at0)
			}
			m.Positions = append(m.Positions, at0)
		}
		n := len(m.Positions)
		if a := p.Attribute("NORMAL"); a != nil {
			m.Normals = append(grown(m.Normals, first), a.Vec3()...)
			if at != nil {
				turn(m.Normals[first:], *at)
			}
		}
		if a := p.Attribute("COLOR_0"); a != nil {
			m.Colors = append(grown(m.Colors, first), a.Vec4()...)
		}
		for set := 0; ; set++ {
			a := p.Attribute(fmt.Sprintf("TEXCOORD_%d", set))
			if a == nil {
				break
			}
			if set == len(m.UVs) {
				m.UVs = append(m.UVs, nil)
			}
			m.UVs[set] = append(grown(m.UVs[set], first), a.Vec2()...)
		}
		// What this primitive lacks and others have is zero all over.
		if m.Normals != nil {
			m.Normals = grown(m.Normals, n)
		}
		if m.Colors != nil {
			m.Colors = grown(m.Colors, n)
		}
		for set := range m.UVs {
			m.UVs[set] = grown(m.UVs[set], n)
		}
		for _, v := range list {
			m.Indices = append(m.Indices, uint32(first)+v)
		}
		m.Parts = append(m.Parts, slices.Repeat([]uint32{uint32(len(b.parts))}, len(list)/3)...)
		b.parts = append(b.parts, part{i, j, first, at})
		b.keep = b.keep || !fittable(p)
	}
}

// grown returns list with zeros up to length n.
func grown[T any](list []T, n int) []T {
	if len(list) >= n {
		return list
	}
	return append(list, make([]T, n-len(list))...)
}

// fittable tells whether everything that the vertices of p carry can be fitted to a new
// place. Weights, morph targets and custom attributes stay with their vertex.
func fittable(p *scene.Primitive) bool {
	return len(p.Targets) == 0 && !slices.ContainsFunc(p.Attributes, func(a scene.Attribute) bool {
		switch a.Name {
		case "POSITION", "NORMAL", "TANGENT", "COLOR_0":
			return false
		}
		return !strings.HasPrefix(a.Name, "TEXCOORD_")
	})
}

// turn moves normals as at does.
func turn(normals [][3]float32, at scene.Mat) {
	m, _ := at.Linear()
	m = m.Normals()
	for i, n := range normals {
		normals[i] = m.Turn(n)
	}
}

func invertible(at scene.Mat) bool {
	_, ok := at.Inverse()
	return ok
}

// morph adds each morph target, fully applied, as a pose. It says false when that
// would be too many.
func (b *body) morph(s *scene.Scene, i int) bool {
	targets := 0
	for j := range s.Meshes[i].Primitives {
		targets = max(targets, len(s.Meshes[i].Primitives[j].Targets))
	}
	if targets*len(b.mesh.Positions) > maxPosed {
		return false
	}
	for t := range targets {
		pose := slices.Clone(b.mesh.Positions)
		for _, p := range b.parts {
			prim := &s.Meshes[p.mesh].Primitives[p.primitive]
			applyTarget(pose[p.first:p.first+prim.Vertices()], prim, t)
		}
		b.mesh.Poses = append(b.mesh.Poses, pose)
	}
	return true
}

func applyTarget(points [][3]float32, p *scene.Primitive, t int) {
	if t >= len(p.Targets) {
		return
	}
	for _, a := range p.Targets[t] {
		if a.Name != "POSITION" {
			continue
		}
		for v := range points {
			for k := range 3 {
				points[v][k] += a.At(v, k)
			}
		}
	}
}

// posed makes a body of a skinned mesh: in the world at rest, with its morph
// targets, and at key frames of every animation.
func posed(s *scene.Scene, i int, place scene.Placement, moments [][]*scene.Mat) (body, bool) {
	b := body{stretch: 1}
	b.add(s, i, nil)
	if !b.morph(s, i) {
		return b, false
	}
	worlds := append([][]*scene.Mat{s.Rest()}, moments...)
	if len(worlds)*len(b.mesh.Positions) > maxPosed {
		return b, false
	}
	shapes := append([][][3]float32{b.mesh.Positions}, b.mesh.Poses...)
	b.mesh.Poses = nil
	for w, world := range worlds {
		joints := s.JointMatrices(place.Skin, world)
		for _, shape := range shapes {
			pose := make([][3]float32, 0, len(shape))
			for _, p := range b.parts {
				prim := &s.Meshes[p.mesh].Primitives[p.primitive]
				pose = append(pose, prim.Pose(shape[p.first:p.first+prim.Vertices()], joints)...)
			}
			b.mesh.Poses = append(b.mesh.Poses, pose)
			if w > 0 {
				break // morphs are looked at in the rest pose only
			}
		}
	}
	b.mesh.Positions, b.mesh.Poses = b.mesh.Poses[0], b.mesh.Poses[1:]
	return b, true
}
