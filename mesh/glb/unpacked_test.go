package glb_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/mesh/glb"
	"github.com/plinth3d/plinth/mesh/meshopt"
	"github.com/plinth3d/plinth/mesh/scene"
)

// A builder makes a file of packed views, as other tools may.
type builder struct {
	bin                             []byte
	extension                       string
	unpacked                        int
	views, accessors, attrs, extras []string
}

// view packs count elements of stride bytes; kind is the rest of the accessor.
func (b *builder) view(stream []byte, count, stride int, mode meshopt.Mode, filter meshopt.Filter, kind string) int {
	target := ""
	if mode == meshopt.Attributes {
		target = fmt.Sprintf(`"byteStride": %d, `, stride)
	}
	b.views = append(b.views, fmt.Sprintf(`{"buffer": 1, "byteOffset": %d, "byteLength": %d, %s"extensions": {%q: {"buffer": 0, "byteOffset": %d, "byteLength": %d, "byteStride": %d, "count": %d, "mode": %q, "filter": %q}}}`,
		b.unpacked, count*stride, target, b.extension, len(b.bin), len(stream), stride, count, mode, filter))
	b.accessors = append(b.accessors, fmt.Sprintf(`{"bufferView": %d, "count": %d, %s}`, len(b.accessors), count, kind))
	b.bin = append(b.bin, stream...)
	b.unpacked += (count*stride + 3) / 4 * 4
	return len(b.accessors) - 1
}

func (b *builder) attribute(name string, stream []byte, count, stride int, filter meshopt.Filter, kind string) {
	b.attrs = append(b.attrs, fmt.Sprintf("%q: %d", name, b.view(stream, count, stride, meshopt.Attributes, filter, kind)))
}

func (b *builder) file(indices, mode int) []byte {
	return pack(fmt.Sprintf(`{"asset": {"version": "2.0"}, "extensionsUsed": [%[1]q], "extensionsRequired": [%[1]q],
"scene": 0, "scenes": [{"nodes": [0]}], "nodes": [{"mesh": 0}], "meshes": [{"primitives": [{"mode": %[2]d, "indices": %[3]d, "attributes": {%[4]s}}]}],
%[5]s "accessors": [%[6]s], "bufferViews": [%[7]s], "buffers": [{"byteLength": %[8]d}, {"byteLength": %[9]d, "extensions": {%[1]q: {"fallback": true}}}]}`,
		b.extension, mode, indices, strings.Join(b.attrs, ","), strings.Join(b.extras, ""), strings.Join(b.accessors, ","), strings.Join(b.views, ","), len(b.bin), b.unpacked), b.bin)
}

func TestEveryModeAndFilterIsRead(t *testing.T) {
	positions := []float32{0, 0, 0, 1, 0, 0, 0, 2, 0, 0.5, 0.25, 3}
	vectors := [][4]float32{{1, 0, 0, 1}, {0, 1, 0, 1}, {0, 0, -1, 1}, {0.6, 0, 0.8, 1}}
	for _, extension := range []string{"EXT_meshopt_compression", "KHR_meshopt_compression"} {
		t.Run(extension, func(t *testing.T) {
			b := &builder{extension: extension}
			attributes := meshopt.EncodeAttributes
			if extension == "KHR_meshopt_compression" {
				attributes = meshopt.EncodeAttributesV1
				b.attribute("COLOR_0", attributes(meshopt.EncodeColor(vectors, 4, 8), 4, meshopt.Smallest), 4, 4, meshopt.Color, `"componentType": 5121, "normalized": true, "type": "VEC4"`)
			}
			b.attribute("POSITION", attributes(meshopt.EncodeExponential(positions, 3, 20, meshopt.Separate), 12, meshopt.Smallest), 4, 12, meshopt.Exponential, `"componentType": 5126, "type": "VEC3", "min": [0,0,0], "max": [1,2,3]`)
			b.attribute("NORMAL", attributes(meshopt.EncodeOctahedral(vectors, 4, 8), 4, meshopt.Smallest), 4, 4, meshopt.Octahedral, `"componentType": 5120, "normalized": true, "type": "VEC3"`)
			b.attribute("TANGENT", attributes(meshopt.EncodeOctahedral(vectors, 8, 12), 8, meshopt.Smallest), 4, 8, meshopt.Octahedral, `"componentType": 5122, "normalized": true, "type": "VEC4"`)
			b.attribute("_PLAIN", attributes([]byte("abcdefghijklmnop"), 4, meshopt.Smallest), 4, 4, meshopt.None, `"componentType": 5121, "type": "VEC4"`)
			times := b.view(attributes([]byte{0, 0, 0, 0, 0, 0, 128, 63, 0, 0, 0, 64, 0, 0, 64, 64}, 4, meshopt.Smallest), 4, 4, meshopt.Attributes, meshopt.None, `"componentType": 5126, "type": "SCALAR", "min": [0], "max": [3]`)
			turns := b.view(attributes(meshopt.EncodeQuaternion(vectors, 16), 8, meshopt.Smallest), 4, 8, meshopt.Attributes, meshopt.Quaternion, `"componentType": 5122, "normalized": true, "type": "VEC4"`)
			b.extras = append(b.extras, fmt.Sprintf(`"animations": [{"samplers": [{"input": %d, "output": %d}], "channels": [{"sampler": 0, "target": {"node": 0, "path": "rotation"}}]}],`, times, turns))
			faces := b.view(meshopt.EncodeTriangles([]uint32{0, 1, 2, 2, 1, 3}), 6, 2, meshopt.Triangles, meshopt.None, `"componentType": 5123, "type": "SCALAR"`)
			s := decode(t, b.file(faces, scene.Triangles))
			p := &s.Meshes[0].Primitives[0]
			if got := fmt.Sprint(p.Attribute("POSITION").Vec3()); got != "[[0 0 0] [1 0 0] [0 2 0] [0.5 0.25 3]]" {
				t.Errorf("positions are %s", got)
			}
			if got := string(p.Attribute("_PLAIN").Data); got != "abcdefghijklmnop" {
				t.Errorf("plain bytes are %q", got)
			}
			for name, a := range map[string]*scene.Array{"normal": p.Attribute("NORMAL"), "tangent": p.Attribute("TANGENT")} {
				for i := range a.Len() {
					for k := range a.Width {
						if d := a.At(i, k) - vectors[i][k]; d > 0.01 || d < -0.01 {
							t.Errorf("%s %d is off by %g", name, i, d)
						}
					}
				}
			}
			if got := s.Animations[0].Samplers[0].Output; got.At(1, 1) < 0.7 || got.At(1, 3) < 0.7 {
				t.Errorf("the turn is %g, %g", got.At(1, 1), got.At(1, 3))
			}
			if got := fmt.Sprint(unturned(s).Meshes[0].Primitives[0].Indices); got != "[0 1 2 1 3 2]" {
				t.Errorf("indices are %s", got)
			}
			strip := b.view(meshopt.EncodeIndices([]uint32{3, 0, 1, 2}), 4, 4, meshopt.Indices, meshopt.None, `"componentType": 5125, "type": "SCALAR"`)
			if got := fmt.Sprint(decode(t, b.file(strip, scene.LineLoop)).Meshes[0].Primitives[0].Indices); got != "[3 0 1 2]" {
				t.Errorf("a line is %s", got)
			}
			// What was named says nothing about the scene that is left.
			if !s.Converted || len(s.Required)+len(s.Used()) > 0 {
				t.Errorf("converted %v, required %v, used %v", s.Converted, s.Required, s.Used())
			}
		})
	}
}

func TestPackedViewsThatCannotBeAreRefused(t *testing.T) {
	text, bin := unpack(encodePacked(t, decode(t, pack(triangle, triangleBin()))))
	const positions = `{"buffer":0,"byteLength":109,"byteStride":12,"mode":"ATTRIBUTES","count":3}`
	for _, c := range []struct{ old, new, where string }{
		{`"byteLength":109`, `"byteLength":1090`, "bufferViews[0].EXT"},
		{`"byteLength":109`, `"byteLength":108`, "bufferViews[0].EXT"},
		{`"byteLength":109`, `"byteLength":0`, "bufferViews[0].EXT"},
		{`"byteLength":109`, `"byteLength":-109`, "bufferViews[0].EXT_meshopt_compression.byteLength"},
		{`"byteOffset":109`, `"byteOffset":9223372036854775807`, "bufferViews[1].EXT"},
		{`"byteOffset":109`, `"byteOffset":"x"`, "bufferViews[1].EXT_meshopt_compression.byteOffset"},
		{positions, strings.Replace(positions, `"buffer":0`, `"buffer":7`, 1), "bufferViews[0].EXT_meshopt_compression.buffer"},
		{positions, strings.Replace(positions, `"buffer":0`, `"buffer":1`, 1), "buffers[1]"},
		{positions, strings.Replace(positions, `"count":3`, `"count":4`, 1), "bufferViews[0].EXT"},
		{positions, strings.Replace(positions, `"count":3`, `"count":3.5`, 1), "bufferViews[0].EXT_meshopt_compression.count"},
		{positions, strings.Replace(positions, `"byteStride":12`, `"byteStride":36`, 1), "bufferViews[0].EXT"},
		{positions, strings.Replace(positions, `12,"mode":"ATTRIBUTES","count":3`, `4,"mode":"ATTRIBUTES","count":9`, 1), "bufferViews[0].EXT_meshopt_compression.byteStride"},
		{positions, strings.Replace(positions, `ATTRIBUTES`, `TRIANGLES`, 1), "bufferViews[0].EXT"},
		{positions, strings.Replace(positions, `ATTRIBUTES`, `attributes`, 1), "bufferViews[0].EXT_meshopt_compression.mode"},
		{positions, strings.Replace(positions, `"mode"`, `"filter":"COLOR","mode"`, 1), "bufferViews[0].EXT_meshopt_compression.filter"},
		{positions, strings.Replace(positions, `"mode"`, `"filter":"OCTAHEDRAL","mode"`, 1), "bufferViews[0].EXT"},
		{positions, strings.Replace(positions, `"mode"`, `"filter":3,"mode"`, 1), "bufferViews[0].EXT_meshopt_compression.filter"},
		{positions, `[]`, "bufferViews[0].EXT"},
		{positions, positions + `,"KHR_meshopt_compression":` + positions, "bufferViews[0]"},
		{`"mode":"TRIANGLES"`, `"mode":"INDICES"`, "bufferViews[2].EXT"},
		{`"mode":"TRIANGLES"`, `"mode":"TRIANGLES","filter":"EXPONENTIAL"`, "bufferViews[2].EXT"},
		{`"byteLength":56`, `"byteLength":5`, "bufferViews[0]"},
		{`"extensions":{"EXT_meshopt_compression":` + positions + `},"buffer":1`, `"buffer":1`, "buffers[1]"},
	} {
		if !strings.Contains(text, c.old) {
			t.Fatalf("%s is not in the file", c.old)
		}
		_, err := glb.Decode(pack(strings.Replace(text, c.old, c.new, 1), bin), scene.DefaultLimits())
		bad, ok := errors.AsType[*scene.FormatError](err)
		if !ok || !strings.HasPrefix(bad.Where, c.where) || bad.Do == "" {
			t.Errorf("%s: got %v, want a fault in %q", c.new, err, c.where)
		}
	}
}

// What nothing but packed views would fall back on is never looked for.
func TestAFallbackMayBeElsewhereOrUnmarked(t *testing.T) {
	s := decode(t, pack(triangle, triangleBin()))
	text, bin := unpack(encodePacked(t, s))
	const marked = `{"extensions":{"EXT_meshopt_compression":{"fallback":true}},"byteLength":56}`
	for _, other := range []string{`{"byteLength":56}`, `{"byteLength":56,"uri":"a.bin"}`, strings.Replace(marked, "}},", `}},"uri":"a.bin",`, 1)} {
		if !strings.Contains(text, marked) {
			t.Fatalf("%s is not in the file", marked)
		}
		same(t, unturned(s), unturned(decode(t, pack(strings.Replace(text, marked, other, 1), bin))))
	}
}

func TestAViewWithoutDataMustBePacked(t *testing.T) {
	text, bin := unpack(encodePacked(t, decode(t, pack(triangle, triangleBin()))))
	text = strings.Replace(text, `{"extensions":{"EXT_meshopt_compression":{"fallback":true}},"byteLength":56}`, `{"byteLength":56}`, 1)
	i := strings.Index(text, `"extensions":{"EXT_meshopt_compression":{"buffer"`)
	j := i + strings.Index(text[i:], `}},`) + 3
	refused(t, "a plain view in a fallback", pack(text[:i]+text[j:], bin), "buffers[1]")
}

func TestPackedIndicesAreCheckedAgainstVertices(t *testing.T) {
	b := &builder{extension: "EXT_meshopt_compression"}
	b.attribute("POSITION", meshopt.EncodeAttributes(make([]byte, 36), 12, meshopt.Smallest), 3, 12, meshopt.None, `"componentType": 5126, "type": "VEC3"`)
	i := b.view(meshopt.EncodeTriangles([]uint32{0, 1, 3}), 3, 2, meshopt.Triangles, meshopt.None, `"componentType": 5123, "type": "SCALAR"`)
	refused(t, "index 3 of 3", b.file(i, scene.Triangles), "meshes[0].primitives[0].indices")
}

func TestVersionOneIsOnlyInTheKhronosExtension(t *testing.T) {
	b := &builder{extension: "EXT_meshopt_compression"}
	b.attribute("POSITION", meshopt.EncodeAttributesV1(make([]byte, 36), 12, meshopt.Smallest), 3, 12, meshopt.None, `"componentType": 5126, "type": "VEC3"`)
	i := b.view(meshopt.EncodeTriangles([]uint32{0, 1, 2}), 3, 2, meshopt.Triangles, meshopt.None, `"componentType": 5123, "type": "SCALAR"`)
	refused(t, "version 1", b.file(i, scene.Triangles), "bufferViews[0].EXT_meshopt_compression")
}

// A few bytes can promise much: what they unpack to counts before it is made.
func TestPackedBytesCountByWhatTheyUnpackTo(t *testing.T) {
	const count = 1 << 22
	b := &builder{extension: "EXT_meshopt_compression"}
	stream := meshopt.EncodeAttributes(make([]byte, 12*count), 12, meshopt.Smallest)
	b.attribute("POSITION", stream, count, 12, meshopt.None, `"componentType": 5126, "type": "VEC3"`)
	i := b.view(meshopt.EncodeTriangles([]uint32{0, 1, 2}), 3, 2, meshopt.Triangles, meshopt.None, `"componentType": 5123, "type": "SCALAR"`)
	lim := scene.DefaultLimits()
	lim.Memory = 12*count + 1000
	_, err := glb.Decode(b.file(i, scene.Triangles), lim)
	if bad, ok := errors.AsType[*scene.FormatError](err); !ok || bad.Code != "limit" || bad.Where != "bufferViews[0]" {
		t.Errorf("got %v", err)
	}
	// Sums of such promises must not wrap around.
	huge := strings.Repeat(`{"buffer": 1, "byteLength": 4611686018427387904, "extensions": {"EXT_meshopt_compression": {"buffer": 0, "byteLength": 1, "byteStride": 4, "count": 1152921504606846976, "mode": "ATTRIBUTES"}}},`, 4)
	text := strings.Replace(triangle, `"bufferViews": [`, `"images": [{"bufferView": 0},{"bufferView": 1},{"bufferView": 2},{"bufferView": 3}], "bufferViews": [`+huge, 1)
	text = strings.Replace(text, `{"byteLength": 48}`, `{"byteLength": 48}, {"byteLength": 4611686018427387904}`, 1)
	if _, err := glb.Decode(pack(text, triangleBin()), scene.DefaultLimits()); err == nil {
		t.Error("promises of 4 EB each are believed")
	}
}
