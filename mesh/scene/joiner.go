package scene

import "slices"

// A draw is a primitive that a node shows.
type draw struct{ node, primitive int }

// joinNodes joins what stands still on different nodes. s is a copy that may be changed,
// down to the lists of primitives.
func (s *Scene) joinNodes() {
	h := s.hierarchy()
	var keys []string // in the order of their first draws
	groups := map[string][]draw{}
	for _, d := range s.draws(h) {
		p := &s.Meshes[s.Nodes[d.node].Mesh].Primitives[d.primitive]
		look, ok := s.look(p)
		if !ok || !p.movable() {
			continue
		}
		key := h.frame[d.node] + " " + look
		if groups[key] == nil {
			keys = append(keys, key)
		}
		groups[key] = append(groups[key], d)
	}

	j := joiner{scene: s, hierarchy: h, meshes: map[spot]int{}, taken: map[draw]bool{}}
	before := len(s.Meshes)
	s.Nodes = slices.Clone(s.Nodes)
	for _, key := range keys {
		j.join(groups[key])
	}
	if len(s.Meshes) == before {
		return
	}
	j.leave(before)
	s.dropEmpty()
}

// draws lists what may be joined, as far as nodes and meshes say.
func (s *Scene) draws(h *hierarchy) (out []draw) {
	shown := make([]int, len(s.Meshes))
	for i := range s.Nodes {
		if m := s.Nodes[i].Mesh; m != None {
			shown[m]++
		}
	}
	for i := range s.Nodes {
		n := &s.Nodes[i]
		if n.Mesh == None || n.Skin != None || n.Instances != nil || h.addressed[i] || h.frame[i] == "" {
			continue
		}
		m := &s.Meshes[n.Mesh]
		if shown[n.Mesh] > 1 || m.Extras != nil || len(m.Extensions) > 0 {
			continue
		}
		for k := range m.Primitives {
			out = append(out, draw{i, k})
		}
	}
	return out
}

// joiner puts joined meshes into a scene.
type joiner struct {
	scene     *Scene
	hierarchy *hierarchy
	meshes    map[spot]int // new ones, by where they stand
	taken     map[draw]bool
}

// A spot is where a joined mesh stands: below a node, or at the root of the scenes that
// a frame stands for.
type spot struct {
	above int
	frame string
}

// join makes one primitive of draws that look alike and keep their places.
func (j *joiner) join(list []draw) {
	if len(list) < 2 {
		return
	}
	s, h := j.scene, j.hierarchy
	at := spot{list[0].node, h.frame[list[0].node]}
	for _, d := range list {
		at.above = h.above(at.above, d.node)
	}
	path := h.paths(s, at.above)
	var parts []Primitive
	var from []draw
	for _, d := range list {
		p := &s.Meshes[s.Nodes[d.node].Mesh].Primitives[d.primitive]
		to := path(d.node)
		if s.measuresItself(p) && !to.shifts() {
			continue
		}
		if moved, ok := p.moved(to); ok {
			parts, from = append(parts, moved), append(from, d)
		}
	}
	if len(parts) < 2 {
		return
	}
	for _, d := range from {
		j.taken[d] = true
	}
	m := j.mesh(at, list[0].node)
	s.Meshes[m].Primitives = append(s.Meshes[m].Primitives, concat(parts))
}

// mesh is the one that stands at a spot, made with its node when it is first asked for.
func (j *joiner) mesh(at spot, member int) int {
	if m, ok := j.meshes[at]; ok {
		return m
	}
	s := j.scene
	s.Meshes = append(s.Meshes, Mesh{})
	j.meshes[at] = len(s.Meshes) - 1
	s.Nodes = append(s.Nodes, Node{
		Mesh: len(s.Meshes) - 1, Skin: None, Camera: None,
		Rotation: [4]float64{3: 1}, Scale: [3]float64{1, 1, 1},
	})
	node := len(s.Nodes) - 1
	if at.above != None {
		up := &s.Nodes[at.above]
		up.Children = append(slices.Clone(up.Children), node)
		return j.meshes[at]
	}
	root := member
	for j.hierarchy.parent[root] != None {
		root = j.hierarchy.parent[root]
	}
	s.Scenes = slices.Clone(s.Scenes)
	for _, i := range j.hierarchy.scenes[root] {
		s.Scenes[i].Nodes = append(slices.Clone(s.Scenes[i].Nodes), node)
	}
	return j.meshes[at]
}

// leave takes what was joined out of the first n meshes.
func (j *joiner) leave(n int) {
	s := j.scene
	for i := range s.Nodes {
		m := s.Nodes[i].Mesh
		if m == None || m >= n {
			continue
		}
		var rest []Primitive
		for k, p := range s.Meshes[m].Primitives {
			if !j.taken[draw{i, k}] {
				rest = append(rest, p)
			}
		}
		if len(rest) < len(s.Meshes[m].Primitives) {
			s.Meshes[m].Primitives = rest
		}
	}
}

// dropEmpty takes out the meshes that have nothing to show.
func (s *Scene) dropEmpty() {
	var stay kept
	for i := range s.Meshes {
		if len(s.Meshes[i].Primitives) > 0 {
			stay.add(i)
		}
	}
	stay.number()
	s.Meshes = pick(s.Meshes, stay.list)
	for i := range s.Nodes {
		s.Nodes[i].Mesh = stay.of(s.Nodes[i].Mesh)
	}
}

// measuresItself says whether a material of p takes lengths from the frame of its mesh.
func (s *Scene) measuresItself(p *Primitive) bool {
	return slices.ContainsFunc(p.Materials(), func(m int) bool {
		_, volume := s.Materials[m].Extensions["KHR_materials_volume"]
		return volume
	})
}

// shifts says whether a neither turns nor scales.
func (a Mat) shifts() bool {
	a[12], a[13], a[14] = 0, 0, 0
	return a == Identity
}
