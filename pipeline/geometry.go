package pipeline

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"

	"github.com/plinth3d/plinth/mesh"
	"github.com/plinth3d/plinth/mesh/scene"
)

// A body is a part of a scene that is simplified as one mesh: everything that
// stands still, together, so that borders between its primitives move together;
// or one mesh that moves or stands in several places.
type body struct {
	mesh    mesh.Mesh
	parts   []part
	stretch float64 // the most that the world lengthens it
	keep    bool    // vertices carry what can't be fitted to another place
}

// part is where a primitive's vertices are in a body; its number is that of its
// triangles in mesh.Parts.
type part struct {
	mesh, primitive int        // in the scene
	first           int        // vertex
	at              *scene.Mat // where it stands in the body; nil is as it is
}

// maxPosed bounds the vertices of all poses of a body. What needs more is kept as
// it came.
const maxPosed = 32 << 20

// bodies divides a scene.
func bodies(s *scene.Scene) []body {
	moments := frames(s)
	placed := map[int][]scene.Placement{}
	for _, p := range s.Placements() {
		placed[p.Mesh] = append(placed[p.Mesh], p)
	}
	moving, reach := animated(s), reaches(s)
	still := body{stretch: 1}
	var out []body
	for i := range s.Meshes {
		places := placed[i]
		morphs := slices.ContainsFunc(s.Meshes[i].Primitives, func(p scene.Primitive) bool { return len(p.Targets) > 0 })
		switch {
		case len(places) == 0:
		case len(places) == 1 && places[0].Skin == scene.None && !moving[places[0].Node] && !morphs && invertible(places[0].At):
			still.add(s, i, &places[0].At)
		case len(places) == 1 && places[0].Skin != scene.None:
			if b, ok := posed(s, i, places[0], moments); ok {
				out = append(out, b)
			}
		case slices.ContainsFunc(places, func(p scene.Placement) bool { return p.Skin != scene.None }):
			// One mesh on several skeletons is kept as it came.
		default:
			b := body{stretch: stretch(s, places, moving, reach)}
			b.add(s, i, nil)
			if b.morph(s, i) {
				out = append(out, b)
			}
		}
	}
	if len(still.parts) > 0 {
		out = append(out, still)
	}
	return slices.DeleteFunc(out, func(b body) bool {
		return b.mesh.Triangles() == 0 || b.stretch == 0 || math.IsInf(b.stretch, 0) || math.IsNaN(b.stretch)
	})
}

// animated tells which nodes an animation can move, by themselves or with an
// ancestor.
func animated(s *scene.Scene) []bool {
	out := make([]bool, len(s.Nodes))
	for _, a := range s.Animations {
		for _, c := range a.Channels {
			if c.Node != scene.None {
				out[c.Node] = true
			}
		}
	}
	stack := s.Stage()
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[: len(stack)-1 : len(stack)-1]
		for _, c := range s.Nodes[n].Children {
			out[c] = out[c] || out[n]
			stack = append(stack, c)
		}
	}
	return out
}

// stretch is the most that any placement lengthens a mesh, at rest or at any moment
// of an animation. It is infinite where that has no bound.
func stretch(s *scene.Scene, places []scene.Placement, moving []bool, reach []float64) float64 {
	most := 0.0
	for _, p := range places {
		switch {
		case !moving[p.Node]:
			most = max(most, p.At.Stretch())
		case s.Nodes[p.Node].Instances != nil: // instances of what moves are kept as they came
			return math.Inf(1)
		default:
			most = max(most, reach[p.Node])
		}
	}
	return most
}

// reaches bounds, for each node on the stage, by how much it can lengthen what hangs
// from it, whatever its animations do: the product, down from the root, of the most
// that each node can. Only scales lengthen. A spline may overshoot its keys: it
// has no bound here.
func reaches(s *scene.Scene) []float64 {
	own := make([]float64, len(s.Nodes))
	for i := range s.Nodes {
		own[i] = s.Nodes[i].Local().Stretch()
	}
	for i := range s.Animations {
		for _, c := range s.Animations[i].Channels {
			if c.Node == scene.None {
				continue
			}
			t := &s.Animations[i].Samplers[c.Track]
			switch {
			case c.Path == "scale" && t.Interpolation == "CUBICSPLINE",
				c.Path != "weights" && s.Nodes[c.Node].Matrix != nil:
				own[c.Node] = math.Inf(1)
			case c.Path == "scale":
				for k := range t.Output.Len() {
					for axis := range 3 {
						own[c.Node] = max(own[c.Node], math.Abs(float64(t.Output.At(k, axis))))
					}
				}
			}
		}
	}
	out := slices.Clone(own)
	stack := slices.Clone(s.Stage())
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		for _, c := range s.Nodes[n].Children {
			out[c] = own[c] * out[n]
			stack = append(stack, c)
		}
	}
	return out
}

// add appends the triangles of a mesh, moved to the world where at is given.
func (b *body) add(s *scene.Scene, i int, at *scene.Mat) {
	for j := range s.Meshes[i].Primitives {
		p := &s.Meshes[i].Primitives[j]
		positions := p.Attribute("POSITION")
		list := p.TriangleList()
		if positions == nil || len(list) == 0 {
			continue
		}
		m, first := &b.mesh, len(b.mesh.Positions)
		for _, at0 := range positions.Vec3() {
			if at != nil {
				at0 = at.Point(at0)
			}
			m.Positions = append(m.Positions, at0)
		}
		n := len(m.Positions)
		if a := p.Attribute("NORMAL"); a != nil {
			m.Normals = append(grown(m.Normals, first), a.Vec3()...)
			if at != nil {
				turn(m.Normals[first:], *at)
			}
		}
		if a := p.Attribute("COLOR_0"); a != nil {
			m.Colors = append(grown(m.Colors, first), a.Vec4()...)
		}
		for set := 0; ; set++ {
			a := p.Attribute(fmt.Sprintf("TEXCOORD_%d", set))
			if a == nil {
				break
			}
			if set == len(m.UVs) {
				m.UVs = append(m.UVs, nil)
			}
			m.UVs[set] = append(grown(m.UVs[set], first), a.Vec2()...)
		}
		// What this primitive lacks and others have is zero all over.
		if m.Normals != nil {
			m.Normals = grown(m.Normals, n)
		}
		if m.Colors != nil {
			m.Colors = grown(m.Colors, n)
		}
		for set := range m.UVs {
			m.UVs[set] = grown(m.UVs[set], n)
		}
		for _, v := range list {
			m.Indices = append(m.Indices, uint32(first)+v)
		}
		m.Parts = append(m.Parts, slices.Repeat([]uint32{uint32(len(b.parts))}, len(list)/3)...)
		b.parts = append(b.parts, part{i, j, first, at})
		b.keep = b.keep || !fittable(p)
	}
}

// grown returns list with zeros up to length n.
func grown[T any](list []T, n int) []T {
	if len(list) >= n {
		return list
	}
	return append(list, make([]T, n-len(list))...)
}

// fittable tells whether everything that the vertices of p carry can be fitted to a new
// place. Weights, morph targets and custom attributes stay with their vertex.
func fittable(p *scene.Primitive) bool {
	return len(p.Targets) == 0 && !slices.ContainsFunc(p.Attributes, func(a scene.Attribute) bool {
		switch a.Name {
		case "POSITION", "NORMAL", "TANGENT", "COLOR_0":
			return false
		}
		return !strings.HasPrefix(a.Name, "TEXCOORD_")
	})
}

// turn moves normals as at does.
func turn(normals [][3]float32, at scene.Mat) {
	m, _ := at.Linear()
	m = m.Normals()
	for i, n := range normals {
		normals[i] = m.Turn(n)
	}
}

func invertible(at scene.Mat) bool {
	_, ok := at.Inverse()
	return ok
}

// morph adds each morph target, fully applied, as a pose. It says false when that
// would be too many.
func (b *body) morph(s *scene.Scene, i int) bool {
	targets := 0
	for j := range s.Meshes[i].Primitives {
		targets = max(targets, len(s.Meshes[i].Primitives[j].Targets))
	}
	if targets*len(b.mesh.Positions) > maxPosed {
		return false
	}
	for t := range targets {
		pose := slices.Clone(b.mesh.Positions)
		for _, p := range b.parts {
			prim := &s.Meshes[p.mesh].Primitives[p.primitive]
			applyTarget(pose[p.first:p.first+prim.Vertices()], prim, t)
		}
		b.mesh.Poses = append(b.mesh.Poses, pose)
	}
	return true
}

func applyTarget(points [][3]float32, p *scene.Primitive, t int) {
	if t >= len(p.Targets) {
		return
	}
	for _, a := range p.Targets[t] {
		if a.Name != "POSITION" {
			continue
		}
		for v := range points {
			for k := range 3 {
				points[v][k] += a.At(v, k)
			}
		}
	}
}

// posed makes a body of a skinned mesh: in the world at rest, with its morph
// targets, and at key frames of every animation.
func posed(s *scene.Scene, i int, place scene.Placement, moments [][]*scene.Mat) (body, bool) {
	b := body{stretch: 1}
	b.add(s, i, nil)
	if !b.morph(s, i) {
		return b, false
	}
	worlds := append([][]*scene.Mat{s.Rest()}, moments...)
	if len(worlds)*len(b.mesh.Positions) > maxPosed {
		return b, false
	}
	shapes := append([][][3]float32{b.mesh.Positions}, b.mesh.Poses...)
	b.mesh.Poses = nil
	for w, world := range worlds {
		joints := s.JointMatrices(place.Skin, world)
		for _, shape := range shapes {
			pose := make([][3]float32, 0, len(shape))
			for _, p := range b.parts {
				prim := &s.Meshes[p.mesh].Primitives[p.primitive]
				pose = append(pose, prim.Pose(shape[p.first:p.first+prim.Vertices()], joints)...)
			}
			b.mesh.Poses = append(b.mesh.Poses, pose)
			if w > 0 {
				break // morphs are looked at in the rest pose only
			}
		}
	}
	b.mesh.Positions, b.mesh.Poses = b.mesh.Poses[0], b.mesh.Poses[1:]
	return b, true
}

// framesPerAnimation is how many moments of an animation are looked at; maxFrames,
// how many in all.
const (
	framesPerAnimation = 4
	maxFrames          = 16
)

// frames returns the world at moments spread over each animation, from its begin
// to its end.
func frames(s *scene.Scene) (out [][]*scene.Mat) {
	if len(s.Skins) == 0 {
		return nil // only skins are looked at in motion
	}
	for i := range s.Animations {
		a := &s.Animations[i]
		end := float32(0)
		for _, t := range a.Samplers {
			end = max(end, t.Input.At(t.Input.Len()-1, 0))
		}
		channels := map[int][]scene.Channel{}
		for _, c := range a.Channels {
			if c.Node != scene.None && c.Path != "weights" && len(channels[c.Node]) < 3 {
				channels[c.Node] = append(channels[c.Node], c)
			}
		}
		for k := range framesPerAnimation {
			if len(out) == maxFrames {
				return out
			}
			moment := end * float32(k) / (framesPerAnimation - 1)
			out = append(out, s.World(func(n int) scene.Mat { return moved(&s.Nodes[n], channels[n], a.Samplers, moment).Local() }))
		}
	}
	return out
}

// moved is a node at the key frame last before a moment.
func moved(at *scene.Node, channels []scene.Channel, tracks []scene.Track, moment float32) *scene.Node {
	node := *at
	for _, c := range channels {
		t := &tracks[c.Track]
		k := max(sort.Search(t.Input.Len(), func(i int) bool { return t.Input.At(i, 0) > moment })-1, 0)
		if t.Interpolation == "CUBICSPLINE" {
			k = 3*k + 1
		}
		node.Matrix = nil
		switch c.Path {
		case "translation":
			node.Translation = [3]float64{float64(t.Output.At(k, 0)), float64(t.Output.At(k, 1)), float64(t.Output.At(k, 2))}
		case "rotation":
			node.Rotation = [4]float64{float64(t.Output.At(k, 0)), float64(t.Output.At(k, 1)), float64(t.Output.At(k, 2)), float64(t.Output.At(k, 3))}
		case "scale":
			node.Scale = [3]float64{float64(t.Output.At(k, 0)), float64(t.Output.At(k, 1)), float64(t.Output.At(k, 2))}
		}
	}
	return &node
}

// A shape is the geometry of one level.
type shape struct {
	meshes    []scene.Mesh
	deviation float64  // meters; 0 when all is as it came
	reasons   []string // why there are more triangles than a ratio asked for
}

// shapes simplifies a scene to each target, finest first; deviations are meters of the
// world. What no level changes is as it came; what is changed has normals.
func shapes(ctx context.Context, source *scene.Scene, goals []mesh.Target, crease float64) ([]shape, error) {
	out := make([]shape, len(goals))
	for k := range out {
		out[k].meshes = slices.Clone(source.Meshes)
	}
	s := withNormals(source, crease)
	for _, b := range bodies(s) {
		targets := slices.Clone(goals)
		for k := range targets {
			// A level is measured from the source in the body's own frame.
			targets[k].Deviation = float32(float64(goals[k].Deviation) / b.stretch * 0.999)
		}
		levels, err := mesh.Chain(ctx, &b.mesh, targets, mesh.Options{KeepVertices: b.keep})
		if err != nil {
			return nil, context.Cause(ctx)
		}
		for k := range levels {
			if l := &levels[k]; len(l.Indices) < len(b.mesh.Indices) {
				kept := b.write(s, l, out[k].meshes, goals[k].Ratio > 0)
				if kept > 0 {
					out[k].reasons = append(out[k].reasons, fmt.Sprintf("%d meshes have nothing left but what is too small to keep its place, and stay as they came", kept))
				}
				out[k].deviation = max(out[k].deviation, float64(l.Deviation)*b.stretch)
			}
			if why := levels[k].Reason; why != "" && !slices.Contains(out[k].reasons, why) {
				out[k].reasons = append(out[k].reasons, why)
			}
		}
	}
	return out, nil
}

// write puts a level's triangles into the primitives they are of. One that has none left
// goes where fewer triangles are what is asked for, and else stays as it came: nothing of it
// is large enough to be seen. A mesh needs one, so the last stays in any case; write returns
// how many did.
func (b *body) write(s *scene.Scene, l *mesh.Level, meshes []scene.Mesh, drop bool) (kept int) {
	lists := make([][]uint32, len(b.parts))
	for t, p := range l.Parts {
		lists[p] = append(lists[p], l.Indices[3*t:3*t+3]...)
	}
	gone := map[int]map[int]bool{} // mesh -> primitives; an entry says that the list is a copy
	for i, p := range b.parts {
		if gone[p.mesh] == nil {
			meshes[p.mesh].Primitives = slices.Clone(meshes[p.mesh].Primitives)
			gone[p.mesh] = map[int]bool{}
		}
		if len(lists[i]) == 0 {
			gone[p.mesh][p.primitive] = drop
			continue
		}
		meshes[p.mesh].Primitives[p.primitive] = b.reduced(p, &s.Meshes[p.mesh].Primitives[p.primitive], l, lists[i])
	}
	for m, of := range gone {
		var rest []scene.Primitive
		for j, p := range meshes[m].Primitives {
			if !of[j] {
				rest = append(rest, p)
			}
		}
		if len(rest) == 0 {
			kept++
			continue
		}
		meshes[m].Primitives = rest
	}
	return kept
}

// reduced is a primitive with the vertices of a level that list uses. A vertex that
// didn't move is what it was, bit for bit.
func (b *body) reduced(part part, p *scene.Primitive, l *mesh.Level, list []uint32) scene.Primitive {
	used, indices := mesh.Compact(list, len(l.Positions))
	from := make([]uint32, len(used))
	var moved []int // of used
	for i, v := range used {
		source := l.Sources[v]
		from[i] = source - uint32(part.first)
		if !l.Same(int(v), &b.mesh, int(source)) {
			moved = append(moved, i)
		}
	}
	out := regathered(p, from, indices)
	if len(moved) == 0 {
		return out
	}
	f := fitter{level: l, used: used, moved: moved, at: part.at}
	if f.at != nil {
		f.back, _ = f.at.Inverse() // bodies saw to it that there is one
	}
	normals := f.normals(out.Attribute("NORMAL"))
	for i, a := range out.Attributes {
		set := 0
		switch _, err := fmt.Sscanf(a.Name, "TEXCOORD_%d", &set); {
		case a.Name == "POSITION":
			out.Attributes[i].Array = f.positions(a.Array)
		case a.Name == "NORMAL":
			out.Attributes[i].Array = scene.Floats(normals)
		case a.Name == "TANGENT":
			out.Attributes[i].Array = f.tangents(a.Array, normals)
		case a.Name == "COLOR_0":
			out.Attributes[i].Array = f.colors(a.Array)
		case err == nil && set < len(l.UVs):
			uvs := a.Array.Vec2()
			for _, k := range moved {
				uvs[k] = l.UVs[set][used[k]]
			}
			out.Attributes[i].Array = scene.Floats(uvs)
		}
	}
	return out
}

// fitter brings the vertices that moved back from a level to a primitive.
type fitter struct {
	level *mesh.Level
	used  []uint32 // vertices of the level
	moved []int    // which of them differ from the source's
	at    *scene.Mat
	back  scene.Mat // undoes at
}

func (f *fitter) positions(a *scene.Array) *scene.Array {
	points := a.Vec3()
	for _, i := range f.moved {
		p := f.level.Positions[f.used[i]]
		if f.at != nil {
			p = f.back.Point(p)
		}
		points[i] = p
	}
	return scene.Floats(points)
}

func (f *fitter) normals(a *scene.Array) [][3]float32 {
	if a == nil {
		return nil
	}
	out := a.Vec3()
	for _, i := range f.moved {
		one := [][3]float32{f.level.Normals[f.used[i]]}
		if f.at != nil {
			turn(one, f.back)
		}
		out[i] = one[0]
	}
	return out
}

// tangents turns those of vertices that moved into the plane of their new normal.
func (f *fitter) tangents(a *scene.Array, normals [][3]float32) *scene.Array {
	rows := a.Vec4()
	for _, i := range f.moved {
		if normals == nil {
			break
		}
		t, n := rows[i], normals[i]
		along := float64(t[0]*n[0]) + float64(t[1]*n[1]) + float64(t[2]*n[2])
		var flat [3]float64
		sum := 0.0
		for k := range 3 {
			flat[k] = float64(t[k]) - float64(along*float64(n[k]))
			sum += float64(flat[k] * flat[k])
		}
		if sum < 1e-4 {
			continue // it stands on the surface; there is nothing better to say
		}
		for k := range 3 {
			rows[i][k] = float32(flat[k] / math.Sqrt(sum))
		}
	}
	return scene.Floats(rows)
}

func (f *fitter) colors(a *scene.Array) *scene.Array {
	rows := a.Vec4()
	for _, i := range f.moved {
		rows[i] = f.level.Colors[f.used[i]]
	}
	if a.Width == 4 {
		return scene.Floats(rows)
	}
	three := make([][3]float32, len(rows))
	for i, c := range rows {
		three[i] = [3]float32(c[:3])
	}
	return scene.Floats(three)
}

// withNormals gives normals to triangles that have none. Viewers shade those flat,
// face by face, which would show every triangle that simplification leaves.
func withNormals(s *scene.Scene, crease float64) *scene.Scene {
	out := *s
	out.Meshes = slices.Clone(s.Meshes)
	for i := range out.Meshes {
		m := &out.Meshes[i]
		cloned := false
		for j := range m.Primitives {
			p := &m.Primitives[j]
			if p.Attribute("NORMAL") != nil || p.Attribute("POSITION") == nil || len(p.TriangleList()) == 0 {
				continue
			}
			if !cloned {
				m.Primitives, cloned = slices.Clone(m.Primitives), true
				p = &m.Primitives[j]
			}
			flat := mesh.Mesh{Positions: p.Attribute("POSITION").Vec3(), Indices: p.TriangleList()}
			normals, from, indices := mesh.Normals(&flat, crease)
			*p = regathered(p, from, indices)
			p.Attributes = append(p.Attributes, scene.Attribute{Name: "NORMAL", Array: scene.Floats(normals)})
			slices.SortFunc(p.Attributes, func(a, b scene.Attribute) int { return strings.Compare(a.Name, b.Name) })
		}
	}
	return &out
}

// regathered is p with the listed vertices and indices into them. Arrays that it uses
// twice stay one.
func regathered(p *scene.Primitive, from, indices []uint32) scene.Primitive {
	out := *p
	out.Mode, out.Indices = scene.Triangles, indices
	done := map[*scene.Array]*scene.Array{}
	gather := func(list []scene.Attribute) (to []scene.Attribute) {
		for _, a := range list {
			if done[a.Array] == nil {
				done[a.Array] = a.Gather(from)
			}
			to = append(to, scene.Attribute{Name: a.Name, Array: done[a.Array]})
		}
		return to
	}
	out.Attributes, out.Targets = gather(p.Attributes), nil
	for _, t := range p.Targets {
		out.Targets = append(out.Targets, gather(t))
	}
	return out
}
