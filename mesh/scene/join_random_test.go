package scene

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
)

// grove is a scene of random trees of nodes, some mirrored, some moved by an animation,
// with panels of three materials.
func grove(r *rand.Rand) *Scene {
	s := &Scene{Default: 0, Scenes: []Roots{{}}, Materials: []Material{gray("a"), gray("b"), gray("c")}}
	s.Materials[2].AlphaMode = Blend
	for i := range 3 + r.IntN(20) {
		n := node(None)
		if r.IntN(4) > 0 {
			n.Mesh = len(s.Meshes)
			m := Mesh{}
			for range 1 + r.IntN(3) {
				m.Primitives = append(m.Primitives, panel(r.IntN(3), r.Float32()))
			}
			s.Meshes = append(s.Meshes, m)
		} else if len(s.Meshes) > 0 {
			n.Mesh = r.IntN(len(s.Meshes))
		}
		s.Nodes = append(s.Nodes, n)
		s.Nodes[i].place(r)
		if i > 0 && r.IntN(3) > 0 {
			up := &s.Nodes[r.IntN(i)]
			up.Children = append(up.Children, i)
		} else {
			s.Scenes[0].Nodes = append(s.Scenes[0].Nodes, i)
		}
		if r.IntN(5) == 0 {
			s.Animations = append(s.Animations, Animation{Channels: []Channel{{Node: i, Path: "rotation"}}})
		}
	}
	return s
}

// place puts a node anywhere.
func (n *Node) place(r *rand.Rand) {
	length := 0.0
	for k := range n.Rotation {
		n.Rotation[k] = r.Float64() - 0.5
		length = math.Hypot(length, n.Rotation[k])
	}
	for k := range n.Rotation {
		n.Rotation[k] /= length
	}
	for k := range n.Scale {
		n.Translation[k] = 4*r.Float64() - 2
		n.Scale[k] = 0.5 + r.Float64()
		if r.IntN(4) == 0 {
			n.Scale[k] = -n.Scale[k]
		}
	}
}

func TestJoinKeepsThePictureWhateverMoves(t *testing.T) {
	before, after := 0, 0
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 0))
		s := grove(r)
		joined := s.Join()
		before, after = before+draws(s), after+draws(joined)
		SameSurfaces(t, s, joined)
		if !reflect.DeepEqual(joined.Join(), joined) {
			t.Errorf("seed %d: the second time changes something", seed)
		}
		// What is animated goes elsewhere, in both scenes alike.
		for _, a := range s.Animations {
			n := a.Channels[0].Node
			s.Nodes[n].place(r)
			joined.Nodes[n].Translation, joined.Nodes[n].Rotation, joined.Nodes[n].Scale = s.Nodes[n].Translation, s.Nodes[n].Rotation, s.Nodes[n].Scale
		}
		SameSurfaces(t, s, joined)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	if after > before*3/4 {
		t.Errorf("%d draw calls became %d; scenes should have more to join", before, after)
	}
	t.Logf("%d draw calls became %d", before, after)
}
