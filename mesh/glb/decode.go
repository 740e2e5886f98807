package glb

import (
	"fmt"
	"slices"

	"github.com/qmuntal/gltf"

	"github.com/plinth3d/plinth/mesh/draco"
	"github.com/plinth3d/plinth/mesh/scene"
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
	d := &decoder{
		root: root, doc: doc, lim: lim, size: int64(len(data)), arrays: map[slot]*scene.Array{}, checked: map[check]bool{}, lists: map[int]list{},
		risen: map[*scene.Array]bool{}, streams: map[int]*draco.Mesh{},
	}
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
	size    int64 // of the file
	buffers [][]byte
	packed  []*packing          // of the views, nil for one that is plain
	coded   map[[2]int]any      // what is said of Draco, by mesh and primitive
	spare   []bool              // of the buffers: no data is needed
	streams map[int]*draco.Mesh // of the views that were decoded
	coding  int64               // bytes of streams
	arrays  map[slot]*scene.Array
	checked map[check]bool
	lists   map[int]list // of indices, by accessor
	risen   map[*scene.Array]bool
	memory  int64 // of arrays so far
}

// slot is where an array comes from: an accessor, and an attribute in a Draco stream
// where there is one.
type slot struct {
	accessor int
	view     int // of the stream, or None
	id       uint32
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
		d.compression, d.extensions,
		func() *scene.FormatError { return d.binaries(bin) },
		d.images, d.textures, d.materials, d.meshes, d.cameras, d.skins, d.nodes, d.tree, d.animations, s.Check, d.drawn, d.skinned,
	} {
		if err := pass(); err != nil {
			return err
		}
	}
	d.finest()
	s = d.scene
	for _, name := range s.Unknown() {
		d.find("extension", scene.Note, "extensionsUsed", fmt.Sprintf("names %s, which is carried through unread; if it refers to accessors or buffer views by number, these are others now", name), "")
	}
	return nil
}

// finest leaves out what is there to be shown in place of finer things.
func (d *decoder) finest() {
	if s := d.scene.Finest(); s != d.scene {
		s.Converted = true
		d.scene = s
		d.find("levels", scene.Note, "nodes", "have coarser levels of detail of their own (MSFT_lod), which are left out: levels are made of the finest", "")
	}
}

func (d *decoder) find(code string, severity scene.Severity, where, what, do string) {
	d.scene.Findings = append(d.scene.Findings, scene.Finding{Code: code, Severity: severity, Where: where, What: what, Do: do})
}

// unreadable are extensions that change how a file must be read, and what to do.
var unreadable = map[string]string{
	"KHR_texture_basisu": "export with PNG, JPEG or WebP textures; Plinth compresses them itself",
	"EXT_texture_avif":   "export with PNG, JPEG or WebP textures",
	"MSFT_texture_dds":   "export with PNG, JPEG or WebP textures",
}

// handled are required extensions that are gone once the scene is in memory.
var handled = []string{"KHR_mesh_quantization", extWebP, extMeshopt, khrMeshopt, khrDraco}

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
