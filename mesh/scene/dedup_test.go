package scene

import (
	"encoding/json"
	"reflect"
	"testing"
)

// doubled has everything twice: two chairs that an exporter wrote one after the other, with
// names that it made different.
func doubled() *Scene {
	s := &Scene{Default: 0, Scenes: []Roots{{Nodes: []int{0, 1}}}, Nodes: []Node{node(0), node(1)}}
	s.Nodes[0].Name, s.Nodes[1].Name = "chair", "chair.001"
	s.Nodes[1].Translation = [3]float64{2, 0, 0}
	for i, name := range []string{"a", "b"} {
		s.Images = append(s.Images, Image{Name: name, MIME: "image/png", Data: []byte("picture")})
		s.Samplers = append(s.Samplers, Sampler{Name: name, WrapS: Repeat, WrapT: Repeat})
		s.Textures = append(s.Textures, Texture{Name: name, Sampler: i, Source: i})
		m := gray("wood")
		m.BaseColor = &TextureRef{Texture: i}
		m.Extensions = map[string]any{"KHR_materials_sheen": map[string]any{
			"sheenRoughnessTexture": map[string]any{"index": json.Number([]string{"0", "1"}[i])},
		}}
		s.Materials = append(s.Materials, m)
		p := panel(i, 0.5)
		p.Extra = mapped([]string{"0", "1"}[i])
		s.Meshes = append(s.Meshes, Mesh{Name: name, Primitives: []Primitive{p}})
	}
	return s
}

func TestDedupLeavesOneOfEach(t *testing.T) {
	before := doubled()
	s := before.Dedup()
	if !reflect.DeepEqual(before, doubled()) {
		t.Fatal("the scene before was changed")
	}
	if len(s.Images) != 1 || len(s.Samplers) != 1 || len(s.Textures) != 1 || len(s.Materials) != 1 || len(s.Meshes) != 1 {
		t.Fatalf("got %d images, %d samplers, %d textures, %d materials, %d meshes", len(s.Images), len(s.Samplers), len(s.Textures), len(s.Materials), len(s.Meshes))
	}
	if s.Nodes[1].Mesh != 0 || s.Nodes[1].Name != "chair.001" || s.Images[0].Name != "a" {
		t.Errorf("nodes are %+v", s.Nodes)
	}
	if got := s.Meshes[0].Primitives[0].Materials(); !reflect.DeepEqual(got, []int{0}) {
		t.Errorf("the materials of the mesh are %v", got)
	}
	SameSurfaces(t, before, s)
	if !reflect.DeepEqual(s.Dedup(), s) {
		t.Error("the second time changes something")
	}
}

// TestDedupKeepsDifferences changes the second chair in one way at a time.
func TestDedupKeepsDifferences(t *testing.T) {
	type left struct{ images, samplers, textures, materials, meshes int }
	for name, c := range map[string]struct {
		want   left
		change func(s *Scene)
	}{
		"nothing":                 {left{1, 1, 1, 1, 1}, func(*Scene) {}},
		"another picture":         {left{2, 1, 2, 2, 2}, func(s *Scene) { s.Images[1].Data = []byte("painting") }},
		"extras on an image":      {left{2, 1, 2, 2, 2}, func(s *Scene) { s.Images[1].Extras = "x" }},
		"another wrap mode":       {left{1, 2, 2, 2, 2}, func(s *Scene) { s.Samplers[1].WrapS = ClampToEdge }},
		"no sampler":              {left{1, 1, 2, 2, 2}, func(s *Scene) { s.Textures[1].Sampler = None }},
		"another name":            {left{1, 1, 1, 2, 2}, func(s *Scene) { s.Materials[1].Name = "wood 2" }},
		"another factor":          {left{1, 1, 1, 2, 2}, func(s *Scene) { s.Materials[1].Roughness = 0.25 }},
		"another UV set":          {left{1, 1, 1, 2, 2}, func(s *Scene) { s.Materials[1].BaseColor.UV = 1 }},
		"other uses":              {left{2, 1, 2, 2, 2}, func(s *Scene) { s.Materials[1].Extensions = nil }},
		"levels of a material":    {left{1, 1, 1, 2, 2}, func(s *Scene) { s.Materials[1].Extra = s.Materials[1].With(lod, levelOf("0").Extensions[lod]) }},
		"another variant":         {left{1, 1, 1, 1, 2}, func(s *Scene) { s.Meshes[1].Primitives[0].Extra = Extra{} }},
		"other indices":           {left{1, 1, 1, 1, 2}, func(s *Scene) { s.Meshes[1].Primitives[0].Indices = []uint32{1, 2, 0} }},
		"no indices":              {left{1, 1, 1, 1, 2}, func(s *Scene) { s.Meshes[1].Primitives[0].Indices = nil }},
		"other vertices":          {left{1, 1, 1, 1, 2}, func(s *Scene) { s.Meshes[1].Primitives[0].Attributes = panel(0, 0.6).Attributes }},
		"extras on a mesh":        {left{1, 1, 1, 1, 2}, func(s *Scene) { s.Meshes[1].Extras = "x" }},
		"a node without a name":   {left{1, 1, 1, 1, 2}, func(s *Scene) { s.Nodes[1].Name = "" }},
		"an extension of unknown": {left{2, 2, 2, 2, 2}, func(s *Scene) { s.Root = s.Root.With("ACME_parts", map[string]any{}) }},
	} {
		s := doubled()
		c.change(s)
		d := s.Dedup()
		if got := (left{len(d.Images), len(d.Samplers), len(d.Textures), len(d.Materials), len(d.Meshes)}); got != c.want {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
		if !reflect.DeepEqual(d.Dedup(), d) {
			t.Errorf("%s: the second time changes something", name)
		}
	}
}

func TestReferencesFollow(t *testing.T) {
	s := doubled()
	s.Materials = append(s.Materials, gray("metal"), gray("far"))
	s.Materials[2].Extra = levelOf("3")
	s.Meshes = append(s.Meshes, Mesh{Primitives: []Primitive{panel(2, 0.7)}})
	s.Meshes[2].Primitives[0].Extra = mapped("3")
	s.Nodes[0].Mesh, s.Nodes[1].Mesh = 2, 1
	d := s.Dedup()
	if d.Nodes[0].Mesh != 1 || d.Nodes[1].Mesh != 0 {
		t.Errorf("nodes show %d and %d, want 1 and 0", d.Nodes[0].Mesh, d.Nodes[1].Mesh)
	}
	if got := d.Meshes[1].Primitives[0].Materials(); !reflect.DeepEqual(got, []int{1, 2}) {
		t.Errorf("materials of a primitive and its variants are %v, want 1 and 2", got)
	}
	if got := levels(d.Materials[1].Extra); !reflect.DeepEqual(got, []int{2}) {
		t.Errorf("levels of a material are %v, want 2", got)
	}
	s.Materials[2].Extra = levelOf("99") // a reader doesn't check these
	if got := levels(s.Dedup().Materials[1].Extra); !reflect.DeepEqual(got, []int{99}) {
		t.Errorf("a level that isn't there became %v", got)
	}
}

func TestEqualArraysAreOne(t *testing.T) {
	s := doubled()
	s.Materials[1].Name = "other" // so that both meshes stay
	times := func() *Array { return &Array{Kind: Float32, Width: 1, Data: []byte{0, 0, 0, 0}} }
	value := func() *Array { return Floats([][3]float32{{1, 2, 3}}) }
	for i := range 2 {
		s.Animations = append(s.Animations, Animation{Samplers: []Track{{Input: times(), Output: value()}}})
		s.Skins = append(s.Skins, Skin{Skeleton: None, InverseBind: &Array{Kind: Float32, Width: 16, Matrix: true, Data: make([]byte, 64)}})
		s.Nodes[i].Instances = []Attribute{{"TRANSLATION", value()}}
	}
	d := s.Dedup()
	a, b := &d.Meshes[0].Primitives[0], &d.Meshes[1].Primitives[0]
	if a.Attributes[1].Array != b.Attributes[1].Array || &a.Indices[0] != &b.Indices[0] {
		t.Error("vertices or indices of the meshes are two")
	}
	if x, y := d.Animations[0].Samplers[0], d.Animations[1].Samplers[0]; x.Input != y.Input || x.Output != y.Output {
		t.Error("tracks have arrays of their own")
	}
	if d.Skins[0].InverseBind != d.Skins[1].InverseBind || d.Nodes[0].Instances[0].Array != d.Nodes[1].Instances[0].Array {
		t.Error("bind matrices or places of copies are two")
	}
	half := &Array{Kind: Uint16, Width: 2, Data: []byte{0, 0, 0, 0}}
	if equalArrays(times(), half) || equalArrays(half, &Array{Kind: Uint16, Width: 2, Normalized: true, Data: half.Data}) {
		t.Error("arrays that are read in another way are taken for equal")
	}
}
