package scene

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"
)

func gray(name string) Material {
	return Material{Name: name, BaseColorFactor: [4]float64{0.5, 0.5, 0.5, 1}, AlphaMode: Opaque}
}

// panel is a triangle with a normal along z, a tangent along x and its own u.
func panel(material int, u float32) Primitive {
	return Primitive{
		Mode: Triangles, Material: material, Indices: []uint32{0, 1, 2},
		Attributes: []Attribute{
			{"NORMAL", Floats([][3]float32{{0, 0, 1}, {0, 0, 1}, {0, 0, 1}})},
			{"POSITION", Floats([][3]float32{{0, 0, 0}, {1, 0, 0}, {0, 2, 0}})},
			{"TANGENT", Floats([][4]float32{{1, 0, 0, 1}, {1, 0, 0, 1}, {1, 0, 0, 1}})},
			{"TEXCOORD_0", Floats([][2]float32{{u, 0}, {u, 0}, {u, 1}})},
		},
	}
}

// shelf has three boards on nodes of their own, below a node that lifts them: two of
// wood, one of them mirrored, and one of wood and metal.
func shelf() *Scene {
	s := &Scene{
		Default: 0, Scenes: []Roots{{Nodes: []int{0}}},
		Nodes: []Node{node(None, 1, 2, 3), node(0), node(1), node(2)},
		Meshes: []Mesh{
			{Name: "left", Primitives: []Primitive{panel(0, 0.1)}},
			{Name: "right", Primitives: []Primitive{panel(0, 0.2)}},
			{Name: "both", Primitives: []Primitive{panel(1, 0.3), panel(0, 0.4)}},
		},
		Materials: []Material{gray("wood"), gray("metal")},
	}
	for i, name := range []string{"shelf", "left", "right", "both"} {
		s.Nodes[i].Name = name
	}
	s.Nodes[0].Translation = [3]float64{0, 5, 0}
	s.Nodes[2].Translation, s.Nodes[2].Scale = [3]float64{3, 0, 0}, [3]float64{-1, 2, 1}
	return s
}

func draws(s *Scene) (n int) {
	for _, p := range s.Placements() {
		n += len(s.Meshes[p.Mesh].Primitives)
	}
	return n
}

func TestJoinMakesOneDrawCallOfAMaterial(t *testing.T) {
	before := shelf()
	s := before.Join()
	if !reflect.DeepEqual(before, shelf()) {
		t.Fatal("the scene before was changed")
	}
	if got := draws(s); got != 2 {
		t.Fatalf("got %d draw calls, want 2", got)
	}
	if got := s.Nodes[0].Children; !reflect.DeepEqual(got, []int{1, 2, 3, 4}) {
		t.Errorf("the children of the shelf are %v", got)
	}
	if s.Nodes[2].Name != "right" || s.Nodes[2].Mesh != None || s.Nodes[3].Mesh == None {
		t.Errorf("nodes are %+v", s.Nodes)
	}
	if len(s.Meshes) != 2 || s.Meshes[0].Name != "both" || len(s.Meshes[0].Primitives) != 1 {
		t.Errorf("meshes are %+v", s.Meshes)
	}
	p := s.Meshes[s.Nodes[4].Mesh].Primitives[0]
	var positions [][3]float32
	for _, v := range p.Indices {
		positions = append(positions, p.Attribute("POSITION").Vec3()[v])
	}
	if want := [][3]float32{{0, 0, 0}, {1, 0, 0}, {0, 2, 0}, {3, 0, 0}, {3, 4, 0}, {2, 0, 0}, {0, 0, 0}, {1, 0, 0}, {0, 2, 0}}; !reflect.DeepEqual(positions, want) {
		t.Errorf("positions are %v, want %v: the second board is mirrored", positions, want)
	}
	SameSurfaces(t, before, s)
	if again := s.Join(); !reflect.DeepEqual(again, s) {
		t.Error("the second time changes something")
	}
}

func TestAMirrorTurnsTheTangentFrame(t *testing.T) {
	p := panel(0, 0)
	at := compose([3]float64{}, [4]float64{3: 1}, [3]float64{-1, 1, 4})
	got, ok := p.moved(at)
	if !ok {
		t.Fatal("it can't be moved")
	}
	if n := got.Attribute("NORMAL").Vec3()[0]; n != [3]float32{0, 0, 1} {
		t.Errorf("normal is %v", n)
	}
	if x := got.Attribute("TANGENT").Vec4()[0]; x != [4]float32{-1, 0, 0, -1} {
		t.Errorf("tangent is %v", x)
	}
	if !reflect.DeepEqual(got.Indices, []uint32{0, 2, 1}) {
		t.Errorf("indices are %v", got.Indices)
	}
	if _, ok := p.moved(compose([3]float64{}, [4]float64{3: 1}, [3]float64{1, 0, 1})); ok {
		t.Error("a flat frame is accepted")
	}
	if _, ok := p.moved(compose([3]float64{}, [4]float64{3: 1}, [3]float64{1e39, 1e39, 1e39})); ok {
		t.Error("an infinite position is accepted")
	}
}

// A slope under an uneven scale is what the cofactors are for: the linear part would tilt
// the normal the wrong way.
func TestNormalsStayAcrossTheSurface(t *testing.T) {
	r := float32(math.Sqrt(0.5))
	p := Primitive{Mode: Triangles, Attributes: []Attribute{
		{"NORMAL", Floats([][3]float32{{-r, r, 0}, {-r, r, 0}, {-r, r, 0}})},
		{"POSITION", Floats([][3]float32{{0, 0, 0}, {0, 0, 1}, {1, 1, 0}})},
	}}
	got, _ := p.moved(compose([3]float64{}, [4]float64{3: 1}, [3]float64{1, 3, 1}))
	n, along := got.Attribute("NORMAL").Vec3()[0], got.Attribute("POSITION").Vec3()[2]
	if d := n[0]*along[0] + n[1]*along[1]; math.Abs(float64(d)) > 1e-6 || n[1] < 0 {
		t.Errorf("normal is %v on a surface along %v", n, along)
	}
}

// TestJoinLeavesWhatIsAddressed changes the shelf in one way at a time. It has four draw
// calls, two when all that can be joined is.
func TestJoinLeavesWhatIsAddressed(t *testing.T) {
	volume := map[string]any{"KHR_materials_volume": map[string]any{"thicknessFactor": json.Number("0.1")}}
	for name, c := range map[string]struct {
		draws  int
		change func(s *Scene)
	}{
		"nothing":                        {2, func(*Scene) {}},
		"extras on a node":               {3, func(s *Scene) { s.Nodes[1].Extras = map[string]any{"sku": "7"} }},
		"an extension on a node":         {3, func(s *Scene) { s.Nodes[1].Extra = s.Nodes[1].With("KHR_node_visibility", map[string]any{}) }},
		"an extension on the node above": {2, func(s *Scene) { s.Nodes[0].Extra = s.Nodes[0].With("KHR_node_visibility", map[string]any{}) }},
		"a node that an animation moves": {3, func(s *Scene) { s.Animations = []Animation{{Channels: []Channel{{Node: 1, Path: "scale"}}}} }},
		"an animation that moves all":    {2, func(s *Scene) { s.Animations = []Animation{{Channels: []Channel{{Node: 0, Path: "scale"}}}} }},
		"an animation that moves two of the three": {3, func(s *Scene) {
			s.Nodes = append(s.Nodes, node(None, 2, 3))
			s.Nodes[0].Children = []int{1, 4}
			s.Animations = []Animation{{Channels: []Channel{{Node: 4, Path: "rotation"}}}}
		}},
		"a node that moves with those below": {3, func(s *Scene) {
			s.Nodes[0].Children, s.Nodes[1].Children = []int{1}, []int{2, 3}
			s.Animations = []Animation{{Channels: []Channel{{Node: 1, Path: "rotation"}}}}
		}},
		"a joint":                {3, func(s *Scene) { s.Skins = []Skin{{Skeleton: None, Joints: []int{1}}} }},
		"the root of a skeleton": {3, func(s *Scene) { s.Skins = []Skin{{Skeleton: 1}} }},
		"a skin":                 {3, func(s *Scene) { s.Skins = []Skin{{Skeleton: None, Joints: []int{0}}}; s.Nodes[1].Skin = 0 }},
		"a level of detail":      {2, func(s *Scene) { s.Nodes[3].Extra = levelOf("1"); s.Nodes[3].Mesh = None }},
		"copies": {4, func(s *Scene) {
			s.Nodes[1].Instances = []Attribute{{"SCALE", Floats([][3]float32{{1, 1, 1}, {2, 2, 2}})}}
		}},
		"a mesh that stands twice": {4, func(s *Scene) { s.Nodes[0].Mesh = 0 }},
		"extras on a mesh":         {3, func(s *Scene) { s.Meshes[0].Extras = "x" }},
		"extras on a primitive":    {3, func(s *Scene) { s.Meshes[0].Primitives[0].Extras = "x" }},
		"variants":                 {3, func(s *Scene) { s.Meshes[0].Primitives[0].Extra = mapped("1") }},
		"equal variants": {3, func(s *Scene) {
			s.Meshes[0].Primitives[0].Extra, s.Meshes[1].Primitives[0].Extra = mapped("1"), mapped("1")
		}},
		"blending":                         {4, func(s *Scene) { s.Materials[0].AlphaMode = Blend }},
		"another mode":                     {3, func(s *Scene) { s.Meshes[0].Primitives[0].Mode = TriangleStrip }},
		"another layout":                   {3, func(s *Scene) { p := &s.Meshes[0].Primitives[0]; p.Attributes = p.Attributes[:3] }},
		"an attribute of the merchant's":   {3, func(s *Scene) { s.Meshes[0].Primitives[0].Attributes[3].Name = "_FLOW" }},
		"morph targets":                    {3, func(s *Scene) { p := &s.Meshes[0].Primitives[0]; p.Targets = [][]Attribute{p.Attributes[1:2]} }},
		"a flat frame":                     {3, func(s *Scene) { s.Nodes[1].Scale = [3]float64{1, 1, 0} }},
		"volume where frames are parallel": {3, func(s *Scene) { s.Materials[0].Extensions = volume }},
		"an unknown extension":             {4, func(s *Scene) { s.Root = s.Root.With("ACME_parts", map[string]any{"mesh": json.Number("1")}) }},
		"two roots of one scene":           {2, func(s *Scene) { s.Scenes[0].Nodes = []int{1, 2, 3}; s.Nodes[0].Children = nil }},
		"no scene":                         {2, func(s *Scene) { s.Scenes, s.Default, s.Nodes[0].Children = nil, None, nil }},
		"a root of another scene": {3, func(s *Scene) {
			s.Default, s.Scenes = 1, []Roots{{Nodes: []int{0}}, {Nodes: []int{1, 0}}}
			s.Nodes[0].Children = []int{2, 3}
		}},
	} {
		s := shelf()
		c.change(s)
		before := draws(s)
		got := s.Join()
		if n := draws(got); n != c.draws {
			t.Errorf("%s: %d draw calls became %d, want %d", name, before, n, c.draws)
		}
		SameSurfaces(t, s, got)
		if again := got.Join(); !reflect.DeepEqual(again, got) {
			t.Errorf("%s: the second time changes something", name)
		}
	}
}

func mapped(material string) Extra {
	entry := map[string]any{"material": json.Number(material), "variants": []any{json.Number("0")}}
	return Extra{Extensions: map[string]any{variants: map[string]any{"mappings": []any{entry}}}}
}

func levelOf(id string) Extra {
	return Extra{Extensions: map[string]any{lod: map[string]any{"ids": []any{json.Number(id)}}}}
}

func TestPrimitivesOfOneMeshAreJoined(t *testing.T) {
	shared := panel(0, 0.5)
	other := shared
	other.Indices = []uint32{2, 1, 0}
	morph := func(p Primitive) Primitive {
		p.Targets = [][]Attribute{{{"POSITION", Floats([][3]float32{{0, 0, 1}, {0, 0, 2}, {0, 0, 3}})}}}
		return p
	}
	s := shelf()
	for i := range s.Nodes {
		s.Nodes[i].Extras = "alone"
	}
	s.Meshes = []Mesh{
		{Primitives: []Primitive{shared, panel(1, 0), other}},
		{Primitives: []Primitive{morph(panel(0, 0.1)), morph(panel(0, 0.2))}},
		{Primitives: []Primitive{panel(0, 0.1), morph(panel(0, 0.2))}},
	}
	got := s.Join()
	SameSurfaces(t, s, got)
	if p := got.Meshes[0].Primitives; len(p) != 2 || len(p[0].Indices) != 6 || p[0].Attributes[1].Array != shared.Attributes[1].Array {
		t.Errorf("primitives with shared arrays became %+v", p)
	}
	p := got.Meshes[1].Primitives
	if len(p) != 1 || p[0].Vertices() != 6 || p[0].Targets[0][0].Len() != 6 || p[0].Targets[0][0].At(5, 2) != 3 {
		t.Errorf("morphed primitives became %+v", p)
	}
	if n := len(got.Meshes[2].Primitives); n != 2 {
		t.Errorf("primitives with and without targets became %d", n)
	}
}
