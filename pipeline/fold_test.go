package pipeline_test

import (
	"encoding/json"
	"fmt"
	"image/color"
	"image/png"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/mesh/glb"
	"github.com/plinth3d/plinth/mesh/scene"
	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
)

// plainly is an image of one color.
func plainly(t *testing.T, c color.NRGBA) []byte {
	t.Helper()
	return painted(t, 16, 16, png.BestSpeed, func(int, int) color.NRGBA { return c })
}

// folded is the material of a scene's finest level, and how many images that has.
func folded(t *testing.T, s *scene.Scene) (scene.Material, int) {
	t.Helper()
	// It is written and read so that its numbers are what a file's are.
	r := process(t, encoded(t, s))
	for _, o := range r.Outputs {
		if strings.Contains(o.Name, asset.Web) {
			after, err := glb.Decode(o.Data, scene.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			return after.Materials[0], len(after.Images)
		}
	}
	t.Fatal("there is no web form")
	return scene.Material{}, 0
}

func TestATextureOfOneColorBecomesAFactor(t *testing.T) {
	ref := map[string]any{"index": 0}
	for name, test := range map[string]struct {
		color     color.NRGBA
		extension string
		before    map[string]any
		after     string // the extension's JSON; textures stay where it has one
	}{
		"one that is 1 changes nothing": {
			color.NRGBA{255, 9, 0, 255},
			"KHR_materials_clearcoat",
			map[string]any{"clearcoatFactor": 0.5, "clearcoatTexture": ref},
			`{"clearcoatFactor":0.5}`,
		},
		"the channel that is read counts": {
			color.NRGBA{51, 102, 0, 255},
			"KHR_materials_clearcoat",
			map[string]any{"clearcoatRoughnessFactor": 0.5, "clearcoatRoughnessTexture": ref},
			`{"clearcoatRoughnessFactor":0.2}`,
		},
		"two factors of one extension": {
			color.NRGBA{51, 102, 0, 255},
			"KHR_materials_clearcoat",
			map[string]any{"clearcoatFactor": 1, "clearcoatTexture": ref, "clearcoatRoughnessFactor": 0.5, "clearcoatRoughnessTexture": ref},
			`{"clearcoatFactor":0.2,"clearcoatRoughnessFactor":0.2}`,
		},
		"a factor that is missing is 0 where the extension says so": {
			color.NRGBA{255, 0, 0, 255},
			"KHR_materials_transmission",
			map[string]any{"transmissionTexture": ref},
			`{"transmissionFactor":0}`,
		},
		"a factor that is missing is 1 where the extension says so": {
			color.NRGBA{9, 9, 9, 51},
			"KHR_materials_specular",
			map[string]any{"specularTexture": ref},
			`{"specularFactor":0.2}`,
		},
		"colors are sRGB": {
			color.NRGBA{188, 255, 0, 9},
			"KHR_materials_sheen",
			map[string]any{"sheenColorFactor": []any{1, 0.5, 1}, "sheenColorTexture": ref},
			`{"sheenColorFactor":[0.502886458,0.5,0]}`,
		},
		"roughness of sheen is alpha": {
			color.NRGBA{188, 255, 0, 51},
			"KHR_materials_sheen",
			map[string]any{"sheenRoughnessFactor": 1, "sheenRoughnessTexture": ref},
			`{"sheenRoughnessFactor":0.2}`,
		},
		"specular and glossiness": {
			color.NRGBA{255, 0, 255, 51},
			"KHR_materials_pbrSpecularGlossiness",
			map[string]any{"specularGlossinessTexture": ref},
			`{"glossinessFactor":0.2,"specularFactor":[1,0,1]}`,
		},
		"diffuse color of what is opaque has no alpha": {
			color.NRGBA{255, 0, 255, 51},
			"KHR_materials_pbrSpecularGlossiness",
			map[string]any{"diffuseFactor": []any{1, 1, 0.5, 1}, "diffuseTexture": ref},
			`{"diffuseFactor":[1,0,0.5,1]}`,
		},
		"a film as thick all over": {
			color.NRGBA{0, 51, 0, 255},
			"KHR_materials_iridescence",
			map[string]any{"iridescenceFactor": 1, "iridescenceThicknessMinimum": 200, "iridescenceThicknessTexture": ref},
			`{"iridescenceFactor":1,"iridescenceThicknessMaximum":240,"iridescenceThicknessMinimum":200}`,
		},
		"anisotropy along the tangent": {
			color.NRGBA{255, 128, 51, 255},
			"KHR_materials_anisotropy",
			map[string]any{"anisotropyStrength": 0.5, "anisotropyTexture": ref},
			`{"anisotropyStrength":0.1}`,
		},
		"anisotropy in another direction stays": {
			color.NRGBA{128, 255, 51, 255},
			"KHR_materials_anisotropy",
			map[string]any{"anisotropyStrength": 0.5, "anisotropyTexture": ref},
			`{"anisotropyStrength":0.5,"anisotropyTexture":{"index":0}}`,
		},
		"no bumps": {
			color.NRGBA{128, 127, 255, 255},
			"KHR_materials_clearcoat",
			map[string]any{"clearcoatFactor": 1, "clearcoatNormalTexture": ref},
			`{"clearcoatFactor":1}`,
		},
		"a volume without depth doesn't become a thin wall": {
			color.NRGBA{0, 0, 0, 255},
			"KHR_materials_volume",
			map[string]any{"thicknessFactor": 1, "thicknessTexture": ref},
			`{"thicknessFactor":1,"thicknessTexture":{"index":0}}`,
		},
		"a factor that is no number is left alone": {
			color.NRGBA{51, 0, 0, 255},
			"KHR_materials_transmission",
			map[string]any{"transmissionFactor": "much", "transmissionTexture": ref},
			`{"transmissionFactor":"much","transmissionTexture":{"index":0}}`,
		},
		"too few numbers are left alone": {
			color.NRGBA{51, 0, 0, 255},
			"KHR_materials_sheen",
			map[string]any{"sheenColorFactor": []any{1}, "sheenColorTexture": ref},
			`{"sheenColorFactor":[1],"sheenColorTexture":{"index":0}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := sheet(plainly(t, test.color))
			s.Materials[0].Extensions = map[string]any{test.extension: test.before}
			m, images := folded(t, s)
			got, err := json.Marshal(m.Extensions[test.extension])
			// The web form counts coordinates its own way.
			text := strings.Replace(string(got), `"extensions":{"KHR_texture_transform":{"offset":[0,0],"scale":[0.25,0.25]}},`, "", 1)
			if err != nil || text != test.after {
				t.Errorf("got %s, want %s (%v)", got, test.after, err)
			}
			if stays := strings.Contains(test.after, "Texture"); stays != (images == 1) {
				t.Errorf("it has %d images", images)
			}
		})
	}
}

func TestTheAlphaOfOneColorCountsAsTheModeSays(t *testing.T) {
	for mode, want := range map[scene.AlphaMode][4]float64{
		scene.Opaque: {1, 0, 0.5, 0.5}, scene.Mask: {1, 0, 0.5, 0.1}, scene.Blend: {1, 0, 0.5, 0.1},
	} {
		t.Run(fmt.Sprintf("%s is %v", mode, want), func(t *testing.T) {
			s := sheet(plainly(t, color.NRGBA{255, 0, 255, 51}))
			s.Materials[0].BaseColor, s.Materials[0].BaseColorFactor = &scene.TextureRef{}, [4]float64{1, 1, 0.5, 0.5}
			s.Materials[0].AlphaMode = mode
			if m, images := folded(t, s); m.BaseColorFactor != want || images != 0 || m.AlphaMode != mode {
				t.Errorf("got %v, %s, %d images", m.BaseColorFactor, m.AlphaMode, images)
			}
		})
	}
}

func TestGlowOfOneColorKeepsItsStrength(t *testing.T) {
	s := sheet(plainly(t, color.NRGBA{255, 0, 255, 255}))
	m := &s.Materials[0]
	m.Emissive, m.EmissiveFactor = &scene.TextureRef{}, [3]float64{0.5, 1, 1}
	m.Extensions = map[string]any{"KHR_materials_emissive_strength": map[string]any{"emissiveStrength": 4}}
	after, images := folded(t, s)
	text, err := json.Marshal(after.Extensions)
	if err != nil || after.EmissiveFactor != [3]float64{0.5, 0, 1} || images != 0 || !strings.Contains(string(text), `"emissiveStrength":4`) {
		t.Errorf("got %v, %s, %d images (%v)", after.EmissiveFactor, text, images, err)
	}
}

func TestOcclusionOfOneValue(t *testing.T) {
	for name, test := range map[string]struct {
		value    uint8
		strength float64
		images   int
	}{
		"none is no texture":            {255, 1, 0},
		"some has no factor":            {100, 1, 1},
		"some without strength is none": {100, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := sheet(plainly(t, color.NRGBA{test.value, 0, 0, 255}))
			s.Materials[0].Occlusion, s.Materials[0].OcclusionStrength = &scene.TextureRef{}, test.strength
			if _, images := folded(t, s); images != test.images {
				t.Errorf("got %d images, want %d", images, test.images)
			}
		})
	}
}

func TestMetalnessOf0IsAFactorAlthoughRoughnessVaries(t *testing.T) {
	s := sheet(painted(t, 64, 64, png.BestSpeed, func(x, y int) color.NRGBA { return color.NRGBA{0, waves(x, y).G, 0, 255} }))
	s.Materials[0].MetalRough = &scene.TextureRef{}
	if m, images := folded(t, s); m.Metallic != 0 || m.Roughness != 1 || images != 1 {
		t.Errorf("metalness is %g, roughness %g, there are %d images", m.Metallic, m.Roughness, images)
	}
	s.Materials[0].Metallic = 0
	facts := study(t, s, pipeline.Default())
	if facts[0].Channels != "g" || facts[0].Uses[0].Channels != "g" {
		t.Errorf("what is multiplied by 0 is read: %+v", facts[0])
	}
}
