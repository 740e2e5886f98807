package scene

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"
)

// stand is a level of a model: a shade that stands alone, an arm that bends and has a hook on it,
// a foot that is the same in all levels. The shade's picture is given.
func stand(u float32, picture string) *Scene {
	s := &Scene{
		Default: 0, Scenes: []Roots{{Nodes: []int{0, 1, 3}}},
		Nodes:     []Node{node(0), node(1, 2), node(None), node(2)},
		Materials: []Material{gray("shade"), gray("steel")},
		Images:    []Image{{MIME: "image/png", Data: []byte(picture)}},
		Textures:  []Texture{{Sampler: None, Source: 0}},
	}
	s.Nodes[0].Name, s.Nodes[0].Translation = "shade", [3]float64{0, 1, 0}
	s.Nodes[1].Name, s.Nodes[1].Rotation = "arm", [4]float64{1, 0, 0, 0}
	s.Materials[0].BaseColor = &TextureRef{}
	arm := panel(1, u)
	arm.Targets = [][]Attribute{{{"POSITION", Floats([][3]float32{{u, 0, 0}, {0, 0, 0}, {0, 0, 0}})}}}
	s.Meshes = []Mesh{{Primitives: []Primitive{panel(0, u)}}, {Primitives: []Primitive{arm}}, {Primitives: []Primitive{panel(1, 0.5)}}}
	times := &Array{Kind: Float32, Width: 1, Data: make([]byte, 4)}
	s.Animations = []Animation{{
		Samplers: []Track{{Input: times, Output: times}, {Input: times, Output: Floats([][4]float32{{0, 0, 0, 1}})}},
		Channels: []Channel{{Track: 0, Node: 1, Path: "weights"}, {Track: 1, Node: 1, Path: "rotation"}},
	}}
	return s
}

func stack(t *testing.T) *Stack {
	t.Helper()
	return stacked(t, []*Scene{stand(0.1, "large"), stand(0.2, "large"), stand(0.3, "small")}, 4)
}

func stacked(t *testing.T, list []*Scene, nodes int) *Stack {
	t.Helper()
	s, err := StackLevels(t.Context(), list, nodes, []float64{0.5, 0.25, 0}[3-len(list):])
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestLevelsStandBesideTheFinest(t *testing.T) {
	s := stack(t)
	shade := s.Nodes[0]
	ids := levels(shade.Extra)
	if len(ids) != 2 || shade.Mesh != 0 || len(shade.Children) != 0 {
		t.Fatalf("the shade is %+v", shade)
	}
	for k, id := range ids {
		n := s.Nodes[id]
		if n.Name != "shade" || n.Translation != shade.Translation || s.MeshLevels[n.Mesh] != k+1 || slices.Contains(s.Stage(), id) {
			t.Errorf("its level %d is %+v", k+1, n)
		}
	}
	// It is 1 by 2, the whole is 1 by 5: the arm hangs down.
	want := map[string]any{"MSFT_screencoverage": []any{json.Number("0.2193"), json.Number("0.1096"), json.Number("0")}}
	if !reflect.DeepEqual(shade.Extras, want) {
		t.Errorf("its extras are %v, want %v", shade.Extras, want)
	}
}

func TestLevelsOfAMeshLeaveWhatHangsFromItsNode(t *testing.T) {
	s := stack(t)
	arm := s.Nodes[1]
	if arm.Mesh != None || len(arm.Children) != 2 || arm.Children[0] != 2 || len(levels(arm.Extra)) != 0 {
		t.Fatalf("the arm is %+v", arm)
	}
	main := s.Nodes[arm.Children[1]]
	ids := levels(main.Extra)
	if main.Mesh != 1 || len(ids) != 2 || main.Local() != Identity || s.Nodes[ids[1]].Local() != Identity {
		t.Errorf("what shows its mesh is %+v", main)
	}
	var got [][2]any
	for _, c := range s.Animations[0].Channels {
		got = append(got, [2]any{c.Node, c.Path})
	}
	want := [][2]any{{arm.Children[1], "weights"}, {ids[0], "weights"}, {ids[1], "weights"}, {1, "rotation"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("animations drive %v, want %v", got, want)
	}
}

func TestWhatLevelsShareIsThereOnce(t *testing.T) {
	s := stack(t)
	if foot := s.Nodes[3]; len(levels(foot.Extra)) != 0 || s.MeshLevels[foot.Mesh] != 2 {
		t.Errorf("the foot is %+v, of level %d", foot, s.MeshLevels[foot.Mesh])
	}
	if len(s.Meshes) != 3+2*2 {
		t.Errorf("there are %d meshes", len(s.Meshes))
	}
	if got := s.ImageLevels; !reflect.DeepEqual(got, []int{1, 2}) || string(s.Images[1].Data) != "small" {
		t.Errorf("images are of levels %v", got)
	}
	if len(s.Materials) != 3 || len(s.Textures) != 2 {
		t.Errorf("there are %d materials, %d textures", len(s.Materials), len(s.Textures))
	}
	coarse := s.Meshes[s.Nodes[levels(s.Nodes[0].Extra)[1]].Mesh].Primitives[0]
	if coarse.Material != 2 || coarse.Attribute("NORMAL") != s.Meshes[0].Primitives[0].Attribute("NORMAL") {
		t.Errorf("the coarsest shade has material %d", coarse.Material)
	}
}

func TestAStackLeavesItsLevelsAsTheyWere(t *testing.T) {
	list := []*Scene{stand(0.1, "a"), stand(0.2, "b")}
	stacked(t, list, 4)
	if !reflect.DeepEqual(list, []*Scene{stand(0.1, "a"), stand(0.2, "b")}) {
		t.Error("a level was changed")
	}
	if s := stacked(t, list[:1], 4); s.Levels != 1 || s.Scene != list[0] {
		t.Error("one level is not itself")
	}
}

func TestTheFinestOfAStackIsWhatItWasMadeOf(t *testing.T) {
	s, want := stack(t).Finest(), stand(0.1, "large")
	SameSurfaces(t, want, s)
	if len(s.Meshes) != 3 || len(s.Images) != 1 || len(s.Materials) != 2 || len(s.Nodes) != 5 || len(s.Animations[0].Channels) != 2 || s.Nodes[0].Extras != nil {
		t.Errorf("it has %d meshes, %d images, %d materials, %d nodes, %d channels, extras %v", len(s.Meshes), len(s.Images), len(s.Materials), len(s.Nodes), len(s.Animations[0].Channels), s.Nodes[0].Extras)
	}
	if s.Finest() != s || want.Finest() != want {
		t.Error("a scene without levels is not left as it is")
	}
}

func TestTheFinestKeepsWhatMayBeReferredTo(t *testing.T) {
	s := stack(t).Scene
	s.Root = s.Root.With("ACME_numbers", map[string]any{"node": json.Number("7")})
	if s.Finest() != s {
		t.Error("nodes moved, though an unknown extension names one")
	}
	// A coarser level that is on the stage too, or is a joint of what is, stays.
	s = stack(t).Scene
	ids := levels(s.Nodes[0].Extra)
	s.Scenes[0].Nodes = append(slices.Clone(s.Scenes[0].Nodes), ids[0])
	s.Skins = []Skin{{Skeleton: None, Joints: []int{ids[1]}}}
	s.Nodes[3].Skin = 0
	got := s.Finest()
	if len(got.Nodes) != 5+2 || len(got.Skins) != 1 || got.Skins[0].Joints[0] >= len(got.Nodes) {
		t.Errorf("%d nodes are left, skins %+v", len(got.Nodes), got.Skins)
	}
}

func TestLevelsOfTheModelItselfAreGoneFromAStack(t *testing.T) {
	level := func(u float32, picture string) *Scene {
		s := stand(u, picture)
		for _, e := range []*Extra{&s.Materials[0].Extra, &s.Nodes[0].Extra, &s.Nodes[2].Extra, &s.Nodes[3].Extra} {
			*e = e.With(lod, map[string]any{"ids": []any{json.Number("1")}}).With("ACME_kept", map[string]any{})
			e.Extras = map[string]any{screenCoverage: []any{json.Number("0.7")}, "kept": true}
		}
		return s
	}
	list := []*Scene{level(0.1, "large"), level(0.2, "mid"), level(0.3, "small")}
	s := stacked(t, list, 4)
	if len(s.Materials) != 2+2 {
		t.Errorf("there are %d materials", len(s.Materials))
	}
	for i, m := range s.Materials {
		if _, ok := m.Extensions[lod]; ok {
			t.Errorf("material %d, %q, has levels %v", i, m.Name, levels(m.Extra))
		}
	}
	kept := map[string]any{"kept": true}
	for _, e := range []Extra{s.Materials[0].Extra, s.Materials[2].Extra, s.Nodes[2].Extra, s.Nodes[3].Extra} {
		if e.Extensions["ACME_kept"] == nil || len(e.Extensions) != 1 || !reflect.DeepEqual(e.Extras, kept) {
			t.Errorf("what had levels of its own has %+v", e)
		}
	}
	// The shade's mesh has those of the stack, on a child that leaves the extension where it was.
	shade := s.Nodes[0]
	if ids := levels(s.Nodes[shade.Children[0]].Extra); len(ids) != 2 || ids[0] < 4 || ids[1] < 4 || len(levels(shade.Extra)) != 0 {
		t.Errorf("the shade has levels %v and %v", levels(shade.Extra), ids)
	}
	if !reflect.DeepEqual(list[0], level(0.1, "large")) {
		t.Error("the finest level was changed")
	}
}

func TestAModelWithoutAStageGetsOne(t *testing.T) {
	list := []*Scene{stand(0.1, "large"), stand(0.2, "large"), stand(0.3, "small")}
	for _, s := range list {
		s.Scenes, s.Default = nil, None
	}
	s := stacked(t, list, 4)
	if len(s.Scenes) != 1 || s.Default != 0 || !slices.Equal(s.Scenes[0].Nodes, []int{0, 1, 3}) {
		t.Errorf("got %+v, default %d", s.Scenes, s.Default)
	}
}
