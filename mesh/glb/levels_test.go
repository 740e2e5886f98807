package glb_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"slices"
	"testing"

	"github.com/plinth3d/plinth/mesh/glb"
	"github.com/plinth3d/plinth/mesh/scene"
)

// ramp is a level: n+1 by 2 vertices in a row, bent by a morph target, moved over time.
func ramp(n int) *scene.Scene {
	var at, up, bent [][3]float32
	var list []uint32
	for i := range n + 1 {
		x := float32(i) / float32(n)
		at = append(at, [3]float32{x, 0, 0}, [3]float32{x, 1, 0})
		up = append(up, [3]float32{0, 0, 1}, [3]float32{0, 0, 1})
		bent = append(bent, [3]float32{0, 0, x}, [3]float32{0, 0, x * x})
	}
	for i := range uint32(n) {
		list = append(list, 2*i, 2*i+2, 2*i+1, 2*i+1, 2*i+2, 2*i+3)
	}
	normals := scene.Floats(up)
	normals.Octahedral = 8
	times := &scene.Array{Kind: scene.Float32, Width: 1, Data: binary.LittleEndian.AppendUint32(make([]byte, 4), 0x3f800000)}
	return &scene.Scene{
		Default: 0, Scenes: []scene.Roots{{Nodes: []int{0}}},
		Nodes:     []scene.Node{{Mesh: 0, Skin: scene.None, Camera: scene.None, Rotation: [4]float64{3: 1}, Scale: [3]float64{1, 1, 1}}},
		Materials: []scene.Material{{Name: "card", AlphaMode: scene.Opaque, BaseColorFactor: [4]float64{1, 1, 1, 1}}},
		Meshes: []scene.Mesh{{Primitives: []scene.Primitive{{
			Mode: scene.Triangles, Indices: list, Targets: [][]scene.Attribute{{{Name: "POSITION", Array: scene.Floats(bent)}}},
			Attributes: []scene.Attribute{{Name: "NORMAL", Array: normals}, {Name: "POSITION", Array: scene.Floats(at)}},
		}}}},
		Animations: []scene.Animation{{
			Samplers: []scene.Track{{Input: times, Output: scene.Floats([][3]float32{{0, 0, 0}, {0, 0, 5}}), Interpolation: "LINEAR"}},
			Channels: []scene.Channel{{Node: 0, Path: "translation"}},
		}},
	}
}

func stacked(t *testing.T, list ...*scene.Scene) *scene.Stack {
	t.Helper()
	s, err := scene.StackLevels(t.Context(), list, len(list[0].Nodes), []float64{0.5, 0.1, 0}[3-len(list):])
	if err != nil {
		t.Fatal(err)
	}
	return s
}

type view struct {
	Extensions struct {
		Packed struct{ ByteOffset, ByteLength int64 } `json:"EXT_meshopt_compression"`
	}
}

func TestLevelsLieOneAfterTheOther(t *testing.T) {
	stack := stacked(t, ramp(40), ramp(10), ramp(3))
	data, spans, err := glb.EncodeLevels(stack)
	if err != nil {
		t.Fatal(err)
	}
	n := int64(binary.LittleEndian.Uint32(data[12:]))
	at := 20 + n + 8
	for k := len(spans) - 1; k >= 0; k-- {
		if spans[k].Offset != at || spans[k].Bytes <= 0 {
			t.Errorf("level %d is %+v, want it at %d", k, spans[k], at)
		}
		at += spans[k].Bytes
	}
	if at != int64(len(data)) {
		t.Errorf("levels end at %d, the file at %d", at, len(data))
	}

	var doc struct {
		BufferViews []view
		Accessors   []struct{ BufferView int }
		Animations  []struct{ Samplers []struct{ Input, Output int } }
		Meshes      []struct {
			Primitives []struct {
				Attributes map[string]int
				Targets    []map[string]int
				Indices    int
			}
		}
	}
	if err := json.Unmarshal(data[20:20+n], &doc); err != nil {
		t.Fatal(err)
	}
	packed := func(accessor int) (from, to int64) {
		p := doc.BufferViews[doc.Accessors[accessor].BufferView].Extensions.Packed
		return 20 + n + 8 + p.ByteOffset, 20 + n + 8 + p.ByteOffset + p.ByteLength
	}
	coarse := doc.Meshes[2].Primitives[0]
	_, after := packed(coarse.Attributes["POSITION"])
	before, _ := packed(coarse.Indices)
	late := []int{doc.Animations[0].Samplers[0].Input, doc.Animations[0].Samplers[0].Output}
	for _, m := range doc.Meshes {
		late = append(late, m.Primitives[0].Targets[0]["POSITION"])
	}
	for _, a := range late {
		if from, to := packed(a); from < after || to > before {
			t.Errorf("accessor %d, of animations or morph targets, is at %d to %d, want it between %d and %d of the coarsest level", a, from, to, after, before)
		}
	}
}

func TestLevelsComeBackAsTheFinest(t *testing.T) {
	data, _, err := glb.EncodeLevels(stacked(t, ramp(40), ramp(10)))
	if err != nil {
		t.Fatal(err)
	}
	s, err := glb.Decode(data, scene.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if f, err := s.Inspect(); err != nil || f.Triangles != 80 || f.Meshes != 1 || f.Morphs != 1 || f.Animations != 1 {
		t.Errorf("got %+v (%v)", f, err)
	}
	if len(s.Findings) != 1 || s.Findings[0].Code != "levels" || !s.Converted {
		t.Errorf("findings are %+v, converted: %t", s.Findings, s.Converted)
	}
}

func TestOneLevelIsWrittenAsItsScene(t *testing.T) {
	data, spans, err := glb.EncodeLevels(stacked(t, ramp(5)))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(data, encodePacked(t, ramp(5))) || len(spans) != 1 || spans[0].Offset+spans[0].Bytes != int64(len(data)) {
		t.Errorf("it has %d bytes, spans %v", len(data), spans)
	}
}

func TestALevelThatAddsNothingHasTheCoarsersSpan(t *testing.T) {
	padded := 0
	for n := 3; n < 12; n++ {
		fine, middle, coarse := ramp(n), ramp(n), ramp(2)
		fine.Materials[0].BaseColorFactor[0] = 0.5
		data, spans, err := glb.EncodeLevels(stacked(t, fine, middle, coarse))
		if err != nil {
			t.Fatal(err)
		}
		head, end := 20+int64(binary.LittleEndian.Uint32(data[12:]))+8, int64(len(data))
		if spans[0] != spans[1] || spans[2].Offset != head || spans[1].Offset != head+spans[2].Bytes || spans[1].Offset+spans[1].Bytes != end {
			t.Errorf("with %d columns levels are at %v in a file of %d bytes whose head has %d", n, spans, end, head)
		}
		var doc struct{ Buffers []struct{ ByteLength int64 } }
		if err := jsonOf(data, &doc); err != nil {
			t.Fatal(err)
		}
		if doc.Buffers[0].ByteLength%4 != 0 {
			padded++
		}
	}
	if padded == 0 {
		t.Error("no file's end is padded, so that nothing was tested")
	}
}

func TestAStackWithoutArraysHasNoBytes(t *testing.T) {
	empty := func() *scene.Scene { return &scene.Scene{Default: scene.None} }
	for levels := 1; levels <= 3; levels++ {
		var list []*scene.Scene
		for range levels {
			list = append(list, empty())
		}
		data, spans, err := glb.EncodeLevels(stacked(t, list...))
		if err != nil {
			t.Fatal(err)
		}
		want := slices.Repeat([]glb.Span{{Offset: int64(len(data))}}, levels)
		if !slices.Equal(spans, want) {
			t.Errorf("%d levels are at %v, want %v", levels, spans, want)
		}
	}
}

func TestTheCoarsestLevelMayHaveNoBytes(t *testing.T) {
	coarse := &scene.Scene{Default: scene.None, Textures: []scene.Texture{{Sampler: scene.None, Source: scene.None}}}
	fine := *coarse
	fine.Textures = []scene.Texture{{Sampler: scene.None, Source: 0}}
	fine.Images = []scene.Image{{MIME: "image/png", Data: []byte("picture")}}
	data, spans, err := glb.EncodeLevels(stacked(t, &fine, &fine, coarse))
	if err != nil {
		t.Fatal(err)
	}
	head := int64(len(data)) - 8 // seven bytes, padded
	want := []glb.Span{{Offset: head, Bytes: 8}, {Offset: head, Bytes: 8}, {Offset: head}}
	if !slices.Equal(spans, want) {
		t.Errorf("levels are at %v, want %v", spans, want)
	}
}

func jsonOf(data []byte, to any) error {
	return json.Unmarshal(data[20:20+binary.LittleEndian.Uint32(data[12:])], to)
}
