package scene

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
)

// A Mat is an affine transform, column-major as in glTF.
type Mat [16]float64

// Identity leaves points where they are.
var Identity = Mat{0: 1, 5: 1, 10: 1, 15: 1}

// Mul is a after b.
func (a Mat) Mul(b Mat) (out Mat) {
	for c := range 4 {
		for r := range 4 {
			for k := range 4 {
				out[4*c+r] += float64(a[4*k+r] * b[4*c+k])
			}
		}
	}
	return out
}

// Point moves a point.
func (a Mat) Point(p [3]float32) [3]float32 {
	var out [3]float32
	for r := range 3 {
		out[r] = float32(float64(a[r]*float64(p[0])) + float64(a[4+r]*float64(p[1])) + float64(a[8+r]*float64(p[2])) + a[12+r])
	}
	return out
}

// Inverse undoes a, which is affine; ok is false where a makes things flat.
func (a Mat) Inverse() (out Mat, ok bool) {
	m, ok := a.Linear()
	if !ok {
		return out, false
	}
	most := 0.0
	for k := range m {
		most = max(most, math.Abs(a[k/3*4+k%3]))
	}
	c, d := m.cofactors(), float64(m.det()*most)
	for r := range 3 {
		for k := range 3 {
			out[4*k+r] = c[3*r+k] / d
		}
	}
	for r := range 3 {
		out[12+r] = -(float64(out[r]*a[12]) + float64(out[4+r]*a[13]) + float64(out[8+r]*a[14]))
	}
	out[15] = 1
	return out, true
}

// Stretch is an upper bound of how much a lengthens anything: the Frobenius norm
// bounds the spectral norm, and the largest column is used where columns are
// orthogonal, as in translation, rotation and scale.
func (a Mat) Stretch() float64 {
	column := func(c int) [3]float64 { return [3]float64{a[4*c], a[4*c+1], a[4*c+2]} }
	dot := func(x, y [3]float64) float64 {
		return float64(x[0]*y[0]) + float64(x[1]*y[1]) + float64(x[2]*y[2])
	}
	largest, sum := 0.0, 0.0
	orthogonal := true
	for i := range 3 {
		l := dot(column(i), column(i))
		largest, sum = max(largest, l), sum+l
		for j := range i {
			orthogonal = orthogonal && math.Abs(dot(column(i), column(j))) <= 1e-6*math.Sqrt(l*dot(column(j), column(j)))
		}
	}
	if orthogonal {
		return math.Sqrt(largest) * (1 + 1e-6)
	}
	return math.Sqrt(sum)
}

// Local is the transform from the frame of a node to its parent's.
func (n *Node) Local() Mat {
	if n.Matrix != nil {
		return *n.Matrix
	}
	return compose(n.Translation, n.Rotation, n.Scale)
}

func compose(t [3]float64, q [4]float64, s [3]float64) Mat {
	x, y, z, w := q[0], q[1], q[2], q[3]
	r := [9]float64{
		1 - 2*(float64(y*y)+float64(z*z)), 2 * (float64(x*y) + float64(z*w)), 2 * (float64(x*z) - float64(y*w)),
		2 * (float64(x*y) - float64(z*w)), 1 - 2*(float64(x*x)+float64(z*z)), 2 * (float64(y*z) + float64(x*w)),
		2 * (float64(x*z) + float64(y*w)), 2 * (float64(y*z) - float64(x*w)), 1 - 2*(float64(x*x)+float64(y*y)),
	}
	return Mat{
		r[0] * s[0], r[1] * s[0], r[2] * s[0], 0,
		r[3] * s[1], r[4] * s[1], r[5] * s[1], 0,
		r[6] * s[2], r[7] * s[2], r[8] * s[2], 0,
		t[0], t[1], t[2], 1,
	}
}

// Stage lists the root nodes a viewer shows: those of the default scene, or of the
// first, or all nodes without a parent.
func (s *Scene) Stage() []int {
	switch {
	case s.Default != None:
		return s.Scenes[s.Default].Nodes
	case len(s.Scenes) > 0:
		return s.Scenes[0].Nodes
	}
	child := make([]bool, len(s.Nodes))
	for _, n := range s.Nodes {
		for _, c := range n.Children {
			child[c] = true
		}
	}
	var roots []int
	for i := range s.Nodes {
		if !child[i] {
			roots = append(roots, i)
		}
	}
	return roots
}

// World returns the transform of each node to the world, nil for nodes that are
// not on the stage. local gives the transform of a node to its parent, usually
// (*Node).Local.
func (s *Scene) World(local func(node int) Mat) []*Mat {
	world := make([]*Mat, len(s.Nodes))
	type item struct {
		node int
		at   Mat
	}
	var stack []item
	for _, r := range s.Stage() {
		stack = append(stack, item{r, Identity})
	}
	for len(stack) > 0 {
		top := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		at := top.at.Mul(local(top.node))
		world[top.node] = &at
		for _, c := range s.Nodes[top.node].Children {
			stack = append(stack, item{c, at})
		}
	}
	return world
}

// Rest is World at rest.
func (s *Scene) Rest() []*Mat {
	return s.World(func(i int) Mat { return s.Nodes[i].Local() })
}

// A Placement is a mesh that stands in the world.
type Placement struct {
	Node, Mesh int
	At         Mat
	Skin       int // or None; then the joints place it, not At
}

// Placements lists every mesh on the stage as often as it stands there, by node.
func (s *Scene) Placements() (out []Placement) {
	for i, at := range s.Rest() {
		n := &s.Nodes[i]
		if at == nil || n.Mesh == None {
			continue
		}
		for _, inst := range n.instances() {
			out = append(out, Placement{i, n.Mesh, at.Mul(inst), n.Skin})
		}
	}
	return out
}

// instances is one transform for each copy of the node's mesh.
func (n *Node) instances() []Mat {
	if n.Instances == nil {
		return []Mat{Identity}
	}
	t, r, s := find(n.Instances, "TRANSLATION"), find(n.Instances, "ROTATION"), find(n.Instances, "SCALE")
	out := make([]Mat, n.Instances[0].Len())
	for i := range out {
		move, turn, size := [3]float64{}, [4]float64{3: 1}, [3]float64{1, 1, 1}
		for k := range 4 {
			if r != nil {
				turn[k] = float64(r.At(i, k))
			}
			if t != nil && k < 3 {
				move[k] = float64(t.At(i, k))
			}
			if s != nil && k < 3 {
				size[k] = float64(s.At(i, k))
			}
		}
		out[i] = compose(move, turn, size)
	}
	return out
}

// JointMatrices is the transform of each joint of a skin from the mesh at bind
// time to the world.
func (s *Scene) JointMatrices(skin int, world []*Mat) []Mat {
	sk := &s.Skins[skin]
	out := make([]Mat, len(sk.Joints))
	for j, node := range sk.Joints {
		out[j] = Identity
		if world[node] != nil {
			out[j] = *world[node]
		}
		if sk.InverseBind != nil {
			var inverse Mat
			for k := range inverse {
				inverse[k] = float64(sk.InverseBind.At(j, k))
			}
			out[j] = out[j].Mul(inverse)
		}
	}
	return out
}

// Pose returns the vertices of a skinned primitive in the world.
func (p *Primitive) Pose(points [][3]float32, joints []Mat) [][3]float32 {
	out := make([][3]float32, len(points))
	for v, at := range points {
		var sum [3]float64
		total := 0.0
		for set := 0; ; set++ {
			index, weight := p.Attribute(fmt.Sprintf("JOINTS_%d", set)), p.Attribute(fmt.Sprintf("WEIGHTS_%d", set))
			if index == nil || weight == nil {
				break
			}
			for k := range 4 {
				w, j := float64(weight.At(v, k)), int(index.At(v, k))
				if w == 0 || j >= len(joints) {
					continue
				}
				moved := joints[j].Point(at)
				for c := range 3 {
					sum[c] += float64(w * float64(moved[c]))
				}
				total += w
			}
		}
		if total == 0 {
			out[v] = at
			continue
		}
		for c := range 3 {
			out[v][c] = float32(sum[c] / total)
		}
	}
	return out
}

// Units are the meters of each unit of length a merchant may name.
var Units = map[string]float64{"m": 1, "cm": 0.01, "mm": 0.001, "in": 0.0254, "ft": 0.3048}

// InMeters returns s, drawn in the named unit, in meters: every scene's roots hang
// from a node that scales them. Animations, skins and cameras follow.
func (s *Scene) InMeters(unit string) (*Scene, error) {
	f, ok := Units[unit]
	if !ok {
		return nil, fmt.Errorf("unit %q is none of m, cm, mm, in, ft", unit)
	}
	if f == 1 {
		return s, nil
	}
	out := *s
	out.Nodes = slices.Clone(s.Nodes)
	out.Scenes = slices.Clone(s.Scenes)
	if len(out.Scenes) == 0 {
		out.Scenes, out.Default = []Roots{{Nodes: s.Stage()}}, 0
	}
	for i := range out.Scenes {
		if len(out.Scenes[i].Nodes) == 0 {
			continue
		}
		out.Nodes = append(out.Nodes, Node{
			Name: "meters", Mesh: None, Skin: None, Camera: None,
			Children: out.Scenes[i].Nodes,
			Rotation: [4]float64{3: 1}, Scale: [3]float64{f, f, f},
		})
		out.Scenes[i].Nodes = []int{len(out.Nodes) - 1}
	}
	// One node can be the root of several scenes, but have one parent only.
	parents := map[int]bool{}
	for _, n := range out.Nodes[len(s.Nodes):] {
		for _, c := range n.Children {
			if parents[c] {
				return nil, Bad("scenes", "share node %d, so their unit can't be changed", c)
			}
			parents[c] = true
		}
	}
	return &out, nil
}

// jsonInt reads an index from a tree that Extra holds.
func jsonInt(v any) (int, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	i, err := n.Int64()
	return int(i), err == nil && i >= 0 && i <= math.MaxInt32
}
