package pipeline_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plinth3d/plinth/mesh/glb"
	"github.com/plinth3d/plinth/mesh/scene"
	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/testdata/models"
)

func sample(t *testing.T, name string) []byte {
	t.Helper()
	for _, m := range models.All() {
		if m.Name == name {
			data, err := m.Make()
			if err != nil {
				t.Fatal(err)
			}
			return data
		}
	}
	t.Fatalf("there is no sample %s", name)
	return nil
}

func process(t *testing.T, src []byte) *pipeline.Result {
	t.Helper()
	r, err := pipeline.Process(t.Context(), src, pipeline.Default())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// check tests what holds for the levels of any model.
func check(t *testing.T, src []byte, r *pipeline.Result) {
	t.Helper()
	files := map[string][]byte{}
	for _, o := range r.Outputs {
		files[o.Name] = o.Data
	}
	m := r.Manifest
	if len(m.Levels) != 4 || m.Schema != 1 || m.Source.SHA256 != asset.Hash(src) || m.Source.Bytes != int64(len(src)) {
		t.Fatalf("the manifest is %+v", m)
	}
	for i, l := range m.Levels {
		rd := l.Renditions[0]
		data := files[rd.Key]
		if asset.Hash(data) != rd.SHA256 || int64(len(data)) != rd.Bytes {
			t.Errorf("level %d: the file is not what the manifest says", i)
		}
		if rd.Bytes > m.Source.Bytes {
			t.Errorf("level %d has %d bytes, its source %d", i, rd.Bytes, m.Source.Bytes)
		}
		if i > 0 && (rd.Bytes > m.Levels[i-1].Renditions[0].Bytes || l.Triangles > m.Levels[i-1].Triangles) {
			t.Errorf("level %d is larger than the finer one", i)
		}
		pixel := pipeline.Pixel(m.Source.Radius, l.Height)
		if l.RelaxedBy == "" && (l.Deviation > pixel*(1+1e-9) || l.Texel > pixel*(1+1e-9) || l.Pixels > 1) {
			t.Errorf("level %d is off by %g and %g m, a pixel is %g m (%g)", i, l.Deviation, l.Texel, pixel, l.Pixels)
		}
		if l.RelaxedBy != "" && l.Pixels > 2 {
			t.Errorf("level %d is relaxed to %g pixels", i, l.Pixels)
		}
		s, err := glb.Decode(data, scene.DefaultLimits())
		if err != nil {
			t.Fatalf("level %d: %v", i, err)
		}
		f, err := s.Inspect()
		if err != nil || f.Triangles != l.Triangles || f.GPUBytes != rd.GPUBytes || f.Images != len(rd.Textures) {
			t.Errorf("level %d: the manifest says %d triangles, %d GPU bytes, %d textures; it has %+v (%v)", i, l.Triangles, rd.GPUBytes, len(rd.Textures), f, err)
		}
	}
}

// outline is what must be equal before and after: everything but vertices and
// images.
func outline(t *testing.T, s *scene.Scene) string {
	t.Helper()
	c := *s
	c.Generator, c.Findings, c.Images, c.Textures, c.Samplers = "", nil, nil, nil, nil
	c.Meshes = nil
	var b strings.Builder
	for _, m := range s.Meshes {
		fmt.Fprintf(&b, "mesh %q %v %v\n", m.Name, m.Weights, m.Extra)
		for _, p := range m.Primitives {
			fmt.Fprintf(&b, " primitive material %d targets %d %v:", p.Material, len(p.Targets), p.Extra)
			for _, a := range p.Attributes {
				fmt.Fprintf(&b, " %s x %d", a.Name, a.Width)
			}
			b.WriteByte('\n')
		}
	}
	for i := range c.Materials { // textures may have become factors
		m := c.Materials[i]
		fmt.Fprintf(&b, "material %q %s %t", m.Name, m.AlphaMode, m.DoubleSided)
		for _, slot := range m.Slots() {
			if strings.Contains(slot.Name, ".") {
				fmt.Fprintf(&b, " %s", slot.Name)
			}
		}
		fmt.Fprintln(&b, slices.Sorted(maps.Keys(m.Extensions)))
	}
	c.Materials = nil
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	return b.String() + string(text)
}

// checkKept tests the levels of a source and that they have all that it has but
// vertices and images.
func checkKept(t *testing.T, src []byte) {
	t.Helper()
	r := process(t, src)
	checkWeb(t, src, r)
	checkProgressive(t, r)
	recipe := pipeline.Default()
	recipe.Forms, recipe.Dedup, recipe.Join = []string{asset.Universal}, false, false
	r, err := pipeline.Process(t.Context(), src, recipe)
	if err != nil {
		t.Fatal(err)
	}
	check(t, src, r)
	before, err := glb.Decode(src, scene.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range r.Outputs {
		after, err := glb.Decode(o.Data, scene.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(outline(t, before), outline(t, after)); d != "" {
			t.Errorf("%s: %s", o.Name, d)
		}
	}
}

// checkWeb tests a result with both forms, and that the web form of each level shows what
// the universal one does, to within what its grid may round.
func checkWeb(t *testing.T, src []byte, r *pipeline.Result) {
	t.Helper()
	check(t, src, r)
	files := map[string][]byte{}
	for _, o := range r.Outputs {
		files[o.Name] = o.Data
	}
	for i, l := range r.Manifest.Levels {
		web, ok := l.Rendition(asset.Web)
		if !ok {
			t.Fatalf("level %d has no web form", i)
		}
		universal, _ := l.Rendition(asset.Universal)
		if i > 0 && web.Key == r.Manifest.Levels[i-1].Renditions[1].Key {
			continue // the finer level's file
		}
		data := files[web.Key]
		if asset.Hash(data) != web.SHA256 || int64(len(data)) != web.Bytes {
			t.Errorf("level %d: the web file is not what the manifest says", i)
		}
		if !bytes.Contains(data, []byte("EXT_meshopt_compression")) {
			t.Errorf("level %d: the web file is not compressed", i)
		}
		d, err := pipeline.Compare(files[universal.Key], data, pipeline.Default())
		if err != nil {
			t.Fatal(err)
		}
		// Where the source stands for the universal form, the web form may be a simpler mesh.
		pixel := pipeline.Pixel(r.Manifest.Source.Radius, l.Height)
		limit := 0.1 * pixel
		if universal.SHA256 == r.Manifest.Source.SHA256 {
			limit = pixel
		}
		if d.Max > limit || d.Normal > 1.5 || d.UV > 2e-3 {
			t.Errorf("level %d: the web form is up to %g m off (a pixel is %g), normals %g degrees, texture coordinates %g", i, d.Max, pixel, d.Normal, d.UV)
		}
	}
}

func TestSamplesBecomeLevels(t *testing.T) {
	if pipeline.RaceEnabled {
		t.Skip("takes minutes with the race detector; TestGolden makes the same levels with it")
	}
	for _, m := range models.All() {
		if !m.Large { // the browser test converts those
			t.Run(m.Name, func(t *testing.T) { checkKept(t, sample(t, m.Name)) })
		}
	}
}

func TestFeaturesAreKept(t *testing.T) {
	if pipeline.RaceEnabled {
		t.Skip("takes minutes with the race detector; the generated samples run with it")
	}
	files, _ := filepath.Glob("../../shared/models/features/*.glb")
	if len(files) == 0 {
		t.Skip("../shared/models/features is not here: real models lie beside a checkout, not in it; the generated samples are tested above")
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			src, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			checkKept(t, src)
		})
	}
}

// TestGolden keeps one line for each output as a fact. GOLDEN=update rewrites it.
func TestGolden(t *testing.T) {
	var b strings.Builder
	for _, name := range []string{"lamp", "rack", "fern", "flag"} {
		for _, l := range process(t, sample(t, name)).Manifest.Levels {
			for _, r := range l.Renditions {
				fmt.Fprintf(&b, "%s %d %s %d bytes %d triangles %.9f m %s\n", name, l.Level, r.Form, r.Bytes, l.Triangles, l.Deviation, r.SHA256)
			}
		}
	}
	const file = "testdata/golden.txt"
	if os.Getenv("GOLDEN") == "update" {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(b.String(), "\n")); d != "" {
		t.Errorf("outputs changed; if they should, run GOLDEN=update go test ./pipeline, and raise the revision: %s", d)
	}
}

func TestTheSameBytesOnAnyNumberOfProcessors(t *testing.T) {
	src := sample(t, "fern")
	run := func(n int) *pipeline.Result {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(n))
		return process(t, src)
	}
	one := run(1)
	for _, n := range []int{1, 2} {
		if !reflect.DeepEqual(one, run(n)) {
			t.Errorf("with %d processors the result differs", n)
		}
	}
}

func TestAUnitScalesTheLevels(t *testing.T) {
	r := pipeline.Default()
	r.Unit = "cm"
	src := sample(t, "lamp")
	result, err := pipeline.Process(t.Context(), src, r)
	if err != nil {
		t.Fatal(err)
	}
	check(t, src, result)
	if got := result.Manifest.Source.Size[1]; got < 0.4 || got > 0.5 {
		t.Errorf("the lamp is %g m high", got)
	}
	s, err := glb.Decode(result.Outputs[0].Data, scene.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if f, _ := s.Inspect(); f.Size[1] > 0.5 {
		t.Errorf("its level is %v m", f.Size)
	}
}

func TestACancelledContextEndsProcess(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := pipeline.Process(ctx, sample(t, "rack"), pipeline.Default()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestRecipes(t *testing.T) {
	if a, b := pipeline.Default().Hash(), pipeline.Default().Hash(); a != b || !asset.IsHash(a) {
		t.Errorf("hashes are %s and %s", a, b)
	}
	text, err := json.Marshal(pipeline.Default())
	if err != nil {
		t.Fatal(err)
	}
	back, err := pipeline.ParseRecipe(text)
	if err != nil || back.Hash() != pipeline.Default().Hash() {
		t.Errorf("a recipe written and read is another: %v", err)
	}
	for name, text := range map[string]string{
		"not JSON":         `{`,
		"an unknown key":   `{"colour": 1}`,
		"rising heights":   `{"levels": [{"height": 100}, {"height": 200}]}`,
		"no levels":        `{"levels": []}`,
		"no pixels":        `{"pixels": 0}`,
		"an unknown unit":  `{"unit": "parsec"}`,
		"an unknown role":  `{"roles": {"colour": {"pixels": 1}}}`,
		"two recipes":      `{} {}`,
		"a role without":   `{"roles": {"color": {"pixels": 0}}}`,
		"a crease too far": `{"crease": 200}`,
	} {
		if _, err := pipeline.ParseRecipe([]byte(text)); !errors.Is(err, asset.ErrInvalid) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// tiny is a bent sheet of 32 triangles with a picture of 8 by 8 pixels, and a node that
// an animation moves.
func tiny() *scene.Scene {
	var points [][3]float32
	var uvs [][2]float32
	var indices []uint32
	for i := range uint32(25) {
		u, v := float32(i%5)/4, float32(i/5)/4
		points, uvs = append(points, [3]float32{u, v, u * u * v}), append(uvs, [2]float32{u, v})
		if i%5 < 4 && i/5 < 4 {
			indices = append(indices, i, i+1, i+6, i, i+6, i+5)
		}
	}
	img := image.NewNRGBA(image.Rect(0, 0, 8, 8))
	for i := range img.Pix {
		img.Pix[i] = uint8(i*37 | 3*(i&4))
	}
	var file bytes.Buffer
	if err := png.Encode(&file, img); err != nil {
		panic(err) // a picture in memory is written to memory
	}
	node := scene.Node{Mesh: 0, Skin: scene.None, Camera: scene.None, Rotation: [4]float64{3: 1}, Scale: [3]float64{1, 1, 1}}
	return &scene.Scene{
		Default: 0, Scenes: []scene.Roots{{Nodes: []int{0, 1}}}, Nodes: []scene.Node{node, node},
		Meshes: []scene.Mesh{{Primitives: []scene.Primitive{{
			Mode: scene.Triangles, Indices: indices, Material: 0,
			Attributes: []scene.Attribute{{Name: "POSITION", Array: scene.Floats(points)}, {Name: "TEXCOORD_0", Array: scene.Floats(uvs)}},
			Targets:    [][]scene.Attribute{{{Name: "POSITION", Array: scene.Floats(points)}}},
		}}}},
		Materials: []scene.Material{{
			BaseColor: &scene.TextureRef{}, Normal: &scene.TextureRef{}, BaseColorFactor: [4]float64{1, 1, 1, 1}, NormalScale: 1,
			OcclusionStrength: 1, AlphaMode: scene.Mask, AlphaCutoff: 0.5,
		}},
		Textures: []scene.Texture{{Sampler: scene.None}}, Images: []scene.Image{{MIME: "image/png", Data: file.Bytes()}},
		Animations: []scene.Animation{{
			Samplers: []scene.Track{{
				Interpolation: "LINEAR", Output: scene.Floats([][3]float32{{1, 1, 1}, {2, 1, 1}}),
				Input: &scene.Array{Kind: scene.Float32, Width: 1, Data: []byte{0, 0, 0, 0, 0, 0, 0x80, 0x3f}},
			}},
			Channels: []scene.Channel{{Node: 1, Path: "scale"}},
		}},
	}
}

// The fuzzer changes the structure; the binary chunk follows it as it is.
func FuzzProcess(f *testing.F) {
	data, err := glb.Encode(tiny())
	if err != nil {
		f.Fatal(err)
	}
	n := binary.LittleEndian.Uint32(data[12:])
	bin := data[20+n:]
	f.Add(string(data[20 : 20+n]))
	r := pipeline.Default()
	r.Limits.Vertices, r.Limits.Memory, r.Limits.Texels = 1<<10, 1<<18, 1<<12
	f.Fuzz(func(t *testing.T, text string) {
		for len(text)%4 != 0 {
			text += " "
		}
		src := binary.LittleEndian.AppendUint32([]byte("glTF\x02\x00\x00\x00"), uint32(20+len(text)+len(bin)))
		src = append(binary.LittleEndian.AppendUint32(src, uint32(len(text))), "JSON"...)
		src = append(append(src, text...), bin...)
		result, err := pipeline.Process(t.Context(), src, r)
		if _, refused := pipeline.Refusal(err); err != nil && !refused {
			t.Fatalf("%v is no refusal", err)
		}
		if err == nil && len(result.Manifest.Levels) != len(r.Levels) {
			t.Errorf("got %d levels", len(result.Manifest.Levels))
		}
	})
}

// A model whose textures say nothing keeps none of them.
func TestConstantTexturesBecomeFactors(t *testing.T) {
	src := sample(t, "flag")
	s, err := glb.Decode(src, scene.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	red := onePixel(t, 188)
	s.Images[0].Data = red
	data, err := glb.Encode(s)
	if err != nil {
		t.Fatal(err)
	}
	r := process(t, data)
	for _, l := range r.Manifest.Levels {
		if n := len(l.Renditions[0].Textures); n != 0 {
			t.Errorf("level %d has %d textures", l.Level, n)
		}
	}
	after, err := glb.Decode(r.Outputs[0].Data, scene.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if got := after.Materials[0].BaseColorFactor[0]; got < 0.49 || got > 0.52 {
		t.Errorf("sRGB 188 became a factor of %g, want a half", got)
	}
	if bytes.Contains(r.Outputs[0].Data, red) {
		t.Error("the image is still there")
	}
}

// changed is a sample after a change to its scene.
func changed(t *testing.T, name string, change func(*scene.Scene)) []byte {
	t.Helper()
	s, err := glb.Decode(sample(t, name), scene.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	change(s)
	data, err := glb.Encode(s)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestAnimatedScaleTightensTheBound(t *testing.T) {
	still := process(t, changed(t, "lamp", func(s *scene.Scene) {}))
	growing := process(t, changed(t, "lamp", func(s *scene.Scene) {
		times := &scene.Array{Kind: scene.Float32, Width: 1, Data: []byte{0, 0, 0, 0, 0, 0, 0x80, 0x3f}}
		for i := range s.Nodes {
			s.Animations = append(s.Animations, scene.Animation{
				Samplers: []scene.Track{{Input: times, Output: scene.Floats([][3]float32{{1, 1, 1}, {10, 10, 10}}), Interpolation: "LINEAR"}},
				Channels: []scene.Channel{{Node: i, Path: "scale"}},
			})
		}
	}))
	for i := range still.Manifest.Levels {
		a, b := still.Manifest.Levels[i], growing.Manifest.Levels[i]
		if b.Triangles <= a.Triangles {
			t.Errorf("level %d of what grows tenfold has %d triangles, that of what stands still %d", i, b.Triangles, a.Triangles)
		}
	}
}

func TestASourceBeyondTheCapDoesNotStandForALevel(t *testing.T) {
	// One gray of 4096 pixels but for a corner: next to nothing as PNG, 89 MB on a GPU.
	img := image.NewPaletted(image.Rect(0, 0, 4096, 4096), color.Palette{color.Gray{90}, color.Gray{160}})
	img.SetColorIndex(0, 0, 1)
	var file bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&file, img); err != nil {
		t.Fatal(err)
	}
	src := changed(t, "flag", func(s *scene.Scene) { s.Images[0].Data = file.Bytes() })
	for _, l := range process(t, src).Manifest.Levels {
		if limit := pipeline.Default().Levels[l.Level].GPUBytes; l.Renditions[0].GPUBytes > limit {
			t.Errorf("level %d takes %d bytes of GPU memory, its cap is %d", l.Level, l.Renditions[0].GPUBytes, limit)
		}
	}
}

func TestARotationUnderAnUnevenScaleTightensTheBound(t *testing.T) {
	// At rest the two scales cancel; turned by 90 degrees they stretch tenfold.
	build := func(turns bool) []byte {
		return changed(t, "lamp", func(s *scene.Scene) {
			mesh := s.Nodes[2]
			mesh.Scale = [3]float64{0.1, 1, 1}
			outer := scene.Node{Mesh: scene.None, Skin: scene.None, Camera: scene.None, Rotation: [4]float64{3: 1}, Scale: [3]float64{10, 1, 1}, Children: []int{1}}
			turning := scene.Node{Mesh: scene.None, Skin: scene.None, Camera: scene.None, Rotation: [4]float64{3: 1}, Scale: [3]float64{1, 1, 1}, Children: []int{2}}
			s.Nodes, s.Scenes[0].Nodes = []scene.Node{outer, turning, mesh}, []int{0}
			times := &scene.Array{Kind: scene.Float32, Width: 1, Data: []byte{0, 0, 0, 0, 0, 0, 0x80, 0x3f}}
			track := scene.Track{Input: times, Output: scene.Floats([][4]float32{{0, 0, 0, 1}, {0, 0, 0.70710677, 0.70710677}}), Interpolation: "LINEAR"}
			if turns {
				s.Animations = []scene.Animation{{Samplers: []scene.Track{track}, Channels: []scene.Channel{{Node: 1, Path: "rotation"}}}}
			}
		})
	}
	still, turning := process(t, build(false)).Manifest, process(t, build(true)).Manifest
	for i := range still.Levels {
		if a, b := still.Levels[i].Triangles, turning.Levels[i].Triangles; b <= a {
			t.Errorf("level %d of what turns has %d triangles, that of what stands still %d", i, b, a)
		}
	}
}
