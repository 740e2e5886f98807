package glb

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/qmuntal/gltf"

	"github.com/plinth3d/plinth/mesh/scene"
)

func (d *decoder) meshes() *scene.FormatError {
	var vertices, indices, morphed int64
	for i, m := range d.doc.Meshes {
		t := item(d.root, "meshes", i)
		out := scene.Mesh{Name: m.Name, Weights: m.Weights, Extra: extra(t)}
		for j, p := range m.Primitives {
			prim, err := d.primitive(at("meshes", i)+at(".primitives", j), p, item(t, "primitives", j), d.coded[[2]int{i, j}])
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

// primitive reads one primitive; coded is what it says of Draco, if anything.
func (d *decoder) primitive(where string, p *gltf.Primitive, t tree, coded any) (scene.Primitive, *scene.FormatError) {
	out := scene.Primitive{Mode: modes[p.Mode], Extra: extra(t)}
	s, err := d.stream(where+"."+khrDraco, p, coded)
	if err != nil {
		return out, err
	}
	if out.Material, err = index(where+".material", p.Material, len(d.doc.Materials)); err != nil {
		return out, err
	}
	n := 0
	if out.Attributes, err = d.attributes(where+".attributes", p.Attributes, s, &n); err != nil {
		return out, err
	}
	if n == 0 {
		return out, scene.Bad(where+".attributes", "is empty")
	}
	if s != nil && n != s.mesh.Points {
		return out, disagree(where+".attributes", "have %d elements, their stream %d", n, s.mesh.Points)
	}
	for k, target := range p.Targets {
		list, err := d.attributes(where+at(".targets", k), target, nil, &n)
		if err != nil {
			return out, err
		}
		out.Targets = append(out.Targets, list)
	}
	switch {
	case s != nil:
		out.Indices, out.Mode = s.mesh.Indices, scene.Triangles
	case p.Indices != nil:
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
// the first one sets. Those that s has come from there.
func (d *decoder) attributes(where string, refs map[string]int, s *stream, n *int) (out []scene.Attribute, err *scene.FormatError) {
	for _, name := range slices.Sorted(maps.Keys(refs)) {
		from := s.slot(name, refs[name])
		a, err := d.arrayAt(where+"."+name, from)
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
		d.arrays[from] = a // shared as floats too
		out = append(out, scene.Attribute{Name: name, Array: a})
	}
	return out, nil
}

// vertexArray makes an attribute what the core of glTF allows (KHR_mesh_quantization
// allows more) and takes out numbers that are none.
func (d *decoder) vertexArray(where, name string, a *scene.Array) (*scene.Array, *scene.FormatError) {
	if !inCore(name, a) {
		if err := d.take(where, a.Len()*a.Width, 4); err != nil {
			return nil, err
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

// list is the indices of an accessor, and the largest of them.
type list struct {
	indices []uint32
	most    uint32
}

// indices reads an index list that is for that many vertices. Primitives that name one
// accessor share one list.
func (d *decoder) indices(where string, i, vertices int) ([]uint32, *scene.FormatError) {
	l, known := d.lists[i]
	if !known {
		a, err := d.array(where, i)
		if err != nil {
			return nil, err
		}
		if a.Width != 1 || a.Kind != scene.Uint8 && a.Kind != scene.Uint16 && a.Kind != scene.Uint32 {
			return nil, scene.Bad(where, "are not unsigned integers")
		}
		if err := d.take(where, a.Len(), 4); err != nil {
			return nil, err
		}
		l.indices = make([]uint32, a.Len())
		for k := range l.indices {
			l.indices[k] = integer(a.Kind, a.Data, k)
			l.most = max(l.most, l.indices[k])
		}
		d.lists[i] = l
	}
	if len(l.indices) > 0 && int64(l.most) >= int64(vertices) {
		k := slices.Index(l.indices, l.most)
		return nil, scene.Bad(where, "have %d at %d, there are %d vertices", l.most, k, vertices)
	}
	return l.indices, nil
}
