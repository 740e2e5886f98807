package pipeline_test

import (
	"encoding/json"
	"fmt"
	"image/color"
	"image/png"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plinth3d/plinth/mesh/scene"
	"github.com/plinth3d/plinth/pipeline"
)

func study(t *testing.T, s *scene.Scene, r pipeline.Recipe) []pipeline.ImageFacts {
	t.Helper()
	facts, err := pipeline.StudyImages(t.Context(), encoded(t, s), r)
	if err != nil {
		t.Fatal(err)
	}
	return facts
}

// shaded is waves with alpha that varies.
func shaded(x, y int) color.NRGBA {
	c := waves(x, y)
	c.A = uint8(4 * x)
	return c
}

func TestAnImageIsToldWhole(t *testing.T) {
	s := sheet(painted(t, 512, 256, png.BestSpeed, waves))
	s.Images[0].Name = "bark"
	s.Samplers = []scene.Sampler{{WrapS: scene.ClampToEdge, WrapT: scene.MirroredRepeat}}
	s.Textures[0].Sampler = 0
	s.Materials[0].Name, s.Materials[0].BaseColor = "tree", &scene.TextureRef{}
	r := pipeline.Default()
	r.Levels = r.Levels[3:] // a pixel is 2.4 mm
	got, err := json.Marshal(study(t, s, r))
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf(`[{"index":0,"name":"bark","role":"color","uses":[{"material":0,"name":"tree","slot":"baseColorTexture","texCoord":0,"channels":"rgb"}],`+
		`"codec":"png","bytes":%d,"width":512,"height":256,"gpuBytes":699051,"channels":"rgb","constant":{},"grey":false,"alpha":{"used":false,"bare":false},`+
		`"wrapS":"clamp","wrapT":"mirror","texelMM":{"p50":[1.953125,3.90625],"p90":[1.953125,3.90625]},`+
		`"levels":[{"level":0,"height":640,"universal":[512,256],"web":[420,256]}],"factor":false,"notes":[]}]`, len(s.Images[0].Data))
	if d := cmp.Diff(want, string(got)); d != "" {
		t.Error(d)
	}
}

func TestWhatBecomesOfAnImage(t *testing.T) {
	a, b := painted(t, 64, 64, png.BestSpeed, waves), painted(t, 64, 64, png.BestCompression, waves)
	s := sheet(a, b, b, plainly(t, color.NRGBA{200, 200, 200, 255}), a)
	m := &s.Materials[0]
	m.BaseColor, m.Emissive, m.EmissiveFactor = &scene.TextureRef{}, &scene.TextureRef{Texture: 1}, [3]float64{1, 1, 1}
	m.Normal, m.MetalRough = &scene.TextureRef{Texture: 2}, &scene.TextureRef{Texture: 3}
	for _, dedup := range []bool{true, false} {
		r := pipeline.Default()
		r.Dedup = dedup
		facts := study(t, s, r)
		for i, want := range []struct {
			role   string
			levels int
			factor bool
			of     int
		}{{"color", 4, false, -1}, {"emissive", 4, false, 0}, {"normal", 4, false, -1}, {"orm", 0, true, -1}, {"data", 0, false, 0}} {
			f := facts[i]
			of := -1
			if f.DuplicateOf != nil {
				of = *f.DuplicateOf
			}
			if i == 4 && dedup {
				want.levels = 4 // those of the image that it equals
			}
			if f.Role != want.role || len(f.Levels) != want.levels || f.Factor != want.factor || of != want.of {
				t.Errorf("dedup %t, image %d: role %s, %d levels, factor %t, duplicate of %d", dedup, i, f.Role, len(f.Levels), f.Factor, of)
			}
		}
		if !facts[3].Grey || facts[0].Grey || facts[3].Constant["g"] != 200 || facts[3].Channels != "gb" || len(facts[4].Uses) != 0 {
			t.Errorf("got %+v", facts[3:])
		}
	}
}

func TestAnImageOfSeveralUses(t *testing.T) {
	use := func(edit func(m *scene.Material)) scene.Material {
		m := sheet().Materials[0]
		edit(&m)
		return m
	}
	base := func(mode scene.AlphaMode, factor float64) scene.Material {
		return use(func(m *scene.Material) {
			m.BaseColor, m.AlphaMode, m.BaseColorFactor[3] = &scene.TextureRef{}, mode, factor
		})
	}
	extension := func(mode scene.AlphaMode, name, slot string) scene.Material {
		return use(func(m *scene.Material) {
			m.AlphaMode, m.Extensions = mode, map[string]any{name: map[string]any{slot: map[string]any{"index": 0}}}
		})
	}
	occlusion := use(func(m *scene.Material) { m.Occlusion = &scene.TextureRef{} })
	normal := use(func(m *scene.Material) { m.Normal = &scene.TextureRef{} })
	glow := use(func(m *scene.Material) { m.Emissive, m.EmissiveFactor = &scene.TextureRef{}, [3]float64{1, 1, 1} })
	specular := extension(scene.Opaque, "KHR_materials_specular", "specularTexture")
	diffuse := extension(scene.Mask, "KHR_materials_pbrSpecularGlossiness", "diffuseTexture")
	unlit := base(scene.Blend, 1)
	unlit.Extensions = map[string]any{"KHR_materials_unlit": map[string]any{}}
	for name, test := range map[string]struct {
		materials      []scene.Material
		role, channels string
		alpha          pipeline.AlphaFacts
	}{
		"of an opaque material, alpha is not read":               {[]scene.Material{base(scene.Opaque, 1)}, "color", "rgb", pipeline.AlphaFacts{}},
		"of one that is cut out, alpha has a cutoff":             {[]scene.Material{base(scene.Mask, 1)}, "color", "rgba", pipeline.AlphaFacts{Used: true, Mode: "mask", Cutoff: 0.5}},
		"a factor of alpha moves the cutoff":                     {[]scene.Material{base(scene.Mask, 0.8)}, "color", "rgba", pipeline.AlphaFacts{Used: true, Mode: "mask", Cutoff: 0.625}},
		"of one that blends, all alpha is seen":                  {[]scene.Material{base(scene.Blend, 1)}, "color", "rgba", pipeline.AlphaFacts{Used: true, Mode: "blend"}},
		"unlit colors are colors":                                {[]scene.Material{unlit}, "color", "rgba", pipeline.AlphaFacts{Used: true, Mode: "blend"}},
		"blending counts more than cutting out":                  {[]scene.Material{base(scene.Blend, 1), base(scene.Mask, 1)}, "color", "rgba", pipeline.AlphaFacts{Used: true, Mode: "blend"}},
		"an opaque material shows what another hides":            {[]scene.Material{base(scene.Mask, 1), base(scene.Opaque, 1)}, "color", "rgba", pipeline.AlphaFacts{Used: true, Mode: "mask", Cutoff: 0.5, Bare: true}},
		"light from what is hidden shows it":                     {[]scene.Material{base(scene.Blend, 1), glow}, "color", "rgba", pipeline.AlphaFacts{Used: true, Mode: "blend", Bare: true}},
		"the diffuse color's alpha is opacity too":               {[]scene.Material{diffuse}, "color", "rgba", pipeline.AlphaFacts{Used: true, Mode: "mask", Cutoff: 0.5}},
		"both ways to say a color hide the same":                 {[]scene.Material{diffuse, base(scene.Mask, 1)}, "color", "rgba", pipeline.AlphaFacts{Used: true, Mode: "mask", Cutoff: 0.5}},
		"alpha that is a number has no mode":                     {[]scene.Material{specular}, "data", "a", pipeline.AlphaFacts{Used: true}},
		"colors with a number beside them are colors":            {[]scene.Material{specular, glow}, "emissive", "rgba", pipeline.AlphaFacts{Used: true, Bare: true}},
		"alpha that is a number somewhere is not cut":            {[]scene.Material{specular, base(scene.Mask, 1)}, "color", "rgba", pipeline.AlphaFacts{Used: true, Mode: "mask"}},
		"light counts more than numbers":                         {[]scene.Material{occlusion, glow}, "color", "rgb", pipeline.AlphaFacts{}},
		"directions and other numbers are numbers":               {[]scene.Material{occlusion, normal}, "data", "rgb", pipeline.AlphaFacts{}},
		"what nobody knows may read anything":                    {[]scene.Material{extension(scene.Opaque, "ACME_materials_moss", "mossTexture")}, "data", "rgba", pipeline.AlphaFacts{Used: true, Bare: true}},
		"a vendor's texture of a known name is not that of glTF": {[]scene.Material{extension(scene.Opaque, "MSFT_packing_occlusionRoughnessMetallic", "normalTexture")}, "data", "rgba", pipeline.AlphaFacts{Used: true, Bare: true}},
	} {
		t.Run(name, func(t *testing.T) {
			s := sheet(painted(t, 64, 64, png.BestSpeed, shaded))
			s.Materials = test.materials
			for i := range s.Materials[1:] {
				p := s.Meshes[0].Primitives[0]
				p.Material = i + 1
				s.Meshes[0].Primitives = append(s.Meshes[0].Primitives, p)
			}
			f := study(t, s, pipeline.Default())[0]
			if f.Role != test.role || f.Channels != test.channels || f.Alpha != test.alpha {
				t.Errorf("got %s, %s, %+v", f.Role, f.Channels, f.Alpha)
			}
			// And nothing of it breaks what is made.
			checkWeb(t, encoded(t, s), process(t, encoded(t, s)))
		})
	}
}

func TestWrapsOfSeveralUsesAreTheOneThatGoesOn(t *testing.T) {
	for _, test := range []struct {
		wraps []int
		want  string
	}{
		{[]int{scene.ClampToEdge}, "clamp"},
		{[]int{scene.ClampToEdge, scene.Repeat}, "repeat"},
		{[]int{scene.ClampToEdge, scene.MirroredRepeat}, "mirror"},
		{[]int{scene.MirroredRepeat, scene.Repeat, scene.ClampToEdge}, "repeat"},
	} {
		s := sheet(painted(t, 64, 64, png.BestSpeed, waves))
		s.Textures = nil
		for i, w := range test.wraps {
			s.Samplers = append(s.Samplers, scene.Sampler{WrapS: w, WrapT: scene.ClampToEdge})
			s.Textures = append(s.Textures, scene.Texture{Sampler: i, Source: 0})
			m := sheet().Materials[0]
			m.BaseColor = &scene.TextureRef{Texture: i}
			s.Materials = append(s.Materials, m)
		}
		f := study(t, s, pipeline.Default())[0]
		if f.WrapS != test.want || f.WrapT != "clamp" {
			t.Errorf("%v: %s, %s", test.wraps, f.WrapS, f.WrapT)
		}
	}
}

func TestTexelsOnTheSurface(t *testing.T) {
	transformed := func(m *scene.Material, transform map[string]any) {
		m.BaseColor.Extra = m.BaseColor.With("KHR_texture_transform", transform)
	}
	uvs := func(s *scene.Scene, name string, uvs ...[2]float32) {
		p := &s.Meshes[0].Primitives[0]
		p.Attributes = append(slices.DeleteFunc(slices.Clone(p.Attributes), func(a scene.Attribute) bool { return a.Name == name }),
			scene.Attribute{Name: name, Array: scene.Floats(uvs)})
	}
	placed := func(s *scene.Scene, scale ...float64) {
		n := s.Nodes[0]
		n.Scale = [3]float64(scale)
		s.Scenes[0].Nodes = append(s.Scenes[0].Nodes, len(s.Nodes))
		s.Nodes = append(s.Nodes, n)
	}
	for name, test := range map[string]struct {
		edit func(s *scene.Scene)
		want *pipeline.TexelSize // of 100 by 200 texels
	}{
		"an image on a square meter":                  {func(*scene.Scene) {}, &pipeline.TexelSize{P50: [2]float64{10, 5}, P90: [2]float64{10, 5}}},
		"the same in centimeters, ten times as large": {func(s *scene.Scene) { placed(s, 10, 10, 10) }, both(100, 50)},
		"a mesh that stands several times counts where it is largest along each axis": {func(s *scene.Scene) {
			placed(s, 3, 0.5, 1)
			placed(s, 2, 2, 2)
			placed(s, -0.1, 0.1, 0.1)
		}, both(30, 10)},
		"instances": {func(s *scene.Scene) {
			s.Nodes[0].Instances = []scene.Attribute{{Name: "SCALE", Array: scene.Floats([][3]float32{{1, 1, 1}, {4, 4, 4}, {2, 2, 2}})}}
		}, both(40, 20)},
		"joints scale what they carry": {func(s *scene.Scene) {
			joint := s.Nodes[0]
			joint.Mesh, joint.Scale = scene.None, [3]float64{5, 5, 5}
			s.Nodes[0].Skin = 0
			s.Scenes[0].Nodes = append(s.Scenes[0].Nodes, 1)
			s.Nodes = append(s.Nodes, joint)
			s.Skins = []scene.Skin{{Joints: []int{1}, Skeleton: scene.None}}
			p := &s.Meshes[0].Primitives[0]
			p.Attributes = append(p.Attributes,
				scene.Attribute{Name: "JOINTS_0", Array: &scene.Array{Kind: scene.Uint8, Width: 4, Data: make([]byte, 16)}},
				scene.Attribute{Name: "WEIGHTS_0", Array: scene.Floats([][4]float32{{1}, {1}, {1}, {1}})})
		}, both(50.00005, 25.000025)},
		"a transform repeats the image": {func(s *scene.Scene) {
			transformed(&s.Materials[0], map[string]any{"scale": []any{2, -4}, "offset": []any{0.5, 1}})
		}, both(5, 1.25)},
		"a quarter turn exchanges the axes": {func(s *scene.Scene) {
			transformed(&s.Materials[0], map[string]any{"scale": []any{2, 1}, "rotation": math.Pi / 2})
		}, both(10, 2.5)},
		"a transform has a set of its own": {func(s *scene.Scene) {
			uvs(s, "TEXCOORD_1", [2]float32{0, 0}, [2]float32{2, 0}, [2]float32{2, 2}, [2]float32{0, 2})
			transformed(&s.Materials[0], map[string]any{"texCoord": 1})
		}, both(5, 2.5)},
		"a set that isn't there shows nothing": {func(s *scene.Scene) { s.Materials[0].BaseColor.UV = 1 }, nil},
		"the stretched half of two sets counts": {func(s *scene.Scene) {
			uvs(s, "TEXCOORD_1", [2]float32{0, 0}, [2]float32{0.5, 0}, [2]float32{0.5, 2}, [2]float32{0, 2})
			s.Materials[0].Emissive, s.Materials[0].EmissiveFactor = &scene.TextureRef{UV: 1}, [3]float64{1, 1, 1}
		}, both(20, 5)},
		"materials of variants show it too": {func(s *scene.Scene) {
			m := s.Materials[0]
			s.Materials = append(s.Materials, m)
			s.Materials[0].BaseColor = nil
			s.Root = s.Root.With("KHR_materials_variants", map[string]any{"variants": []any{map[string]any{"name": "blue"}}})
			p := &s.Meshes[0].Primitives[0]
			p.Extra = p.With("KHR_materials_variants", map[string]any{"mappings": []any{map[string]any{"material": 1, "variants": []any{0}}}})
		}, both(10, 5)},
		"half of the area shows the image coarser": {func(s *scene.Scene) {
			uvs(s, "TEXCOORD_0", [2]float32{0, 0}, [2]float32{1, 0}, [2]float32{1, 1}, [2]float32{0, 0.5})
		}, &pipeline.TexelSize{P50: [2]float64{10, 5}, P90: [2]float64{14.142136, 10}}},
		"a line shows nothing of the other axis": {func(s *scene.Scene) {
			uvs(s, "TEXCOORD_0", [2]float32{0, 0}, [2]float32{1, 0}, [2]float32{1, 0}, [2]float32{0, 0})
		}, both(14.142136, 0)},
		"a point has no size": {func(s *scene.Scene) {
			uvs(s, "TEXCOORD_0", [2]float32{0.5, 0.5}, [2]float32{0.5, 0.5}, [2]float32{0.5, 0.5}, [2]float32{0.5, 0.5})
		}, both(0, 0)},
		"colors of vertices change nothing": {func(s *scene.Scene) {
			p := &s.Meshes[0].Primitives[0]
			p.Attributes = append(p.Attributes, scene.Attribute{Name: "COLOR_0", Array: scene.Floats([][4]float32{{1, 0, 0, 1}, {1, 0, 0, 1}, {1, 0, 0, 1}, {1, 0, 0, 0.5}})})
		}, both(10, 5)},
	} {
		t.Run(name, func(t *testing.T) {
			s := sheet(painted(t, 100, 200, png.BestSpeed, waves))
			s.Materials[0].BaseColor = &scene.TextureRef{}
			test.edit(s)
			got := study(t, s, pipeline.Default())[0].TexelMM
			if d := cmp.Diff(test.want, got, approximately); d != "" {
				t.Error(d)
			}
		})
	}
}

func both(u, v float64) *pipeline.TexelSize {
	return &pipeline.TexelSize{P50: [2]float64{u, v}, P90: [2]float64{u, v}}
}

var approximately = cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) <= 1e-5*math.Abs(b) })

// Swatches lie side by side in a palette: a smaller one mixes them.
func TestAPaletteKeepsItsSize(t *testing.T) {
	s := sheet(painted(t, 1024, 1024, png.BestSpeed, waves))
	s.Materials[0].BaseColor = &scene.TextureRef{}
	p := &s.Meshes[0].Primitives[0]
	p.Indices = []uint32{0, 1, 2, 3, 4, 5}
	p.Attributes = []scene.Attribute{
		{Name: "POSITION", Array: scene.Floats([][3]float32{{0, 0, 0}, {1, 0, 0}, {1, 1, 0}, {0, 0, 0}, {1, 1, 0}, {0, 1, 0}})},
		{Name: "TEXCOORD_0", Array: scene.Floats([][2]float32{{0, 0}, {1, 0}, {1, 1}, {0.5, 0.5}, {0.5, 0.5}, {0.5, 0.5}})},
	}
	for _, l := range study(t, s, pipeline.Default())[0].Levels {
		if l.Universal != [2]int{1024, 1024} || *l.Web != [2]int{1024, 1024} {
			t.Errorf("level %d has %v, %v", l.Level, l.Universal, *l.Web)
		}
	}
}

func TestWhatIsPlannedIsWhatIsMade(t *testing.T) {
	for _, name := range []string{"fern", "flag", "rack", "lamp"} {
		t.Run(name, func(t *testing.T) {
			src := sample(t, name)
			facts, err := pipeline.StudyImages(t.Context(), src, pipeline.Default())
			if err != nil {
				t.Fatal(err)
			}
			var want, got [][2]int
			for _, f := range facts {
				if len(f.Levels) > 0 && f.DuplicateOf == nil {
					want = append(want, *f.Levels[0].Web)
				}
			}
			web, _ := process(t, src).Manifest.Levels[0].Rendition("web")
			for _, x := range web.Textures {
				got = append(got, [2]int{x.Width, x.Height})
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestABrokenSourceIsNotStudied(t *testing.T) {
	s := sheet(painted(t, 64, 64, png.BestSpeed, waves))
	s.Materials[0].BaseColor = &scene.TextureRef{}
	src := encoded(t, s)
	at := strings.Index(string(src), "IDAT")
	src[at+20] ^= 0xff
	if _, err := pipeline.StudyImages(t.Context(), src, pipeline.Default()); err == nil || !strings.Contains(err.Error(), "images[0]") {
		t.Errorf("got %v", err)
	}
}
