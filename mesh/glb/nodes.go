package glb

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/plinth3d/plinth/mesh/scene"
)

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
