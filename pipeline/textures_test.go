package pipeline_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/mesh/glb"
	"github.com/plinth3d/plinth/mesh/meshtest"
	"github.com/plinth3d/plinth/mesh/scene"
	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/textures"
)

// painted is a PNG of w by h pixels.
func painted(t *testing.T, w, h int, level png.CompressionLevel, at func(x, y int) color.NRGBA) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetNRGBA(x, y, at(x, y))
		}
	}
	var out bytes.Buffer
	enc := png.Encoder{CompressionLevel: level}
	if err := enc.Encode(&out, img); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func waves(x, y int) color.NRGBA {
	f := func(k float64) uint8 { return uint8(128 + 100*math.Sin(k*float64(x))*math.Cos(k*float64(y)/2)) }
	return color.NRGBA{f(0.11), f(0.07), f(0.05), 255}
}

// sheet is a square of one meter that shows images, one for each of the slots.
func sheet(images ...[]byte) *scene.Scene {
	node := scene.Node{Mesh: 0, Skin: scene.None, Camera: scene.None, Rotation: [4]float64{3: 1}, Scale: [3]float64{1, 1, 1}}
	s := &scene.Scene{
		Default: 0, Scenes: []scene.Roots{{Nodes: []int{0}}}, Nodes: []scene.Node{node},
		Meshes: []scene.Mesh{{Primitives: []scene.Primitive{{
			Mode: scene.Triangles, Indices: []uint32{0, 1, 2, 0, 2, 3}, Material: 0,
			Attributes: []scene.Attribute{
				{Name: "POSITION", Array: scene.Floats([][3]float32{{0, 0, 0}, {1, 0, 0}, {1, 1, 0}, {0, 1, 0}})},
				{Name: "TEXCOORD_0", Array: scene.Floats([][2]float32{{0, 0}, {1, 0}, {1, 1}, {0, 1}})},
			},
		}}}},
		Materials: []scene.Material{{
			BaseColorFactor: [4]float64{1, 1, 1, 1}, Roughness: 1, Metallic: 1, NormalScale: 1, OcclusionStrength: 1,
			AlphaMode: scene.Opaque, AlphaCutoff: 0.5,
		}},
	}
	for i, data := range images {
		s.Images = append(s.Images, scene.Image{MIME: textures.Sniff(data), Data: data})
		s.Textures = append(s.Textures, scene.Texture{Sampler: scene.None, Source: i})
	}
	return s
}

func encoded(t *testing.T, s *scene.Scene) []byte {
	t.Helper()
	data, err := glb.Encode(s)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestEachFormHasItsImages(t *testing.T) {
	s := sheet(painted(t, 2048, 2048, png.BestSpeed, waves))
	s.Materials[0].BaseColor = &scene.TextureRef{}
	r := process(t, encoded(t, s))
	checkWeb(t, encoded(t, s), r)
	level := r.Manifest.Levels[2]
	universal, _ := level.Rendition(asset.Universal)
	web, _ := level.Rendition(asset.Web)
	// The sheet's radius is 0.707 m, so a pixel at 1152 is 1/749 m.
	if got := universal.Textures[0]; got.Width != 1024 || got.Codec != "jpeg" || got.SourceWidth != 2048 || got.GPUBytes != textures.GPUBytes(1024, 1024) || got.PSNR < 38 {
		t.Errorf("for any viewer: %+v", got)
	}
	if got := web.Textures[0]; got.Width != 752 || got.Height != 752 || got.Codec != "webp" || got.PSNR < 38 {
		t.Errorf("for the web: %+v", got)
	}
	for _, o := range r.Outputs {
		if strings.Contains(o.Name, "level2.web") {
			after, err := glb.Decode(o.Data, scene.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			head := string(o.Data[:4000])
			required := head[strings.Index(head, "extensionsRequired"):]
			if after.Images[0].MIME != textures.WebP || !strings.Contains(required[:120], "EXT_texture_webp") {
				t.Error("a file without another image must require EXT_texture_webp")
			}
		}
	}
}

func TestCapsAreMetWithAsFewPixelsAsItTakes(t *testing.T) {
	if pipeline.RaceEnabled {
		t.Skip("takes minutes with the race detector; TestTheSameBytesOnAnyNumberOfProcessors runs with it")
	}
	s := sheet(painted(t, 2048, 2048, png.BestSpeed, waves))
	s.Materials[0].BaseColor = &scene.TextureRef{}
	src := encoded(t, s)
	recipe := pipeline.Default()
	recipe.Levels = recipe.Levels[:1] // needs 1686 texels
	for name, test := range map[string]struct {
		cap    pipeline.LevelRecipe
		pixels [2]float64
		by     string
		note   bool
	}{
		"no cap":            {pipeline.LevelRecipe{Height: 2592}, [2]float64{0, 1}, "", false},
		"GPU memory":        {pipeline.LevelRecipe{Height: 2592, GPUBytes: 10 << 20}, [2]float64{1.2, 1.7}, "gpuBytes", false},
		"bytes":             {pipeline.LevelRecipe{Height: 2592, Bytes: 200 << 10}, [2]float64{1.01, 2}, "bytes", false},
		"more than it can":  {pipeline.LevelRecipe{Height: 2592, GPUBytes: 1 << 20}, [2]float64{1.6, 2}, "gpuBytes", true},
		"bytes beyond hope": {pipeline.LevelRecipe{Height: 2592, Bytes: 1 << 10}, [2]float64{1.6, 2}, "bytes", true},
	} {
		t.Run(name, func(t *testing.T) {
			recipe.Levels[0] = test.cap
			r, err := pipeline.Process(t.Context(), src, recipe)
			if err != nil {
				t.Fatal(err)
			}
			l := r.Manifest.Levels[0]
			noted := slices.ContainsFunc(r.Manifest.Findings, func(f asset.Finding) bool { return f.Code == "cap" })
			if l.Pixels < test.pixels[0] || l.Pixels > test.pixels[1] || l.RelaxedBy != test.by || noted != test.note {
				t.Errorf("got %g pixels, relaxed by %q, noted %t", l.Pixels, l.RelaxedBy, noted)
			}
			for _, rd := range l.Renditions {
				if !test.note && (test.cap.GPUBytes > 0 && rd.GPUBytes > test.cap.GPUBytes || test.cap.Bytes > 0 && rd.Bytes > test.cap.Bytes) {
					t.Errorf("the %s form has %d bytes, %d on the GPU", rd.Form, rd.Bytes, rd.GPUBytes)
				}
			}
		})
	}
}

// TestCapsAreUsedUp asks for caps between what a texture takes at one pixel and at two: the web
// form's sizes are fine enough to come near each.
func TestCapsAreUsedUp(t *testing.T) {
	if pipeline.RaceEnabled {
		t.Skip("takes minutes with the race detector; TestTheSameBytesOnAnyNumberOfProcessors runs with it")
	}
	r := rand.New(rand.NewPCG(3, 4))
	s := sheet(painted(t, 1024, 1024, png.BestSpeed, func(x, y int) color.NRGBA {
		c := waves(x, y)
		return color.NRGBA{c.R + uint8(r.IntN(20)), c.G + uint8(r.IntN(20)), c.B + uint8(r.IntN(20)), 255}
	}))
	s.Materials[0].BaseColor = &scene.TextureRef{}
	src := encoded(t, s)
	recipe := pipeline.Default()
	web := func(level pipeline.LevelRecipe) asset.Rendition {
		recipe.Levels = []pipeline.LevelRecipe{level}
		made, err := pipeline.Process(t.Context(), src, recipe)
		if err != nil {
			t.Fatal(err)
		}
		rd, _ := made.Manifest.Levels[0].Rendition(asset.Web)
		return rd
	}
	free := web(pipeline.LevelRecipe{Height: 1152})
	for _, share := range []float64{0.9, 0.7, 0.5} {
		cap := int64(share * float64(free.Bytes))
		if rd := web(pipeline.LevelRecipe{Height: 1152, Bytes: cap}); rd.Bytes > cap || float64(rd.Bytes) < 0.93*float64(cap) {
			t.Errorf("a cap of %d bytes: got %d, at %d by %d", cap, rd.Bytes, rd.Textures[0].Width, rd.Textures[0].Height)
		}
		cap = int64(share * float64(free.GPUBytes))
		if rd := web(pipeline.LevelRecipe{Height: 1152, GPUBytes: cap}); rd.GPUBytes > cap || float64(rd.GPUBytes) < 0.97*float64(cap) {
			t.Errorf("a cap of %d on the GPU: got %d, at %d by %d", cap, rd.GPUBytes, rd.Textures[0].Width, rd.Textures[0].Height)
		}
	}
}

// A cap on GPU memory counts what the level's mesh takes, not the source's.
func TestAHeavySourceLeavesItsTexturesAlone(t *testing.T) {
	m := meshtest.Sphere(200, 200)
	var uvs [][2]float32
	for _, p := range m.Positions {
		uvs = append(uvs, [2]float32{5 * p[0], 5 * p[1]})
	}
	s := sheet(painted(t, 1024, 1024, png.BestSpeed, waves))
	s.Materials[0].BaseColor = &scene.TextureRef{}
	s.Meshes[0].Primitives[0] = scene.Primitive{
		Mode: scene.Triangles, Indices: m.Indices, Material: 0,
		Attributes: []scene.Attribute{{Name: "POSITION", Array: scene.Floats(m.Positions)}, {Name: "TEXCOORD_0", Array: scene.Floats(uvs)}},
	}
	src := encoded(t, s)
	recipe := pipeline.Default()
	recipe.Levels = []pipeline.LevelRecipe{{Height: 100}}
	free, err := pipeline.Process(t.Context(), src, recipe)
	if err != nil {
		t.Fatal(err)
	}
	most := int64(0)
	for _, rd := range free.Manifest.Levels[0].Renditions {
		most = max(most, rd.GPUBytes)
	}
	if most > free.Manifest.Source.GPUBytes-scene.BufferBytes(s.Meshes) {
		t.Fatalf("the level takes %d bytes, too much to tell", most)
	}
	recipe.Levels[0].GPUBytes = most + most/10
	capped, err := pipeline.Process(t.Context(), src, recipe)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := capped.Manifest.Levels[0], free.Manifest.Levels[0]; got.RelaxedBy != "" || got.Renditions[1].SHA256 != want.Renditions[1].SHA256 {
		t.Errorf("relaxed by %q, at %d by %d", got.RelaxedBy, got.Renditions[1].Textures[0].Width, got.Renditions[1].Textures[0].Height)
	}
}

func TestImagesOfEqualPixelsBecomeOne(t *testing.T) {
	a, b := painted(t, 64, 64, png.BestSpeed, waves), painted(t, 64, 64, png.BestCompression, waves)
	if bytes.Equal(a, b) {
		t.Fatal("the files are the same already")
	}
	s := sheet(a, b)
	s.Materials[0].BaseColor, s.Materials[0].Emissive = &scene.TextureRef{}, &scene.TextureRef{Texture: 1}
	s.Materials[0].EmissiveFactor = [3]float64{1, 1, 1}
	t.Run("but not for other uses", func(t *testing.T) {
		s := sheet(a, b)
		s.Materials[0].BaseColor, s.Materials[0].MetalRough = &scene.TextureRef{}, &scene.TextureRef{Texture: 1}
		web, _ := process(t, encoded(t, s)).Manifest.Levels[0].Rendition(asset.Web)
		if len(web.Textures) != 2 || web.Textures[0].Role == web.Textures[1].Role {
			t.Errorf("got %+v", web.Textures)
		}
	})
	for _, l := range process(t, encoded(t, s)).Manifest.Levels {
		for _, rd := range l.Renditions {
			if rd.SHA256 != asset.Hash(encoded(t, s)) && len(rd.Textures) != 1 {
				t.Errorf("level %d, %s: %d textures", l.Level, rd.Form, len(rd.Textures))
			}
		}
	}
}

func TestANormalMapWithoutNormalsIsToldAndKept(t *testing.T) {
	s := sheet(painted(t, 128, 128, png.BestSpeed, func(x, y int) color.NRGBA {
		c := waves(x, y)
		c.B = 0 // as some tools write two channels
		return c
	}))
	s.Materials[0].Normal = &scene.TextureRef{}
	m := process(t, encoded(t, s)).Manifest
	if !slices.ContainsFunc(m.Findings, func(f asset.Finding) bool { return f.Code == "normals" && f.Where == "images[0]" }) {
		t.Errorf("got the findings %+v", m.Findings)
	}
	for _, l := range m.Levels {
		for _, rd := range l.Renditions {
			if got := rd.Textures[0]; got.PSNR != 0 && (got.PSNR < 40 || got.Role != "data") {
				t.Errorf("level %d, %s: %+v", l.Level, rd.Form, got)
			}
		}
	}
}

// Where one material hides colors by their alpha and another shows them, they are kept.
func TestColorsThatAreShownBareAreKept(t *testing.T) {
	s := sheet(painted(t, 64, 64, png.BestSpeed, func(x, y int) color.NRGBA {
		c := waves(x, y)
		c.A = uint8(255 * (x / 32))
		return c
	}))
	s.Materials[0].BaseColor = &scene.TextureRef{}
	bare := s.Materials[0]
	s.Materials[0].AlphaMode = scene.Blend
	s.Materials = append(s.Materials, bare)
	other := s.Meshes[0].Primitives[0]
	other.Material = 1
	s.Meshes[0].Primitives = append(s.Meshes[0].Primitives, other)
	before, err := textures.Decode(s.Images[0].Data, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	r := process(t, encoded(t, s))
	for _, o := range r.Outputs {
		after, err := glb.Decode(o.Data, scene.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		img, err := textures.Decode(after.Images[0].Data, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if img.Rect == before.Rect && textures.PSNR(before, img, textures.Use{Role: textures.Data, Used: textures.RGB | textures.A}) < 40 {
			t.Errorf("%s: hidden colors are lost", o.Name)
		}
	}
}

// What is seen as light and read as numbers too keeps each channel as numbers do.
func TestLightThatIsReadAsNumbersIsCodedAsNumbers(t *testing.T) {
	s := sheet(painted(t, 128, 128, png.BestSpeed, func(x, y int) color.NRGBA {
		return color.NRGBA{waves(x, y).R, waves(y, 2*x).G, waves(3*x, y).B, 255}
	}))
	s.Materials[0].BaseColor, s.Materials[0].MetalRough = &scene.TextureRef{}, &scene.TextureRef{}
	before, err := textures.Decode(s.Images[0].Data, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range process(t, encoded(t, s)).Outputs {
		after, err := glb.Decode(o.Data, scene.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		img, err := textures.Decode(after.Images[0].Data, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		for _, channel := range []textures.Channels{textures.R, textures.G, textures.B} {
			if got := textures.PSNR(before, img, textures.Use{Role: textures.Data, Used: channel}); got < 40 {
				t.Errorf("%s: channel %b has %.1f dB", o.Name, channel, got)
			}
		}
	}
}

// Where an unknown extension may read images, they stay; one of one color needs one pixel.
func TestAnImageOfOneColorThatStaysHasOnePixel(t *testing.T) {
	s := sheet(plainly(t, color.NRGBA{1, 2, 3, 4}), painted(t, 64, 64, png.BestSpeed, waves))
	s.Materials[0].BaseColor, s.Materials[0].Emissive = &scene.TextureRef{}, &scene.TextureRef{Texture: 1}
	s.Root = s.Root.With("ACME_pictures", map[string]any{"picture": 0})
	web, _ := process(t, encoded(t, s)).Manifest.Levels[0].Rendition(asset.Web)
	if len(web.Textures) != 2 || web.Textures[0].Width != 1 || web.Textures[0].Height != 1 || web.Textures[1].Width == 1 {
		t.Errorf("got %+v", web.Textures)
	}
}
