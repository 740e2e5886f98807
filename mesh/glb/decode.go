package glb

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/qmuntal/gltf"

	"github.com/plinth3d/plinth/mesh/scene"
	"github.com/plinth3d/plinth/textures"
)

// Decode reads a scene. Every error is a *scene.FormatError.
func Decode(data []byte, lim scene.Limits) (*scene.Scene, error) {
	text, bin, bad := split(data, lim)
	if bad != nil {
		return nil, bad
	}
	root, doc, findings, bad := parse(text)
	if bad != nil {
		return nil, bad
	}
	d := &decoder{root: root, doc: doc, lim: lim, arrays: map[int]*scene.Array{}, checked: map[check]bool{}, risen: map[*scene.Array]bool{}}
	d.scene = &scene.Scene{Findings: findings}
	if bad := d.run(bin); bad != nil {
		return nil, bad
	}
	return d.scene, nil
}

// decoder turns a document into a scene. Its methods stop at the first error.
type decoder struct {
	root    tree
	doc     *gltf.Document
	lim     scene.Limits
	scene   *scene.Scene
	buffers [][]byte
	arrays  map[int]*scene.Array
	checked map[check]bool
	risen   map[*scene.Array]bool
	memory  int64 // of arrays so far
}

// check is a look for numbers that are none: in positions they are fatal.
type check struct {
	array    *scene.Array
	position bool
}

func (d *decoder) run(bin []byte) *scene.FormatError {
	s := d.scene
	s.Generator, s.Copyright = d.doc.Asset.Generator, d.doc.Asset.Copyright
	for _, name := range storage {
		strip(d.root, name)
	}
	asset, _ := d.root["asset"].(tree)
	s.Asset, s.Root = extra(asset), extra(d.root)
	for _, pass := range []func() *scene.FormatError{
		d.extensions,
		func() *scene.FormatError { return d.binaries(bin) },
		d.images, d.textures, d.materials, d.meshes, d.cameras, d.skins, d.nodes, d.tree, d.animations, s.Check, d.drawn, d.skinned,
	} {
		if err := pass(); err != nil {
			return err
		}
	}
	for _, name := range s.Unknown() {
		d.find("extension", scene.Note, "extensionsUsed", fmt.Sprintf("names %s, which is carried through unread; if it refers to accessors or buffer views by number, these are others now", name), "")
	}
	return nil
}

func (d *decoder) find(code string, severity scene.Severity, where, what, do string) {
	d.scene.Findings = append(d.scene.Findings, scene.Finding{Code: code, Severity: severity, Where: where, What: what, Do: do})
}

// unreadable are extensions that change how a file must be read, and what to do.
var unreadable = map[string]string{
	"EXT_meshopt_compression":    "export without meshopt compression (gltfpack without -c); Plinth compresses it itself",
	"KHR_meshopt_compression":    "export without meshopt compression; Plinth compresses it itself",
	"KHR_draco_mesh_compression": "export without Draco compression; Plinth compresses it itself",
	"KHR_texture_basisu":         "export with PNG or JPEG textures; Plinth compresses them itself",
	"EXT_texture_avif":           "export with PNG or JPEG textures",
	"MSFT_texture_dds":           "export with PNG or JPEG textures",
}

// handled are required extensions that are gone once the scene is in memory.
var handled = []string{"KHR_mesh_quantization", "EXT_texture_webp"}

// storage are extensions that refer to accessors, views or buffers by number. These are
// laid out anew, so the extensions can't be carried through unread.
var storage = []string{
	"AGI_stk_metadata", "CESIUM_primitive_outline", "EXT_feature_metadata", "EXT_lights_image_based", "EXT_mesh_features",
	"EXT_instance_features", "EXT_mesh_primitive_restart", "EXT_primitive_voxels", "EXT_structural_metadata", "KHR_audio",
	"KHR_audio_emitter", "MPEG_accessor_timed", "MSFT_audio_emitter",
}

func (d *decoder) extensions() *scene.FormatError {
	for _, name := range d.doc.ExtensionsRequired {
		if do, ok := unreadable[name]; ok {
			return &scene.FormatError{Code: "extension", Where: "extensionsRequired", What: "needs " + name + ", which this version can't read", Do: do}
		}
		if slices.Contains(handled, name) {
			d.scene.Converted = true
			continue
		}
		if !scene.Understood(name) {
			return &scene.FormatError{Code: "extension", Where: "extensionsRequired", What: fmt.Sprintf("needs %.60q, which Plinth doesn't know", name), Do: "export without it"}
		}
		if !slices.Contains(d.scene.Required, name) {
			d.scene.Required = append(d.scene.Required, name)
		}
	}
	slices.Sort(d.scene.Required)
	for _, name := range d.doc.ExtensionsUsed {
		if slices.Contains(storage, name) {
			d.find("extension", scene.Note, "extensionsUsed", fmt.Sprintf("names %s, which refers to stored data by number; it is left out", name), "")
		}
	}
	for i := range d.doc.BufferViews {
		for name := range extra(item(d.root, "bufferViews", i)).Extensions {
			if do, ok := unreadable[name]; ok {
				return &scene.FormatError{Code: "extension", Where: at("bufferViews", i), What: "is packed with " + name + ", which this version can't read", Do: do}
			}
		}
	}
	// What stands on accessors, views and buffers is not kept: these are made anew.
	for _, list := range []string{"accessors", "bufferViews", "buffers"} {
		for i := range items(d.root, list) {
			t := item(d.root, list, i)
			if e := extra(t); e.Extensions != nil || e.Extras != nil {
				d.find("extras", scene.Note, at(list, i), "carries extras or extensions, which are left out: storage is laid out anew", "put them on the mesh or node")
				break
			}
		}
	}
	return nil
}

func (d *decoder) binaries(bin []byte) *scene.FormatError {
	for i, b := range d.doc.Buffers {
		where := at("buffers", i)
		var data []byte
		switch {
		case b.URI == "" && i == 0 && bin != nil:
			data = bin
		case b.URI == "":
			return scene.Bad(where, "has no data")
		default:
			var err *scene.FormatError
			if data, err = d.embedded(where, b.URI); err != nil {
				return err
			}
		}
		if b.ByteLength < 0 || b.ByteLength > len(data) {
			return scene.Bad(where+".byteLength", "is %d, there are %d bytes", b.ByteLength, len(data))
		}
		d.buffers = append(d.buffers, data[:b.ByteLength:b.ByteLength])
	}
	for i, v := range d.doc.BufferViews {
		where := at("bufferViews", i)
		if v.Buffer < 0 || v.Buffer >= len(d.buffers) {
			return scene.Bad(where+".buffer", "is %d, there are %d", v.Buffer, len(d.buffers))
		}
		if n := len(d.buffers[v.Buffer]); v.ByteOffset < 0 || v.ByteLength < 0 || v.ByteOffset > n || v.ByteLength > n-v.ByteOffset {
			return scene.Bad(where, "goes from %d over %d bytes, its buffer has %d", v.ByteOffset, v.ByteLength, n)
		}
		if v.ByteStride != 0 && (v.ByteStride < 4 || v.ByteStride > 252) {
			return scene.Bad(where+".byteStride", "is %d, not 4 to 252", v.ByteStride)
		}
	}
	return nil
}

// embedded returns the bytes of a data URI. Any other URI is refused: nothing
// that a file names is opened.
func (d *decoder) embedded(where, uri string) ([]byte, *scene.FormatError) {
	head, body, ok := strings.Cut(uri, ",")
	if !strings.HasPrefix(head, "data:") || !ok {
		return nil, &scene.FormatError{
			Code: "external", Where: where + ".uri", What: fmt.Sprintf("names another file, %.60q", uri),
			Do: "export everything into one GLB",
		}
	}
	if !strings.HasSuffix(head, ";base64") {
		return nil, scene.Bad(where+".uri", "is not base64")
	}
	if d.memory += int64(len(body)); d.memory > d.lim.Memory {
		return nil, scene.TooLarge(where, "bytes", d.memory, d.lim.Memory)
	}
	data, err := base64.StdEncoding.DecodeString(body)
	if err != nil {
		return nil, scene.Bad(where+".uri", "is not base64: %v", err)
	}
	return data, nil
}

func (d *decoder) view(where string, i int) ([]byte, *scene.FormatError) {
	if i < 0 || i >= len(d.doc.BufferViews) {
		return nil, scene.Bad(where+".bufferView", "is %d, there are %d", i, len(d.doc.BufferViews))
	}
	v := d.doc.BufferViews[i]
	return d.buffers[v.Buffer][v.ByteOffset : v.ByteOffset+v.ByteLength], nil
}

var kinds = map[gltf.ComponentType]scene.Kind{
	gltf.ComponentByte: scene.Int8, gltf.ComponentUbyte: scene.Uint8, gltf.ComponentShort: scene.Int16,
	gltf.ComponentUshort: scene.Uint16, gltf.ComponentUint: scene.Uint32, gltf.ComponentFloat: scene.Float32,
}

// array reads an accessor, once: who uses it again gets the same array.
func (d *decoder) array(user string, i int) (*scene.Array, *scene.FormatError) {
	if i < 0 || i >= len(d.doc.Accessors) {
		return nil, scene.Bad(user, "uses accessor %d, there are %d", i, len(d.doc.Accessors))
	}
	if a, ok := d.arrays[i]; ok {
		return a, nil
	}
	a, where := d.doc.Accessors[i], at("accessors", i)
	out := &scene.Array{
		Kind: kinds[a.ComponentType], Width: a.Type.Components(), Normalized: a.Normalized,
		Matrix: a.Type >= gltf.AccessorMat2, Sparse: a.Sparse != nil,
	}
	if out.Matrix && out.Kind.Size() < 4 && a.Type != gltf.AccessorMat4 {
		return nil, &scene.FormatError{Code: "unsupported", Where: where, What: "is a small matrix of bytes or shorts", Do: "export it as floats"}
	}
	if a.Count < 1 {
		return nil, scene.Bad(where+".count", "is %d", a.Count)
	}
	row := out.Stride()
	if d.memory += int64(a.Count) * int64(row); int64(a.Count) > d.lim.Memory || d.memory > d.lim.Memory {
		return nil, scene.TooLarge(where, "bytes together with those before", d.memory, d.lim.Memory)
	}
	if a.BufferView == nil {
		out.Data = make([]byte, a.Count*row)
	} else {
		src, err := d.view(where, *a.BufferView)
		if err != nil {
			return nil, err
		}
		stride := d.doc.BufferViews[*a.BufferView].ByteStride
		if stride == 0 {
			stride = row
		}
		if out.Data, err = rows(where, src, a.ByteOffset, stride, row, a.Count); err != nil {
			return nil, err
		}
	}
	if a.Sparse != nil {
		if err := d.sparse(where+".sparse", a, out); err != nil {
			return nil, err
		}
	}
	d.arrays[i] = out
	return out, nil
}

// rows copies count rows out of src.
func rows(where string, src []byte, offset, stride, row, count int) ([]byte, *scene.FormatError) {
	if stride < row {
		return nil, scene.Bad(where, "has elements of %d bytes at a stride of %d", row, stride)
	}
	if offset < 0 || offset > len(src) || int64(count-1)*int64(stride)+int64(row) > int64(len(src)-offset) {
		return nil, scene.Bad(where+".byteOffset", "is %d: %d elements of %d bytes go past the end of its view (%d bytes)", offset, count, row, len(src))
	}
	if stride == row {
		return slices.Clone(src[offset : offset+count*row]), nil
	}
	out := make([]byte, 0, count*row)
	for i := range count {
		out = append(out, src[offset+i*stride:offset+i*stride+row]...)
	}
	return out, nil
}

func (d *decoder) sparse(where string, a *gltf.Accessor, out *scene.Array) *scene.FormatError {
	sp := a.Sparse
	if sp.Count < 1 || sp.Count > a.Count {
		return scene.Bad(where+".count", "is %d of %d", sp.Count, a.Count)
	}
	kind := kinds[sp.Indices.ComponentType]
	if kind != scene.Uint8 && kind != scene.Uint16 && kind != scene.Uint32 {
		return scene.Bad(where+".indices", "are not unsigned integers")
	}
	src, err := d.view(where+".indices", sp.Indices.BufferView)
	if err != nil {
		return err
	}
	index, err := rows(where+".indices", src, sp.Indices.ByteOffset, kind.Size(), kind.Size(), sp.Count)
	if err != nil {
		return err
	}
	src, err = d.view(where+".values", sp.Values.BufferView)
	if err != nil {
		return err
	}
	values, err := rows(where+".values", src, sp.Values.ByteOffset, out.Stride(), out.Stride(), sp.Count)
	if err != nil {
		return err
	}
	last := int64(-1)
	for i := range sp.Count {
		at := int64(integer(kind, index, i))
		if at <= last || at >= int64(a.Count) {
			return scene.Bad(where+".indices", "has %d after %d, of %d", at, last, a.Count)
		}
		last = at
		copy(out.Row(int(at)), values[i*out.Stride():(i+1)*out.Stride()])
	}
	return nil
}

// integer is element i of packed unsigned integers.
func integer(kind scene.Kind, data []byte, i int) uint32 {
	switch kind {
	case scene.Uint8:
		return uint32(data[i])
	case scene.Uint16:
		return uint32(binary.LittleEndian.Uint16(data[2*i:]))
	}
	return binary.LittleEndian.Uint32(data[4*i:])
}

// index returns an optional reference to one of n things.
func index(where string, i *int, n int) (int, *scene.FormatError) {
	if i == nil {
		return scene.None, nil
	}
	if *i < 0 || *i >= n {
		return 0, scene.Bad(where, "is %d, there are %d", *i, n)
	}
	return *i, nil
}

func (d *decoder) images() *scene.FormatError {
	used := make([]bool, len(d.doc.Images))
	for i, t := range d.doc.Textures {
		src, err := d.source(i, t)
		if err != nil {
			return err
		}
		if src != scene.None {
			used[src] = true
		}
	}
	texels := int64(0)
	for i, img := range d.doc.Images {
		where := at("images", i)
		out := scene.Image{Name: img.Name, Extra: extra(item(d.root, "images", i))}
		var err *scene.FormatError
		switch {
		case img.BufferView != nil:
			// Shared with the file and with images of the same view: nothing writes to it.
			out.Data, err = d.view(where, *img.BufferView)
		case img.URI != "":
			out.Data, err = d.embedded(where, img.URI)
		default:
			err = scene.Bad(where, "has no data")
		}
		if err != nil && used[i] {
			return err
		}
		w, h, problem := textures.Config(out.Data)
		switch {
		case err != nil || problem != nil && !used[i]:
			d.find("unused", scene.Note, where, "is used by no texture and can't be read; it is left out", "")
			out.Data = nil
		case problem != nil:
			return &scene.FormatError{Code: "image", Where: where, What: fmt.Sprintf("can't be read: %v", problem), Do: "export textures as PNG or JPEG"}
		case int64(w) > d.lim.Pixels/int64(h):
			return &scene.FormatError{
				Code: "limit", Where: where, What: fmt.Sprintf("has %d by %d pixels, the limit is %d in all", w, h, d.lim.Pixels),
				Do: "export textures of at most 4096 by 4096",
			}
		}
		if texels += int64(w) * int64(h); texels > d.lim.Texels {
			return scene.TooLarge("images", "pixels together", texels, d.lim.Texels)
		}
		out.MIME = textures.Sniff(out.Data)
		d.scene.Images = append(d.scene.Images, out)
	}
	return nil
}

// source is the image of a texture: WebP where there is one, else what the core
// names.
func (d *decoder) source(i int, t *gltf.Texture) (int, *scene.FormatError) {
	ext := extra(item(d.root, "textures", i)).Extensions
	if w, ok := ext["EXT_texture_webp"].(tree); ok {
		n := -1
		if _, err := fmt.Sscan(fmt.Sprint(w["source"]), &n); err != nil || n < 0 || n >= len(d.doc.Images) {
			return 0, scene.Bad(at("textures", i)+".extensions.EXT_texture_webp.source", "is %v, there are %d images", w["source"], len(d.doc.Images))
		}
		return n, nil
	}
	src, err := index(at("textures", i)+".source", t.Source, len(d.doc.Images))
	if err == nil && src == scene.None {
		for _, name := range slices.Sorted(maps.Keys(ext)) {
			if do, ok := unreadable[name]; ok {
				return 0, &scene.FormatError{Code: "extension", Where: at("textures", i), What: "has only a " + name + " image, which this version can't read", Do: do}
			}
		}
	}
	return src, err
}

func (d *decoder) textures() *scene.FormatError {
	for i, s := range d.doc.Samplers {
		t := item(d.root, "samplers", i)
		raw := func(key string, otherwise int) int {
			n := otherwise
			if v, ok := t[key]; ok {
				_, _ = fmt.Sscan(fmt.Sprint(v), &n) // checked as an enumeration
			}
			return n
		}
		d.scene.Samplers = append(d.scene.Samplers, scene.Sampler{
			Name: s.Name, Mag: raw("magFilter", 0), Min: raw("minFilter", 0),
			WrapS: raw("wrapS", scene.Repeat), WrapT: raw("wrapT", scene.Repeat), Extra: extra(t),
		})
	}
	for i, t := range d.doc.Textures {
		src, err := d.source(i, t)
		if err != nil {
			return err
		}
		sampler, err := index(at("textures", i)+".sampler", t.Sampler, len(d.doc.Samplers))
		if err != nil {
			return err
		}
		e := extra(item(d.root, "textures", i))
		for name := range e.Extensions {
			if _, packed := unreadable[name]; packed || name == "EXT_texture_webp" {
				e = e.With(name, nil)
			}
		}
		d.scene.Textures = append(d.scene.Textures, scene.Texture{Name: t.Name, Sampler: sampler, Source: src, Extra: e})
	}
	return d.dropImages()
}

// dropImages takes out the images without data, which no texture uses.
func (d *decoder) dropImages() *scene.FormatError {
	number := make([]int, len(d.scene.Images))
	var kept []scene.Image
	for i, img := range d.scene.Images {
		if number[i] = len(kept); img.Data != nil {
			kept = append(kept, img)
		}
	}
	d.scene.Images = kept
	for i := range d.scene.Textures {
		if t := &d.scene.Textures[i]; t.Source != scene.None {
			t.Source = number[t.Source]
		}
	}
	return nil
}

func (d *decoder) materials() *scene.FormatError {
	modes := map[gltf.AlphaMode]scene.AlphaMode{gltf.AlphaOpaque: scene.Opaque, gltf.AlphaMask: scene.Mask, gltf.AlphaBlend: scene.Blend}
	for i, m := range d.doc.Materials {
		t := item(d.root, "materials", i)
		ref := func(parent tree, name string, index, uv int) *scene.TextureRef {
			child, _ := parent[name].(tree)
			return &scene.TextureRef{Texture: index, UV: uv, Extra: extra(child)}
		}
		out := scene.Material{
			Name: m.Name, BaseColorFactor: [4]float64{1, 1, 1, 1}, Metallic: 1, Roughness: 1,
			NormalScale: 1, OcclusionStrength: 1, EmissiveFactor: m.EmissiveFactor,
			AlphaMode: modes[m.AlphaMode], AlphaCutoff: m.AlphaCutoffOrDefault(), DoubleSided: m.DoubleSided, Extra: extra(t),
		}
		if p := m.PBRMetallicRoughness; p != nil {
			pt, _ := t["pbrMetallicRoughness"].(tree)
			out.PBR = extra(pt)
			out.BaseColorFactor, out.Metallic, out.Roughness = p.BaseColorFactorOrDefault(), p.MetallicFactorOrDefault(), p.RoughnessFactorOrDefault()
			if x := p.BaseColorTexture; x != nil {
				out.BaseColor = ref(pt, "baseColorTexture", x.Index, x.TexCoord)
			}
			if x := p.MetallicRoughnessTexture; x != nil {
				out.MetalRough = ref(pt, "metallicRoughnessTexture", x.Index, x.TexCoord)
			}
		}
		if x := m.NormalTexture; x != nil && x.Index != nil {
			out.Normal, out.NormalScale = ref(t, "normalTexture", *x.Index, x.TexCoord), x.ScaleOrDefault()
		}
		if x := m.OcclusionTexture; x != nil && x.Index != nil {
			out.Occlusion, out.OcclusionStrength = ref(t, "occlusionTexture", *x.Index, x.TexCoord), x.StrengthOrDefault()
		}
		if x := m.EmissiveTexture; x != nil {
			out.Emissive = ref(t, "emissiveTexture", x.Index, x.TexCoord)
		}
		d.scene.Materials = append(d.scene.Materials, out)
	}
	return nil
}

func (d *decoder) meshes() *scene.FormatError {
	var vertices, indices, morphed int64
	for i, m := range d.doc.Meshes {
		t := item(d.root, "meshes", i)
		out := scene.Mesh{Name: m.Name, Weights: m.Weights, Extra: extra(t)}
		for j, p := range m.Primitives {
			prim, err := d.primitive(at("meshes", i)+at(".primitives", j), p, item(t, "primitives", j))
			if err != nil {
				return err
			}
			if vertices += int64(prim.Vertices()); vertices > d.lim.Vertices {
				return scene.TooLarge("meshes", "vertices together", vertices, d.lim.Vertices)
			}
			if morphed += int64(len(prim.Targets)) * int64(prim.Vertices()); morphed > 4*d.lim.Vertices {
				return scene.TooLarge("meshes", "vertices in morph targets together", morphed, 4*d.lim.Vertices)
			}
			// Strips and points without indices are written out as such.
			if indices += 3 * int64(max(len(prim.Indices), prim.Vertices())); indices > 3*d.lim.Indices {
				return scene.TooLarge("meshes", "indices together", indices/3, d.lim.Indices)
			}
			out.Primitives = append(out.Primitives, prim)
		}
		d.scene.Meshes = append(d.scene.Meshes, out)
	}
	return nil
}

var modes = map[gltf.PrimitiveMode]int{
	gltf.PrimitivePoints: scene.Points, gltf.PrimitiveLines: scene.Lines, gltf.PrimitiveLineLoop: scene.LineLoop,
	gltf.PrimitiveLineStrip: scene.LineStrip, gltf.PrimitiveTriangles: scene.Triangles,
	gltf.PrimitiveTriangleStrip: scene.TriangleStrip, gltf.PrimitiveTriangleFan: scene.TriangleFan,
}

func (d *decoder) primitive(where string, p *gltf.Primitive, t tree) (scene.Primitive, *scene.FormatError) {
	out := scene.Primitive{Mode: modes[p.Mode], Extra: extra(t)}
	if _, ok := out.Extensions["KHR_draco_mesh_compression"]; ok {
		return out, &scene.FormatError{Code: "extension", Where: where, What: "is packed with Draco, which this version can't read", Do: unreadable["KHR_draco_mesh_compression"]}
	}
	var err *scene.FormatError
	if out.Material, err = index(where+".material", p.Material, len(d.doc.Materials)); err != nil {
		return out, err
	}
	n := 0
	if out.Attributes, err = d.attributes(where+".attributes", p.Attributes, &n); err != nil {
		return out, err
	}
	if n == 0 {
		return out, scene.Bad(where+".attributes", "is empty")
	}
	for k, target := range p.Targets {
		list, err := d.attributes(where+at(".targets", k), target, &n)
		if err != nil {
			return out, err
		}
		out.Targets = append(out.Targets, list)
	}
	if p.Indices != nil {
		if out.Indices, err = d.indices(where+".indices", *p.Indices, n); err != nil {
			return out, err
		}
	}
	return out, nil
}

// forms are the widths that the attributes of the core may have.
var forms = []struct {
	prefix string
	widths []int
}{
	{"POSITION", []int{3}},
	{"NORMAL", []int{3}},
	{"TANGENT", []int{3, 4}}, // 3 in a morph target
	{"TEXCOORD_", []int{2}},
	{"COLOR_", []int{3, 4}},
	{"JOINTS_", []int{4}},
	{"WEIGHTS_", []int{4}},
}

// attributes reads the arrays of one primitive or target; all have *n rows, which
// the first one sets.
func (d *decoder) attributes(where string, refs map[string]int, n *int) (out []scene.Attribute, err *scene.FormatError) {
	for _, name := range slices.Sorted(maps.Keys(refs)) {
		a, err := d.array(where+"."+name, refs[name])
		if err != nil {
			return nil, err
		}
		if *n == 0 {
			*n = a.Len()
		}
		if a.Len() != *n {
			return nil, scene.Bad(where+"."+name, "has %d elements, the others %d", a.Len(), *n)
		}
		for _, f := range forms {
			if strings.HasPrefix(name, f.prefix) && !slices.Contains(f.widths, a.Width) {
				return nil, scene.Bad(where+"."+name, "has %d components", a.Width)
			}
		}
		if a, err = d.vertexArray(where+"."+name, name, a); err != nil {
			return nil, err
		}
		if d.arrays[refs[name]].Kind != a.Kind {
			d.arrays[refs[name]] = a // shared as floats too
		}
		out = append(out, scene.Attribute{Name: name, Array: a})
	}
	return out, nil
}

// vertexArray makes an attribute what the core of glTF allows (KHR_mesh_quantization
// allows more) and takes out numbers that are none.
func (d *decoder) vertexArray(where, name string, a *scene.Array) (*scene.Array, *scene.FormatError) {
	geometry := name == "POSITION" || name == "NORMAL" || name == "TANGENT"
	coordinates := strings.HasPrefix(name, "TEXCOORD_") && (!a.Normalized || a.Kind == scene.Int8 || a.Kind == scene.Int16)
	if a.Kind != scene.Float32 && (geometry || coordinates) {
		if d.memory += int64(a.Len()*a.Width) * 4; d.memory > d.lim.Memory {
			return nil, scene.TooLarge(where, "bytes together with those before", d.memory, d.lim.Memory)
		}
		a = a.AsFloats()
		d.scene.Converted = true
	}
	if a.Kind != scene.Float32 || d.checked[check{a, name == "POSITION"}] {
		return a, nil
	}
	d.checked[check{a, name == "POSITION"}] = true
	bad := 0
	for i := 0; i < len(a.Data); i += 4 {
		if binary.LittleEndian.Uint32(a.Data[i:])&0x7f800000 != 0x7f800000 {
			continue
		}
		if name == "POSITION" {
			return nil, scene.Bad(where, "of vertex %d is not a finite number", i/a.Stride())
		}
		binary.LittleEndian.PutUint32(a.Data[i:], 0)
		bad++
	}
	if bad > 0 {
		d.find("number", scene.Repaired, where, fmt.Sprintf("has %d numbers that are not finite; they are 0 now", bad), "check the exporter")
	}
	return a, nil
}

func (d *decoder) indices(where string, i, vertices int) ([]uint32, *scene.FormatError) {
	a, err := d.array(where, i)
	if err != nil {
		return nil, err
	}
	if a.Width != 1 || a.Kind != scene.Uint8 && a.Kind != scene.Uint16 && a.Kind != scene.Uint32 {
		return nil, scene.Bad(where, "are not unsigned integers")
	}
	if d.memory += int64(a.Len()) * 4; d.memory > d.lim.Memory {
		return nil, scene.TooLarge(where, "bytes together with those before", d.memory, d.lim.Memory)
	}
	out := make([]uint32, a.Len())
	for k := range out {
		if out[k] = integer(a.Kind, a.Data, k); int64(out[k]) >= int64(vertices) {
			return nil, scene.Bad(where, "have %d at %d, there are %d vertices", out[k], k, vertices)
		}
	}
	return out, nil
}

func (d *decoder) cameras() *scene.FormatError {
	for i, c := range d.doc.Cameras {
		t := item(d.root, "cameras", i)
		out := scene.Camera{Name: c.Name, Extra: extra(t)}
		if p := c.Perspective; p != nil {
			child, _ := t["perspective"].(tree)
			out.Perspective = &scene.Perspective{Aspect: p.AspectRatio, YFov: p.Yfov, ZFar: p.Zfar, ZNear: p.Znear, Extra: extra(child)}
		}
		if o := c.Orthographic; o != nil {
			child, _ := t["orthographic"].(tree)
			out.Orthographic = &scene.Orthographic{XMag: o.Xmag, YMag: o.Ymag, ZFar: o.Zfar, ZNear: o.Znear, Extra: extra(child)}
		}
		if (out.Perspective == nil) == (out.Orthographic == nil) {
			return scene.Bad(at("cameras", i), "is neither perspective nor orthographic")
		}
		d.scene.Cameras = append(d.scene.Cameras, out)
	}
	return nil
}

func (d *decoder) skins() *scene.FormatError {
	joints := int64(0)
	for i, sk := range d.doc.Skins {
		where := at("skins", i)
		if joints += int64(len(sk.Joints)); joints > d.lim.Nodes {
			return scene.TooLarge("skins", "joints together", joints, d.lim.Nodes)
		}
		out := scene.Skin{Name: sk.Name, Joints: sk.Joints, Extra: extra(item(d.root, "skins", i))}
		var err *scene.FormatError
		if out.Skeleton, err = index(where+".skeleton", sk.Skeleton, len(d.doc.Nodes)); err != nil {
			return err
		}
		if len(sk.Joints) == 0 {
			return scene.Bad(where+".joints", "is empty")
		}
		for _, j := range sk.Joints {
			if _, err := index(where+".joints", &j, len(d.doc.Nodes)); err != nil {
				return err
			}
		}
		if sk.InverseBindMatrices != nil {
			if out.InverseBind, err = d.array(where, *sk.InverseBindMatrices); err != nil {
				return err
			}
			if b := out.InverseBind; b.Width != 16 || b.Kind != scene.Float32 || b.Len() < len(sk.Joints) {
				return scene.Bad(where+".inverseBindMatrices", "are not a float matrix for each of %d joints", len(sk.Joints))
			}
			if !d.finite(out.InverseBind) {
				return scene.Bad(where+".inverseBindMatrices", "have numbers that are not finite")
			}
		}
		d.scene.Skins = append(d.scene.Skins, out)
	}
	return nil
}

func (d *decoder) nodes() *scene.FormatError {
	if n := int64(len(d.doc.Nodes)); n > d.lim.Nodes {
		return scene.TooLarge("nodes", "entries", n, d.lim.Nodes)
	}
	for i, n := range d.doc.Nodes {
		where := at("nodes", i)
		t := item(d.root, "nodes", i)
		out := scene.Node{
			Name: n.Name, Children: n.Children, Translation: n.Translation, Rotation: n.RotationOrDefault(),
			Scale: n.Scale, Weights: n.Weights, Extra: extra(t),
		}
		if _, given := t["scale"]; !given {
			out.Scale = [3]float64{1, 1, 1}
		}
		if _, given := t["matrix"]; given {
			m := n.MatrixOrDefault()
			out.Matrix = &m
			if m[3] != 0 || m[7] != 0 || m[11] != 0 || m[15] != 1 {
				return scene.Bad(where+".matrix", "is not affine")
			}
		}
		var err *scene.FormatError
		for _, r := range []struct {
			to   *int
			name string
			from *int
			n    int
		}{
			{&out.Mesh, "mesh", n.Mesh, len(d.doc.Meshes)},
			{&out.Skin, "skin", n.Skin, len(d.doc.Skins)},
			{&out.Camera, "camera", n.Camera, len(d.doc.Cameras)},
		} {
			if *r.to, err = index(where+"."+r.name, r.from, r.n); err != nil {
				return err
			}
		}
		if err := d.instances(where, &out); err != nil {
			return err
		}
		d.scene.Nodes = append(d.scene.Nodes, out)
	}
	for i, sc := range d.doc.Scenes {
		d.scene.Scenes = append(d.scene.Scenes, scene.Roots{Name: sc.Name, Nodes: sc.Nodes, Extra: extra(item(d.root, "scenes", i))})
	}
	var err *scene.FormatError
	d.scene.Default, err = index("scene", d.doc.Scene, len(d.doc.Scenes))
	return err
}

// instances reads EXT_mesh_gpu_instancing, which refers to accessors.
func (d *decoder) instances(where string, n *scene.Node) *scene.FormatError {
	const name = "EXT_mesh_gpu_instancing"
	ext, ok := n.Extensions[name].(tree)
	if !ok {
		return nil
	}
	attributes, _ := ext["attributes"].(tree)
	rows := 0
	for _, key := range slices.Sorted(maps.Keys(attributes)) {
		i := -1
		if _, err := fmt.Sscan(fmt.Sprint(attributes[key]), &i); err != nil {
			i = -1
		}
		a, err := d.array(where+"."+name, i)
		if err != nil {
			return err
		}
		if rows == 0 {
			rows = a.Len()
		}
		want := map[string]int{"TRANSLATION": 3, "ROTATION": 4, "SCALE": 3}[key]
		if a.Len() != rows || want != 0 && a.Width != want {
			return scene.Bad(where+"."+name+"."+key, "has %d elements of %d components", a.Len(), a.Width)
		}
		n.Instances = append(n.Instances, scene.Attribute{Name: key, Array: a})
	}
	if rows == 0 {
		return scene.Bad(where+"."+name, "has no attributes")
	}
	n.Extra = n.With(name, nil)
	return nil
}

// tree checks that nodes form trees: one parent each, no cycle, bounded depth.
func (d *decoder) tree() *scene.FormatError {
	nodes := d.scene.Nodes
	parent := slices.Repeat([]int{scene.None}, len(nodes))
	for i, n := range nodes {
		for _, c := range n.Children {
			if c < 0 || c >= len(nodes) {
				return scene.Bad(at("nodes", i)+".children", "has %d, there are %d", c, len(nodes))
			}
			if parent[c] != scene.None || c == i {
				return scene.Bad(at("nodes", c), "has two parents")
			}
			parent[c] = i
		}
	}
	depth := make([]int64, len(nodes)) // 0 is unknown
	for i := range nodes {
		var path []int
		at0 := i
		for at0 != scene.None && depth[at0] == 0 {
			if path = append(path, at0); len(path) > len(nodes) || int64(len(path)) > d.lim.Depth {
				return scene.TooLarge(at("nodes", i), "ancestors or is its own ancestor: levels", int64(len(path)), d.lim.Depth)
			}
			at0 = parent[at0]
		}
		base := int64(0)
		if at0 != scene.None {
			base = depth[at0]
		}
		for _, p := range slices.Backward(path) {
			base++
			if depth[p] = base; base > d.lim.Depth {
				return scene.TooLarge(at("nodes", p), "levels above it", base, d.lim.Depth)
			}
		}
	}
	for i, sc := range d.scene.Scenes {
		seen := map[int]bool{}
		for _, r := range sc.Nodes {
			if r < 0 || r >= len(nodes) || seen[r] {
				return scene.Bad(at("scenes", i)+".nodes", "has %d wrongly, there are %d nodes", r, len(nodes))
			}
			if seen[r] = true; parent[r] != scene.None {
				return scene.Bad(at("scenes", i)+".nodes", "has %d, which has a parent", r)
			}
		}
	}
	return nil
}

func (d *decoder) animations() *scene.FormatError {
	names := map[gltf.Interpolation]string{gltf.InterpolationLinear: "LINEAR", gltf.InterpolationStep: "STEP", gltf.InterpolationCubicSpline: "CUBICSPLINE"}
	for i, a := range d.doc.Animations {
		where := at("animations", i)
		t := item(d.root, "animations", i)
		out := scene.Animation{Name: a.Name, Extra: extra(t)}
		for j, s := range a.Samplers {
			track := scene.Track{Interpolation: names[s.Interpolation], Extra: extra(item(t, "samplers", j))}
			var err *scene.FormatError
			if track.Input, err = d.array(where+at(".samplers", j)+".input", s.Input); err != nil {
				return err
			}
			if track.Output, err = d.array(where+at(".samplers", j)+".output", s.Output); err != nil {
				return err
			}
			if track.Input.Kind != scene.Float32 || track.Input.Width != 1 {
				return scene.Bad(where+at(".samplers", j)+".input", "is not a list of times")
			}
			if !d.finite(track.Input) || !d.finite(track.Output) || !d.rising(track.Input) {
				return scene.Bad(where+at(".samplers", j), "has times that fall, or numbers that are not finite")
			}
			out.Samplers = append(out.Samplers, track)
		}
		for j, c := range a.Channels {
			ct := item(t, "channels", j)
			target, _ := ct["target"].(tree)
			ch := scene.Channel{Track: c.Sampler, Path: fmt.Sprint(target["path"]), Extra: extra(ct), Target: extra(target)}
			var err *scene.FormatError
			if _, err = index(where+at(".channels", j)+".sampler", &c.Sampler, len(a.Samplers)); err != nil {
				return err
			}
			if ch.Node, err = index(where+at(".channels", j)+".target.node", c.Target.Node, len(d.doc.Nodes)); err != nil {
				return err
			}
			if ch.Path == "pointer" {
				d.find("animation", scene.Note, where+at(".channels", j), "moves something else than a node (KHR_animation_pointer); it is left out", "")
				continue
			}
			if err := d.channel(where+at(".channels", j), &ch, &out.Samplers[ch.Track]); err != nil {
				return err
			}
			out.Channels = append(out.Channels, ch)
		}
		if len(out.Channels) > 0 {
			d.scene.Animations = append(d.scene.Animations, out)
		}
	}
	return nil
}

// finite says whether all numbers of an array are; it looks at each array once.
func (d *decoder) finite(a *scene.Array) bool {
	if a.Kind != scene.Float32 || d.checked[check{a, true}] {
		return true
	}
	for i := 0; i < len(a.Data); i += 4 {
		if binary.LittleEndian.Uint32(a.Data[i:])&0x7f800000 == 0x7f800000 {
			return false
		}
	}
	d.checked[check{a, true}] = true
	return true
}

// rising says whether times never fall.
func (d *decoder) rising(times *scene.Array) bool {
	if d.risen[times] {
		return true
	}
	for i := 1; i < times.Len(); i++ {
		if times.At(i, 0) < times.At(i-1, 0) {
			return false
		}
	}
	d.risen[times] = true
	return true
}

// channel checks that a track has a value for each key.
func (d *decoder) channel(where string, c *scene.Channel, t *scene.Track) *scene.FormatError {
	keys := t.Input.Len()
	if t.Interpolation == "CUBICSPLINE" {
		keys *= 3
	}
	width := map[string]int{"translation": 3, "rotation": 4, "scale": 3, "weights": 1}[c.Path]
	if c.Path == "weights" && c.Node != scene.None {
		morphs := 0
		if m := d.scene.Nodes[c.Node].Mesh; m != scene.None && len(d.scene.Meshes[m].Primitives) > 0 {
			morphs = len(d.scene.Meshes[m].Primitives[0].Targets)
		}
		keys *= morphs
	}
	if t.Output.Width != width || t.Output.Len() != keys && c.Node != scene.None {
		return scene.Bad(where, "has %d values of %d components for %s, want %d of %d", t.Output.Len(), t.Output.Width, c.Path, keys, width)
	}
	return nil
}

// skinned checks that joints of vertices are joints of the skin.
func (d *decoder) skinned() *scene.FormatError {
	type pair struct{ mesh, skin int }
	seen := map[pair]bool{}
	for i := range d.scene.Nodes {
		n := &d.scene.Nodes[i]
		if n.Skin == scene.None || n.Mesh == scene.None || seen[pair{n.Mesh, n.Skin}] {
			continue
		}
		seen[pair{n.Mesh, n.Skin}] = true
		joints := len(d.scene.Skins[n.Skin].Joints)
		for j := range d.scene.Meshes[n.Mesh].Primitives {
			for _, a := range d.scene.Meshes[n.Mesh].Primitives[j].Attributes {
				if !strings.HasPrefix(a.Name, "JOINTS_") {
					continue
				}
				if a.Kind != scene.Uint8 && a.Kind != scene.Uint16 {
					return scene.Bad(at("meshes", n.Mesh)+at(".primitives", j)+"."+a.Name, "is not of bytes or shorts")
				}
				for v := range a.Len() * 4 {
					if x := integer(a.Kind, a.Data, v); int(x) >= joints {
						return scene.Bad(at("meshes", n.Mesh)+at(".primitives", j)+"."+a.Name, "uses joint %d, skins[%d] has %d", x, n.Skin, joints)
					}
				}
			}
		}
	}
	return nil
}

// drawn bounds what stands on the stage: a small mesh can stand there often. It
// also makes sure that the stage has a size.
func (d *decoder) drawn() *scene.FormatError {
	size := make([]int64, len(d.scene.Meshes))
	for i := range d.scene.Meshes {
		for j := range d.scene.Meshes[i].Primitives {
			p := &d.scene.Meshes[i].Primitives[j]
			size[i] += int64(max(p.Vertices(), len(p.Indices)/3))
		}
	}
	sum := int64(0)
	for _, n := range d.scene.Nodes {
		if n.Mesh == scene.None {
			continue
		}
		copies := int64(1)
		if n.Instances != nil {
			copies = int64(n.Instances[0].Len())
		}
		if sum += size[n.Mesh] * copies; sum > 4*d.lim.Vertices || copies > d.lim.Nodes {
			return scene.TooLarge("nodes", "vertices, triangles or copies drawn together", max(sum, copies), 4*d.lim.Vertices)
		}
	}
	for i, m := range d.scene.Rest() {
		if m == nil {
			continue
		}
		for _, x := range m {
			if math.IsNaN(x) || math.Abs(x) > 1e15 {
				return scene.Bad(at("nodes", i), "is placed at %g, out of any range", x)
			}
		}
	}
	return nil
}
