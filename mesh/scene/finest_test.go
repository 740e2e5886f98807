package scene

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"testing"
)

// named is a node of that name with levels.
func named(name string, ids ...int) Node {
	n := node(None)
	n.Name = name
	if ids != nil {
		n.Extra = n.With(lod, lodOf(ids...))
	}
	return n
}

func lodOf(ids ...int) map[string]any {
	var list []any
	for _, i := range ids {
		list = append(list, json.Number(strconv.Itoa(i)))
	}
	return map[string]any{"ids": list}
}

func namesOf(s *Scene) (out []string) {
	for _, n := range s.Nodes {
		out = append(out, n.Name)
		if len(levels(n.Extra)) > 0 {
			out = append(out, "with levels")
		}
	}
	return out
}

func TestTheFinestOfAFileWithoutScenes(t *testing.T) {
	under := func(n Node, children ...int) Node {
		n.Children = children
		return n
	}
	for name, c := range map[string]struct {
		nodes []Node
		want  []string
	}{
		"levels go":                               {[]Node{named("a", 1, 2), named("b"), named("c"), named("d")}, []string{"a", "d"}},
		"they may come first":                     {[]Node{named("b"), named("c"), named("a", 0, 1)}, []string{"a"}},
		"levels' levels go too":                   {[]Node{named("c"), named("a", 2), named("b", 0)}, []string{"a"}},
		"of two that name each other one is left": {[]Node{named("a", 1), named("b", 0)}, []string{"a"}},
		"of three in a circle one is left":        {[]Node{named("a", 2), named("b", 0), named("c", 1)}, []string{"a"}},
		"a circle below another goes":             {[]Node{named("a", 1), named("b", 0), named("c", 1)}, []string{"c"}},
		"of two circles two are left":             {[]Node{named("a", 3), named("b", 2), named("c", 1), named("d", 0)}, []string{"a", "b"}},
		"one that names itself is left":           {[]Node{named("a", 0, 1), named("b")}, []string{"a"}},
		"one that its own tree names is left":     {[]Node{under(named("a"), 1), named("b", 0, 2), named("c")}, []string{"a", "b"}},
		"a tree goes with its root":               {[]Node{named("a", 1), under(named("b", 0), 2), named("c", 0)}, []string{"a"}},
		"what isn't there isn't named":            {[]Node{named("a", 7, -1, 1, 1, 1), named("b", 1<<40)}, []string{"a"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := &Scene{Default: None, Nodes: c.nodes}
			if got := namesOf(s.Finest()); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestNodesOnAStageStayWhateverNamesThem(t *testing.T) {
	s := &Scene{Default: None, Scenes: []Roots{{Nodes: []int{0, 1}}}, Nodes: []Node{named("a", 1, 2), named("b", 0), named("c")}}
	if got := namesOf(s.Finest()); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("got %v", got)
	}
}

func TestLongListsAreReadOnce(t *testing.T) {
	const n = 2000
	visits := 0
	seen, all := make([]bool, n), counted(n)
	mark(seen, append(counted(n), counted(n)...), func(int) []int {
		visits++
		return all[:10]
	})
	if visits != n || slices.Contains(seen, false) {
		t.Errorf("%d things were visited %d times", n, visits)
	}
	// Every node names every other, and all show one skin whose joints they are: what is
	// left is the first, and its joints.
	s := &Scene{Default: None, Skins: []Skin{{Skeleton: None, Joints: all}}}
	whole := lodOf(all...)
	for i := range n {
		s.Nodes = append(s.Nodes, named(strconv.Itoa(i)))
		s.Nodes[i].Extra = s.Nodes[i].With(lod, whole)
	}
	if got := namesOf(s.Finest()); !slices.Equal(got, []string{"0"}) {
		t.Errorf("%d nodes are left", len(got))
	}
	for i := range n {
		s.Nodes[i].Skin = 0
	}
	if got := len(s.Finest().Nodes); got != n {
		t.Errorf("%d of %d joints are left", got, n)
	}
}

func TestMaterialsThatLevelsOfMaterialsNameStay(t *testing.T) {
	s := &Scene{
		Default: 0, Scenes: []Roots{{Nodes: []int{0}}}, Nodes: []Node{named("a", 1), named("b")},
		Meshes:    []Mesh{{Primitives: []Primitive{panel(1, 0)}}, {Primitives: []Primitive{panel(0, 0), panel(3, 0)}}},
		Materials: []Material{gray("gone"), gray("fine"), gray("middle"), gray("coarse")},
	}
	s.Nodes[0].Mesh, s.Nodes[1].Mesh = 0, 1
	s.Materials[1].Extra = s.Materials[1].With(lod, lodOf(2, 9))
	s.Materials[2].Extra = s.Materials[2].With(lod, lodOf(3, 1, 2))
	got := s.Finest()
	if len(got.Materials) != 3 || !reflect.DeepEqual(levels(got.Materials[0].Extra), []int{1, 9}) || !reflect.DeepEqual(levels(got.Materials[1].Extra), []int{2, 0, 1}) {
		t.Errorf("materials are %+v", got.Materials)
	}
}
