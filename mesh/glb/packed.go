package glb

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/qmuntal/gltf"

	"github.com/plinth3d/plinth/mesh/meshopt"
	"github.com/plinth3d/plinth/mesh/scene"
)

// The extensions that pack geometry.
const (
	extMeshopt = "EXT_meshopt_compression"
	khrMeshopt = "KHR_meshopt_compression"
	khrDraco   = "KHR_draco_mesh_compression"
)

// packing is what one of the meshopt extensions says of a view ("JSON schema updates").
// A packed view is always read from its packed bytes, also where the file has plain
// ones to fall back on.
type packing struct {
	extension              string
	buffer, offset, length int
	count, stride          int
	mode                   meshopt.Mode
	filter                 meshopt.Filter
	src, data              []byte // data is nil until it is asked for
}

// compression takes what is said of packed views and primitives out of the tree, so
// that nothing of it gets into the scene.
func (d *decoder) compression() *scene.FormatError {
	for i := range d.doc.BufferViews {
		p, err := packingOf(at("bufferViews", i), extra(item(d.root, "bufferViews", i)))
		if err != nil {
			return err
		}
		d.packed = append(d.packed, p)
		d.scene.Converted = d.scene.Converted || p != nil
	}
	d.coded = map[[2]int]any{}
	for i, m := range d.doc.Meshes {
		for j := range m.Primitives {
			e := extra(item(item(d.root, "meshes", i), "primitives", j))
			if ext, ok := e.Extensions[khrDraco]; ok {
				d.coded[[2]int{i, j}] = ext
				// Also where it need not be read: viewers without a decoder balk at the name.
				d.scene.Converted = true
			}
		}
	}
	if err := d.fallbacks(); err != nil {
		return err
	}
	for _, name := range []string{extMeshopt, khrMeshopt, khrDraco} {
		strip(d.root, name)
	}
	return nil
}

func packingOf(where string, e scene.Extra) (*packing, *scene.FormatError) {
	ext, other := e.Extensions[extMeshopt], e.Extensions[khrMeshopt]
	name := extMeshopt
	if ext == nil {
		ext, name = other, khrMeshopt
	} else if other != nil {
		return nil, scene.Bad(where, "has both %s and %s", extMeshopt, khrMeshopt)
	}
	if ext == nil {
		return nil, nil
	}
	where += "." + name
	t, ok := ext.(tree)
	if !ok {
		return nil, scene.Bad(where, "is not an object")
	}
	p := &packing{extension: name}
	for _, f := range []struct {
		to   *int
		name string
		must bool
	}{
		{&p.buffer, "buffer", true},
		{&p.offset, "byteOffset", false},
		{&p.length, "byteLength", true},
		{&p.stride, "byteStride", true},
		{&p.count, "count", true},
	} {
		if *f.to, ok = natural(t[f.name]); !ok && (f.must || t[f.name] != nil) {
			return nil, scene.Bad(where+"."+f.name, "is %v, not a number of bytes or things", t[f.name])
		}
	}
	mode, _ := t["mode"].(string)
	if p.mode, ok = meshopt.ParseMode(mode); !ok {
		return nil, scene.Bad(where+".mode", "is %.40q", mode)
	}
	filter, isText := t["filter"].(string)
	if p.filter, ok = meshopt.ParseFilter(filter); !ok || t["filter"] != nil && !isText || p.filter == meshopt.Color && name == extMeshopt {
		return nil, scene.Bad(where+".filter", "is %.40q", filter)
	}
	return p, nil
}

// natural reads a whole number that is not negative.
func natural(v any) (int, bool) {
	text, ok := v.(json.Number)
	n, err := strconv.Atoi(string(text))
	return max(n, 0), ok && err == nil && n >= 0
}

// fallbacks finds the buffers that need no data: those marked so, and those that hold
// only views whose packed bytes lie elsewhere ("Fallback buffers").
func (d *decoder) fallbacks() *scene.FormatError {
	type uses struct{ plain, packed, source bool }
	used := make([]uses, len(d.doc.Buffers))
	for i, v := range d.doc.BufferViews {
		if v.Buffer >= 0 && v.Buffer < len(used) {
			used[v.Buffer].plain = used[v.Buffer].plain || d.packed[i] == nil
			used[v.Buffer].packed = used[v.Buffer].packed || d.packed[i] != nil
		}
		if p := d.packed[i]; p != nil && p.buffer < len(used) {
			used[p.buffer].source = true
		}
	}
	for i, u := range used {
		marked := false
		for _, name := range []string{extMeshopt, khrMeshopt} {
			ext, _ := extra(item(d.root, "buffers", i)).Extensions[name].(tree)
			marked = marked || ext["fallback"] == true
		}
		if marked && (u.plain || u.source) {
			return scene.Bad(at("buffers", i), "is marked as a fallback, and views that are not packed lie in it")
		}
		d.spare = append(d.spare, marked || u.packed && !u.plain && !u.source)
	}
	return nil
}

// check holds p against its view and the bytes that are there, before anything is
// allocated.
func (p *packing) check(where string, v *gltf.BufferView, buffers [][]byte) *scene.FormatError {
	where += "." + p.extension
	if p.buffer >= len(buffers) {
		return scene.Bad(where+".buffer", "is %d, there are %d", p.buffer, len(buffers))
	}
	src := buffers[p.buffer]
	if p.offset > len(src) || p.length > len(src)-p.offset {
		return scene.Bad(where, "goes from %d over %d bytes, its buffer has %d", p.offset, p.length, len(src))
	}
	p.src = src[p.offset : p.offset+p.length]
	if err := meshopt.Check(p.count, p.stride, p.mode, p.filter); err != nil {
		return scene.Bad(where, "can't be: %s", strings.TrimPrefix(err.Error(), "meshopt: "))
	}
	// Divided, since a product could overflow.
	if v.ByteLength%p.stride != 0 || v.ByteLength/p.stride != p.count {
		return scene.Bad(where, "has %d elements of %d bytes, its view has %d bytes", p.count, p.stride, v.ByteLength)
	}
	if p.extension == extMeshopt {
		if v.ByteStride != 0 && v.ByteStride != p.stride {
			return scene.Bad(where+".byteStride", "is %d, that of its view %d", p.stride, v.ByteStride)
		}
		if p.mode == meshopt.Attributes && len(p.src) > 0 && p.src[0] == 0xa1 {
			return scene.Bad(where, "has a stream of version 1, which only %s allows", khrMeshopt)
		}
	}
	return nil
}

// unpack decodes a view, once.
func (d *decoder) unpack(where string, p *packing) ([]byte, *scene.FormatError) {
	if p.data != nil {
		return p.data, nil
	}
	if err := d.take(where, p.count, p.stride); err != nil {
		return nil, err
	}
	data := make([]byte, p.count*p.stride)
	if err := meshopt.Decode(data, p.src, p.count, p.stride, p.mode, p.filter); err != nil {
		return nil, scene.Bad(where+"."+p.extension, "can't be decoded: %s", strings.TrimPrefix(err.Error(), "meshopt: "))
	}
	p.data = data
	return p.data, nil
}
