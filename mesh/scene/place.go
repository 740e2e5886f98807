package scene

import (
	"fmt"
	"slices"
)

// A hierarchy tells which nodes keep their places against each other.
type hierarchy struct {
	parent    []int // or None
	depth     []int
	addressed []bool   // something may move, hide or read the node
	frame     []string // equal for nodes that can't move against each other; "" for nodes off all stages
	scenes    [][]int  // of each root, the scenes that it is in
}

func (s *Scene) hierarchy() *hierarchy {
	n := len(s.Nodes)
	h := &hierarchy{
		parent: slices.Repeat([]int{None}, n), depth: make([]int, n), addressed: s.addressed(),
		frame: make([]string, n), scenes: make([][]int, n),
	}
	for i := range s.Nodes {
		for _, c := range s.Nodes[i].Children {
			h.parent[c] = i
		}
	}
	var stack []int
	if len(s.Scenes) == 0 {
		stack = s.Stage()
	}
	for i := range s.Scenes {
		for _, r := range s.Scenes[i].Nodes {
			if h.scenes[r] == nil {
				stack = append(stack, r)
			}
			h.scenes[r] = append(h.scenes[r], i)
		}
	}
	for len(stack) > 0 {
		i := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		switch p := h.parent[i]; {
		case h.addressed[i]:
			h.frame[i] = place("nodes", i)
		case p == None:
			h.frame[i] = fmt.Sprint("scenes", h.scenes[i])
		default:
			h.frame[i] = h.frame[p]
		}
		if p := h.parent[i]; p != None {
			h.depth[i] = h.depth[p] + 1
		}
		stack = append(stack, s.Nodes[i].Children...)
	}
	return h
}

// addressed tells which nodes something in the file refers to, or says something about
// that Join can't see the use of.
func (s *Scene) addressed() []bool {
	out := make([]bool, len(s.Nodes))
	mark := func(i int) {
		if i >= 0 && i < len(out) {
			out[i] = true
		}
	}
	for i := range s.Nodes {
		n := &s.Nodes[i]
		if n.Extras != nil || len(n.Extensions) > 0 {
			mark(i)
		}
		for _, l := range levels(n.Extra) {
			mark(l)
		}
	}
	for i := range s.Skins {
		mark(s.Skins[i].Skeleton)
		for _, j := range s.Skins[i].Joints {
			mark(j)
		}
	}
	for i := range s.Animations {
		for _, c := range s.Animations[i].Channels {
			mark(c.Node)
		}
	}
	return out
}

// above is the nearest node that has both a and b below it or is one of them, or None.
func (h *hierarchy) above(a, b int) int {
	for a != b && a != None && b != None {
		if h.depth[a] >= h.depth[b] {
			a = h.parent[a]
		} else {
			b = h.parent[b]
		}
	}
	if a != b {
		return None
	}
	return a
}

// paths returns a function from a node to the transform from its frame to that of one
// above it, or to the world. It goes up each path once.
func (h *hierarchy) paths(s *Scene, above int) func(node int) Mat {
	known := map[int]Mat{above: Identity}
	var path func(node int) Mat
	path = func(node int) Mat {
		at, ok := known[node]
		if !ok {
			at = path(h.parent[node]).Mul(s.Nodes[node].Local())
			known[node] = at
		}
		return at
	}
	return path
}
