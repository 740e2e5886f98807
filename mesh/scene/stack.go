package scene

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
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
// Nodes that show another mesh in another level are leaves, made where they weren't: what
// hangs from a node, moves or deforms, or names it, is in the scene once and the same for all
// levels. All of these nodes have all levels, so that a viewer may count them.
func StackLevels(levels []*Scene, nodes int, coverage []float64) *Stack {
	if len(levels) == 1 {
		s := levels[0]
		return &Stack{s, 1, make([]int, len(s.Meshes)), make([]int, len(s.Images))}
	}
	b := &stacking{levels: levels, nodes: nodes, coverage: coverage}
	b.out = *levels[0]
	b.out.Nodes, b.out.Animations = slices.Clone(b.out.Nodes), slices.Clone(b.out.Animations)
	for i := range b.out.Nodes { // levels in levels are more than viewers bear
		b.out.Nodes[i].Extra = b.out.Nodes[i].With(lod, nil)
	}
	for _, l := range levels {
		b.out.Required = append(slices.Clone(b.out.Required), l.Required...)
	}
	slices.Sort(b.out.Required)
	b.out.Required = slices.Compact(b.out.Required)
	b.looks()
	b.shapes()
	b.moves()
	b.sizes = levels[0].sizes()
	for i := range nodes {
		b.node(i)
	}
	return &Stack{&b.out, len(levels), b.meshLevels, b.imageLevels}
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
	moved                   []bool  // of the first nodes: something else looks at them
	sizes                   []float64
}

// looks puts images, textures and materials together. What is like its fellow of the next
// finer level is that.
func (b *stacking) looks() {
	first := b.levels[0]
	b.out.Samplers, b.out.Images = slices.Clone(first.Samplers), slices.Clone(first.Images)
	b.out.Textures, b.out.Materials = slices.Clone(first.Textures), slices.Clone(first.Materials)
	b.imageLevels = make([]int, len(first.Images))
	samplers, images, textures := counted(len(first.Samplers)), counted(len(first.Images)), counted(len(first.Textures))
	b.materials = [][]int{counted(len(first.Materials))}
	for k, l := range b.levels[1:] {
		b.out.Samplers, samplers = alongside(b.out.Samplers, samplers, l.Samplers)
		b.out.Images, images = alongside(b.out.Images, images, l.Images)
		b.imageLevels = append(b.imageLevels, make([]int, len(b.out.Images)-len(b.imageLevels))...)
		for _, i := range images {
			b.imageLevels[i] = k + 1
		}
		of := func(numbers []int, i int) int {
			if i == None {
				return None
			}
			return numbers[i]
		}
		list := slices.Clone(l.Textures)
		for i := range list {
			list[i].Sampler, list[i].Source = of(samplers, list[i].Sampler), of(images, list[i].Source)
		}
		b.out.Textures, textures = alongside(b.out.Textures, textures, list)
		all := slices.Clone(l.Materials)
		for i := range all {
			all[i] = all[i].Retexture(func(slot Slot) int { return textures[slot.Texture] })
		}
		var numbers []int
		b.out.Materials, numbers = alongside(b.out.Materials, b.materials[k], all)
		b.materials = append(b.materials, numbers)
	}
}

func counted(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// alongside appends to all those of a level's things that differ from their fellows of the
// finer level, whose numbers are given, and returns the level's numbers.
func alongside[T any](all []T, finer []int, list []T) (now []T, numbers []int) {
	for i, x := range list {
		if i < len(finer) && same(all[finer[i]], x) {
			numbers = append(numbers, finer[i])
			continue
		}
		all = append(all, x)
		numbers = append(numbers, len(all)-1)
	}
	return all, numbers
}

func same(a, b any) bool {
	if x, ok := a.(Image); ok { // most are different, and long
		y := b.(Image)
		if !bytes.Equal(x.Data, y.Data) {
			return false
		}
	}
	return reflect.DeepEqual(a, b)
}

// shapes puts meshes together, with one piece of memory for what is equal. Those that are
// the same in all levels are there once; of others each level has its own, also where two
// are equal: viewers take two nodes with one mesh for copies of each other, and drop the
// copy with the coarser level.
func (b *stacking) shapes() {
	joint := b.out
	joint.Meshes = nil
	for k, l := range b.levels {
		for i := range l.Meshes {
			m := l.Meshes[i]
			m.Primitives = slices.Clone(m.Primitives)
			for j := range m.Primitives {
				m.Primitives[j] = m.Primitives[j].rematerial(func(i int) int {
					if i < 0 || i >= len(b.materials[k]) {
						return i
					}
					return b.materials[k][i]
				})
			}
			joint.Meshes = append(joint.Meshes, m)
		}
	}
	shared, _ := joint.share()
	b.out = *shared
	n := len(b.levels[0].Meshes)
	all := shared.Meshes
	b.out.Meshes = slices.Clone(all[:n])
	b.meshLevels = make([]int, n)
	b.common = make([]bool, n)
	b.meshes = [][]int{counted(n)}
	shown := b.shown()
	for i := range n {
		b.common[i] = !slices.ContainsFunc(counted(len(b.levels)), func(k int) bool { return !reflect.DeepEqual(all[i], all[k*n+i]) })
	}
	for i := range b.nodes {
		if m := b.meshOf(0, i); m != None && !b.alike(i) {
			b.common[m] = false
		}
	}
	for i := range n {
		if b.common[i] && shown[i] {
			b.meshLevels[i] = len(b.levels) - 1
		}
	}
	for k := 1; k < len(b.levels); k++ {
		numbers := slices.Repeat([]int{None}, n)
		for i := range n {
			if shown[i] && !b.common[i] {
				numbers[i] = len(b.out.Meshes)
				b.out.Meshes = append(b.out.Meshes, all[k*n+i])
				b.meshLevels = append(b.meshLevels, k)
			}
		}
		b.meshes = append(b.meshes, numbers)
	}
}

// shown tells which meshes nodes show.
func (b *stacking) shown() []bool {
	out := make([]bool, len(b.levels[0].Meshes))
	for i := range b.levels[0].Nodes {
		if m := b.levels[0].Nodes[i].Mesh; m != None {
			out[m] = true
		}
	}
	return out
}

// holder is the node that shows the mesh of the first node i in a level, or None.
func (b *stacking) holder(level, i int) int {
	n := &b.levels[level].Nodes[i]
	if n.Mesh != None {
		return i
	}
	if c := slices.IndexFunc(n.Children, func(c int) bool { return c >= b.nodes }); c >= 0 {
		return n.Children[c]
	}
	return None
}

func (b *stacking) meshOf(level, i int) int {
	if h := b.holder(level, i); h != None {
		return b.levels[level].Nodes[h].Mesh
	}
	return None
}

// alike tells whether node i shows its mesh the same way in all levels.
func (b *stacking) alike(i int) bool {
	first := b.levels[0]
	h := b.holder(0, i)
	for k, l := range b.levels {
		g := b.holder(k, i)
		if (g == i) != (h == i) || !reflect.DeepEqual(l.Nodes[i].Local(), first.Nodes[i].Local()) || !reflect.DeepEqual(l.Nodes[g].Local(), first.Nodes[h].Local()) {
			return false
		}
	}
	return true
}

// moves finds the nodes that animations move and skins follow.
func (b *stacking) moves() {
	b.moved = make([]bool, len(b.out.Nodes))
	for _, sk := range b.out.Skins {
		for _, j := range sk.Joints {
			b.moved[j] = true
		}
		if sk.Skeleton != None {
			b.moved[sk.Skeleton] = true
		}
	}
	for _, a := range b.out.Animations {
		for _, c := range a.Channels {
			if c.Node != None && c.Path != "weights" {
				b.moved[c.Node] = true
			}
		}
	}
}

// node gives the first node i the levels of its mesh.
func (b *stacking) node(i int) {
	main := b.holder(0, i)
	if main == None || b.common[b.meshOf(0, i)] {
		return
	}
	size := b.sizes[main]
	whole := main == i && b.leaf(i)
	if main == i && !whole {
		main = b.split(i)
	}
	var ids []any
	shows := []int{main}
	for k := 1; k < len(b.levels); k++ {
		top, shown := b.coarser(k, i, whole)
		b.out.Nodes[shown].Instances = b.out.Nodes[main].Instances
		ids = append(ids, json.Number(strconv.Itoa(top)))
		shows = append(shows, shown)
	}
	n := &b.out.Nodes[main]
	n.Extra = n.With(lod, map[string]any{"ids": ids})
	if old, ok := n.Extras.(map[string]any); ok || n.Extras == nil { // else there is no room for a hint
		n.Extras = b.hint(old, size)
	}
	b.deform(i, shows)
}

// hint is extras with the coverage of a part of the model.
func (b *stacking) hint(extras map[string]any, size float64) map[string]any {
	out := map[string]any{}
	maps.Copy(out, extras)
	var shares []any
	for _, x := range b.coverage {
		shares = append(shares, json.Number(strconv.FormatFloat(math.Round(x*size*1e4)/1e4, 'f', -1, 64)))
	}
	out[screenCoverage] = shares
	return out
}

// leaf tells whether node i is there for its mesh alone, so that another may stand for it.
func (b *stacking) leaf(i int) bool {
	n := &b.out.Nodes[i]
	return len(n.Children) == 0 && n.Camera == None && len(n.Extensions) == 0 && !b.moved[i]
}

// split moves the mesh of node i to a child of its own.
func (b *stacking) split(i int) int {
	n := &b.out.Nodes[i]
	child := holding(n)
	n.Mesh, n.Skin, n.Weights, n.Instances = None, None, nil, nil
	n.Children = append(slices.Clone(n.Children), len(b.out.Nodes))
	b.out.Nodes = append(b.out.Nodes, child)
	return len(b.out.Nodes) - 1
}

// holding is a node in the place of n that shows what n shows.
func holding(n *Node) Node {
	return Node{
		Mesh: n.Mesh, Skin: n.Skin, Camera: None, Weights: n.Weights, Instances: n.Instances,
		Rotation: [4]float64{0, 0, 0, 1}, Scale: [3]float64{1, 1, 1},
	}
}

// coarser adds the nodes of a level that stand for node i, or for what shows its mesh.
// It returns their top, and the one that shows the mesh.
func (b *stacking) coarser(level, i int, whole bool) (top, shown int) {
	l := b.levels[level]
	h := b.holder(level, i)
	add := func(from int) int {
		n := holding(&l.Nodes[from])
		n.Name = l.Nodes[from].Name
		n.Matrix, n.Translation, n.Rotation, n.Scale = l.Nodes[from].Matrix, l.Nodes[from].Translation, l.Nodes[from].Rotation, l.Nodes[from].Scale
		if n.Mesh != None {
			n.Mesh = b.meshes[level][n.Mesh]
		}
		b.out.Nodes = append(b.out.Nodes, n)
		return len(b.out.Nodes) - 1
	}
	switch {
	case h == i && whole:
		top = add(i)
		return top, top
	case h == i: // the place of i is that of the node above
		n := holding(&l.Nodes[i])
		n.Mesh = b.meshes[level][n.Mesh]
		b.out.Nodes = append(b.out.Nodes, n)
		return len(b.out.Nodes) - 1, len(b.out.Nodes) - 1
	case !whole:
		top = add(h)
		return top, top
	}
	top = add(i)
	shown = add(h)
	b.out.Nodes[top].Children = []int{shown}
	return top, shown
}

// deform makes animations of the morph targets of node i move those of all its levels.
func (b *stacking) deform(i int, shows []int) {
	for a := range b.out.Animations {
		var list []Channel
		for _, c := range b.out.Animations[a].Channels {
			if c.Node != i || c.Path != "weights" {
				list = append(list, c)
				continue
			}
			for _, n := range shows {
				c.Node = n
				list = append(list, c)
			}
		}
		b.out.Animations[a].Channels = list
	}
}
