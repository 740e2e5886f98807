package pipeline

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/plinth3d/plinth/mesh"
	"github.com/plinth3d/plinth/mesh/scene"
)

// The web form is for viewers with a meshopt decoder: positions on a grid, directions
// octahedral, texture coordinates in fractions of a texel (KHR_mesh_quantization), all
// in an order that packs well, to be written with EXT_meshopt_compression.

// tightness says how far the web form may round.
type tightness struct {
	shift     float64 // meters in the world that a position may move
	most      float64 // the same where 16 bits are too few for that; beyond it positions stay floats
	shade     int     // bits of each coordinate of a direction
	fractions float64 // of a texel that texture coordinates are counted in
	slide     float64 // but no finer than this, in texture coordinates
	// edge is the length in texels of the longer side of a texture.
	edge func(texture int) int
}

// normalBits is what the octahedral filter keeps of each coordinate: 0.4 degrees off on average, 1.2 at
// worst.
const normalBits = 8

// texelFractions is how finely texture coordinates are kept: their rounding moves a
// picture by an eighth of a texel at most.
const texelFractions = 4

// webbed returns s quantized and put in order. The second result is the most that a
// position moved, in meters of the world.
func webbed(s *scene.Scene, t tightness) (*scene.Scene, float64) {
	out := *s
	out.Nodes, out.Meshes, out.Materials = slices.Clone(s.Nodes), slices.Clone(s.Meshes), slices.Clone(s.Materials)
	for i := range out.Meshes {
		out.Meshes[i].Primitives = slices.Clone(out.Meshes[i].Primitives)
		for j := range out.Meshes[i].Primitives {
			out.Meshes[i].Primitives[j] = ordered(&out.Meshes[i].Primitives[j])
		}
	}
	shift := quantizePositions(&out, t)
	u := uvGroups(&out)
	u.quantize(&out, t)
	type use struct {
		array *scene.Array
		name  string
	}
	shared := map[use]*scene.Array{}
	for i := range out.Meshes {
		for j := range out.Meshes[i].Primitives {
			p := &out.Meshes[i].Primitives[j]
			for k, a := range p.Attributes {
				at := use{a.Array, a.Name}
				if shared[at] == nil {
					shared[at] = rounded(a, t.shade)
				}
				p.Attributes[k].Array = shared[at]
			}
		}
	}
	return &out, shift
}

// ordered is p with its triangles, and then its vertices, in the order that packs best.
func ordered(p *scene.Primitive) scene.Primitive {
	list := p.TriangleList()
	if len(list) == 0 || p.Attribute("POSITION") == nil {
		return *p
	}
	used, indices := mesh.Compact(mesh.Reorder(list, p.Vertices(), mesh.ForSize), p.Vertices())
	return regathered(p, used, indices)
}

// rounded marks directions to be written octahedral, and packs colors in bytes.
func rounded(a scene.Attribute, bits int) *scene.Array {
	switch {
	case (a.Name == "NORMAL" || a.Name == "TANGENT") && a.Kind == scene.Float32:
		out := *a.Array
		out.Octahedral = bits
		return &out
	case strings.HasPrefix(a.Name, "COLOR_") && a.Kind == scene.Float32:
		return colorBytes(a.Array)
	}
	return a.Array
}

// colorBytes is a as normalized bytes, or a itself where a value is not between 0 and 1.
func colorBytes(a *scene.Array) *scene.Array {
	out := &scene.Array{Kind: scene.Uint8, Width: a.Width, Normalized: true, Data: make([]byte, 0, a.Len()*a.Width)}
	for i := range a.Len() {
		for k := range a.Width {
			x := float64(a.At(i, k))
			if !(x >= 0 && x <= 1) {
				return a
			}
			out.Data = append(out.Data, byte(math.Round(x*255)))
		}
	}
	return out
}

// quantizePositions puts the positions of each mesh on a grid and makes its nodes undo
// that. What skins, instances or morph targets change stays as floats: what they do
// is said in the mesh's own lengths, in places that can't undo a scale. So does what 16
// bits can't say well enough.
func quantizePositions(s *scene.Scene, t tightness) (moved float64) {
	moving, reach := animated(s), reaches(s)
	placed := map[int][]scene.Placement{}
	for _, p := range s.Placements() {
		placed[p.Mesh] = append(placed[p.Mesh], p)
	}
	users := make([][]int, len(s.Meshes))
	for n := range s.Nodes {
		if m := s.Nodes[n].Mesh; m != scene.None {
			users[m] = append(users[m], n)
		}
	}
	for i := range s.Meshes {
		most := stretch(s, placed[i], moving, reach)
		if len(users[i]) == 0 || !(most > 0) || math.IsInf(most, 0) || !gridable(s, i, users[i]) {
			continue
		}
		lo, hi, ok := boundsOf(&s.Meshes[i])
		if !ok {
			continue
		}
		grid := mesh.FitGrid(lo, hi, t.shift/most)
		if grid.Shift() > 1.001*max(t.shift, t.most)/most {
			continue
		}
		done := map[*scene.Array]*scene.Array{}
		for j := range s.Meshes[i].Primitives {
			p := &s.Meshes[i].Primitives[j]
			for k, a := range p.Attributes {
				if a.Name != "POSITION" {
					continue
				}
				if done[a.Array] == nil {
					done[a.Array] = shorts(grid.Quantize(a.Vec3()))
				}
				p.Attributes[k].Array = done[a.Array]
			}
		}
		for _, n := range users[i] {
			ungrid(s, n, grid, moving[n])
		}
		moved = max(moved, grid.Shift()*most)
	}
	return moved
}

// gridable tells whether the nodes that show a mesh can undo a scale of it.
func gridable(s *scene.Scene, i int, users []int) bool {
	for _, n := range users {
		if at := &s.Nodes[n]; at.Skin != scene.None || at.Instances != nil {
			return false
		}
	}
	return len(s.Meshes[i].Primitives) > 0 && !slices.ContainsFunc(s.Meshes[i].Primitives, func(p scene.Primitive) bool {
		return len(p.Targets) > 0 || p.Attribute("POSITION") == nil
	})
}

func boundsOf(m *scene.Mesh) (lo, hi [3]float32, ok bool) {
	var all [][3]float32
	for j := range m.Primitives {
		if l, h, some := mesh.Bounds(m.Primitives[j].Attribute("POSITION").Vec3()); some {
			all = append(all, l, h)
		}
	}
	return mesh.Bounds(all)
}

// ungrid makes a node show what its mesh was before it was put on a grid: by its own
// scale where nothing else hangs from that, else by a node of its own.
func ungrid(s *scene.Scene, n int, g mesh.Grid, moving bool) {
	at := &s.Nodes[n]
	if !moving && len(at.Children) == 0 && at.Camera == scene.None && at.Matrix == nil && len(at.Extensions) == 0 && !targeted(s, n) {
		m := at.Local()
		for k := range 3 {
			at.Translation[k] += float64(m[k]*g.Origin[0]) + float64(m[4+k]*g.Origin[1]) + float64(m[8+k]*g.Origin[2])
		}
		for k := range 3 {
			at.Scale[k] *= g.Step
		}
		return
	}
	child := scene.Node{
		Mesh: at.Mesh, Skin: scene.None, Camera: scene.None, Translation: g.Origin,
		Rotation: [4]float64{0, 0, 0, 1}, Scale: [3]float64{g.Step, g.Step, g.Step},
	}
	at.Mesh = scene.None
	at.Children = append(slices.Clone(at.Children), len(s.Nodes))
	s.Nodes = append(s.Nodes, child)
}

// targeted tells whether anything looks at a node's own scale: a joint of a skin, a
// channel of an animation.
func targeted(s *scene.Scene, n int) bool {
	for i := range s.Skins {
		if s.Skins[i].Skeleton == n || slices.Contains(s.Skins[i].Joints, n) {
			return true
		}
	}
	for i := range s.Animations {
		for _, c := range s.Animations[i].Channels {
			if c.Node == n {
				return true
			}
		}
	}
	return false
}

func shorts(rows [][3]uint16) *scene.Array {
	a := &scene.Array{Kind: scene.Uint16, Width: 3, Data: make([]byte, 0, 6*len(rows))}
	for _, row := range rows {
		for _, x := range row {
			a.Data = binary.LittleEndian.AppendUint16(a.Data, x)
		}
	}
	return a
}

// groups are materials that some primitive shows both of, so that they must agree on
// what its texture coordinates mean.
type groups struct {
	of []int // material -> its group's first
}

func uvGroups(s *scene.Scene) *groups {
	g := &groups{of: make([]int, len(s.Materials))}
	for i := range g.of {
		g.of[i] = i
	}
	for i := range s.Meshes {
		for j := range s.Meshes[i].Primitives {
			list := s.Meshes[i].Primitives[j].Materials()
			for _, m := range list[min(1, len(list)):] {
				a, b := g.root(list[0]), g.root(m)
				g.of[max(a, b)] = min(a, b)
			}
		}
	}
	return g
}

func (g *groups) root(m int) int {
	for g.of[m] != m {
		m = g.of[m]
	}
	return m
}

// coordinates are a set of texture coordinates that a group of materials reads.
type coordinates struct{ group, set int }

// uvScale is how a set is counted: what was origin + step t is now t.
type uvScale struct {
	origin, step [2]float64
	lo, hi       [2]float64
	texels       [2]float64 // of the finest texture, to a unit
	repeats      [2]float64 // of a texture, to a unit
	fixed        bool       // it can't be changed
}

// quantize counts texture coordinates in fractions of a texel of the largest texture
// that reads them, and makes the materials' transforms undo that. Those that no texture
// reads are left out.
func (g *groups) quantize(s *scene.Scene, t tightness) {
	scales := map[coordinates]*uvScale{}
	for m := range s.Materials {
		for _, slot := range s.Materials[m].Slots() {
			at := coordinates{g.root(m), slot.UV}
			if scales[at] == nil {
				scales[at] = &uvScale{lo: [2]float64{math.Inf(1), math.Inf(1)}, hi: [2]float64{math.Inf(-1), math.Inf(-1)}}
			}
			u := scales[at]
			for k, f := range slot.Transform {
				u.texels[k] = max(u.texels[k], math.Abs(f)*float64(t.edge(slot.Texture)))
				u.repeats[k] = max(u.repeats[k], math.Abs(f))
			}
			u.fixed = u.fixed || slot.Rotated
		}
	}
	g.eachUV(s, func(at coordinates, p *scene.Primitive, k int, a *scene.Array) {
		u := scales[at]
		if u == nil {
			return
		}
		u.fixed = u.fixed || slices.ContainsFunc(p.Targets, func(t []scene.Attribute) bool {
			return slices.ContainsFunc(t, func(m scene.Attribute) bool { return m.Name == p.Attributes[k].Name })
		})
		for i := range a.Len() {
			for k := range 2 {
				x := float64(a.At(i, k))
				u.lo[k], u.hi[k] = min(u.lo[k], x), max(u.hi[k], x)
			}
		}
		u.fixed = u.fixed || a.Kind != scene.Float32
	})
	for _, u := range scales {
		u.choose(t)
	}
	done := map[*scene.Array]map[coordinates]*scene.Array{}
	g.eachUV(s, func(at coordinates, p *scene.Primitive, k int, a *scene.Array) {
		u := scales[at]
		if u == nil || u.fixed {
			return
		}
		if done[a] == nil {
			done[a] = map[coordinates]*scene.Array{}
		}
		if done[a][at] == nil {
			done[a][at] = u.quantize(a)
		}
		p.Attributes[k].Array = done[a][at]
	})
	changed := false
	for m := range s.Materials {
		s.Materials[m] = s.Materials[m].MapUVs(func(slot scene.Slot) (origin, step [2]float64, ok bool) {
			u := scales[coordinates{g.root(m), slot.UV}]
			changed = changed || !u.fixed
			return u.origin, u.step, !u.fixed
		})
	}
	if changed && !slices.Contains(s.Required, "KHR_texture_transform") {
		s.Required = append(slices.Clone(s.Required), "KHR_texture_transform")
		slices.Sort(s.Required)
	}
	for i := range s.Meshes {
		for j := range s.Meshes[i].Primitives {
			p := &s.Meshes[i].Primitives[j]
			p.Attributes = slices.DeleteFunc(p.Attributes, func(a scene.Attribute) bool {
				set, ok := uvSet(a.Name)
				return ok && scales[coordinates{g.groupOf(p), set}] == nil
			})
		}
	}
}

// eachUV calls do for all texture coordinates, with a list of attributes that may be
// changed.
func (g *groups) eachUV(s *scene.Scene, do func(at coordinates, p *scene.Primitive, k int, a *scene.Array)) {
	for i := range s.Meshes {
		for j := range s.Meshes[i].Primitives {
			p := &s.Meshes[i].Primitives[j]
			p.Attributes = slices.Clone(p.Attributes)
			for k, a := range p.Attributes {
				if set, ok := uvSet(a.Name); ok {
					do(coordinates{g.groupOf(p), set}, p, k, a.Array)
				}
			}
		}
	}
}

// groupOf is the group of the materials of p; None where it has none.
func (g *groups) groupOf(p *scene.Primitive) int {
	list := p.Materials()
	if len(list) == 0 {
		return scene.None
	}
	return g.root(list[0])
}

func uvSet(name string) (set int, ok bool) {
	_, err := fmt.Sscanf(name, "TEXCOORD_%d", &set)
	return set, err == nil
}

// choose finds the scale that counts fractions of a texel in 16 bits.
func (u *uvScale) choose(t tightness) {
	for k := range 2 {
		step := max(1/(t.fractions*max(u.texels[k], 1)), t.slide/max(u.repeats[k], 1e-3))
		if !(u.lo[k] <= u.hi[k] && u.hi[k]-u.lo[k] <= step*(math.MaxUint16-1)) {
			u.fixed = true // or no primitive has it
			return
		}
		// Begin at a multiple of the step, so that 0 and 1 stay what they are.
		u.origin[k], u.step[k] = math.Floor(u.lo[k]/step)*step, step
	}
}

func (u *uvScale) quantize(a *scene.Array) *scene.Array {
	out := &scene.Array{Kind: scene.Uint16, Width: 2, Data: make([]byte, 0, 4*a.Len())}
	for i := range a.Len() {
		for k := range 2 {
			x := math.Round((float64(a.At(i, k)) - u.origin[k]) / u.step[k])
			out.Data = binary.LittleEndian.AppendUint16(out.Data, uint16(min(max(x, 0), math.MaxUint16)))
		}
	}
	return out
}
