package scene

import (
	"context"
	"slices"
)

// A Stack is a scene that has several levels of detail of one model. What stands on its
// stage is the finest, which a viewer shows that knows nothing of levels; MSFT_lod on the
// nodes that differ names those that show the coarser ones.
type Stack struct {
	*Scene
	Levels int // how many; 0 is the finest

	// Meshes and Images say of each the coarsest level that has it. Images may be of
	// several levels, a mesh is of one, or of all where it is the same in all.
	MeshLevels, ImageLevels []int
}

// screenCoverage is the hint of MSFT_lod in the extras of a node: down to what share of
// the screen's height each level is to be shown.
const screenCoverage = "MSFT_screencoverage"

// StackLevels puts levels of one model, finest first, into one scene. They must be the same
// but for meshes, materials, textures and images, of which each level has as many, and but
// for how their first nodes show their meshes: by themselves, or by a child of their
// own beyond those first nodes. Coverage is for viewers that choose by size: for each level
// the height of the whole model on the screen, as a share of the screen's, down to which
// it is to be shown. Nodes get it for their part of the model.
//
// The model's own levels (MSFT_lod on nodes and materials) are no longer told of: a viewer would
// take those of a material for levels of the stack.
//
// Nodes that show another mesh in another level are leaves, made where they weren't: what
// hangs from a node, moves or deforms, or names it, is in the scene once and the same for all
// levels. All of these nodes have all levels, so that a viewer may count them.
//
// The error is that of the context, once it is done.
func StackLevels(ctx context.Context, levels []*Scene, nodes int, coverage []float64) (*Stack, error) {
	if len(levels) == 1 {
		s := levels[0]
		return &Stack{s, 1, make([]int, len(s.Meshes)), make([]int, len(s.Images))}, nil
	}
	b := &stacking{levels: levels, nodes: nodes, coverage: coverage}
	b.out = *levels[0]
	b.out.Nodes, b.out.Animations = slices.Clone(b.out.Nodes), slices.Clone(b.out.Animations)
	for i := range b.out.Nodes { // levels in levels are more than viewers bear
		b.out.Nodes[i].Extra = b.out.Nodes[i].withoutLevels()
	}
	b.stage()
	for _, l := range levels {
		b.out.Required = append(slices.Clone(b.out.Required), l.Required...)
	}
	slices.Sort(b.out.Required)
	b.out.Required = slices.Compact(b.out.Required)
	for _, pass := range []func(){b.looks, b.shapes, b.moves, func() { b.sizes = levels[0].sizes() }} {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		pass()
	}
	for i := range nodes {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		b.node(i)
	}
	b.deform()
	return &Stack{&b.out, len(levels), b.meshLevels, b.imageLevels}, nil
}

// stage puts all roots on a stage of their own where the model has none: viewers then show
// every root there is, and coarser levels will be some.
func (b *stacking) stage() {
	if len(b.out.Scenes) > 0 {
		return
	}
	child := make([]bool, len(b.out.Nodes))
	for _, n := range b.out.Nodes {
		for _, c := range n.Children {
			child[c] = true
		}
	}
	var roots []int
	for i := range b.out.Nodes {
		if !child[i] {
			roots = append(roots, i)
		}
	}
	b.out.Scenes, b.out.Default = []Roots{{Nodes: roots}}, 0
}

// stacking is a stack that is being made.
type stacking struct {
	levels   []*Scene
	nodes    int // the first ones, which all levels have
	coverage []float64

	out                     Scene
	meshLevels, imageLevels []int
	materials               [][]int // of each level -> in out
	meshes                  [][]int // the same; None where a mesh is shown by no node
	common                  []bool  // the same mesh, shown the same way in all levels
	moved                   []bool  // of level 0's nodes: something else looks at them
	bent                    []bool  // of level 0's nodes: animations drive their morph targets
	shows                   [][]int // of nodes that are bent -> those that show the mesh instead, finest first
	sizes                   []float64
}
