package scene

import "slices"

// coarserNodes tells which nodes are below those that MSFT_lod names, and neither on a stage
// nor joints of what is.
func (s *Scene) coarserNodes() []bool {
	reach := func(from []int) []bool {
		seen := make([]bool, len(s.Nodes))
		mark(seen, from, func(i int) []int { return s.Nodes[i].Children })
		return seen
	}
	var named []int
	for i := range s.Nodes {
		named = append(named, levels(s.Nodes[i].Extra)...)
	}
	out := reach(named)
	var stays []int
	if len(s.Scenes) == 0 {
		stays = s.finestRoots()
	}
	for _, sc := range s.Scenes {
		stays = append(stays, sc.Nodes...)
	}
	followed := make([]bool, len(s.Skins))
	for i, on := range reach(stays) {
		if sk := s.Nodes[i].Skin; on && sk != None && !followed[sk] {
			followed[sk] = true
			stays = append(stays, s.Skins[sk].Joints...)
			stays = append(stays, s.Skins[sk].Skeleton)
		}
	}
	for i, on := range reach(stays) {
		out[i] = out[i] && !on
	}
	return out
}

// finestRoots lists what is to be shown of a file that has no scenes and so doesn't say: the
// roots that aren't levels of others. A level's own levels are no more to be shown than it is.
// Where roots are levels of each other, in a circle, the first is the finest, so that
// something of them is left. What a tree says of its own root is ignored for the same reason.
func (s *Scene) finestRoots() (out []int) {
	roots := s.Stage()
	coarser, named := s.coarserRoots(roots)
	seen := make([]bool, len(s.Nodes))
	take := func(r int) {
		if !seen[r] {
			out = append(out, r)
			mark(seen, []int{r}, func(i int) []int { return coarser[i] })
		}
	}
	for _, r := range roots {
		if !named[r] {
			take(r)
		}
	}
	for _, r := range roots {
		take(r)
	}
	return out
}

// coarserRoots lists for each root what the nodes of its tree name as levels, but for the root
// itself, and tells what is named.
func (s *Scene) coarserRoots(roots []int) (coarser [][]int, named []bool) {
	root := slices.Repeat([]int{None}, len(s.Nodes))
	seen := make([]bool, len(s.Nodes))
	for _, r := range roots {
		mark(seen, []int{r}, func(i int) []int {
			root[i] = r
			return s.Nodes[i].Children
		})
	}
	coarser, named = make([][]int, len(s.Nodes)), make([]bool, len(s.Nodes))
	for i, r := range root {
		for _, l := range levels(s.Nodes[i].Extra) {
			if r != None && l != r && l >= 0 && l < len(named) {
				coarser[r], named[l] = append(coarser[r], l), true
			}
		}
	}
	return coarser, named
}

// mark sets seen for a list of things and for all that is next to them. It asks for what is
// next to a thing once, however often that is listed, and leaves out what is out of range:
// lists may be any file's.
func mark(seen []bool, list []int, next func(int) []int) {
	todo := slices.Clone(list)
	for len(todo) > 0 {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if i >= 0 && i < len(seen) && !seen[i] {
			seen[i] = true
			todo = append(todo, next(i)...)
		}
	}
}
