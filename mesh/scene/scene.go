// Package scene holds a whole model in memory: nodes, meshes with all their
// attributes, materials, images, skins, animations, cameras. It is the form in
// which every reader delivers a model and from which every writer takes one.
//
// Names and meanings are those of glTF 2.0. What Plinth doesn't understand is
// kept as it came in Extra. A scene that a reader returned is safe to index:
// every reference is in range, every array as long as it must be.
//
// Passes over a scene return a new one that shares what they didn't change;
// nothing here writes to arrays or images that it was given.
package scene

import (
	"encoding/json"
	"maps"
	"slices"
)

// None is the index of something that isn't there.
const None = -1

// Extra is what a model carries beside the core of glTF: extensions by name and
// the exporter's own extras, as decoded JSON whose numbers are json.Number.
type Extra struct {
	Extensions map[string]any
	Extras     any
}

// With returns e with one extension set, or removed when value is nil.
func (e Extra) With(name string, value any) Extra {
	all := maps.Clone(e.Extensions)
	if value == nil {
		if delete(all, name); len(all) == 0 {
			all = nil
		}
	} else {
		if all == nil {
			all = map[string]any{}
		}
		all[name] = value
	}
	e.Extensions = all
	return e
}

// A Scene is one model.
type Scene struct {
	Generator, Copyright string
	Asset                Extra
	Root                 Extra
	Required             []string // extensions a viewer must know, sorted
	Converted            bool     // the file has an extension that is gone, such as compression: its own bytes are not plain glTF

	Default    int // in Scenes, or None
	Scenes     []Roots
	Nodes      []Node
	Meshes     []Mesh
	Materials  []Material
	Textures   []Texture
	Images     []Image
	Samplers   []Sampler
	Skins      []Skin
	Animations []Animation
	Cameras    []Camera

	Findings []Finding // of the reader
}

// Roots is what glTF calls a scene: the nodes that stand in the world.
type Roots struct {
	Name  string
	Nodes []int
	Extra
}

// A Node places things in the frame of its parent, by a matrix or by
// translation, rotation and scale.
type Node struct {
	Name               string
	Mesh, Skin, Camera int // or None
	Children           []int
	Matrix             *[16]float64 // column-major; nil when the next three count
	Translation        [3]float64   // meters
	Rotation           [4]float64   // unit quaternion x, y, z, w
	Scale              [3]float64
	Weights            []float64   // of the mesh's morph targets
	Instances          []Attribute // EXT_mesh_gpu_instancing
	Extra
}

// A Mesh is what a node shows.
type Mesh struct {
	Name       string
	Primitives []Primitive
	Weights    []float64
	Extra
}

// Modes of a primitive.
const (
	Points        = 0
	Lines         = 1
	LineLoop      = 2
	LineStrip     = 3
	Triangles     = 4
	TriangleStrip = 5
	TriangleFan   = 6
)

// A Primitive is geometry with one material. All arrays of Attributes and
// Targets have one length; Indices are below it.
type Primitive struct {
	Mode       int
	Indices    []uint32 // nil when vertices are in order
	Attributes []Attribute
	Targets    [][]Attribute
	Material   int // or None
	Extra
}

// An Attribute is a named array with one row for each vertex.
type Attribute struct {
	Name string
	*Array
}

// Attribute returns the array of that name, or nil.
func (p *Primitive) Attribute(name string) *Array { return find(p.Attributes, name) }

func find(list []Attribute, name string) *Array {
	for _, a := range list {
		if a.Name == name {
			return a.Array
		}
	}
	return nil
}

// Vertices is the length of the attributes.
func (p *Primitive) Vertices() int {
	if len(p.Attributes) == 0 {
		return 0
	}
	return p.Attributes[0].Len()
}

// TriangleList returns the triangles of p as a plain list, nil when it has none,
// as points and lines do. A strip or fan is written out.
func (p *Primitive) TriangleList() []uint32 {
	order := p.Indices
	if order == nil && p.Mode >= Triangles {
		order = make([]uint32, p.Vertices())
		for i := range order {
			order[i] = uint32(i)
		}
	}
	switch p.Mode {
	case Triangles:
		return order[:len(order)/3*3]
	case TriangleStrip:
		var out []uint32
		for i := 0; i+2 < len(order); i++ {
			// Every other triangle of a strip is wound the other way.
			out = append(out, order[i], order[i+1+i%2], order[i+2-i%2])
		}
		return out
	case TriangleFan:
		var out []uint32
		for i := 1; i+1 < len(order); i++ {
			out = append(out, order[i], order[i+1], order[0])
		}
		return out
	}
	return nil
}

// AlphaMode says what the alpha of a material's base color means.
type AlphaMode string

// The alpha modes of glTF.
const (
	Opaque AlphaMode = "OPAQUE"
	Mask   AlphaMode = "MASK"
	Blend  AlphaMode = "BLEND"
)

// A Material is metallic-roughness with whatever extensions it came with.
type Material struct {
	Name              string
	BaseColor         *TextureRef
	BaseColorFactor   [4]float64 // linear RGBA
	MetalRough        *TextureRef
	Metallic          float64
	Roughness         float64
	Normal            *TextureRef
	NormalScale       float64
	Occlusion         *TextureRef
	OcclusionStrength float64
	Emissive          *TextureRef
	EmissiveFactor    [3]float64 // linear
	AlphaMode         AlphaMode
	AlphaCutoff       float64
	DoubleSided       bool
	PBR               Extra // of pbrMetallicRoughness
	Extra
}

// A TextureRef is a use of a texture by a material.
type TextureRef struct {
	Texture, UV int
	Extra
}

// A Texture is an image with the way to sample it.
type Texture struct {
	Name            string
	Sampler, Source int // or None
	Extra
}

// An Image is an encoded picture.
type Image struct {
	Name string
	MIME string // sniffed from Data
	Data []byte
	Extra
}

// Wrap modes and filters, by their OpenGL numbers as in glTF.
const (
	ClampToEdge    = 33071
	MirroredRepeat = 33648
	Repeat         = 10497
)

// A Sampler says how a texture repeats and is filtered; a filter of 0 is the
// viewer's choice.
type Sampler struct {
	Name         string
	Mag, Min     int
	WrapS, WrapT int
	Extra
}

// A Skin binds meshes to joints.
type Skin struct {
	Name        string
	InverseBind *Array // MAT4, one for each joint, or nil
	Skeleton    int    // node, or None
	Joints      []int
	Extra
}

// An Animation moves nodes over time.
type Animation struct {
	Name     string
	Channels []Channel
	Samplers []Track
	Extra
}

// A Channel says what a track drives.
type Channel struct {
	Track int
	Node  int // or None
	Path  string
	Extra
	Target Extra
}

// A Track is key frames: times in seconds and values.
type Track struct {
	Input, Output *Array
	Interpolation string
	Extra
}

// A Camera is perspective or orthographic; angles are radians, lengths meters.
type Camera struct {
	Name         string
	Perspective  *Perspective
	Orthographic *Orthographic
	Extra
}

// Perspective is the lens of a camera.
type Perspective struct {
	Aspect *float64
	YFov   float64
	ZFar   *float64
	ZNear  float64
	Extra
}

// Orthographic is a camera without perspective.
type Orthographic struct {
	XMag, YMag, ZFar, ZNear float64
	Extra
}

// Used lists the extensions that occur anywhere in s, sorted.
func (s *Scene) Used() []string {
	names := map[string]bool{}
	note := func(e Extra) {
		for n := range e.Extensions {
			names[n] = true
		}
	}
	s.Walk(func(_ string, e *Extra) { note(*e) })
	for i := range s.Nodes {
		if s.Nodes[i].Instances != nil {
			names["EXT_mesh_gpu_instancing"] = true
		}
	}
	for _, n := range s.Required {
		names[n] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// Walk calls visit for every Extra of s with the place it is at.
func (s *Scene) Walk(visit func(where string, e *Extra)) {
	at := place
	visit("asset", &s.Asset)
	visit("", &s.Root)
	for i := range s.Scenes {
		visit(at("scenes", i), &s.Scenes[i].Extra)
	}
	for i := range s.Nodes {
		visit(at("nodes", i), &s.Nodes[i].Extra)
	}
	for i := range s.Meshes {
		visit(at("meshes", i), &s.Meshes[i].Extra)
		for j := range s.Meshes[i].Primitives {
			visit(at("meshes", i)+at(".primitives", j), &s.Meshes[i].Primitives[j].Extra)
		}
	}
	for i := range s.Materials {
		m := &s.Materials[i]
		visit(at("materials", i), &m.Extra)
		visit(at("materials", i)+".pbrMetallicRoughness", &m.PBR)
		for _, r := range m.core() {
			if *r.ref != nil {
				visit(at("materials", i)+"."+r.name, &(*r.ref).Extra)
			}
		}
	}
	for i := range s.Textures {
		visit(at("textures", i), &s.Textures[i].Extra)
	}
	for i := range s.Images {
		visit(at("images", i), &s.Images[i].Extra)
	}
	for i := range s.Samplers {
		visit(at("samplers", i), &s.Samplers[i].Extra)
	}
	for i := range s.Skins {
		visit(at("skins", i), &s.Skins[i].Extra)
	}
	for i := range s.Animations {
		a := &s.Animations[i]
		visit(at("animations", i), &a.Extra)
		for j := range a.Channels {
			visit(at("animations", i)+at(".channels", j), &a.Channels[j].Extra)
			visit(at("animations", i)+at(".channels", j)+".target", &a.Channels[j].Target)
		}
		for j := range a.Samplers {
			visit(at("animations", i)+at(".samplers", j), &a.Samplers[j].Extra)
		}
	}
	for i := range s.Cameras {
		c := &s.Cameras[i]
		visit(at("cameras", i), &c.Extra)
		if c.Perspective != nil {
			visit(at("cameras", i)+".perspective", &c.Perspective.Extra)
		}
		if c.Orthographic != nil {
			visit(at("cameras", i)+".orthographic", &c.Orthographic.Extra)
		}
	}
}

// number reads a JSON number from a tree that Extra holds.
func number(v any, otherwise float64) float64 {
	if n, ok := v.(json.Number); ok {
		if f, err := n.Float64(); err == nil {
			return f
		}
	}
	return otherwise
}
