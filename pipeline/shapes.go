package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/plinth3d/plinth/mesh"
	"github.com/plinth3d/plinth/mesh/scene"
)

// A shape is the geometry of one level.
type shape struct {
	meshes    []scene.Mesh
	deviation float64  // meters; 0 when all is as it came
	reasons   []string // why there are more triangles than a ratio asked for
}

// shapes simplifies a scene to each target, finest first; deviations are meters of the
// world. What no level changes is as it came; what is changed has normals.
func shapes(ctx context.Context, source *scene.Scene, goals []mesh.Target, crease float64, chain chainer) ([]shape, error) {
	out := make([]shape, len(goals))
	for k := range out {
		out[k].meshes = slices.Clone(source.Meshes)
	}
	s := withNormals(source, crease)
	for i, b := range bodies(s) {
		targets := slices.Clone(goals)
		for k := range targets {
			// A level is measured from the source in the body's own frame.
			targets[k].Deviation = float32(float64(goals[k].Deviation) / b.stretch * 0.999)
		}
		levels, err := chain(ctx, i, &b, targets)
		if err != nil {
			return nil, context.Cause(ctx)
		}
		for k := range levels {
			if l := &levels[k]; len(l.Indices) < len(b.mesh.Indices) {
				kept := b.write(s, l, out[k].meshes, goals[k].Ratio > 0)
				if kept > 0 {
					out[k].reasons = append(out[k].reasons, fmt.Sprintf("%d meshes have nothing left but what is too small to keep its place, and stay as they came", kept))
				}
				out[k].deviation = max(out[k].deviation, float64(l.Deviation)*b.stretch)
			}
			if why := levels[k].Reason; why != "" && !slices.Contains(out[k].reasons, why) {
				out[k].reasons = append(out[k].reasons, why)
			}
		}
	}
	return out, nil
}

// A chainer makes the levels of a body, which has that number.
type chainer func(ctx context.Context, number int, b *body, targets []mesh.Target) ([]mesh.Level, error)

func simplified(ctx context.Context, _ int, b *body, targets []mesh.Target) ([]mesh.Level, error) {
	return mesh.Chain(ctx, &b.mesh, targets, mesh.Options{KeepVertices: b.keep})
}

// write puts a level's triangles into the primitives they are of. One that has none left
// goes where fewer triangles are what is asked for, and else stays as it came: nothing of it
// is large enough to be seen. A mesh needs one, so the last stays in any case; write returns
// how many did.
func (b *body) write(s *scene.Scene, l *mesh.Level, meshes []scene.Mesh, drop bool) (kept int) {
	lists := make([][]uint32, len(b.parts))
	for t, p := range l.Parts {
		lists[p] = append(lists[p], l.Indices[3*t:3*t+3]...)
	}
	gone := map[int]map[int]bool{} // mesh -> primitives; an entry says that the list is a copy
	for i, p := range b.parts {
		if gone[p.mesh] == nil {
			meshes[p.mesh].Primitives = slices.Clone(meshes[p.mesh].Primitives)
			gone[p.mesh] = map[int]bool{}
		}
		if len(lists[i]) == 0 {
			gone[p.mesh][p.primitive] = drop
			continue
		}
		meshes[p.mesh].Primitives[p.primitive] = b.reduced(p, &s.Meshes[p.mesh].Primitives[p.primitive], l, lists[i])
	}
	for m, of := range gone {
		var rest []scene.Primitive
		for j, p := range meshes[m].Primitives {
			if !of[j] {
				rest = append(rest, p)
			}
		}
		if len(rest) == 0 {
			kept++
			continue
		}
		meshes[m].Primitives = rest
	}
	return kept
}

// reduced is a primitive with the vertices of a level that list uses. A vertex that
// didn't move is what it was, bit for bit.
func (b *body) reduced(part part, p *scene.Primitive, l *mesh.Level, list []uint32) scene.Primitive {
	used, indices := mesh.Compact(list, len(l.Positions))
	from := make([]uint32, len(used))
	var moved []int // of used
	for i, v := range used {
		source := l.Sources[v]
		from[i] = source - uint32(part.first)
		if !l.Same(int(v), &b.mesh, int(source)) {
			moved = append(moved, i)
		}
	}
	out := regathered(p, from, indices)
	if len(moved) == 0 {
		return out
	}
	f := fitter{level: l, used: used, moved: moved, at: part.at}
	if f.at != nil {
		f.back, _ = f.at.Inverse() // bodies saw to it that there is one
	}
	normals := f.normals(out.Attribute("NORMAL"))
	for i, a := range out.Attributes {
		set := 0
		switch _, err := fmt.Sscanf(a.Name, "TEXCOORD_%d", &set); {
		case a.Name == "POSITION":
			out.Attributes[i].Array = f.positions(a.Array)
		case a.Name == "NORMAL":
			out.Attributes[i].Array = scene.Floats(normals)
		case a.Name == "TANGENT":
			out.Attributes[i].Array = f.tangents(a.Array, normals)
		case a.Name == "COLOR_0":
			out.Attributes[i].Array = f.colors(a.Array)
		case err == nil && set < len(l.UVs):
			uvs := a.Array.Vec2()
			for _, k := range moved {
				uvs[k] = l.UVs[set][used[k]]
			}
			out.Attributes[i].Array = scene.Floats(uvs)
		}
	}
	return out
}

// withNormals gives normals to triangles that have none. Viewers shade those flat,
// face by face, which would show every triangle that simplification leaves.
func withNormals(s *scene.Scene, crease float64) *scene.Scene {
	out := *s
	out.Meshes = slices.Clone(s.Meshes)
	for i := range out.Meshes {
		m := &out.Meshes[i]
		cloned := false
		for j := range m.Primitives {
			p := &m.Primitives[j]
			if p.Attribute("NORMAL") != nil || p.Attribute("POSITION") == nil || len(p.TriangleList()) == 0 {
				continue
			}
			if !cloned {
				m.Primitives, cloned = slices.Clone(m.Primitives), true
				p = &m.Primitives[j]
			}
			flat := mesh.Mesh{Positions: p.Attribute("POSITION").Vec3(), Indices: p.TriangleList()}
			normals, from, indices := mesh.Normals(&flat, crease)
			*p = regathered(p, from, indices)
			p.Attributes = append(p.Attributes, scene.Attribute{Name: "NORMAL", Array: scene.Floats(normals)})
			slices.SortFunc(p.Attributes, func(a, b scene.Attribute) int { return strings.Compare(a.Name, b.Name) })
		}
	}
	return &out
}

// regathered is p with the listed vertices and indices into them. Arrays that it uses
// twice stay one.
func regathered(p *scene.Primitive, from, indices []uint32) scene.Primitive {
	out := *p
	out.Mode, out.Indices = scene.Triangles, indices
	done := map[*scene.Array]*scene.Array{}
	gather := func(list []scene.Attribute) (to []scene.Attribute) {
		for _, a := range list {
			if done[a.Array] == nil {
				done[a.Array] = a.Gather(from)
			}
			to = append(to, scene.Attribute{Name: a.Name, Array: done[a.Array]})
		}
		return to
	}
	out.Attributes, out.Targets = gather(p.Attributes), nil
	for _, t := range p.Targets {
		out.Targets = append(out.Targets, gather(t))
	}
	return out
}
