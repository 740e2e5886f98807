package glb_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/plinth3d/plinth/mesh/glb"
	"github.com/plinth3d/plinth/mesh/scene"
)

// pack makes a GLB of JSON and a binary chunk.
func pack(text string, bin []byte) []byte {
	pad := func(b []byte, with byte) []byte {
		for len(b)%4 != 0 {
			b = append(b, with)
		}
		return b
	}
	body := pad([]byte(text), ' ')
	out := []byte("glTF\x02\x00\x00\x00\x00\x00\x00\x00")
	chunk := func(kind string, data []byte) {
		out = binary.LittleEndian.AppendUint32(out, uint32(len(data)))
		out = append(append(out, kind...), data...)
	}
	chunk("JSON", body)
	if bin != nil {
		chunk("BIN\x00", pad(bytes.Clone(bin), 0))
	}
	binary.LittleEndian.PutUint32(out[8:], uint32(len(out)))
	return out
}

// triangle is a whole small file: one triangle, one node, with extras and extensions
// known and unknown.
const triangle = `{
 "asset": {"version": "2.0", "generator": "test", "extras": {"by": "hand"}},
 "scene": 0, "scenes": [{"nodes": [0], "name": "shop"}],
 "nodes": [{"mesh": 0, "name": "a", "extras": {"sku": 9007199254740993}, "scale": [1, 2, 3]}],
 "meshes": [{"primitives": [{"attributes": {"POSITION": 0, "_WEAR": 2}, "indices": 1, "material": 0,
   "extensions": {"KHR_materials_variants": {"mappings": [{"material": 1, "variants": [0]}]}}}]}],
 "materials": [
   {"name": "m", "pbrMetallicRoughness": {"baseColorFactor": [1, 0.5, 0.25, 1]}, "extensions": {"KHR_materials_ior": {"ior": 1.45}, "ACME_shine": {"much": [1, 2, {"three": null}]}}},
   {"alphaMode": "MASK", "alphaCutoff": 0.25, "doubleSided": true, "extensions": {"KHR_materials_sheen": {"sheenRoughnessFactor": 0.3}}}],
 "extensions": {"KHR_materials_variants": {"variants": [{"name": "red"}]}},
 "extensionsUsed": ["KHR_materials_ior", "KHR_materials_variants", "KHR_materials_sheen", "ACME_shine"],
 "cameras": [{"type": "perspective", "perspective": {"yfov": 0.5, "znear": 0.1}}],
 "accessors": [
   {"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3", "min": [0,0,0], "max": [1,1,0]},
   {"bufferView": 1, "componentType": 5123, "count": 3, "type": "SCALAR"},
   {"bufferView": 1, "byteOffset": 8, "componentType": 5121, "count": 3, "type": "SCALAR", "normalized": true}],
 "bufferViews": [{"buffer": 0, "byteLength": 36}, {"buffer": 0, "byteOffset": 36, "byteLength": 12}],
 "buffers": [{"byteLength": 48}]
}`

func triangleBin() []byte {
	bin := scene.Floats([][3]float32{{0, 0, 0}, {1, 0, 0}, {0, 1, 0}}).Data
	for _, i := range []uint16{0, 1, 2} {
		bin = binary.LittleEndian.AppendUint16(bin, i)
	}
	return append(bin, 0, 0, 10, 20, 30, 0)
}

// unpack takes a GLB apart.
func unpack(data []byte) (text string, bin []byte) {
	n := binary.LittleEndian.Uint32(data[12:])
	return string(data[20 : 20+n]), data[28+n:]
}

func decode(t testing.TB, data []byte) *scene.Scene {
	t.Helper()
	s, err := glb.Decode(data, scene.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func encode(t testing.TB, s *scene.Scene) []byte {
	t.Helper()
	data, err := glb.Encode(s)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// same fails when two scenes differ in anything but findings.
func same(t *testing.T, a, b *scene.Scene) {
	t.Helper()
	x, y := *a, *b
	x.Findings, y.Findings = nil, nil
	if reflect.DeepEqual(x, y) {
		return // the difference takes seconds on a large model
	}
	if d := cmp.Diff(x, y, cmpopts.IgnoreFields(scene.Array{}, "Sparse")); d != "" {
		t.Error(d)
	}
}

func TestWhatIsReadIsWrittenAgain(t *testing.T) {
	s := decode(t, pack(triangle, triangleBin()))
	data := encode(t, s)
	again := decode(t, data)
	same(t, s, again)
	if !bytes.Equal(data, encode(t, again)) {
		t.Error("the second writing gives other bytes")
	}
	for _, want := range []string{`"ACME_shine":{"much":[1,2,{"three":null}]}`, `"sku":9007199254740993`, `"KHR_materials_sheen"`, `"variants":[{"name":"red"}]`, `"_WEAR"`} {
		if !bytes.Contains(data, []byte(want)) {
			t.Errorf("%s is lost", want)
		}
	}
	if len(s.Findings) != 1 || !strings.Contains(s.Findings[0].What, "ACME_shine") {
		t.Errorf("findings are %v, want one on ACME_shine", s.Findings)
	}
}

func TestRealModelsAreReadAndWritten(t *testing.T) {
	files, _ := filepath.Glob("../../../shared/models/*/*.glb")
	if len(files) == 0 {
		t.Skip("../shared/models is not here: real models lie beside a checkout, not in it; the other tests use files of their own")
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			data, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			s := decode(t, data)
			out := encode(t, s)
			same(t, s, decode(t, out))
			if len(out) > len(data)+len(data)/50+1024 {
				t.Errorf("%d bytes became %d", len(data), len(out))
			}
		})
	}
}

// TestBrokenFilesAreRefused spoils the JSON of the triangle in one place at a time.
func TestBrokenFilesAreRefused(t *testing.T) {
	for _, c := range []struct{ old, new, where string }{
		{`"version": "2.0"`, `"version": "1.0"`, "asset.version"},
		{`"bufferView": 0, "componentType"`, `"bufferView": -1, "componentType"`, "accessors[0]"},
		{`"bufferView": 0, "componentType"`, `"bufferView": 7, "componentType"`, "accessors[0]"},
		{`"byteOffset": 8, "componentType"`, `"byteOffset": -8, "componentType"`, "accessors[2].byteOffset"},
		{`"byteOffset": 8, "componentType"`, `"byteOffset": 9223372036854775807, "componentType"`, "accessors[2].byteOffset"},
		{`"count": 3, "type": "VEC3"`, `"count": -3, "type": "VEC3"`, "accessors[0].count"},
		{`"count": 3, "type": "VEC3"`, `"count": 4, "type": "VEC3"`, "accessors[0].byteOffset"},
		{`"count": 3, "type": "VEC3"`, `"count": 9223372036854775807, "type": "VEC3"`, "accessors[0]"},
		{`"bufferView": 0, "componentType": 5126, "count": 3`, `"componentType": 5126, "count": 4000000000`, "accessors[0]"},
		{`"byteLength": 36`, `"byteLength": -36`, "bufferViews[0]"},
		{`"byteLength": 36}`, `"byteLength": 36, "byteStride": 2}`, "bufferViews[0].byteStride"},
		{`"byteLength": 36}`, `"byteLength": 36, "byteStride": 8}`, "accessors[0]"},
		{`"byteOffset": 36, "byteLength": 12`, `"byteOffset": 40, "byteLength": 12`, "bufferViews[1]"},
		{`{"byteLength": 48}`, `{"byteLength": 480}`, "buffers[0].byteLength"},
		{`{"byteLength": 48}`, `{"byteLength": 48, "uri": "../secret.bin"}`, "buffers[0].uri"},
		{`{"byteLength": 48}`, `{"byteLength": 48, "uri": "http://example.com/"}`, "buffers[0].uri"},
		{`5126`, `5124`, "accessors[0].componentType"},
		{`"VEC3"`, `"VEC5"`, "accessors[0].type"},
		{`"VEC3"`, `"VEC2"`, "meshes[0].primitives[0].attributes.POSITION"},
		{`"indices": 1`, `"indices": 11`, "meshes[0].primitives[0].indices"},
		{`"indices": 1`, `"indices": 0`, "meshes[0].primitives[0].indices"},
		{`"indices": 1, "material": 0`, `"indices": 1, "material": 2`, "meshes[0].primitives[0].material"},
		{`{"material": 1, "variants"`, `{"material": 5, "variants"`, "meshes[0].primitives[0]"},
		{`"attributes": {"POSITION": 0`, `"mode": 9, "attributes": {"POSITION": 0`, "meshes[0].primitives"},
		{`"nodes": [0], "name"`, `"nodes": [4], "name"`, "scenes[0].nodes"},
		{`"scene": 0`, `"scene": 3`, "scene"},
		{`"mesh": 0, "name"`, `"mesh": 1, "name"`, "nodes[0].mesh"},
		{`"mesh": 0, "name"`, `"children": [0], "mesh": 0, "name"`, "nodes[0]"},
		{`"scale": [1, 2, 3]`, `"matrix": [1e30,0,0,0, 0,1,0,0, 0,0,1,0, 0,0,0,1]`, "nodes[0]"},
		{`"name": "m"`, `"normalTexture": {"index": 0}, "name": "m"`, "materials[0].normalTexture"},
		{`{"ior": 1.45}`, `{"iorTexture": {"index": 3}}`, "materials[0].KHR_materials_ior.iorTexture"},
		{`"type": "perspective", `, `"type": "fisheye", `, "cameras[0].type"},
		{`"extensionsUsed"`, `"extensionsRequired": ["KHR_texture_basisu"], "extensionsUsed"`, "extensionsRequired"},
		{`"extensionsUsed"`, `"extensionsRequired": ["ACME_shine"], "extensionsUsed"`, "extensionsRequired"},
		{`"scenes": [{`, `"images": [{"uri": "/etc/passwd"}], "textures": [{"source": 0}], "scenes": [{`, "images[0].uri"},
		{`"scenes": [{`, `"images": [{"bufferView": 0}], "textures": [{"source": 0}], "scenes": [{`, "images[0]"},
		{`"scenes": [{`, `"skins": [{"joints": [9]}], "scenes": [{`, "skins[0].joints"},
		{`"primitives": [{`, `"primitives": [null, {`, "meshes[0].primitives"},
		{`"nodes": [{`, `"nodes": [null, {`, "nodes[0]"},
		{`"scenes": [{`, `"animations": [{"channels": [{"sampler": 0, "target": {"path": "spin"}}], "samplers": []}], "scenes": [{`, "animations[0].channels[0].path"},
		{`{`, `{{`, "the JSON"},
	} {
		if !strings.Contains(triangle, c.old) {
			t.Fatalf("%s is not in the file", c.old)
		}
		s, err := glb.Decode(pack(strings.Replace(triangle, c.old, c.new, 1), triangleBin()), scene.DefaultLimits())
		var bad *scene.FormatError
		switch {
		case !errors.As(err, &bad):
			t.Errorf("%s: got %v, %v", c.new, s != nil, err)
		case !strings.HasPrefix(bad.Where, c.where):
			t.Errorf("%s: is at %q, want %q (%v)", c.new, bad.Where, c.where, err)
		case bad.Do == "":
			t.Errorf("%s: doesn't say what to do: %v", c.new, err)
		}
	}
}

func TestCutFilesAreRefused(t *testing.T) {
	data := pack(triangle, triangleBin())
	for n := range len(data) {
		if _, err := glb.Decode(data[:n], scene.DefaultLimits()); err == nil {
			t.Fatalf("%d of %d bytes are accepted", n, len(data))
		}
	}
	if _, err := glb.Decode(append(bytes.Clone(data), 0, 0), scene.DefaultLimits()); err != nil {
		t.Errorf("padding after the end: %v", err)
	}
}

func TestLimitsHold(t *testing.T) {
	data := pack(triangle, triangleBin())
	for name, tighten := range map[string]func(*scene.Limits){
		"bytes":    func(l *scene.Limits) { l.Bytes = int64(len(data)) - 1 },
		"json":     func(l *scene.Limits) { l.JSON = 100 },
		"elements": func(l *scene.Limits) { l.Elements = 10 },
		"memory":   func(l *scene.Limits) { l.Memory = 40 },
		"vertices": func(l *scene.Limits) { l.Vertices = 2 },
		"indices":  func(l *scene.Limits) { l.Indices = 2 },
		"nodes":    func(l *scene.Limits) { l.Nodes = 0 },
		"depth":    func(l *scene.Limits) { l.Depth = 0 },
	} {
		lim := scene.DefaultLimits()
		tighten(&lim)
		var bad *scene.FormatError
		if _, err := glb.Decode(data, lim); !errors.As(err, &bad) || bad.Code != "limit" {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestNumbersThatAreNone(t *testing.T) {
	bin := triangleBin()
	copy(bin[4:], []byte{0, 0, 0xc0, 0x7f}) // NaN
	_, err := glb.Decode(pack(triangle, bin), scene.DefaultLimits())
	if err == nil || !strings.Contains(err.Error(), "vertex 0 is not a finite number") {
		t.Errorf("a position: got %v", err)
	}
	normals := strings.Replace(triangle, `"POSITION": 0`, `"POSITION": 3, "NORMAL": 0`, 1)
	normals = strings.Replace(normals, `"accessors": [`, `"accessors": [`, 1)
	normals = strings.Replace(normals, `"normalized": true}]`, `"normalized": true}, {"componentType": 5126, "count": 3, "type": "VEC3"}]`, 1)
	s, err := glb.Decode(pack(normals, bin), scene.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Meshes[0].Primitives[0].Attribute("NORMAL").At(0, 1); got != 0 {
		t.Errorf("the normal is %g, want 0", got)
	}
	repaired := false
	for _, f := range s.Findings {
		repaired = repaired || f.Severity == scene.Repaired
	}
	if !repaired {
		t.Error("nothing tells of the repair")
	}
}

func TestSparseIsUnpackedAndPacked(t *testing.T) {
	text := strings.Replace(triangle, `{"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3", "min"`,
		`{"componentType": 5126, "count": 3, "type": "VEC3", "sparse": {"count": 1, "indices": {"bufferView": 1, "byteOffset": 2, "componentType": 5123}, "values": {"bufferView": 0, "byteOffset": 12}}, "min"`, 1)
	s := decode(t, pack(text, triangleBin()))
	p := s.Meshes[0].Primitives[0].Attribute("POSITION")
	if got := p.Vec3(); got != nil && fmt.Sprint(got) != "[[0 0 0] [1 0 0] [0 0 0]]" {
		t.Errorf("got %v", got)
	}
	again := decode(t, encode(t, s))
	same(t, s, again)
}

func TestEmbeddedDataIsRead(t *testing.T) {
	text := strings.Replace(triangle, `{"byteLength": 48}`, `{"byteLength": 48, "uri": "data:application/octet-stream;base64,`+b64(triangleBin())+`"}`, 1)
	same(t, decode(t, pack(triangle, triangleBin())), decode(t, []byte(text)))
}

func b64(data []byte) string {
	text, _ := json.Marshal(data)
	return strings.Trim(string(text), `"`)
}

// exercise decodes and, where that works, does all that may be done with a scene.
func exercise(t *testing.T, data []byte, lim scene.Limits) {
	s, err := glb.Decode(data, lim)
	if err != nil {
		var bad *scene.FormatError
		if !errors.As(err, &bad) {
			t.Fatalf("%v is no FormatError", err)
		}
		return
	}
	if _, err := s.Inspect(); err != nil {
		return
	}
	for _, s := range []*scene.Scene{s, s.Prune().Dedup().Join()} {
		for _, o := range []glb.Options{{}, {Meshopt: true}} {
			out, err := glb.EncodeWith(s, o)
			if err != nil {
				t.Fatalf("what was read can't be written: %v", err)
			}
			if _, err := glb.Decode(out, scene.DefaultLimits()); err != nil {
				t.Fatalf("what was written can't be read: %v", err)
			}
		}
	}
}

func small() scene.Limits {
	lim := scene.DefaultLimits()
	lim.Memory, lim.Vertices, lim.Texels = 1<<22, 1<<16, 1<<20
	return lim
}

// Every value in the structure of real files is replaced by every hostile one.
func TestHostileValuesNeverPanic(t *testing.T) {
	sources := map[string][]byte{
		"triangle": pack(triangle, triangleBin()), "meshopt": encodePacked(t, decode(t, pack(triangle, triangleBin()))),
		"draco": pack(dracoFile, dracoStream(t)),
	}
	for _, f := range []string{"../../testdata/models/fern.glb", "../../testdata/models/flag.glb"} {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		sources[filepath.Base(f)] = data
	}
	hostile := []any{-1, 0, 1, 3, 1 << 30, json.Number("9223372036854775807"), json.Number("1e999"), 0.5, "x", nil, map[string]any{}, []any{}, []any{nil}, true}
	for name, data := range sources {
		n := binary.LittleEndian.Uint32(data[12:])
		text, bin := data[20:20+n], []byte(nil)
		if len(data) > int(28+n) {
			bin = data[28+n:]
		}
		var root map[string]any
		if err := json.Unmarshal(text, &root); err != nil {
			t.Fatal(err)
		}
		var visit func(v any, set func(any), depth int)
		visit = func(v any, set func(any), depth int) {
			for _, h := range hostile {
				set(h)
				text, err := json.Marshal(root)
				if err != nil {
					t.Fatal(err)
				}
				exercise(t, pack(string(text), bin), scene.DefaultLimits())
			}
			set(v)
			switch v := v.(type) {
			case map[string]any:
				for k, child := range v {
					visit(child, func(x any) { v[k] = x }, depth+1)
				}
			case []any:
				for i, child := range v {
					if i < 3 { // entries of a list are alike
						visit(child, func(x any) { v[i] = x }, depth+1)
					}
				}
			}
		}
		t.Run(name, func(t *testing.T) {
			for k, child := range root {
				visit(child, func(x any) { root[k] = x }, 0)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(pack(triangle, triangleBin()))
	f.Add([]byte(triangle))
	f.Add(encodePacked(f, decode(f, pack(triangle, triangleBin()))))
	f.Add(pack(dracoFile, dracoStream(f)))
	if data, err := os.ReadFile("../../testdata/models/flag.glb"); err == nil {
		s := decode(f, data)
		s.Images, s.Textures, s.Materials = nil, nil, make([]scene.Material, len(s.Materials))
		f.Add(encodePacked(f, s))
	}
	f.Fuzz(func(t *testing.T, data []byte) { exercise(t, data, small()) })
}

func FuzzStructure(f *testing.F) {
	f.Add(triangle, triangleBin())
	f.Add(dracoFile, dracoStream(f))
	text, bin := unpack(encodePacked(f, decode(f, pack(triangle, triangleBin()))))
	f.Add(text, bin)
	stack, err := scene.StackLevels(f.Context(), []*scene.Scene{ramp(2), ramp(1)}, 1, []float64{0.5, 0})
	if err != nil {
		f.Fatal(err)
	}
	levels, _, err := glb.EncodeLevels(stack)
	if err != nil {
		f.Fatal(err)
	}
	text, bin = unpack(levels)
	f.Add(text, bin)
	f.Fuzz(func(t *testing.T, text string, bin []byte) { exercise(t, pack(text, bin), small()) })
}

// refused fails unless a file is refused at the place.
func refused(t *testing.T, name string, data []byte, where string) {
	t.Helper()
	var bad *scene.FormatError
	if _, err := glb.Decode(data, scene.DefaultLimits()); !errors.As(err, &bad) || !strings.HasPrefix(bad.Where, where) {
		t.Errorf("%s: got %v, want a fault in %s", name, err, where)
	}
}

func TestSmallFilesThatWouldCostMuchAreRefused(t *testing.T) {
	many := func(n int, entry string) string { return strings.TrimSuffix(strings.Repeat(entry+",", n), ",") }
	zeros := strings.Replace(triangle, `"accessors": [`, `"accessors": [`, 1)
	zeros = strings.Replace(zeros, `"normalized": true}]`, `"normalized": true}, {"componentType": 5126, "count": 2000000, "type": "VEC3"}]`, 1)
	refused(t, "morph targets that share zeros", pack(strings.Replace(zeros, `"attributes": {"POSITION": 0, "_WEAR": 2}, "indices": 1`,
		`"attributes": {"POSITION": 3}, "targets": [`+many(100, `{"POSITION": 3}`)+`]`, 1), triangleBin()), "meshes")
	refused(t, "a large mesh that stands often", pack(strings.Replace(strings.Replace(zeros, `"attributes": {"POSITION": 0, "_WEAR": 2}, "indices": 1`,
		`"attributes": {"POSITION": 3}`, 1), `"nodes": [{`, `"nodes": [`+many(50, `{"mesh": 0}`)+`,{`, 1), triangleBin()), "nodes")
	refused(t, "skins with endless joints", pack(strings.Replace(triangle, `"scenes": [{`,
		`"skins": [`+many(300, `{"joints": [`+many(300, "0")+`]}`)+`], "scenes": [{`, 1), triangleBin()), "skins")
}

func TestImagesOfOneViewAreStoredOnce(t *testing.T) {
	png, err := os.ReadFile("../../testdata/models/fern.glb")
	if err != nil {
		t.Fatal(err)
	}
	s := decode(t, png)
	img := s.Images[0]
	for range 50 {
		s.Images = append(s.Images, img)
		s.Textures = append(s.Textures, scene.Texture{Sampler: scene.None, Source: len(s.Images) - 1})
	}
	data := encode(t, s)
	if len(data) > len(png)+20000 {
		t.Errorf("fifty times one image: %d bytes became %d", len(png), len(data))
	}
	if again := decode(t, data); len(again.Images) != 51 || &again.Images[0].Data[0] != &again.Images[50].Data[0] {
		t.Error("they are read as copies")
	}
}

// Views that overlap are one image in the file and many in what is written.
func TestImagesThatOverlapAreRefused(t *testing.T) {
	file, err := os.ReadFile("../../testdata/models/fern.glb")
	if err != nil {
		t.Fatal(err)
	}
	img := decode(t, file).Images[0].Data
	bin := append(triangleBin(), img...)
	views, images, many := "", "", 60
	for i := range many {
		views += fmt.Sprintf(`,{"buffer": 0, "byteOffset": 48, "byteLength": %d}`, len(img)-i%50) // ten of them come twice
		images += fmt.Sprintf(`{"bufferView": %d},`, 2+i)
	}
	text := strings.Replace(triangle, `"byteLength": 12}]`, `"byteLength": 12}`+views+`]`, 1)
	text = strings.Replace(text, `{"byteLength": 48}`, fmt.Sprintf(`{"byteLength": %d}`, len(bin)), 1)
	with := func(images string) []byte {
		return pack(strings.Replace(text, `"scenes": [{`, `"images": [`+strings.TrimSuffix(images, ",")+`], "scenes": [{`, 1), bin)
	}
	refused(t, "sixty images in one place", with(images), "images")
	// One place with two lengths, by turns, is written twice, not each time.
	data := encode(t, decode(t, with(strings.Repeat(`{"bufferView": 2},{"bufferView": 3},`, 30))))
	if len(data) > 2*len(img)+20000 {
		t.Errorf("two images of %d bytes became %d", len(img), len(data))
	}
}

func TestSharedIndicesAreStoredOnce(t *testing.T) {
	s := decode(t, pack(triangle, triangleBin()))
	prim := s.Meshes[0].Primitives[0]
	prim.Material = 1
	s.Meshes[0].Primitives = append(s.Meshes[0].Primitives, prim)
	if got := bytes.Count(encode(t, s), []byte(`"componentType"`)); got != 3 {
		t.Errorf("got %d accessors, want 3", got)
	}
	same(t, s, decode(t, encode(t, s)))
}

func TestKeysInTwoCasesDoNotConfuse(t *testing.T) {
	text := strings.Replace(triangle, `{"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3", "min"`,
		`{"componentType": 5126, "count": 3, "type": "VEC3", "sparse": {"count": 1, "indices": {"bufferView": 1, "byteOffset": 2, "componentType": 5121, "COMPONENTTYPE": 5120}, "values": {"bufferView": 0, "byteOffset": 12}}, "min"`, 1)
	refused(t, "signed sparse indices", pack(text, triangleBin()), "accessors[0].sparse")
}

func TestTimesThatAreNoneAreRefused(t *testing.T) {
	bin := triangleBin()
	bin = append(bin, 0, 0, 0xc0, 0x7f, 0, 0, 0x80, 0x3f) // NaN, 1
	bin = append(bin, 0, 0, 0x80, 0x3f, 0, 0, 0, 0)       // 1, 0
	for at, name := range map[int]string{48: "NaN", 56: "falling times"} {
		text := strings.Replace(triangle, `"scenes": [{`, `"animations": [{"samplers": [{"input": 3, "output": 4}], "channels": [{"sampler": 0, "target": {"node": 0, "path": "scale"}}]}], "scenes": [{`, 1)
		text = strings.Replace(text, `"normalized": true}]`, `"normalized": true}, {"bufferView": 2, "componentType": 5126, "count": 2, "type": "SCALAR"}, {"componentType": 5126, "count": 2, "type": "VEC3"}]`, 1)
		text = strings.Replace(text, `"byteLength": 12}]`, fmt.Sprintf(`"byteLength": 12}, {"buffer": 0, "byteOffset": %d, "byteLength": 8}]`, at), 1)
		text = strings.Replace(text, `{"byteLength": 48}`, `{"byteLength": 64}`, 1)
		refused(t, name, pack(text, bin), "animations[0]")
	}
}

func TestQuantizedFilesBecomeFloats(t *testing.T) {
	text := strings.Replace(triangle, `"extensionsUsed"`, `"extensionsRequired": ["KHR_mesh_quantization"], "extensionsUsed"`, 1)
	text = strings.Replace(text, `{"bufferView": 0, "componentType": 5126, "count": 3`, `{"bufferView": 0, "componentType": 5122, "count": 3`, 1)
	s := decode(t, pack(text, triangleBin()))
	if !s.Converted || len(s.Required) != 0 || s.Meshes[0].Primitives[0].Attribute("POSITION").Kind != scene.Float32 {
		t.Errorf("converted %v, required %v", s.Converted, s.Required)
	}
	if data := encode(t, s); bytes.Contains(data, []byte("KHR_mesh_quantization")) {
		t.Error("the extension is still named")
	}
}

func TestWhatRefersToStorageIsLeftOutAndTold(t *testing.T) {
	text := strings.Replace(triangle, `"extensions": {"KHR_materials_variants": {"mappings"`, `"extensions": {"CESIUM_primitive_outline": {"indices": 1}, "KHR_materials_variants": {"mappings"`, 1)
	text = strings.Replace(text, `"ACME_shine"]`, `"CESIUM_primitive_outline"]`, 1)
	s := decode(t, pack(text, triangleBin()))
	if bytes.Contains(encode(t, s), []byte("CESIUM")) {
		t.Error("it is still there")
	}
	told := false
	for _, f := range s.Findings {
		told = told || strings.Contains(f.What, "CESIUM_primitive_outline")
	}
	if !told {
		t.Errorf("nothing tells: %v", s.Findings)
	}
}
