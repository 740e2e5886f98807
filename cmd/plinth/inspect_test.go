package main

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/mesh/glb"
	"github.com/plinth3d/plinth/mesh/scene"
	"github.com/plinth3d/plinth/pipeline"
)

// curtain is a file with a plain image and one that is cut out, which has a name that a
// terminal would act on and a texture that is squeezed to a point.
func curtain(t *testing.T) string {
	t.Helper()
	paint := func(at func(x, y int) color.NRGBA) []byte {
		img := image.NewNRGBA(image.Rect(0, 0, 64, 32))
		for i := range 64 * 32 {
			img.SetNRGBA(i%64, i/64, at(i%64, i/64))
		}
		var out bytes.Buffer
		if err := png.Encode(&out, img); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	s := &scene.Scene{
		Scenes: []scene.Roots{{Nodes: []int{0}}},
		Nodes:  []scene.Node{{Skin: scene.None, Camera: scene.None, Rotation: [4]float64{3: 1}, Scale: [3]float64{1, 1, 1}}},
		Meshes: []scene.Mesh{{Primitives: []scene.Primitive{{Mode: scene.Triangles, Attributes: []scene.Attribute{
			{Name: "POSITION", Array: scene.Floats([][3]float32{{0, 0, 0}, {1, 0, 0}, {0, 1, 0}})},
			{Name: "TEXCOORD_0", Array: scene.Floats([][2]float32{{0, 0}, {1, 0}, {0, 1}})},
			{Name: "TEXCOORD_1", Array: scene.Floats([][2]float32{{0, 0}, {0, 0}, {0, 0}})},
		}}}}},
		Materials: []scene.Material{{
			Name: "cloth", AlphaMode: scene.Mask, AlphaCutoff: 0.25, BaseColorFactor: [4]float64{1, 1, 1, 1}, Roughness: 1, Metallic: 1,
			BaseColor: &scene.TextureRef{}, MetalRough: &scene.TextureRef{Texture: 1}, Occlusion: &scene.TextureRef{Texture: 2, UV: 1}, OcclusionStrength: 1,
		}},
	}
	s.Images = []scene.Image{
		{Name: "lace\x1b[31m with a very long name", Data: paint(func(x, y int) color.NRGBA { return color.NRGBA{200, uint8(4 * x), 9, uint8(y)} })},
		{Data: paint(func(int, int) color.NRGBA { return color.NRGBA{7, 51, 0, 255} })},
		{Data: paint(func(x, _ int) color.NRGBA { return color.NRGBA{uint8(x), uint8(x), uint8(x), 255} })},
	}
	for i := range s.Images {
		s.Images[i].MIME = "image/png"
		s.Textures = append(s.Textures, scene.Texture{Sampler: scene.None, Source: i})
	}
	data, err := glb.Encode(s)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "curtain.glb")
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestInspectTellsOfImagesWhenAsked(t *testing.T) {
	file := curtain(t)
	_, without, _ := plinth(t, "inspect", file)
	_, asJSON, _ := plinth(t, "inspect", file, "--json")
	if strings.Contains(without, "cloth") || strings.Contains(asJSON, `"images":[`) {
		t.Errorf("nobody asked for images: %s%s", without, asJSON)
	}
	code, out, stderr := plinth(t, "inspect", file, "--images")
	if code != exitOK {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	for _, want := range []string{
		"lace?[31m with a very l…", "r=200 b=9", "mask 0.25", "64x32", "baseColorTexture: cloth", "rgba", "g=51 b=0", "r, grey",
		"15.6 x 31.2", "squeezed", "becomes a factor", "2592 PX",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("there is no %q in\n%s", want, out)
		}
	}
	if strings.Contains(out, "\x1b") {
		t.Error("a terminal would act on a name")
	}
	code, out, stderr = plinth(t, "inspect", file, "--images", "--json")
	var got struct{ Images []pipeline.ImageFacts }
	if err := json.Unmarshal([]byte(out), &got); code != exitOK || err != nil || len(got.Images) != 3 || len(got.Images[0].Levels) != 4 || !got.Images[1].Factor {
		t.Errorf("exit %d, %v: %s%s", code, err, out, stderr)
	}
}
