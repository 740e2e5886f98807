package glb_test

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/mesh/draco"
	"github.com/plinth3d/plinth/mesh/glb"
	"github.com/plinth3d/plinth/mesh/scene"
)

// dracoFile is a primitive in a stream of 80 points and 126 triangles, with a plain
// attribute beside it. Attribute 7 of the stream is of int32, which glTF doesn't have.
const dracoFile = `{
 "asset": {"version": "2.0"},
 "extensionsUsed": ["KHR_draco_mesh_compression"], "extensionsRequired": ["KHR_draco_mesh_compression"],
 "scene": 0, "scenes": [{"nodes": [0]}], "nodes": [{"mesh": 0}],
 "meshes": [{"primitives": [{
   "attributes": {"POSITION": 0, "NORMAL": 1, "COLOR_0": 2, "_COUNT": 3, "_PLAIN": 5}, "indices": 4,
   "extensions": {"KHR_draco_mesh_compression": {"bufferView": 0, "attributes": {"POSITION": 0, "NORMAL": 1, "COLOR_0": 3, "_COUNT": 8}}}}]}],
 "accessors": [
   {"componentType": 5126, "count": 80, "type": "VEC3", "min": [0,0,-1], "max": [1,1,1]},
   {"componentType": 5126, "count": 80, "type": "VEC3"},
   {"componentType": 5121, "count": 80, "type": "VEC4", "normalized": true},
   {"componentType": 5125, "count": 80, "type": "VEC3"},
   {"componentType": 5123, "count": 378, "type": "SCALAR"},
   {"componentType": 5121, "bufferView": 0, "count": 80, "type": "SCALAR"}],
 "bufferViews": [{"buffer": 0, "byteLength": 2150}], "buffers": [{"byteLength": 2150}]
}`

func dracoStream(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile("../draco/testdata/grid-seq-7-ints.drc")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestDracoIsUnpacked(t *testing.T) {
	data := dracoStream(t)
	want, err := draco.Decode(data, draco.Limits{Points: 1000, Faces: 1000, Attributes: 16, Bytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	s := decode(t, pack(dracoFile, data))
	p := &s.Meshes[0].Primitives[0]
	if len(p.Indices) != 378 || p.Mode != scene.Triangles || !s.Converted || len(s.Required) != 0 || len(s.Used()) != 0 {
		t.Errorf("got %d indices, mode %d, converted %v, required %v, used %v", len(p.Indices), p.Mode, s.Converted, s.Required, s.Used())
	}
	for name, id := range map[string]int{"POSITION": 0, "NORMAL": 1, "COLOR_0": 3, "_COUNT": 8} {
		if a := p.Attribute(name); !bytes.Equal(a.Data, want.Attributes[id].Data) {
			t.Errorf("%s is not attribute %d of the stream", name, id)
		}
	}
	if a := p.Attribute("_PLAIN"); a.Len() != 80 || a.Data[0] != 'D' {
		t.Errorf("what is not in the stream has %d rows, the first %d", a.Len(), a.Data[0])
	}
	again := decode(t, encode(t, s))
	again.Converted = true
	same(t, s, again)
}

func TestDracoValuesBecomeWhatAccessorsSay(t *testing.T) {
	data := dracoStream(t)
	as := func(old, new string) (*scene.Scene, error) {
		if !strings.Contains(dracoFile, old) {
			t.Fatalf("%s is not in the file", old)
		}
		return glb.Decode(pack(strings.Replace(dracoFile, old, new, 1), data), scene.DefaultLimits())
	}
	s, err := as(`5121, "count": 80, "type": "VEC4", "normalized": true`, `5123, "count": 80, "type": "VEC4"`)
	if err != nil {
		t.Fatal(err)
	}
	a, plain := s.Meshes[0].Primitives[0].Attribute("COLOR_0"), decode(t, pack(dracoFile, data)).Meshes[0].Primitives[0].Attribute("COLOR_0")
	for i := range a.Data {
		if i%2 == 0 && a.Data[i] != plain.Data[i/2] || i%2 == 1 && a.Data[i] != 0 {
			t.Fatalf("byte %d of bytes as shorts is %d", i, a.Data[i])
		}
	}
	s, err = as(`5125, "count": 80`, `5126, "count": 80`)
	if err != nil {
		t.Fatal(err)
	}
	if a := s.Meshes[0].Primitives[0].Attribute("_COUNT"); a.Kind != scene.Float32 || a.At(79, 2) != 59 {
		t.Errorf("an integer as float is %g, want 59", a.At(79, 2))
	}
	if s, err = as(`"indices": 4,`, `"indices": 4, "mode": 5,`); err != nil {
		t.Fatal(err)
	}
	if p := &s.Meshes[0].Primitives[0]; p.Mode != scene.Triangles || len(p.Indices) != 378 {
		t.Errorf("a strip is mode %d with %d indices, want the triangles of the stream", p.Mode, len(p.Indices))
	}
}

func TestDracoWithPlainDataIsReadPlain(t *testing.T) {
	text := strings.Replace(dracoFile, `, "extensionsRequired": ["KHR_draco_mesh_compression"]`, "", 1)
	for _, kind := range []string{`"componentType": 5126, "count"`, `"componentType": 5121, "count": 80, "type": "VEC4"`, `"componentType": 5125, "count"`, `"componentType": 5123, "count"`} {
		text = strings.ReplaceAll(text, kind, strings.Replace(kind, `"componentType"`, `"bufferView": 1, "componentType"`, 1))
	}
	text = strings.Replace(text, `"bufferViews": [`, `"bufferViews": [{"buffer": 0, "byteLength": 7}, {"buffer": 0, "byteOffset": 2152, "byteLength": 960},`, 1)
	text = strings.Replace(text, `"buffers": [{"byteLength": 2150}`, `"buffers": [{"byteLength": 3112}`, 1)
	text = strings.Replace(text, `"componentType": 5121, "bufferView": 0`, `"componentType": 5121, "bufferView": 1`, 1)
	s := decode(t, pack(text, append(dracoStream(t), make([]byte, 962)...)))
	if p := s.Meshes[0].Primitives[0]; p.Attribute("POSITION").At(79, 0) != 0 || !s.Converted || len(s.Used()) != 0 {
		t.Errorf("the last x is %g, converted %v, used %v", p.Attribute("POSITION").At(79, 0), s.Converted, s.Used())
	}
	// One that lacks its plain data is in the stream, which is cut off here.
	refused(t, "half a fallback", pack(strings.Replace(text, `"bufferView": 1, "componentType": 5125`, `"componentType": 5125`, 1), append(dracoStream(t), make([]byte, 962)...)), "meshes[0].primitives[0].KHR_draco")
}

func TestOneDracoStreamIsDecodedOnce(t *testing.T) {
	i := strings.Index(dracoFile, `{
   "attributes"`)
	j := strings.Index(dracoFile, `]}],
 "accessors"`)
	text := dracoFile[:j] + strings.Repeat(","+dracoFile[i:j], 100) + dracoFile[j:]
	s := decode(t, pack(text, dracoStream(t)))
	prims := s.Meshes[0].Primitives
	if a, b := prims[0], prims[100]; a.Attribute("POSITION") != b.Attribute("POSITION") || &a.Indices[0] != &b.Indices[0] {
		t.Error("primitives of one stream have copies")
	}
	views := strings.TrimSuffix(strings.Repeat(`{"buffer": 0, "byteLength": 2150},`, 101), ",")
	text = strings.Replace(text, `{"buffer": 0, "byteLength": 2150}`, views, 1)
	for k := range 100 {
		text = strings.Replace(text, `compression": {"bufferView": 0,`, `compression": {"bufferView": `+string(rune('0'+k/10))+string(rune('0'+k%10))+`,`, 1)
		text = strings.Replace(text, `": 0`+string(rune('0'+k%10))+`,`, `": `+string(rune('0'+k%10))+`,`, 1)
	}
	refused(t, "views that overlap", pack(text, dracoStream(t)), "meshes[0]")
}

func TestDracoThatIsNotWhatItSaysIsRefused(t *testing.T) {
	for _, c := range []struct{ old, new, where, do string }{
		{`"count": 80, "type": "VEC3", "min"`, `"count": 81, "type": "VEC3", "min"`, "accessors[0]", "Draco"},
		{`"count": 80, "type": "VEC3", "min"`, `"count": 4000000000, "type": "VEC3", "min"`, "accessors[0]", "Draco"},
		{`"count": 378`, `"count": 375`, "meshes[0].primitives[0]", "Draco"},
		{`"componentType": 5126, "count": 80, "type": "VEC3", "min"`, `"componentType": 5123, "count": 80, "type": "VEC3", "min"`, "accessors[0]", "Draco"},
		{`"type": "VEC3", "min"`, `"type": "VEC2", "min"`, "accessors[0]", "Draco"},
		{`"componentType": 5121, "count": 80, "type": "VEC4"`, `"componentType": 5121, "count": 80, "type": "MAT2"`, "accessors[2]", "Draco"},
		{`"componentType": 5121, "count": 80, "type": "VEC4"`, `"componentType": 5120, "count": 80, "type": "VEC4"`, "accessors[2]", "Draco"},
		{`"_COUNT": 8`, `"_COUNT": 88`, "meshes[0].primitives[0].attributes._COUNT", "Draco"},
		{`"_COUNT": 8`, `"_COUNT": -1`, "meshes[0].primitives[0].KHR_draco_mesh_compression.attributes._COUNT", ""},
		{`"_COUNT": 8`, `"_OTHER": 8`, "meshes[0].primitives[0].KHR_draco_mesh_compression.attributes._OTHER", ""},
		{`"bufferView": 0, "attributes"`, `"bufferView": 9, "attributes"`, "meshes[0].primitives[0].KHR_draco", ""},
		{`"bufferView": 0, "attributes"`, `"bufferView": "x", "attributes"`, "meshes[0].primitives[0].KHR_draco", ""},
		{`"bufferView": 0, "attributes"`, `"attributes"`, "meshes[0].primitives[0].KHR_draco", ""},
		{`"buffers": [{"byteLength": 2150}`, `"buffers": [{"byteLength": 215}`, "bufferViews[0]", ""},
		{`{"buffer": 0, "byteLength": 2150}`, `{"buffer": 0, "byteLength": 1150}`, "meshes[0].primitives[0].KHR_draco", ""},
		{`"indices": 4,`, `"indices": 4, "mode": 1,`, "meshes[0].primitives[0].KHR_draco", ""},
		{`"indices": 4,`, `"indices": 44,`, "meshes[0].primitives[0].KHR_draco", ""},
		{`"KHR_draco_mesh_compression": {"bufferView"`, `"KHR_draco_mesh_compression": [], "x": {"bufferView"`, "meshes[0].primitives[0].KHR_draco", ""},
		{`"bufferView": 0, "count": 80`, `"bufferView": 0, "count": 79`, "meshes[0].primitives[0].attributes._PLAIN", ""},
	} {
		if !strings.Contains(dracoFile, c.old) {
			t.Fatalf("%s is not in the file", c.old)
		}
		_, err := glb.Decode(pack(strings.Replace(dracoFile, c.old, c.new, 1), dracoStream(t)[:2150]), scene.DefaultLimits())
		bad, ok := errors.AsType[*scene.FormatError](err)
		if !ok || !strings.HasPrefix(bad.Where, c.where) || !strings.Contains(bad.Do, c.do) || bad.Do == "" {
			t.Errorf("%s: got %v", c.new, err)
		}
	}
}

func TestDracoKeepsToLimits(t *testing.T) {
	data := pack(dracoFile, dracoStream(t))
	for name, tighten := range map[string]func(*scene.Limits){
		"points":    func(l *scene.Limits) { l.Vertices = 79 },
		"triangles": func(l *scene.Limits) { l.Indices = 377 },
		"memory":    func(l *scene.Limits) { l.Memory = 5000 },
	} {
		lim := scene.DefaultLimits()
		tighten(&lim)
		_, err := glb.Decode(data, lim)
		if bad, ok := errors.AsType[*scene.FormatError](err); !ok || bad.Code != "limit" {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
