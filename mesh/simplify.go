package mesh

import (
	"context"
	"fmt"
	"math"
	"slices"
)

// A Target says how far a mesh is taken down: to a share of its triangles, or as far
// as a deviation allows, or to what comes first of both. With neither, it is kept.
type Target struct {
	Ratio     float64 // share of the source's triangles; 0 asks for none
	Deviation float32 // meters; 0 asks for none
}

// A Level is one result of Chain: a mesh of its own.
type Level struct {
	Mesh
	Sources []uint32 // for each vertex, one of the source that became it

	// Deviation is an upper bound in meters of how far the surface is from the
	// source, in any pose. It is measured where the target asks for one, 0 for the
	// source itself, and otherwise infinite: nothing is promised.
	Deviation float32

	Reason string // why there are more triangles than Ratio asks for; empty when there aren't

	places []int32 // for each vertex where it is in the reducer, while that may go back
}

// Same tells whether vertex i of the level is all that vertex v of the source is.
func (l *Level) Same(i int, m *Mesh, v int) bool {
	same := l.Positions[i] == m.Positions[v] && (m.Normals == nil || l.Normals[i] == m.Normals[v]) &&
		(m.Colors == nil || l.Colors[i] == m.Colors[v])
	for set := range m.UVs {
		same = same && l.UVs[set][i] == m.UVs[set][v]
	}
	return same
}

// Simplify takes m down to t. See Chain.
func Simplify(m *Mesh, t Target) Level {
	levels, err := Chain(context.Background(), m, []Target{t}, Options{})
	if err != nil {
		panic(err) // nobody cancels it
	}
	return levels[0]
}

// Options of Chain. The zero value is what most meshes want.
type Options struct {
	// KeepVertices lets vertices be only where the source has some, and Sources says
	// which: for what a vertex carries beyond a Mesh, such as the weights of a skin.
	// A mesh with Poses keeps them anyway.
	KeepVertices bool
}

// Chain takes m down to several targets, finest first: ratios must not increase nor
// deviations decrease. It simplifies once, so a level costs what it takes beyond
// the one before. m must be valid.
//
// Vertices move to where they fit best, and normals, texture coordinates and colors
// are fitted anew there. Open borders, seams of the texture and borders between parts
// may lose vertices, and never come apart. For a ratio, small connected pieces are
// removed where that costs less than the next collapse; for a deviation, none are. No level
// is empty unless m has no triangle with an area.
//
// Blocks are worked on in parallel; the result doesn't depend on how many at a time.
// The only error is that of ctx, when it ends first.
func Chain(ctx context.Context, m *Mesh, targets []Target, o Options) ([]Level, error) {
	r := newReducer(m, o.KeepVertices || len(m.Poses) > 0)
	rulers := newRulers(m, targets)
	levels := make([]Level, len(targets))
	for k, t := range targets {
		goal := 0
		if t.Ratio > 0 {
			goal = int(math.Round(t.Ratio * float64(m.Triangles())))
		}
		var err error
		before := float32(0) // deviation of the level that this one is made of
		if k > 0 {
			before = levels[k-1].Deviation
		}
		if t.Deviation > 0 {
			r, levels[k], err = r.within(ctx, rulers, before, goal, float64(t.Deviation))
		} else {
			there := r.alive
			if t.Ratio > 0 {
				r.allow(math.Inf(1))
				err = r.reach(ctx, goal)
			}
			levels[k] = r.level()
			if levels[k].Deviation = before; r.alive < there {
				levels[k].Deviation = float32(math.Inf(1))
			}
		}
		if err != nil {
			return nil, err
		}
		if n := levels[k].Triangles(); t.Ratio > 0 && float64(n) > float64(1.01*float64(goal))+1 {
			levels[k].Reason = r.reason(t)
		}
	}
	return levels, nil
}

// reason says what stopped the work.
func (r *reducer) reason(t Target) string {
	switch {
	case t.Deviation > 0 && !r.exhausted():
		return fmt.Sprintf("the next collapse would go beyond %g m", t.Deviation)
	case r.parts != nil && r.parts.spent > 0:
		return fmt.Sprintf("no collapse is left that keeps each connected piece, and pieces with %.0f %% of the surface are removed", 100*r.parts.spent/r.parts.area)
	}
	return "no collapse is left that keeps each connected piece"
}

// exhausted tells whether no collapse is left, however far it would go.
func (r *reducer) exhausted() bool {
	_, _, waiting := r.rung(1)
	for c, st := range r.state {
		if r.place[c] >= 0 && st&(named|parked) == named|parked {
			return false
		}
	}
	return waiting == 0
}

func newRulers(m *Mesh, targets []Target) (rulers []*ruler) {
	if !slices.ContainsFunc(targets, func(t Target) bool { return t.Deviation > 0 }) {
		return nil
	}
	rulers = append(rulers, newRuler(newSurface(m, m.Positions)))
	for _, pose := range m.Poses {
		rulers = append(rulers, newRuler(newSurface(m, pose)))
	}
	return rulers
}

// measured is how much of the squared limit a collapse may cost by area at first. The mean
// that quadrics know is well below the largest distance.
const measured = 0.3

// slacks is the part of that which a place gets, and gets next when the surface near it
// came out too far from its source.
var slacks = [...]float32{1, 0.4, 0.15, 0.05, 0.01, 0}

// tries is how often a level is made again. From the fifth on, what is still too far
// keeps its neighbors too.
const (
	tries  = 12
	severe = 4
)

// within takes the mesh down as far as a deviation in meters allows. Quadrics only
// estimate it, so what comes out is measured, and where it went too far it is done
// again from the level before with less room for the places there. It returns where it
// arrived; if that can't be kept, that is where it began.
func (r *reducer) within(ctx context.Context, rulers []*ruler, before float32, goal int, limit float64) (*reducer, Level, error) {
	r.allow(limit)
	for a := range r.slack {
		r.slack[a] = slacks[0]
	}
	for k := range tries {
		try := r.clone()
		if err := try.reach(ctx, goal); err != nil {
			return nil, Level{}, err
		}
		if try.alive == r.alive {
			break
		}
		l := try.level()
		upper, there, here := l.measure(rulers, limit)
		if len(there) == 0 && len(here) == 0 {
			l.Deviation = above(upper)
			return try, l, nil
		}
		var far []int32
		for _, v := range there {
			if a := r.number[v]; a >= 0 {
				far = append(far, r.survivor(a))
			}
		}
		for _, v := range here {
			far = append(far, l.places[v])
		}
		r.tighten(far, k >= severe)
	}
	l := r.level()
	l.Deviation = before
	return r, l, nil
}

// above is x rounded up to the next float32.
func above(x float64) float32 {
	f := float32(x)
	if float64(f) < x {
		f = math.Nextafter32(f, float32(math.Inf(1)))
	}
	return f
}

// measure bounds the distance in all poses, and lists the vertices of the source and of
// the level near which it is too far in any.
func (l *Level) measure(rulers []*ruler, limit float64) (upper float64, there, here []uint32) {
	for i, ruler := range rulers {
		at := l.Positions
		if i > 0 {
			at = l.Poses[i-1]
		}
		u, t, h := ruler.measure(newSurface(&l.Mesh, at), limit)
		upper, there, here = max(upper, u), append(there, t...), append(here, h...)
	}
	return upper, there, here
}

// tighten gives places less room, or none to them and less to their neighbors.
func (r *reducer) tighten(far []int32, severe bool) {
	slices.Sort(far)
	far = slices.Compact(far)
	less := func(a int32) {
		r.slack[a] = slacks[min(slices.Index(slacks[:], r.slack[a])+1, len(slacks)-1)]
	}
	if severe {
		var around []int32
		for _, a := range far {
			for c, n := r.head[a], 0; c >= 0 && n < maxRing; c, n = r.chain[c], n+1 {
				if r.place[c] >= 0 {
					around = append(around, r.place[after(c)], r.place[before(c)])
				}
			}
			r.slack[a] = 0
		}
		slices.Sort(around)
		for _, a := range slices.Compact(around) {
			less(a)
		}
		return
	}
	for _, a := range far {
		less(a)
	}
}

// level is the mesh as it stands. Vertices are in the order of wedges, which is about that
// of the curve, and triangles in that of the work.
func (r *reducer) level() Level {
	var l Level
	m := r.m
	number := make([]int32, len(r.vertex)) // wedge -> its vertex + 1
	at := make([]int32, len(r.vertex))     // its place
	triangles := len(r.place) / 3
	const run = 1 << 14
	runs := (triangles + run - 1) / run
	begin := make([]int, runs+1) // triangles alive before each run
	parallel(0, runs, func(i int) {
		n := 0
		for t := i * run; t < min((i+1)*run, triangles); t++ {
			if r.place[3*t] >= 0 {
				n++
			}
		}
		begin[i+1] = n
	})
	for i := range runs {
		begin[i+1] += begin[i]
	}
	for c, a := range r.place {
		if a >= 0 {
			w := r.corner[c]
			number[w], at[w] = 1, a
		}
	}
	n := int32(0)
	for w, used := range number {
		if used > 0 {
			n++
			number[w] = n
		}
	}

	l.Positions, l.Sources, l.places = make([][3]float32, n), make([]uint32, n), make([]int32, n)
	for range m.Poses {
		l.Poses = append(l.Poses, make([][3]float32, n))
	}
	if m.Normals != nil {
		l.Normals = make([][3]float32, n)
	}
	for range m.UVs {
		l.UVs = append(l.UVs, make([][2]float32, n))
	}
	if m.Colors != nil {
		l.Colors = make([][4]float32, n)
	}
	parallel(0, (len(number)+run-1)/run, func(i int) {
		values := make([]float64, r.width)
		for w := i * run; w < min((i+1)*run, len(number)); w++ {
			if number[w] > 0 {
				r.emit(&l, int(number[w]-1), at[w], int32(w), values)
			}
		}
	})

	l.Indices = make([]uint32, 3*begin[runs])
	if m.Parts != nil {
		l.Parts = make([]uint32, begin[runs])
	}
	parallel(0, runs, func(i int) {
		to := begin[i]
		for t := i * run; t < min((i+1)*run, triangles); t++ {
			if r.place[3*t] < 0 {
				continue
			}
			for k := range 3 {
				l.Indices[3*to+k] = uint32(number[r.corner[3*t+k]] - 1)
			}
			if m.Parts != nil {
				l.Parts[to] = r.nameOf(r.part[r.corner[3*t]])
			}
			to++
		}
	})
	return l
}

// emit makes a wedge vertex i of a level, its attributes such as fit best.
func (r *reducer) emit(l *Level, i int, place, w int32, values []float64) {
	m, v := r.m, r.vertex[w]
	p := r.at[place]
	l.Positions[i], l.Sources[i], l.places[i] = r.outside(p), v, place
	if r.fixed {
		l.Positions[i] = m.Positions[v] // to the last bit
	}
	for k, pose := range m.Poses {
		l.Poses[k][i] = pose[v]
	}
	if !r.fitted[w] {
		l.take(m, i, v)
		return
	}
	if r.width == 0 {
		return
	}
	s := r.sumsOf(w)
	shade, other := inverse(s[sumShade]), inverse(s[sumOther])
	for k := range values {
		g := s[sumAttributes+4*k:]
		values[k] = float64(g[0]*p[0]) + float64(g[1]*p[1]) + float64(g[2]*p[2]) + g[3]
		if k < r.shades {
			values[k] *= shade
		} else {
			values[k] *= other
		}
	}
	first := 0
	if m.Normals != nil {
		n := m.Normals[v]
		fit := vec{values[0], values[1], values[2]}
		if dot(fit, fit) > 0.01 {
			n = narrow(unit(fit))
		}
		l.Normals[i] = n
		first = 3
	}
	for set := range m.UVs {
		uv := m.UVs[set][v]
		if f := r.scales[set][r.part[w]]; f > 0 && other > 0 {
			for k, at := range r.ranges[set][r.part[w]][0] { // what wraps around must not, by rounding
				uv[k] = min(max(float32(values[first+k]/f), at), r.ranges[set][r.part[w]][1][k])
			}
		}
		l.UVs[set][i] = uv
		first += 2
	}
	if m.Colors != nil {
		c := m.Colors[v]
		if other > 0 {
			for k := range c {
				c[k] = float32(min(max(values[first+k]/colorWeight, 0), 1))
			}
		}
		l.Colors[i] = c
	}
}

// take makes vertex i of a level what vertex v of the source is.
func (l *Level) take(m *Mesh, i int, v uint32) {
	l.Positions[i] = m.Positions[v]
	if m.Normals != nil {
		l.Normals[i] = m.Normals[v]
	}
	for set := range m.UVs {
		l.UVs[set][i] = m.UVs[set][v]
	}
	if m.Colors != nil {
		l.Colors[i] = m.Colors[v]
	}
}
