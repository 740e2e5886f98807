package glb_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/mesh/glb"
	"github.com/plinth3d/plinth/mesh/scene"
)

// stand is a scene of one triangle with these attributes.
func stand(list ...scene.Attribute) *scene.Scene {
	return &scene.Scene{
		Scenes: []scene.Roots{{Nodes: []int{0}}},
		Nodes:  []scene.Node{{Skin: scene.None, Camera: scene.None, Rotation: [4]float64{0, 0, 0, 1}, Scale: [3]float64{1, 1, 1}}},
		Meshes: []scene.Mesh{{Primitives: []scene.Primitive{{Mode: scene.Triangles, Material: scene.None, Indices: []uint32{0, 1, 2}, Attributes: list}}}},
	}
}

func shorts(width int, normalized bool, list ...int16) *scene.Array {
	a := &scene.Array{Kind: scene.Int16, Width: width, Normalized: normalized}
	for _, x := range list {
		a.Data = binary.LittleEndian.AppendUint16(a.Data, uint16(x))
	}
	return a
}

func TestKindsThatNeedQuantizationRequireIt(t *testing.T) {
	kind := func(k scene.Kind, width int, normalized bool) *scene.Array {
		return &scene.Array{Kind: k, Width: width, Normalized: normalized, Data: make([]byte, 3*width*k.Size())}
	}
	positions := scene.Attribute{Name: "POSITION", Array: kind(scene.Float32, 3, false)}
	for _, c := range []struct {
		name  string
		array *scene.Array
		morph bool
		want  string // "core", "extension" or "neither"
	}{
		{"POSITION", kind(scene.Float32, 3, false), false, "core"},
		{"POSITION", kind(scene.Int16, 3, false), false, "extension"},
		{"POSITION", kind(scene.Uint8, 3, true), false, "extension"},
		{"POSITION", kind(scene.Uint32, 3, false), false, "neither"},
		{"POSITION", kind(scene.Int8, 3, true), true, "extension"},
		{"POSITION", kind(scene.Uint16, 3, false), true, "neither"},
		{"NORMAL", kind(scene.Int8, 3, true), false, "extension"},
		{"NORMAL", kind(scene.Int8, 3, false), false, "neither"},
		{"TANGENT", kind(scene.Int16, 4, true), false, "extension"},
		{"TANGENT", kind(scene.Uint16, 4, true), false, "neither"},
		{"TEXCOORD_0", kind(scene.Uint16, 2, true), false, "core"},
		{"TEXCOORD_0", kind(scene.Uint16, 2, false), false, "extension"},
		{"TEXCOORD_1", kind(scene.Int8, 2, true), false, "extension"},
		{"TEXCOORD_0", kind(scene.Int16, 2, true), true, "core"},
		{"TEXCOORD_0", kind(scene.Int16, 2, false), true, "neither"},
		{"COLOR_0", kind(scene.Uint8, 4, true), false, "core"},
		{"JOINTS_0", kind(scene.Uint16, 4, false), false, "core"},
		{"_ANY", kind(scene.Int8, 1, false), false, "core"},
	} {
		s := stand(positions)
		if c.morph {
			s.Meshes[0].Primitives[0].Targets = [][]scene.Attribute{{{Name: c.name, Array: c.array}}}
		} else {
			list := []scene.Attribute{{Name: c.name, Array: c.array}}
			if c.name != "POSITION" {
				list = append(list, positions)
			}
			s = stand(list...)
		}
		for _, o := range []glb.Options{{}, {Meshopt: true}} {
			data, err := glb.EncodeWith(s, o)
			got := "core"
			switch {
			case err != nil:
				got = "neither"
			case bytes.Count(data, []byte(`"KHR_mesh_quantization"`)) == 2:
				got = "extension"
			}
			if got != c.want {
				t.Errorf("%s of kind %d, normalized %v, in a target %v: %s, want %s (%v)", c.name, c.array.Kind, c.array.Normalized, c.morph, got, c.want, err)
			}
		}
	}
}

func TestBoundsAreWhatIsStored(t *testing.T) {
	a := shorts(3, true, 0, 0, 0, 32767, 0, 0, 0, -300, 7)
	data := encode(t, stand(scene.Attribute{Name: "POSITION", Array: a}))
	if !bytes.Contains(data, []byte(`"max":[32767,0,7],"min":[0,-300,0]`)) {
		t.Errorf("bounds are not those of the shorts: %s", data)
	}
	if got := decode(t, data).Meshes[0].Primitives[0].Attribute("POSITION").Vec3(); got[1] != [3]float32{1, 0, 0} {
		t.Errorf("the second position is %v", got[1])
	}
}

func TestIntegersArePackedAsTheyAre(t *testing.T) {
	a := shorts(3, false, 5, 6, 7, 32767, -32768, 0, 1, -300, 7)
	uv := &scene.Array{Kind: scene.Uint16, Width: 2, Normalized: true, Data: []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 255}}
	one := &scene.Array{Kind: scene.Uint8, Width: 1, Data: []byte{7, 8, 255}}
	s := stand(scene.Attribute{Name: "POSITION", Array: a}, scene.Attribute{Name: "TEXCOORD_0", Array: uv}, scene.Attribute{Name: "_ONE", Array: one})
	p := decode(t, encodePacked(t, s)).Meshes[0].Primitives[0]
	if !bytes.Equal(p.Attribute("POSITION").Data, a.AsFloats().Data) {
		t.Errorf("positions are %v", p.Attribute("POSITION").Vec3())
	}
	if !bytes.Equal(p.Attribute("TEXCOORD_0").Data, uv.Data) || !bytes.Equal(p.Attribute("_ONE").Data, one.Data) {
		t.Errorf("got %v, %v", p.Attribute("TEXCOORD_0").Data, p.Attribute("_ONE").Data)
	}
}

func TestOctahedralVectorsStayWithinTheirBits(t *testing.T) {
	var normals [][3]float32
	var tangents [][4]float32
	for i := range 300 {
		u, z := float64(i)*2.4, 1-2*(float64(i)+0.5)/300
		r := math.Sqrt(1 - z*z)
		v := [3]float32{float32(r * math.Cos(u)), float32(r * math.Sin(u)), float32(z)}
		normals, tangents = append(normals, v), append(tangents, [4]float32{v[0], v[1], v[2], float32(1 - 2*(i%2))})
	}
	for bits, degrees := range map[int]float64{6: 3.6, 8: 1.1, 12: 0.06, 16: 0.02} {
		n, g := scene.Floats(normals), scene.Floats(tangents)
		n.Octahedral, g.Octahedral = bits, bits
		s := stand(scene.Attribute{Name: "POSITION", Array: scene.Floats(normals)}, scene.Attribute{Name: "NORMAL", Array: n}, scene.Attribute{Name: "TANGENT", Array: g})
		for _, o := range []glb.Options{{}, {Meshopt: true}} {
			data, err := glb.EncodeWith(s, o)
			if err != nil {
				t.Fatal(err)
			}
			text, _ := unpack(data)
			if bits <= 8 != strings.Contains(text, `"componentType":5120`) || o.Meshopt != strings.Contains(text, `"OCTAHEDRAL"`) || !strings.Contains(text, "KHR_mesh_quantization") {
				t.Errorf("%d bits, %+v: %s", bits, o, text)
			}
			p := decode(t, data).Meshes[0].Primitives[0]
			for _, a := range []*scene.Array{p.Attribute("NORMAL"), p.Attribute("TANGENT")} {
				for i := range normals {
					v := [3]float64{float64(a.At(i, 0)), float64(a.At(i, 1)), float64(a.At(i, 2))}
					dot, length := 0.0, math.Sqrt(v[0]*v[0]+v[1]*v[1]+v[2]*v[2])
					for k := range v {
						dot += v[k] / length * float64(normals[i][k])
					}
					if off := math.Acos(min(dot, 1)) * 180 / math.Pi; off > degrees {
						t.Fatalf("%d bits, %+v: row %d is off by %g degrees", bits, o, i, off)
					}
					if a.Width == 4 && a.At(i, 3) != tangents[i][3] {
						t.Fatalf("%d bits, %+v: row %d is of the other hand", bits, o, i)
					}
				}
			}
		}
	}
	// Differences in a morph target are no unit vectors.
	n := scene.Floats(normals)
	n.Octahedral = 8
	s := stand(scene.Attribute{Name: "POSITION", Array: scene.Floats(normals)})
	s.Meshes[0].Primitives[0].Targets = [][]scene.Attribute{{{Name: "NORMAL", Array: n}}}
	if got := decode(t, encodePacked(t, s)).Meshes[0].Primitives[0].Targets[0][0]; !bytes.Equal(got.Data, n.Data) {
		t.Error("a morph target is rounded")
	}
}

func TestOneListForTrianglesAndLinesIsNotTurned(t *testing.T) {
	list := []uint32{2, 0, 1, 1, 0, 2}
	s := stand(scene.Attribute{Name: "POSITION", Array: scene.Floats([][3]float32{{0, 0, 0}, {1, 0, 0}, {0, 1, 0}})})
	prims := &s.Meshes[0].Primitives
	(*prims)[0].Indices = list
	for _, mode := range []int{scene.Lines, scene.LineStrip, scene.TriangleStrip} {
		p := (*prims)[0]
		p.Mode = mode
		*prims = append(*prims, p)
	}
	again := decode(t, encodePacked(t, s)).Meshes[0].Primitives
	for _, p := range again[1:] {
		if !slices.Equal(p.Indices, list) {
			t.Errorf("mode %d has %v", p.Mode, p.Indices)
		}
	}
	// The three that are no triangle lists share one stream.
	if &again[1].Indices[0] == &again[0].Indices[0] || len(again) != 4 {
		t.Error("triangles share the list of lines")
	}
}

func TestAllThatHasRowsIsPacked(t *testing.T) {
	rows := func(n, width int) *scene.Array {
		a := &scene.Array{Kind: scene.Float32, Width: width}
		for i := range n * width {
			a.Data = binary.LittleEndian.AppendUint32(a.Data, math.Float32bits(float32(i)))
		}
		return a
	}
	matrices := rows(2, 16)
	matrices.Matrix = true
	sparse := scene.Floats([][3]float32{{}, {}, {0, 0, 1}})
	sparse.Sparse = true
	weights := &scene.Array{Kind: scene.Uint8, Width: 1, Normalized: true, Data: []byte{0, 128, 255}}
	s := stand(scene.Attribute{Name: "POSITION", Array: rows(3, 3)})
	s.Meshes[0].Primitives[0].Targets = [][]scene.Attribute{{{Name: "POSITION", Array: sparse}}}
	s.Nodes = append(s.Nodes, s.Nodes[0])
	s.Nodes[1].Mesh, s.Scenes[0].Nodes = scene.None, []int{0, 1}
	s.Nodes[0].Instances = []scene.Attribute{{Name: "ROTATION", Array: shorts(4, true, 0, 0, 0, 32767, 0, 0, 32767, 0)}, {Name: "TRANSLATION", Array: rows(2, 3)}}
	s.Skins = []scene.Skin{{Joints: []int{0, 1}, Skeleton: scene.None, InverseBind: matrices}}
	s.Animations = []scene.Animation{{
		Samplers: []scene.Track{{Input: rows(3, 1), Output: weights, Interpolation: "LINEAR"}, {Input: rows(3, 1), Output: rows(3, 4), Interpolation: "STEP"}},
		Channels: []scene.Channel{{Track: 0, Node: 0, Path: "weights"}, {Track: 1, Node: 1, Path: "rotation"}},
	}}
	data := encodePacked(t, s)
	same(t, unturned(s), unturned(decode(t, data)))
	text, _ := unpack(data)
	if views, packed := strings.Count(text, `"buffer":1`), strings.Count(text, `"mode":"`); views != packed || views != 9 {
		t.Errorf("%d of %d views are packed, want all of 9: %s", packed, views, text)
	}
}
