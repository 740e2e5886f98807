package glb

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/qmuntal/gltf"

	"github.com/plinth3d/plinth/mesh/scene"
)

// Options say how a scene is written. The zero value asks for what any viewer reads, as
// far as the scene's own arrays and extensions allow.
type Options struct {
	// Meshopt packs vertices, indices, animation and inverse bind matrices with
	// EXT_meshopt_compression, which the file then requires: it has no plain data to
	// fall back on. Numbers come back as they were, bit for bit, but those of octahedral
	// arrays; triangles may come back turned (a, b, c as b, c, a). Sparse arrays are
	// packed whole, since rows of zeros take next to nothing. Images stay as they are.
	//
	// The streams are made to be compressed once more, by brotli or gzip on the way. They
	// are small for arrays that were quantized and vertices in the order of their first
	// use; floats as an exporter wrote them are often smaller after brotli when plain.
	Meshopt bool
}

// Encode writes s as a GLB: JSON, then one binary chunk with vertices by stride,
// indices, animation, and images last. Arrays and lists of indices that are shared in s
// are written once. s must be as a reader returned it, or changed with as much care.
//
// Arrays may also have what KHR_mesh_quantization adds; the file then requires it. One
// with Octahedral set is rounded to normalized bytes (up to 8 bits) or shorts.
func Encode(s *scene.Scene) ([]byte, error) { return EncodeWith(s, Options{}) }

// EncodeWith is Encode for those who choose how.
func EncodeWith(s *scene.Scene, o Options) ([]byte, error) {
	e := newEncoder(s, o)
	e.levels = &scene.Stack{Scene: s, Levels: 1, MeshLevels: make([]int, len(s.Meshes)), ImageLevels: make([]int, len(s.Images))}
	return e.encode()
}

func newEncoder(s *scene.Scene, o Options) *encoder {
	e := &encoder{scene: s, options: o, refs: map[ref]int{}, rows: map[ref]int{}, orders: map[order]int{}, views: map[layout]int{}}
	e.doc = &gltf.Document{
		Asset: gltf.Asset{
			Version: "2.0", Generator: s.Generator, Copyright: s.Copyright,
			Extensions: s.Asset.Extensions, Extras: s.Asset.Extras,
		},
		Extensions: s.Root.Extensions, Extras: s.Root.Extras,
	}
	return e
}

func (e *encoder) encode() ([]byte, error) {
	for _, write := range []func(){e.meshes, e.skins, e.animations, e.nodes, e.cameras, e.materials, e.images} {
		write()
	}
	e.lay()
	e.extensions()
	if e.err != nil {
		return nil, fmt.Errorf("encode GLB: %w", e.err)
	}
	var out bytes.Buffer
	if err := gltf.NewEncoder(&out).Encode(e.doc); err != nil {
		return nil, fmt.Errorf("encode GLB: %w", err)
	}
	return out.Bytes(), nil
}

type encoder struct {
	scene     *scene.Scene
	options   Options
	levels    *scene.Stack // of scene
	level     int          // that is being written
	spans     []Span       // of the levels, in the binary chunk
	doc       *gltf.Document
	refs      map[ref]int    // what is written -> accessor
	rows      map[ref]int    // the same for whatever level
	orders    map[order]int  // the same of indices
	views     map[layout]int // -> number of the view
	shelves   []shelf        // of the views
	quantized bool           // an array is of a kind that only KHR_mesh_quantization has
	packed    bool           // a view is packed
	err       error          // the first
}

// extensions names what the file uses, once all of it is written.
func (e *encoder) extensions() {
	used, required := e.scene.Used(), slices.Clone(e.scene.Required)
	if slices.ContainsFunc(e.scene.Textures, e.webp) {
		used, required = append(used, extWebP), append(required, extWebP) // no image stands in for it
	}
	if e.quantized {
		used, required = append(used, quantization), append(required, quantization)
	}
	if e.packed {
		used, required = append(used, extMeshopt), append(required, extMeshopt)
	}
	e.doc.ExtensionsUsed, e.doc.ExtensionsRequired = sorted(used), sorted(required)
}

// sorted is the list without what is there twice; nil, and so left out, when it is empty.
func sorted(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func optional(i int) *int {
	if i == scene.None {
		return nil
	}
	return &i
}
