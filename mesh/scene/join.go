package scene

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/plinth3d/plinth/mesh"
)

// Join returns s with fewer draw calls and the same picture: triangles that have one
// material and one layout of attributes become one primitive.
//
// Within a mesh that asks for nothing else. Across nodes, what is joined must stand
// still against each other and be addressed by nobody:
//   - The node has no skin, no instances, no extras and no extensions, no animation
//     moves it, and it is no joint and no level of detail. If this holds for it but
//     not for a node above, it is joined with others below that node, and moves
//     with it.
//   - The mesh has no extras, no extensions and no morph targets, and no other node
//     shows it: what stands in two places stays shared.
//   - Attributes are those of glTF, with geometry in float32, which can be moved.
//     A material with volume (KHR_materials_volume) measures thickness in the frame of its
//     mesh, so it is joined only where frames are parallel and of one scale.
//
// Neither touches primitives with extras, or what is blended: that is drawn in
// an order that depends on where each part stands.
//
// The joined mesh hangs, without a name, from the nearest node above all its parts. The
// nodes that showed these stay as they are, with name, place and children, but without
// the mesh, so that what looks for them finds them; names of nodes alone don't keep
// anything from being joined, because exporters name all. Meshes that become empty
// go. Where an unknown extension may refer to things by number, s stays as it is.
//
// Equal materials must be one already: call Dedup before.
func (s *Scene) Join() *Scene {
	if s.numbered() {
		return s
	}
	out := *s
	out.Meshes = slices.Clone(s.Meshes)
	for i := range out.Meshes {
		out.Meshes[i].Primitives = s.joinPrimitives(out.Meshes[i].Primitives)
	}
	out.joinNodes()
	return &out
}

// joinPrimitives joins the primitives of one mesh.
func (s *Scene) joinPrimitives(list []Primitive) []Primitive {
	var looks []string // of the groups, in the order of their first members
	groups := map[string][]Primitive{}
	for i := range list {
		key, ok := s.look(&list[i])
		if !ok {
			key = "alone " + place("", i)
		}
		if groups[key] == nil {
			looks = append(looks, key)
		}
		groups[key] = append(groups[key], list[i])
	}
	if len(looks) == len(list) {
		return list
	}
	var out []Primitive
	for _, key := range looks {
		out = append(out, concat(groups[key]))
	}
	return out
}

// look is equal for primitives that can be one; ok is false for one that can't
// be joined with any.
func (s *Scene) look(p *Primitive) (key string, ok bool) {
	corners := len(p.Indices)
	if p.Indices == nil {
		corners = p.Vertices()
	}
	if p.Mode != Triangles || p.Extras != nil || corners < 3 {
		return "", false
	}
	for name := range p.Extensions {
		if name != variants {
			return "", false
		}
	}
	for _, m := range p.Materials() {
		if s.Materials[m].AlphaMode == Blend {
			return "", false
		}
	}
	layout := [][]any{layoutOf(p.Attributes)}
	for _, t := range p.Targets {
		layout = append(layout, layoutOf(t))
	}
	text, err := json.Marshal([]any{p.Material, p.Extensions, layout})
	return string(text), err == nil
}

// layoutOf describes attributes in any order.
func layoutOf(list []Attribute) (out []any) {
	for _, a := range byName(list) {
		out = append(out, []any{a.Name, a.Kind, a.Width, a.Normalized, a.Sparse, a.Octahedral})
	}
	return out
}

func byName(list []Attribute) []Attribute {
	return slices.SortedFunc(slices.Values(list), func(a, b Attribute) int { return strings.Compare(a.Name, b.Name) })
}

// concat makes one primitive of several that look alike. Where all have the same arrays,
// only indices follow each other. Else each brings the vertices that it uses.
func concat(list []Primitive) Primitive {
	out := list[0]
	if len(list) == 1 {
		return out
	}
	out.Indices = nil
	if !slices.ContainsFunc(list, func(p Primitive) bool { return !sameArrays(&p, &list[0]) }) {
		for i := range list {
			out.Indices = append(out.Indices, list[i].TriangleList()...)
		}
		return out
	}
	out.Attributes, out.Targets = blank(out.Attributes), slices.Clone(out.Targets)
	for k := range out.Targets {
		out.Targets[k] = blank(out.Targets[k])
	}
	base := uint32(0)
	for i := range list {
		p := &list[i]
		used, compact := mesh.Compact(p.TriangleList(), p.Vertices())
		for _, v := range compact {
			out.Indices = append(out.Indices, base+v)
		}
		base += uint32(len(used))
		extend(out.Attributes, p.Attributes, used)
		for k := range out.Targets {
			extend(out.Targets[k], p.Targets[k], used)
		}
	}
	return out
}

// blank returns list, by name, with arrays of the same kind and no rows.
func blank(list []Attribute) []Attribute {
	out := byName(list)
	for i := range out {
		out[i].Array = out[i].Gather(nil)
	}
	return out
}

// extend appends rows to arrays that blank made.
func extend(to, from []Attribute, rows []uint32) {
	for i, a := range byName(from) {
		to[i].Data = append(to[i].Data, a.Gather(rows).Data...)
	}
}

func sameArrays(a, b *Primitive) bool {
	if !slices.Equal(a.Attributes, b.Attributes) || len(a.Targets) != len(b.Targets) {
		return false
	}
	for k := range a.Targets {
		if !slices.Equal(a.Targets[k], b.Targets[k]) {
			return false
		}
	}
	return true
}
