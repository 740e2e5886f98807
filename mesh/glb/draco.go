package glb

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/qmuntal/gltf"

	"github.com/plinth3d/plinth/mesh/draco"
	"github.com/plinth3d/plinth/mesh/scene"
)

// maxStreamed is how many attributes one Draco stream may have: more than glTF has names
// for, and each costs the decoder tables of its own.
const maxStreamed = 64

// A stream is what KHR_draco_mesh_compression says of a primitive, decoded.
type stream struct {
	view int
	mesh *draco.Mesh
	ids  map[string]uint32 // of the attributes that are in it
}

// slot is where attribute name of a primitive comes from. s may be nil.
func (s *stream) slot(name string, accessor int) slot {
	if s != nil {
		if id, ok := s.ids[name]; ok {
			return slot{accessor, s.view, id}
		}
	}
	return slot{accessor: accessor, view: scene.None}
}

// stream decodes what ext asks for. It is nil for a primitive that isn't packed, and for
// one that is there without it as well: then there is nothing to undo.
func (d *decoder) stream(where string, p *gltf.Primitive, ext any) (*stream, *scene.FormatError) {
	if ext == nil {
		return nil, nil
	}
	t, ok := ext.(tree)
	attributes, given := t["attributes"].(tree)
	if !ok || !given {
		return nil, scene.Bad(where, "has no attributes")
	}
	s := &stream{ids: map[string]uint32{}}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		id, ok := natural(attributes[name])
		if _, has := p.Attributes[name]; !ok || !has || int64(id) > 1<<32-1 {
			return nil, scene.Bad(where+".attributes."+name, "is %v, or the primitive has no such attribute", attributes[name])
		}
		s.ids[name] = uint32(id)
	}
	if d.complete(p, s) {
		return nil, nil
	}
	if m := modes[p.Mode]; m != scene.Triangles && m != scene.TriangleStrip {
		return nil, scene.Bad(where, "packs mode %d, only triangles and strips can be", m)
	}
	if s.view, ok = natural(t["bufferView"]); !ok {
		return nil, scene.Bad(where+".bufferView", "is %v", t["bufferView"])
	}
	var err *scene.FormatError
	if s.mesh, err = d.streamed(where, s.view); err != nil {
		return nil, err
	}
	return s, d.indexed(where, p, s)
}

// complete says whether the file has plain data for all that s has. Where the extension
// is required it has not, whatever it says.
func (d *decoder) complete(p *gltf.Primitive, s *stream) bool {
	if slices.Contains(d.doc.ExtensionsRequired, khrDraco) {
		return false
	}
	plain := func(i int) bool {
		return i >= 0 && i < len(d.doc.Accessors) && (d.doc.Accessors[i].BufferView != nil || d.doc.Accessors[i].Sparse != nil)
	}
	for name := range s.ids {
		if !plain(p.Attributes[name]) {
			return false
		}
	}
	return p.Indices == nil || plain(*p.Indices)
}

// streamed decodes the stream in a view, once.
func (d *decoder) streamed(where string, view int) (*draco.Mesh, *scene.FormatError) {
	if m, ok := d.streams[view]; ok {
		return m, nil
	}
	data, err := d.view(where, view)
	if err != nil {
		return nil, err
	}
	// What decoding costs beside memory is bound by the bytes that are there, as long as
	// views don't share them.
	if d.coding += int64(len(data)); d.coding > 2*d.size {
		return nil, &scene.FormatError{Code: "limit", Where: where, What: "is in a view that overlaps others", Do: "export the file again; each primitive needs a view of its own"}
	}
	m, problem := draco.Decode(data, draco.Limits{
		Points: int(d.lim.Vertices), Faces: int(d.lim.Indices / 3), Attributes: maxStreamed, Bytes: d.lim.Memory - d.memory,
	})
	if problem != nil {
		return nil, undecodable(where, problem)
	}
	if err := d.take(where, len(m.Indices), 4); err != nil {
		return nil, err
	}
	for _, a := range m.Attributes {
		if err := d.take(where, len(a.Data), 1); err != nil {
			return nil, err
		}
	}
	d.streams[view] = m
	return m, nil
}

func undecodable(where string, problem error) *scene.FormatError {
	bad, ok := errors.AsType[*draco.FormatError](problem)
	if !ok {
		return scene.Bad(where, "can't be decoded: %v", problem)
	}
	out := scene.Bad(where, "can't be decoded: its %s %s", bad.Where, bad.What)
	switch out.Code = bad.Code; bad.Code {
	case "limit":
		out.Do = "reduce the model or raise the limit"
	case "unsupported":
		out.Do = "export without Draco compression; Plinth compresses it itself"
	}
	return out
}

// indexed checks the accessor of the indices. It says nothing that is needed: what counts
// is the stream, whose triangles are a list also where the mode is a strip.
func (d *decoder) indexed(where string, p *gltf.Primitive, s *stream) *scene.FormatError {
	if len(s.mesh.Indices) == 0 {
		return disagree(where, "has no triangles")
	}
	if p.Indices == nil {
		return nil
	}
	i := *p.Indices
	if i < 0 || i >= len(d.doc.Accessors) {
		return scene.Bad(where+".indices", "use accessor %d, there are %d", i, len(d.doc.Accessors))
	}
	if n := d.doc.Accessors[i].Count; n != len(s.mesh.Indices) && modes[p.Mode] == scene.Triangles {
		return disagree(where, "has %d indices, accessors[%d] %d", len(s.mesh.Indices), i, n)
	}
	return nil
}

// disagree is the error of a stream that isn't what the JSON says.
func disagree(where, format string, args ...any) *scene.FormatError {
	return &scene.FormatError{
		Code: "broken", Where: where, What: fmt.Sprintf(format, args...),
		Do: "the Draco data is not what the file says it is; export without Draco compression, Plinth compresses it itself",
	}
}

// arrayAt reads what is in a slot, once.
func (d *decoder) arrayAt(user string, from slot) (*scene.Array, *scene.FormatError) {
	if from.view == scene.None {
		return d.array(user, from.accessor)
	}
	if a, ok := d.arrays[from]; ok {
		return a, nil
	}
	if from.accessor < 0 || from.accessor >= len(d.doc.Accessors) {
		return nil, scene.Bad(user, "uses accessor %d, there are %d", from.accessor, len(d.doc.Accessors))
	}
	acc, m, where := d.doc.Accessors[from.accessor], d.streams[from.view], at("accessors", from.accessor)
	i := slices.IndexFunc(m.Attributes, func(a draco.Attribute) bool { return a.ID == from.id })
	if i < 0 {
		return nil, disagree(user, "is attribute %d of a stream that has no such", from.id)
	}
	a := &m.Attributes[i]
	out := &scene.Array{Kind: kinds[acc.ComponentType], Width: acc.Type.Components(), Normalized: acc.Normalized}
	switch {
	case acc.Count != m.Points:
		return nil, disagree(where, "has %d elements, its stream %d", acc.Count, m.Points)
	case acc.Type > gltf.AccessorVec4 || out.Width != a.Components:
		return nil, disagree(where, "has elements of %d components, its stream of %d", out.Width, a.Components)
	case m.Points == 0:
		return nil, disagree(where, "has no elements")
	}
	if dracoKinds[a.Kind] == out.Kind {
		out.Data = a.Data
	} else {
		if err := d.take(where, m.Points*out.Width, out.Kind.Size()); err != nil {
			return nil, err
		}
		var ok bool
		if out.Data, ok = converted(a, out.Kind); !ok {
			return nil, disagree(where, "has components of another type than its stream, %v, whose values don't fit", a.Kind)
		}
	}
	d.arrays[from] = out
	return out, nil
}
