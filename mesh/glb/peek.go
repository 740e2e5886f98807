package glb

import (
	"fmt"

	"github.com/qmuntal/gltf"

	"github.com/plinth3d/plinth/mesh/scene"
	"github.com/plinth3d/plinth/textures"
)

// A Header is what a file says of itself, before its arrays are unpacked and its images
// decoded. What Decode unpacks is no more, or it returns an error.
type Header struct {
	JSON       int64 // bytes
	Arrays     int64 // bytes, unpacked
	Vertices   int64 // of all primitives
	Triangles  int64 // of all primitives, or a few more
	Drawn      int64 // vertices on the stage, a mesh counted as often as a node shows it
	Posed      int64 // vertices of meshes that have skins
	Morphed    int64 // vertices of morph targets
	Animations int64
	Images     []Picture
}

// A Picture is an image by its header.
type Picture struct {
	Width, Height int
	MIME          string
	Bytes         int64
}

// Peek reads the structure of a file and the headers of its images. What is wrong with these
// is an error as in Decode; what only the arrays show is not looked for.
func Peek(data []byte, lim scene.Limits) (Header, error) {
	text, bin, bad := split(data, lim)
	if bad != nil {
		return Header{}, bad
	}
	root, doc, _, bad := parse(text)
	if bad != nil {
		return Header{}, bad
	}
	d := &decoder{root: root, doc: doc, lim: lim, size: int64(len(data)), scene: &scene.Scene{}}
	for _, pass := range []func() *scene.FormatError{
		d.compression, d.extensions, func() *scene.FormatError { return d.binaries(bin) }, d.images,
	} {
		if bad := pass(); bad != nil {
			return Header{}, bad
		}
	}
	h := Header{JSON: int64(len(text)), Animations: int64(len(doc.Animations))}
	for _, img := range d.scene.Images {
		w, hgt, err := textures.Config(img.Data)
		if err != nil {
			continue // it is left out
		}
		h.Images = append(h.Images, Picture{w, hgt, img.MIME, int64(len(img.Data))})
	}
	d.count(&h)
	return h, nil
}

// count adds up what the structure says of arrays. Numbers are a stranger's: none counts for more
// than the limit that Decode holds it to, so that sums stay small.
func (d *decoder) count(h *Header) {
	for _, a := range d.doc.Accessors {
		h.Arrays = min(h.Arrays+4*int64(a.Type.Components())*d.rows(a.Count), d.lim.Memory)
	}
	meshes, morphs := make([]int64, len(d.doc.Meshes)), make([]int64, len(d.doc.Meshes))
	for i, m := range d.doc.Meshes {
		for _, p := range m.Primitives {
			vertices := d.accessor(p.Attributes["POSITION"])
			indices := vertices
			if p.Indices != nil {
				indices = d.accessor(*p.Indices)
			}
			triangles := indices / 3
			if p.Mode == gltf.PrimitiveTriangleStrip || p.Mode == gltf.PrimitiveTriangleFan {
				triangles = indices
			}
			meshes[i] += vertices
			morphs[i] += vertices * min(int64(len(p.Targets)), 1<<16)
			h.Triangles = min(h.Triangles+triangles, d.lim.Indices)
		}
		meshes[i], morphs[i] = min(meshes[i], d.lim.Vertices), min(morphs[i], d.lim.Memory)
		h.Vertices, h.Morphed = min(h.Vertices+meshes[i], d.lim.Vertices), min(h.Morphed+morphs[i], d.lim.Memory)
	}
	for i, n := range d.doc.Nodes {
		if n.Mesh == nil || *n.Mesh < 0 || *n.Mesh >= len(meshes) {
			continue
		}
		h.Drawn = min(h.Drawn+meshes[*n.Mesh]*d.copies(i), 4*d.lim.Vertices)
		if n.Skin != nil {
			h.Posed = min(h.Posed+meshes[*n.Mesh], d.lim.Vertices)
		}
	}
}

// rows is a count that may be true.
func (d *decoder) rows(count int) int64 {
	return min(max(int64(count), 0), max(d.lim.Vertices, d.lim.Indices))
}

func (d *decoder) accessor(i int) int64 {
	if i < 0 || i >= len(d.doc.Accessors) {
		return 0
	}
	return d.rows(d.doc.Accessors[i].Count)
}

// copies is how often a node shows its mesh.
func (d *decoder) copies(node int) int64 {
	ext, _ := extra(item(d.root, "nodes", node)).Extensions["EXT_mesh_gpu_instancing"].(tree)
	attributes, _ := ext["attributes"].(tree)
	most := int64(1)
	for _, x := range attributes {
		i := -1
		if _, err := fmt.Sscan(fmt.Sprint(x), &i); err == nil {
			most = max(most, min(d.accessor(i), d.lim.Nodes))
		}
	}
	return most
}
