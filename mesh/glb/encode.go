package glb

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/qmuntal/gltf"

	"github.com/plinth3d/plinth/mesh/scene"
)

// Encode writes s as a GLB: JSON, then one binary chunk with vertices by stride,
// indices, animation, and images last. Arrays and lists of indices that are shared in s
// are written once. s must be as a reader returned it, or changed with as much care.
func Encode(s *scene.Scene) ([]byte, error) {
	e := &encoder{scene: s, refs: map[ref]int{}, orders: map[order]int{}, views: map[string]int{}}
	e.doc = &gltf.Document{
		Asset: gltf.Asset{
			Version: "2.0", Generator: s.Generator, Copyright: s.Copyright,
			Extensions: s.Asset.Extensions, Extras: s.Asset.Extras,
		},
		Extensions: s.Root.Extensions, Extras: s.Root.Extras,
		ExtensionsUsed: e.used(), ExtensionsRequired: s.Required,
	}
	for _, write := range []func(){e.meshes, e.skins, e.animations, e.nodes, e.cameras, e.materials, e.images} {
		write()
	}
	e.lay()
	var out bytes.Buffer
	if err := gltf.NewEncoder(&out).Encode(e.doc); err != nil {
		return nil, fmt.Errorf("encode GLB: %w", err)
	}
	return out.Bytes(), nil
}

type encoder struct {
	scene  *scene.Scene
	doc    *gltf.Document
	refs   map[ref]int    // what is written -> accessor
	orders map[order]int  // the same of indices
	views  map[string]int // kind of view -> its number
	bins   [][]byte       // of the views
}

// A use of an array decides its view: the specification lets a view have one only.
type use string

const (
	vertices use = "vertices" // rows at multiples of 4 bytes
	frames   use = "frames"   // times and values of animations
	binding  use = "binding"  // inverse bind matrices
	sparse   use = "sparse"   // rows that are not zero, and their numbers
)

// ref is an array in one use.
type ref struct {
	array  *scene.Array
	use    use
	bounds bool
}

// order is a list of indices, known by where it is in memory, in the type that it is
// written in.
type order struct {
	first *uint32
	n     int
	kind  scene.Kind
}

func (e *encoder) used() []string {
	used := e.scene.Used()
	for _, t := range e.scene.Textures {
		if e.webp(t) && !slices.Contains(used, "EXT_texture_webp") {
			used = append(used, "EXT_texture_webp")
		}
	}
	slices.Sort(used)
	if len(used) == 0 {
		return nil
	}
	return used
}

func (e *encoder) webp(t scene.Texture) bool {
	return t.Source != scene.None && e.scene.Images[t.Source].MIME == "image/webp"
}

func optional(i int) *int {
	if i == scene.None {
		return nil
	}
	return &i
}

// view returns the number of the view of that kind, making it if need be.
func (e *encoder) view(kind string, stride int, target gltf.Target) int {
	i, ok := e.views[kind]
	if !ok {
		i = e.newView(nil)
		e.views[kind] = i
		e.doc.BufferViews[i].ByteStride, e.doc.BufferViews[i].Target = stride, target
	}
	return i
}

func (e *encoder) newView(data []byte) int {
	e.bins = append(e.bins, data)
	e.doc.BufferViews = append(e.doc.BufferViews, &gltf.BufferView{})
	return len(e.bins) - 1
}

// append puts data at the end of a view, at a multiple of 4, and says where.
func (e *encoder) append(view int, data []byte) (offset int) {
	for len(e.bins[view])%4 != 0 {
		e.bins[view] = append(e.bins[view], 0)
	}
	offset = len(e.bins[view])
	e.bins[view] = append(e.bins[view], data...)
	return offset
}

// lay puts the views one after the other.
func (e *encoder) lay() {
	var bin []byte
	for i, data := range e.bins {
		for len(bin)%4 != 0 {
			bin = append(bin, 0)
		}
		v := e.doc.BufferViews[i]
		v.ByteOffset, v.ByteLength = len(bin), len(data)
		bin = append(bin, data...)
		e.bins[i] = nil
	}
	if len(bin) > 0 {
		e.doc.Buffers = []*gltf.Buffer{{ByteLength: len(bin), Data: bin}}
	}
}

var components = map[scene.Kind]gltf.ComponentType{
	scene.Int8: gltf.ComponentByte, scene.Uint8: gltf.ComponentUbyte, scene.Int16: gltf.ComponentShort,
	scene.Uint16: gltf.ComponentUshort, scene.Uint32: gltf.ComponentUint, scene.Float32: gltf.ComponentFloat,
}

func accessorType(a *scene.Array) gltf.AccessorType {
	if a.Matrix {
		return map[int]gltf.AccessorType{4: gltf.AccessorMat2, 9: gltf.AccessorMat3, 16: gltf.AccessorMat4}[a.Width]
	}
	return []gltf.AccessorType{gltf.AccessorScalar, gltf.AccessorVec2, gltf.AccessorVec3, gltf.AccessorVec4}[a.Width-1]
}

// accessor writes a once for each way it is used.
func (e *encoder) accessor(a *scene.Array, u use, bounds bool) int {
	key := ref{a, u, bounds}
	if i, ok := e.refs[key]; ok {
		return i
	}
	acc := &gltf.Accessor{ComponentType: components[a.Kind], Type: accessorType(a), Count: a.Len(), Normalized: a.Normalized}
	if bounds {
		acc.Min, acc.Max = extremes(a)
	}
	switch rows := nonzero(a); {
	case u == vertices && a.Sparse && len(rows) < a.Len()/2:
		e.sparse(acc, a, rows)
	case u == vertices:
		stride := (a.Stride() + 3) / 4 * 4
		data := a.Data
		if stride != a.Stride() {
			data = make([]byte, 0, stride*a.Len())
			for i := range a.Len() {
				data = append(append(data, a.Row(i)...), make([]byte, stride-a.Stride())...)
			}
		}
		view := e.view(fmt.Sprint(vertices, stride), stride, gltf.TargetArrayBuffer)
		acc.BufferView, acc.ByteOffset = &view, e.append(view, data)
	default:
		view := e.view(string(u), 0, gltf.TargetNone)
		acc.BufferView, acc.ByteOffset = &view, e.append(view, a.Data)
	}
	return e.add(key, acc)
}

func (e *encoder) add(key ref, acc *gltf.Accessor) int {
	e.doc.Accessors = append(e.doc.Accessors, acc)
	if key.array != nil {
		e.refs[key] = len(e.doc.Accessors) - 1
	}
	return len(e.doc.Accessors) - 1
}

// nonzero lists the rows of an array that came sparse.
func nonzero(a *scene.Array) (rows []uint32) {
	if !a.Sparse {
		return nil
	}
	zero := make([]byte, a.Stride())
	for i := range a.Len() {
		if !bytes.Equal(a.Row(i), zero) {
			rows = append(rows, uint32(i))
		}
	}
	return rows
}

// sparse writes only the rows that are not zero. An array of nothing but zeros is an
// accessor without a view.
func (e *encoder) sparse(acc *gltf.Accessor, a *scene.Array, rows []uint32) {
	if len(rows) == 0 {
		return
	}
	kind := scene.IndexKind(a.Len())
	view := e.view(string(sparse), 0, gltf.TargetNone)
	acc.Sparse = &gltf.Sparse{
		Count:   len(rows),
		Indices: gltf.SparseIndices{BufferView: view, ByteOffset: e.append(view, packed(rows, kind)), ComponentType: components[kind]},
		Values:  gltf.SparseValues{BufferView: view, ByteOffset: e.append(view, a.Gather(rows).Data)},
	}
}

func packed(list []uint32, kind scene.Kind) []byte {
	out := make([]byte, 0, len(list)*kind.Size())
	for _, x := range list {
		if kind == scene.Uint16 {
			out = binary.LittleEndian.AppendUint16(out, uint16(x))
		} else {
			out = binary.LittleEndian.AppendUint32(out, x)
		}
	}
	return out
}

func extremes(a *scene.Array) (lo, hi []float64) {
	lo, hi = slices.Repeat([]float64{math.Inf(1)}, a.Width), slices.Repeat([]float64{math.Inf(-1)}, a.Width)
	for i := range a.Len() {
		for k := range a.Width {
			x := float64(a.At(i, k))
			lo[k], hi[k] = min(lo[k], x), max(hi[k], x)
		}
	}
	return lo, hi
}

func (e *encoder) meshes() {
	for i := range e.scene.Meshes {
		m := &e.scene.Meshes[i]
		out := &gltf.Mesh{Name: m.Name, Weights: m.Weights, Extensions: m.Extensions, Extras: m.Extras}
		for j := range m.Primitives {
			out.Primitives = append(out.Primitives, e.primitive(&m.Primitives[j]))
		}
		e.doc.Meshes = append(e.doc.Meshes, out)
	}
}

var primitiveModes = func() map[int]gltf.PrimitiveMode {
	back := map[int]gltf.PrimitiveMode{}
	for g, m := range modes {
		back[m] = g
	}
	return back
}()

func (e *encoder) primitive(p *scene.Primitive) *gltf.Primitive {
	out := &gltf.Primitive{
		Mode: primitiveModes[p.Mode], Attributes: e.attributes(p.Attributes), Material: optional(p.Material),
		Extensions: p.Extensions, Extras: p.Extras,
	}
	for _, t := range p.Targets {
		out.Targets = append(out.Targets, e.attributes(t))
	}
	if p.Indices != nil {
		i := e.indices(p.Indices, scene.IndexKind(p.Vertices()))
		out.Indices = &i
	}
	return out
}

// indices writes a list once for each type that its vertices ask for.
func (e *encoder) indices(list []uint32, kind scene.Kind) int {
	key := order{n: len(list), kind: kind}
	if len(list) > 0 {
		key.first = &list[0]
	}
	if i, ok := e.orders[key]; ok {
		return i
	}
	view := e.view(fmt.Sprint("indices ", kind.Size()), 0, gltf.TargetElementArrayBuffer)
	e.orders[key] = e.add(ref{}, &gltf.Accessor{
		ComponentType: components[kind], Type: gltf.AccessorScalar, Count: len(list),
		BufferView: &view, ByteOffset: e.append(view, packed(list, kind)),
	})
	return e.orders[key]
}

func (e *encoder) attributes(list []scene.Attribute) map[string]int {
	out := make(map[string]int, len(list))
	for _, a := range list {
		out[a.Name] = e.accessor(a.Array, vertices, a.Name == "POSITION")
	}
	return out
}

func (e *encoder) skins() {
	for i := range e.scene.Skins {
		sk := &e.scene.Skins[i]
		out := &gltf.Skin{Name: sk.Name, Joints: sk.Joints, Skeleton: optional(sk.Skeleton), Extensions: sk.Extensions, Extras: sk.Extras}
		if sk.InverseBind != nil {
			n := e.accessor(sk.InverseBind, binding, false)
			out.InverseBindMatrices = &n
		}
		e.doc.Skins = append(e.doc.Skins, out)
	}
}

func (e *encoder) animations() {
	paths := map[string]gltf.TRSProperty{"translation": gltf.TRSTranslation, "rotation": gltf.TRSRotation, "scale": gltf.TRSScale, "weights": gltf.TRSWeights}
	interpolations := map[string]gltf.Interpolation{"LINEAR": gltf.InterpolationLinear, "STEP": gltf.InterpolationStep, "CUBICSPLINE": gltf.InterpolationCubicSpline}
	for i := range e.scene.Animations {
		a := &e.scene.Animations[i]
		out := &gltf.Animation{Name: a.Name, Extensions: a.Extensions, Extras: a.Extras}
		for _, t := range a.Samplers {
			out.Samplers = append(out.Samplers, &gltf.AnimationSampler{
				Input: e.accessor(t.Input, frames, true), Output: e.accessor(t.Output, frames, false),
				Interpolation: interpolations[t.Interpolation], Extensions: t.Extensions, Extras: t.Extras,
			})
		}
		for _, c := range a.Channels {
			out.Channels = append(out.Channels, &gltf.AnimationChannel{
				Sampler: c.Track, Extensions: c.Extensions, Extras: c.Extras,
				Target: gltf.AnimationChannelTarget{Node: optional(c.Node), Path: paths[c.Path], Extensions: c.Target.Extensions, Extras: c.Target.Extras},
			})
		}
		e.doc.Animations = append(e.doc.Animations, out)
	}
}

func (e *encoder) nodes() {
	for i := range e.scene.Nodes {
		n := &e.scene.Nodes[i]
		out := &gltf.Node{
			Name: n.Name, Children: n.Children, Mesh: optional(n.Mesh), Skin: optional(n.Skin), Camera: optional(n.Camera),
			Translation: n.Translation, Rotation: n.Rotation, Scale: n.Scale, Weights: n.Weights,
			Extensions: n.Extensions, Extras: n.Extras,
		}
		if n.Matrix != nil {
			out.Matrix = *n.Matrix
		}
		if n.Scale == ([3]float64{}) {
			// The library takes a scale of zero for none. The smallest number is zero to
			// every viewer, which computes in float32.
			out.Scale = [3]float64{math.SmallestNonzeroFloat64, math.SmallestNonzeroFloat64, math.SmallestNonzeroFloat64}
		}
		if n.Instances != nil {
			refs := map[string]any{}
			for _, a := range n.Instances {
				refs[a.Name] = e.accessor(a.Array, vertices, false)
			}
			out.Extensions = n.With("EXT_mesh_gpu_instancing", map[string]any{"attributes": refs}).Extensions
		}
		e.doc.Nodes = append(e.doc.Nodes, out)
	}
	for _, sc := range e.scene.Scenes {
		e.doc.Scenes = append(e.doc.Scenes, &gltf.Scene{Name: sc.Name, Nodes: sc.Nodes, Extensions: sc.Extensions, Extras: sc.Extras})
	}
	e.doc.Scene = optional(e.scene.Default)
}

func (e *encoder) cameras() {
	for _, c := range e.scene.Cameras {
		out := &gltf.Camera{Name: c.Name, Extensions: c.Extensions, Extras: c.Extras}
		if p := c.Perspective; p != nil {
			out.Perspective = &gltf.Perspective{AspectRatio: p.Aspect, Yfov: p.YFov, Zfar: p.ZFar, Znear: p.ZNear, Extensions: p.Extensions, Extras: p.Extras}
		}
		if o := c.Orthographic; o != nil {
			out.Orthographic = &gltf.Orthographic{Xmag: o.XMag, Ymag: o.YMag, Zfar: o.ZFar, Znear: o.ZNear, Extensions: o.Extensions, Extras: o.Extras}
		}
		e.doc.Cameras = append(e.doc.Cameras, out)
	}
}

func (e *encoder) materials() {
	alpha := map[scene.AlphaMode]gltf.AlphaMode{scene.Opaque: gltf.AlphaOpaque, scene.Mask: gltf.AlphaMask, scene.Blend: gltf.AlphaBlend}
	info := func(r *scene.TextureRef) *gltf.TextureInfo {
		if r == nil {
			return nil
		}
		return &gltf.TextureInfo{Index: r.Texture, TexCoord: r.UV, Extensions: r.Extensions, Extras: r.Extras}
	}
	for i := range e.scene.Materials {
		m := &e.scene.Materials[i]
		out := &gltf.Material{
			Name: m.Name, AlphaMode: alpha[m.AlphaMode], DoubleSided: m.DoubleSided, EmissiveFactor: m.EmissiveFactor,
			EmissiveTexture: info(m.Emissive), Extensions: m.Extensions, Extras: m.Extras,
			PBRMetallicRoughness: &gltf.PBRMetallicRoughness{
				BaseColorFactor: &m.BaseColorFactor, MetallicFactor: &m.Metallic, RoughnessFactor: &m.Roughness,
				BaseColorTexture: info(m.BaseColor), MetallicRoughnessTexture: info(m.MetalRough),
				Extensions: m.PBR.Extensions, Extras: m.PBR.Extras,
			},
		}
		if m.AlphaMode == scene.Mask {
			out.AlphaCutoff = &m.AlphaCutoff
		}
		if r := m.Normal; r != nil {
			out.NormalTexture = &gltf.NormalTexture{Index: &r.Texture, TexCoord: r.UV, Scale: &m.NormalScale, Extensions: r.Extensions, Extras: r.Extras}
		}
		if r := m.Occlusion; r != nil {
			out.OcclusionTexture = &gltf.OcclusionTexture{Index: &r.Texture, TexCoord: r.UV, Strength: &m.OcclusionStrength, Extensions: r.Extensions, Extras: r.Extras}
		}
		e.doc.Materials = append(e.doc.Materials, out)
	}
}

func (e *encoder) images() {
	for _, s := range e.scene.Samplers {
		e.doc.Samplers = append(e.doc.Samplers, &gltf.Sampler{
			Name: s.Name, MagFilter: magFilters[s.Mag], MinFilter: minFilters[s.Min],
			WrapS: wraps[s.WrapS], WrapT: wraps[s.WrapT], Extensions: s.Extensions, Extras: s.Extras,
		})
	}
	for _, t := range e.scene.Textures {
		out := &gltf.Texture{Name: t.Name, Sampler: optional(t.Sampler), Source: optional(t.Source), Extensions: t.Extensions, Extras: t.Extras}
		if e.webp(t) {
			out.Source = nil
			out.Extensions = t.With("EXT_texture_webp", map[string]any{"source": t.Source}).Extensions
		}
		e.doc.Textures = append(e.doc.Textures, out)
	}
	views := map[*byte]int{} // images that are one piece of memory are stored once
	for _, img := range e.scene.Images {
		view, seen := views[&img.Data[0]]
		if !seen || len(e.bins[view]) != len(img.Data) {
			view = e.newView(img.Data)
			views[&img.Data[0]] = view
		}
		e.doc.Images = append(e.doc.Images, &gltf.Image{
			Name: img.Name, MimeType: img.MIME, BufferView: &view, Extensions: img.Extensions, Extras: img.Extras,
		})
	}
}

// The library counts filters and wrap modes from 0; these are glTF's numbers.
var (
	magFilters = map[int]gltf.MagFilter{9728: gltf.MagNearest, 9729: gltf.MagLinear}
	minFilters = map[int]gltf.MinFilter{
		9728: gltf.MinNearest, 9729: gltf.MinLinear, 9984: gltf.MinNearestMipMapNearest, 9985: gltf.MinLinearMipMapNearest,
		9986: gltf.MinNearestMipMapLinear, 9987: gltf.MinLinearMipMapLinear,
	}
	wraps = map[int]gltf.WrappingMode{scene.ClampToEdge: gltf.WrapClampToEdge, scene.MirroredRepeat: gltf.WrapMirroredRepeat, scene.Repeat: gltf.WrapRepeat}
)
