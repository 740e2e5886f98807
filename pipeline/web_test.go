package pipeline_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/mesh"
	"github.com/plinth3d/plinth/mesh/glb"
	"github.com/plinth3d/plinth/mesh/meshtest"
	"github.com/plinth3d/plinth/mesh/scene"
	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
)

// stage is a scene that shows one textured sphere in awkward ways: below a node with
// children, by a matrix, mirrored, animated, twice.
func stage(t *testing.T) []byte {
	t.Helper()
	ball := meshtest.Sphere(48, 24)
	transform := map[string]any{"KHR_texture_transform": map[string]any{
		"offset": []any{json.Number("0.25"), json.Number("-0.5")}, "scale": []any{json.Number("2"), json.Number("3")},
	}}
	node := func(mesh int, children ...int) scene.Node {
		return scene.Node{
			Mesh: mesh, Skin: scene.None, Camera: scene.None, Children: children,
			Rotation: [4]float64{0, 0, 0, 1}, Scale: [3]float64{1, 1, 1},
		}
	}
	nodes := []scene.Node{node(scene.None, 1, 2, 3), node(0, 4), node(1), node(2), node(1)}
	nodes[0].Translation = [3]float64{10, 0, -3}
	nodes[1].Scale = [3]float64{2, 0.5, 1}
	nodes[2].Matrix = &[16]float64{0, 1, 0, 0, -1, 0, 0, 0, 0, 0, 1, 0, 3, 3, 3, 1}
	nodes[3].Scale, nodes[3].Rotation = [3]float64{-1, 1, 1}, [4]float64{0, 0.6, 0, 0.8}
	nodes[4].Translation = [3]float64{0, 5, 0}
	primitive := scene.Primitive{Mode: scene.Triangles, Indices: ball.Indices, Material: 0, Attributes: []scene.Attribute{
		{Name: "NORMAL", Array: scene.Floats(ball.Normals)},
		{Name: "POSITION", Array: scene.Floats(ball.Positions)},
		{Name: "TEXCOORD_0", Array: scene.Floats(ball.UVs[0])},
	}}
	far := primitive
	far.Attributes = append([]scene.Attribute{}, primitive.Attributes...)
	shifted := make([][3]float32, len(ball.Positions))
	for i, p := range ball.Positions {
		shifted[i] = [3]float32{p[0]*0.1 + 100, p[1] * 0.1, p[2] * 0.1}
	}
	far.Attributes[1].Array = scene.Floats(shifted)
	image, err := glb.Decode(sample(t, "fern"), scene.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	data, err := glb.Encode(&scene.Scene{
		Default: 0, Scenes: []scene.Roots{{Nodes: []int{0}}}, Nodes: nodes,
		Meshes: []scene.Mesh{{Primitives: []scene.Primitive{primitive}}, {Primitives: []scene.Primitive{far}}, {Primitives: []scene.Primitive{primitive, far}}},
		Materials: []scene.Material{{
			BaseColor: &scene.TextureRef{Extra: scene.Extra{Extensions: transform}}, BaseColorFactor: [4]float64{1, 1, 1, 1}, Roughness: 1, AlphaMode: scene.Opaque,
			Emissive: &scene.TextureRef{UV: 1}, // which no primitive has
		}},
		Textures: []scene.Texture{{Sampler: scene.None}}, Images: image.Images[:1],
		Animations: []scene.Animation{{
			Channels: []scene.Channel{{Node: 3, Path: "translation"}},
			Samplers: []scene.Track{{
				Input:  &scene.Array{Kind: scene.Float32, Width: 1, Data: make([]byte, 4)},
				Output: scene.Floats([][3]float32{{0, -4, 0}}), Interpolation: "LINEAR",
			}},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestTheWebFormStandsWhereItsSourceDoes(t *testing.T) {
	if pipeline.RaceEnabled {
		t.Skip("surfaces are compared at 100,000 points, which takes a minute with the race detector; a plain run does it")
	}
	src := stage(t)
	for _, targets := range [][]mesh.Target{{{}}, {{Ratio: 0.5}, {Ratio: 0.1}}, {{Deviation: 0.01}}} {
		plain, err := pipeline.Reduce(t.Context(), src, targets, asset.Universal, pipeline.Default())
		if err != nil {
			t.Fatal(err)
		}
		web, err := pipeline.Reduce(t.Context(), src, targets, asset.Web, pipeline.Default())
		if err != nil {
			t.Fatal(err)
		}
		for i := range web {
			p, w := plain[i].Difference, web[i].Difference
			if w.RMS > 1.03*p.RMS+3e-3 || w.Normal > p.Normal+0.5 || w.UV > p.UV+2e-3 {
				t.Errorf("%+v: the web form is %+v off, the universal one %+v", targets[i], w, p)
			}
			if web[i].Triangles != plain[i].Triangles || len(web[i].Data) >= len(plain[i].Data) {
				t.Errorf("%+v: the web form has %d triangles in %d bytes, the universal one %d in %d", targets[i], web[i].Triangles, len(web[i].Data), plain[i].Triangles, len(plain[i].Data))
			}
			for _, name := range []string{"EXT_meshopt_compression", "KHR_mesh_quantization", "KHR_texture_transform"} {
				if !bytes.Contains(web[i].Data, []byte(name)) || name != "KHR_texture_transform" && bytes.Contains(plain[i].Data, []byte(name)) {
					t.Errorf("%+v: %s is not where it belongs", targets[i], name)
				}
			}
		}
	}
}

func TestReduceMeetsItsTargets(t *testing.T) {
	if pipeline.RaceEnabled {
		t.Skip("surfaces are compared at 100,000 points, which takes a minute with the race detector; a plain run does it")
	}
	src := stage(t)
	levels, err := pipeline.Reduce(t.Context(), src, []mesh.Target{{Ratio: 0.5}, {Ratio: 0.25}, {Ratio: 0.125}}, asset.Universal, pipeline.Default())
	if err != nil {
		t.Fatal(err)
	}
	source, err := pipeline.Examine(src, pipeline.Default())
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range levels {
		want := float64(source.Triangles) * []float64{0.5, 0.25, 0.125}[i]
		if got := float64(l.Triangles); got > 1.01*want || got < 0.95*want || len(l.Reasons) > 0 {
			t.Errorf("level %d has %d triangles, want %.0f (%v)", i, l.Triangles, want, l.Reasons)
		}
	}
	close, err := pipeline.Reduce(t.Context(), src, []mesh.Target{{Deviation: 0.02}}, asset.Universal, pipeline.Default())
	if err != nil {
		t.Fatal(err)
	}
	if close[0].Difference.Max > 0.02 || close[0].Triangles >= source.Triangles {
		t.Errorf("within 0.02 m: %d of %d triangles, %g m off", close[0].Triangles, source.Triangles, close[0].Difference.Max)
	}
}

func TestReduceRefusesWhatItDoesNotKnow(t *testing.T) {
	if _, err := pipeline.Reduce(t.Context(), stage(t), []mesh.Target{{}}, "usdz", pipeline.Default()); !errors.Is(err, asset.ErrInvalid) || !strings.Contains(err.Error(), "usdz") {
		t.Errorf("got %v", err)
	}
	r := pipeline.Default()
	for _, forms := range [][]string{nil, {asset.Web}, {asset.Universal, "gpu"}} {
		if r.Forms = forms; r.Check() == nil {
			t.Errorf("a recipe with the forms %v passes", forms)
		}
	}
}

// A large sphere and, in the same mesh, many chips of another material that must go for so few
// triangles.
func TestAPartOfWhichNothingIsLeftGoes(t *testing.T) {
	ball, chips := meshtest.Sphere(32, 16), &mesh.Mesh{}
	for i := range 40 {
		x := 1.001 + 0.0001*float32(i)
		first := uint32(len(chips.Positions))
		chips.Positions = append(chips.Positions, [3]float32{x, 0, 0}, [3]float32{x, 0.01, 0}, [3]float32{x, 0, 0.01})
		chips.Indices = append(chips.Indices, first, first+1, first+2)
	}
	part := func(m *mesh.Mesh, material int) scene.Primitive {
		return scene.Primitive{Mode: scene.Triangles, Indices: m.Indices, Material: material, Attributes: []scene.Attribute{
			{Name: "POSITION", Array: scene.Floats(m.Positions)},
		}}
	}
	src, err := glb.Encode(&scene.Scene{
		Default: 0, Scenes: []scene.Roots{{Nodes: []int{0}}},
		Nodes:     []scene.Node{{Mesh: 0, Skin: scene.None, Camera: scene.None, Rotation: [4]float64{0, 0, 0, 1}, Scale: [3]float64{1, 1, 1}}},
		Meshes:    []scene.Mesh{{Primitives: []scene.Primitive{part(ball, 0), part(chips, 1)}}},
		Materials: []scene.Material{{Name: "ball", AlphaMode: scene.Opaque}, {Name: "chips", AlphaMode: scene.Opaque}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		target mesh.Target
		parts  int
	}{{mesh.Target{Ratio: 0.02}, 1}, {mesh.Target{Deviation: 0.2}, 2}} {
		levels, err := pipeline.Reduce(t.Context(), src, []mesh.Target{c.target}, asset.Universal, pipeline.Default())
		if err != nil {
			t.Fatal(err)
		}
		s, err := glb.Decode(levels[0].Data, scene.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		if got := len(s.Meshes[0].Primitives); got != c.parts {
			t.Errorf("%+v: got %d parts, want %d", c.target, got, c.parts)
		}
		want := 0.02 * float64(ball.Triangles()+40)
		if got := levels[0].Triangles; c.target.Ratio > 0 && (float64(got) > 1.01*want+1 || len(levels[0].Reasons) > 0) {
			t.Errorf("%+v: got %d triangles, want %.0f (%v)", c.target, got, want, levels[0].Reasons)
		}
	}
}
