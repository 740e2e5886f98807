package mesh

import (
	"cmp"
	"context"
	"math"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"
)

// A Target says how far a simplified surface may lie from its source.
type Target struct {
	Deviation float32 // meters
}

// A Level is one result of Chain.
type Level struct {
	Indices   []uint32 // into the vertices of the source
	Sources   []uint32 // the triangle of the source that each triangle was
	Deviation float32  // meters, an upper bound of what was reached; 0 is the source
}

// Simplify removes triangles of m as long as the surface stays within
// t.Deviation, and returns indices into the vertices of m with an upper bound of
// the deviation reached, in meters.
//
// Simplify keeps open borders, seams of the texture and borders between parts:
// they may lose vertices, never come apart. It keeps every connected piece of the
// surface, so the result is empty only when m has no triangle with an area.
// m must be valid.
func Simplify(m *Mesh, t Target) (indices []uint32, deviation float32) {
	levels, err := Chain(context.Background(), m, []Target{t})
	if err != nil {
		panic(err) // nobody cancels it
	}
	return levels[0].Indices, levels[0].Deviation
}

// Chain is Simplify to several targets, which must not decrease. It simplifies
// once, so a level costs what it takes beyond the one before.
//
// Pieces are worked on in parallel; the result doesn't depend on how many at a
// time. The only error is that of ctx, when it ends first.
func Chain(ctx context.Context, m *Mesh, targets []Target) ([]Level, error) {
	places := m.Places()
	pieces := components(m, places)
	results := make([][]Level, len(pieces))

	// Work is handed out in runs of about equal size, each with its scratch.
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for from := 0; from < len(pieces); {
		to, size := from, 0
		for to < len(pieces) && size < 1<<15 {
			size += len(pieces[to])
			to++
		}
		work, out := pieces[from:to], results[from:to]
		group.Go(func() error {
			local := slices.Repeat([]int32{-1}, len(m.Positions))
			for i := range work {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				out[i] = chainPiece(ctx, m, work[i], places, local, targets)
			}
			return ctx.Err()
		})
		from = to
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}

	levels := make([]Level, len(targets))
	for k := range levels {
		levels[k] = merge(results, k)
	}
	return levels, nil
}

// merge puts the pieces of one level together, in the order of the source.
func merge(pieces [][]Level, k int) Level {
	type item struct{ source, a, b, c uint32 }
	var all []item
	var l Level
	for _, piece := range pieces {
		p := &piece[k]
		l.Deviation = max(l.Deviation, p.Deviation)
		for t, s := range p.Sources {
			all = append(all, item{s, p.Indices[3*t], p.Indices[3*t+1], p.Indices[3*t+2]})
		}
	}
	slices.SortFunc(all, func(a, b item) int { return cmp.Compare(a.source, b.source) })
	l.Indices, l.Sources = make([]uint32, 0, 3*len(all)), make([]uint32, 0, len(all))
	for _, i := range all {
		l.Indices = append(l.Indices, i.a, i.b, i.c)
		l.Sources = append(l.Sources, i.source)
	}
	return l
}

// components lists the triangles of each connected piece of the surface, without
// those that have two corners at one place and so no area.
func components(m *Mesh, places []uint32) [][]uint32 {
	parent := make([]uint32, len(m.Positions))
	for v := range parent {
		parent[v] = uint32(v)
	}
	collapsed := func(t int) bool {
		a, b, c := places[m.Indices[3*t]], places[m.Indices[3*t+1]], places[m.Indices[3*t+2]]
		return a == b || b == c || c == a
	}
	for t := range m.Triangles() {
		if !collapsed(t) {
			a := places[m.Indices[3*t]]
			join(parent, a, places[m.Indices[3*t+1]])
			join(parent, a, places[m.Indices[3*t+2]])
		}
	}
	number := make([]uint32, len(parent))
	var pieces [][]uint32
	for t := range m.Triangles() {
		if collapsed(t) {
			continue
		}
		r := root(parent, places[m.Indices[3*t]])
		if number[r] == 0 {
			pieces = append(pieces, nil)
			number[r] = uint32(len(pieces))
		}
		pieces[number[r]-1] = append(pieces[number[r]-1], uint32(t))
	}
	return pieces
}

// chainPiece simplifies one piece to each target.
func chainPiece(ctx context.Context, m *Mesh, triangles, places []uint32, local []int32, targets []Target) []Level {
	d := newDecimator(newPiece(m, triangles, places, local, float64(targets[0].Deviation)))
	d.stop = ctx.Done()
	rulers := make([]*ruler, len(d.poses))
	for i, pose := range d.poses {
		rulers[i] = newRuler(pose, d.surface())
	}
	levels := make([]Level, len(targets))
	last := d.level()
	for k, t := range targets {
		d, last = d.reach(rulers, last, float64(t.Deviation))
		levels[k] = last
	}
	return levels
}

// shares is the part of the limit that a place gets, and gets next when the
// surface near it came out too far from its source.
var shares = [...]float64{0.95, 0.85, 0.7, 0.5, 0.25, 0}

// tries is how often a level is made again. From the fifth on, what is still too
// far keeps its neighbors too.
const (
	tries  = 12
	severe = 5
)

// reach simplifies on from d to a target. The decimator looks at samples only, so
// what it did is measured, and where it went too far it is done again with less
// room for the places there. It returns where it arrived; if it can't be kept,
// that is d itself and the level before.
func (d *decimator) reach(rulers []*ruler, last Level, target float64) (*decimator, Level) {
	if !(target > 0) {
		return d, last
	}
	d.share = slices.Repeat([]float64{shares[0]}, len(d.head))
	d.log = journal{}
	try := d.clone()
	try.run(target)
	for k := range tries {
		if try.alive == d.alive || d.stopped() {
			return d, last
		}
		deviation, far := measure(rulers, try.surface(), target)
		if len(far) == 0 {
			l := try.level()
			l.Deviation = deviation
			return try, l
		}

		tightened := d.tighten(far, k >= severe)
		again := d.clone()
		again.rerun(target, &try.log, tightened)
		try = again
	}
	return d, last
}

// tighten gives each of some places less room, or none to them and their
// neighbors, and returns them without repetition.
func (d *decimator) tighten(far []int32, severe bool) []int32 {
	if severe {
		for _, at := range far {
			if d.here.gather(d.piece, at) {
				for _, s := range d.here.spokes {
					far = append(far, s.far)
				}
			}
		}
	}
	slices.Sort(far)
	far = slices.Compact(far)
	for _, at := range far {
		if severe {
			d.share[at] = 0
		} else {
			d.share[at] = shares[min(slices.Index(shares[:], d.share[at])+1, len(shares)-1)]
		}
	}
	return far
}

// measure bounds the distance in all poses, rounded up to the next float32, and
// lists the places that are too far in any.
func measure(rulers []*ruler, result [][3]int32, target float64) (deviation float32, far []int32) {
	worst := 0.0
	for _, r := range rulers {
		upper, more := r.measure(result, target)
		worst, far = max(worst, upper), append(far, more...)
	}
	deviation = float32(worst)
	if float64(deviation) < worst {
		deviation = math.Nextafter32(deviation, float32(math.Inf(1)))
	}
	return deviation, far
}

// surface is the triangles that are left, by their places.
func (d *decimator) surface() [][3]int32 {
	out := make([][3]int32, 0, d.alive)
	for t := range int32(len(d.source)) {
		if w := d.wedges(t); w[0] >= 0 {
			out = append(out, [3]int32{d.place[w[0]], d.place[w[1]], d.place[w[2]]})
		}
	}
	return out
}

func (d *decimator) level() Level {
	var l Level
	for t, s := range d.source {
		w := d.wedges(int32(t))
		if w[0] < 0 {
			continue
		}
		l.Sources = append(l.Sources, s)
		for _, x := range w {
			l.Indices = append(l.Indices, d.vertex[x])
		}
	}
	return l
}
