package scene

import (
	"encoding/json"
	"math"
	"slices"
	"testing"

	"github.com/plinth3d/plinth/textures"
)

func node(mesh int, children ...int) Node {
	return Node{Mesh: mesh, Skin: None, Camera: None, Children: children, Rotation: [4]float64{3: 1}, Scale: [3]float64{1, 1, 1}}
}

// box is a scene with one triangle of 1 by 2 meters, twice on the stage.
func box() *Scene {
	s := &Scene{
		Default: 0,
		Scenes:  []Roots{{Nodes: []int{0, 1}}},
		Nodes:   []Node{node(0), node(0)},
		Meshes: []Mesh{{Primitives: []Primitive{{
			Mode:       Triangles,
			Attributes: []Attribute{{"POSITION", Floats([][3]float32{{0, 0, 0}, {1, 0, 0}, {0, 2, 0}})}},
			Material:   None,
		}}}},
	}
	s.Nodes[1].Translation = [3]float64{4, 0, 0}
	return s
}

func TestInspectMeasuresTheStage(t *testing.T) {
	f, err := box().Inspect()
	if err != nil {
		t.Fatal(err)
	}
	if f.Triangles != 2 || f.Vertices != 3 || f.Size != [3]float64{5, 2, 0} {
		t.Errorf("got %+v", f)
	}
	if want := math.Sqrt(2.5*2.5 + 1); math.Abs(f.Radius-want) > 1e-6 {
		t.Errorf("radius is %g, want %g", f.Radius, want)
	}
}

func TestAUnitScalesTheStage(t *testing.T) {
	s, err := box().InMeters("cm")
	if err != nil {
		t.Fatal(err)
	}
	f, _ := s.Inspect()
	if math.Abs(f.Size[0]-0.05) > 1e-7 {
		t.Errorf("size is %v", f.Size)
	}
	if _, err := box().InMeters("furlong"); err == nil {
		t.Error("an unknown unit is accepted")
	}
}

func TestAnUnusualSizeIsTold(t *testing.T) {
	for size, want := range map[float64]bool{0.001: true, 0.5: false, 20: false, 150: true} {
		f := Facts{Size: [3]float64{size, 0, 0}}
		if _, got := f.SizeFinding(); got != want {
			t.Errorf("%g m: told %v, want %v", size, got, want)
		}
	}
}

func TestStripsAndFansAreWrittenOut(t *testing.T) {
	p := Primitive{Mode: TriangleStrip, Indices: []uint32{0, 1, 2, 3, 4}}
	if got := p.TriangleList(); !slices.Equal(got, []uint32{0, 1, 2, 1, 3, 2, 2, 3, 4}) {
		t.Errorf("strip: %v", got)
	}
	p.Mode = TriangleFan
	if got := p.TriangleList(); !slices.Equal(got, []uint32{1, 2, 0, 2, 3, 0, 3, 4, 0}) {
		t.Errorf("fan: %v", got)
	}
	p.Mode = Lines
	if got := p.TriangleList(); got != nil {
		t.Errorf("lines: %v", got)
	}
}

// dressed has two textures of three that a material uses, one in an extension.
func dressed() *Scene {
	s := box()
	s.Images = []Image{{Name: "a"}, {Name: "unused"}, {Name: "b"}}
	s.Samplers = []Sampler{{Name: "unused"}, {Name: "s"}}
	s.Textures = []Texture{{Sampler: 1, Source: 0}, {Sampler: 0, Source: 1}, {Sampler: None, Source: 2}}
	s.Materials = []Material{{
		AlphaMode: Opaque,
		BaseColor: &TextureRef{Texture: 0},
		Extra: Extra{Extensions: map[string]any{"KHR_materials_sheen": map[string]any{
			"sheenRoughnessTexture": map[string]any{"index": json.Number("2"), "texCoord": json.Number("1")},
		}}},
	}}
	return s
}

func TestSlotsTellWhatTheyRead(t *testing.T) {
	got := dressed().Materials[0].Slots()
	if len(got) != 2 {
		t.Fatalf("got %v", got)
	}
	if s := got[0]; s.Role != textures.Color || s.Used != textures.RGB {
		t.Errorf("base color is %+v", s)
	}
	if s := got[1]; s.Role != textures.Data || s.Used != textures.A || s.Texture != 2 || s.UV != 1 {
		t.Errorf("sheen is %+v", s)
	}
	m := dressed().Materials[0]
	m.AlphaMode = Blend
	if s := m.Slots()[0]; s.Used != textures.RGB|textures.A {
		t.Errorf("blended base color uses %v", s.Used)
	}
}

func TestPruneDropsWhatNothingUses(t *testing.T) {
	before := dressed()
	s := before.Prune()
	if len(s.Textures) != 2 || len(s.Images) != 2 || len(s.Samplers) != 1 || s.Images[1].Name != "b" {
		t.Fatalf("got %v, %v, %v", s.Textures, s.Images, s.Samplers)
	}
	if slots := s.Materials[0].Slots(); slots[1].Texture != 1 || s.Textures[1].Source != 1 {
		t.Errorf("references are %v, %v", slots, s.Textures)
	}
	if before.Materials[0].Slots()[1].Texture != 2 {
		t.Error("the scene before was changed")
	}
	before.Root = before.Root.With("ACME_textures", map[string]any{"texture": json.Number("2")})
	if got := before.Prune(); len(got.Textures) != 3 {
		t.Error("textures lost their numbers beside an unknown extension")
	}
}

func TestASkinPlacesItsVertices(t *testing.T) {
	s := box()
	s.Nodes[0].Skin = 0
	s.Skins = []Skin{{Joints: []int{1}, Skeleton: None}}
	p := &s.Meshes[0].Primitives[0]
	p.Attributes = append(p.Attributes,
		Attribute{"JOINTS_0", &Array{Kind: Uint8, Width: 4, Data: make([]byte, 12)}},
		Attribute{"WEIGHTS_0", Floats([][4]float32{{1}, {1}, {1}})})
	got := p.Pose(p.Attribute("POSITION").Vec3(), s.JointMatrices(0, s.Rest()))
	if got[1] != [3]float32{5, 0, 0} {
		t.Errorf("got %v, want it moved by its joint", got)
	}
}

func TestStretchBoundsAnyDirection(t *testing.T) {
	shear := Mat{0: 1, 4: 3, 5: 1, 10: 1, 15: 1}
	p := shear.Point([3]float32{0, 1, 0})
	if got := math.Hypot(float64(p[0]), float64(p[1])); got > shear.Stretch() {
		t.Errorf("a unit vector becomes %g long, the bound is %g", got, shear.Stretch())
	}
	if got := (Mat{0: 2, 5: 3, 10: 4, 15: 1}).Stretch(); math.Abs(got-4) > 1e-4 {
		t.Errorf("got %g, want 4", got)
	}
}

func TestNormalizedIntegersAreFractions(t *testing.T) {
	a := Array{Kind: Int8, Width: 1, Normalized: true, Data: []byte{127, 0x80, 0}}
	if a.At(0, 0) != 1 || a.At(1, 0) != -1 || a.At(2, 0) != 0 {
		t.Errorf("got %g, %g, %g", a.At(0, 0), a.At(1, 0), a.At(2, 0))
	}
}
