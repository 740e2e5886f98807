package scene

import "slices"

// Finest returns s without the coarser levels that its nodes name (MSFT_lod), and what only
// these used: what is left is what stands on the stage and what else there was. It
// returns s itself where there are none, and where JSON that Plinth doesn't understand may
// refer to things by number.
func (s *Scene) Finest() *Scene {
	drop := s.coarserNodes()
	if !slices.Contains(drop, true) || s.numbered() {
		return s
	}
	out := *s
	f := &finest{drop: drop}
	for i := range s.Nodes {
		if !drop[i] {
			f.nodes.add(i)
		}
	}
	f.nodes.number()
	f.skins(&out)
	out.Nodes = pick(out.Nodes, f.nodes.list)
	for i := range out.Nodes {
		out.Nodes[i] = f.node(&out.Nodes[i])
	}
	out.Scenes = slices.Clone(s.Scenes)
	for i := range out.Scenes {
		out.Scenes[i].Nodes = f.left(out.Scenes[i].Nodes)
	}
	f.animations(&out)
	f.meshes(s, &out)
	f.materials(s, &out)
	return out.Prune()
}

// finest says what is left of a scene.
type finest struct {
	drop  []bool // of nodes
	nodes kept
}

// left is what is left of a list of nodes, with their new numbers.
func (f *finest) left(list []int) (out []int) {
	for _, i := range list {
		if !f.drop[i] {
			out = append(out, f.nodes.of(i))
		}
	}
	return out
}

func (f *finest) node(n *Node) Node {
	out := *n
	out.Children = f.left(n.Children)
	out.Extra = n.withoutLevels()
	return out
}

// skins leaves out those that lost joints. No node that is left has one.
func (f *finest) skins(out *Scene) {
	var skins kept
	gone := func(i int) bool { return i != None && f.drop[i] }
	for i, sk := range out.Skins {
		if !slices.ContainsFunc(sk.Joints, gone) && !gone(sk.Skeleton) {
			skins.add(i)
		}
	}
	skins.number()
	out.Skins = pick(out.Skins, skins.list)
	for i := range out.Skins {
		sk := &out.Skins[i]
		sk.Joints, sk.Skeleton = f.left(sk.Joints), f.nodes.of(sk.Skeleton)
	}
	out.Nodes = slices.Clone(out.Nodes)
	for i := range out.Nodes {
		out.Nodes[i].Skin = skins.of(out.Nodes[i].Skin)
	}
}

func (f *finest) animations(out *Scene) {
	var list []Animation
	for _, a := range out.Animations {
		a.Channels = slices.DeleteFunc(slices.Clone(a.Channels), func(c Channel) bool { return c.Node != None && f.drop[c.Node] })
		for i := range a.Channels {
			a.Channels[i].Node = f.nodes.of(a.Channels[i].Node)
		}
		if len(a.Channels) > 0 {
			list = append(list, a)
		}
	}
	out.Animations = list
}

// meshes leaves out those that only the coarser levels showed.
func (f *finest) meshes(s, out *Scene) {
	coarser, shown := map[int]bool{}, map[int]bool{}
	for i := range s.Nodes {
		if f.drop[i] {
			coarser[s.Nodes[i].Mesh] = true
		} else {
			shown[s.Nodes[i].Mesh] = true
		}
	}
	var meshes kept
	for i := range s.Meshes {
		if shown[i] || !coarser[i] {
			meshes.add(i)
		}
	}
	meshes.number()
	out.Meshes = pick(s.Meshes, meshes.list)
	for i := range out.Nodes {
		out.Nodes[i].Mesh = meshes.of(out.Nodes[i].Mesh)
	}
}

// materials leaves out those that only meshes had that are gone.
func (f *finest) materials(s, out *Scene) {
	before, after := s.materialsOf(s.Meshes), s.materialsOf(out.Meshes)
	var materials kept
	for i := range s.Materials {
		if after[i] || !before[i] {
			materials.add(i)
		}
	}
	materials.number()
	out.Materials = pick(s.Materials, materials.list)
	for i := range out.Materials {
		out.Materials[i].Extra = relevel(out.Materials[i].Extra, func(old int) int {
			if old < 0 || old >= len(s.Materials) {
				return old
			}
			return materials.of(old)
		})
	}
	for i := range out.Meshes {
		m := &out.Meshes[i]
		m.Primitives = slices.Clone(m.Primitives)
		for j := range m.Primitives {
			m.Primitives[j] = m.Primitives[j].rematerial(materials.of)
		}
	}
}

// materialsOf tells which materials meshes have, with the levels of these.
func (s *Scene) materialsOf(meshes []Mesh) []bool {
	out := make([]bool, len(s.Materials))
	for i := range meshes {
		for j := range meshes[i].Primitives {
			mark(out, meshes[i].Primitives[j].Materials(), func(m int) []int { return levels(s.Materials[m].Extra) })
		}
	}
	return out
}
