package scene

import (
	"encoding/json"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
)

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

// moves finds the nodes that animations move or bend and skins follow.
func (b *stacking) moves() {
	n := len(b.out.Nodes)
	b.moved, b.bent, b.shows = make([]bool, n), make([]bool, n), make([][]int, n)
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
			switch {
			case c.Node == None:
			case c.Path == "weights":
				b.bent[c.Node] = true
			default:
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
	if b.bent[i] {
		b.shows[i] = shows
	}
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

// deform makes animations of the morph targets of a node move those of all its levels. It goes
// through the channels once, for all nodes: a file may have many of both.
func (b *stacking) deform() {
	several := func(c Channel) bool { return c.Path == "weights" && c.Node != None && b.shows[c.Node] != nil }
	for a := range b.out.Animations {
		channels := b.out.Animations[a].Channels
		if !slices.ContainsFunc(channels, several) {
			continue
		}
		var list []Channel
		for _, c := range channels {
			if !several(c) {
				list = append(list, c)
				continue
			}
			for _, n := range b.shows[c.Node] {
				c.Node = n
				list = append(list, c)
			}
		}
		b.out.Animations[a].Channels = list
	}
}
