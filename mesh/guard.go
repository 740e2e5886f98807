package mesh

import "math"

// upright says whether all triangles that stay keep facing the way they did, in
// space and in texture coordinates, and none becomes a needle.
func (d *decimator) upright(o *option) bool {
	to := d.here.spokes[o.spoke].far
	stays := false
	for _, c := range d.here.corners {
		if a, b := d.opposite(c); a == to || b == to {
			continue
		}
		stays = true
		for pose := range d.poses {
			old := d.points(pose, c/3)
			moved := old
			moved[c%3] = d.poses[pose][to]
			if !turnsLittle(old, moved) {
				return false
			}
		}
		if target, _ := o.maps.find(d.corners[c]); !d.keepsTexture(c, target) {
			return false
		}
	}
	return stays
}

func turnsLittle(old, moved [3]vec) bool {
	before, after := normal(old), normal(moved)
	was, is := length(before), length(after)
	if is == 0 {
		return false
	}
	if float64(leastTurn*was)*is > dot(before, after) {
		return false
	}
	reach := longest(moved)
	shape := is / float64(reach*reach)
	if shape >= leastShape {
		return true
	}
	reach = longest(old)
	return shape >= was/max(float64(reach*reach), math.SmallestNonzeroFloat64)
}

func longest(t [3]vec) float64 {
	return max(length(sub(t[1], t[0])), length(sub(t[2], t[1])), length(sub(t[0], t[2])))
}

// keepsTexture says whether the triangle of corner c is still the right way round
// in every set of texture coordinates when the corner's wedge becomes target.
func (d *decimator) keepsTexture(c, target int32) bool {
	if d.slide.width == 0 {
		return true
	}
	w := d.wedges(c / 3)
	moved := w
	moved[c%3] = target
	for k := 0; k < d.slide.width; k += 2 {
		if before, after := d.textureArea(w, k), d.textureArea(moved, k); before*after < 0 {
			return false
		}
	}
	return true
}

func (d *decimator) textureArea(w [3]int32, k int) float64 {
	a, b, c := d.slide.of(w[0])[k:], d.slide.of(w[1])[k:], d.slide.of(w[2])[k:]
	return float64((b[0]-a[0])*(c[1]-a[1])) - float64((b[1]-a[1])*(c[0]-a[0]))
}

// within moves every sample on the triangles around the center to the nearest of
// the triangles that will be there, and says whether all of them are near
// enough. The moves are left in d.moves.
func (d *decimator) within(o *option) bool {
	d.moves = d.moves[:0]
	for _, c := range d.here.corners {
		for s, before := d.on[c/3], int32(-1); s >= 0; s, before = d.samples[s].next, s {
			t, ok := d.settle(&d.samples[s], c, o)
			if !ok {
				// Where a sample stands in the way once it will again: it is asked
				// first the next time.
				if before >= 0 {
					d.samples[before].next = d.samples[s].next
					d.put(int(s), c/3)
				}
				return false
			}
			d.moves = append(d.moves, move{s, t})
		}
	}
	return true
}

// settle finds a triangle for a sample after a collapse: the first in whose
// inside it lies well enough, else the one that fits best. It asks the triangle
// the sample is on first.
func (d *decimator) settle(s *sample, on int32, o *option) (best int32, ok bool) {
	to := d.here.spokes[o.spoke].far
	least := math.Inf(1)
	allowed := float64(d.limit * min(d.share[d.place[s.a]], d.share[d.place[s.b]]))
	allowed *= allowed
	part := d.part[on/3]
	for k := -1; k < len(d.here.corners); k++ {
		c := on
		if k >= 0 {
			if c = d.here.corners[k]; c == on {
				continue
			}
		}
		if a, b := d.opposite(c); a == to || b == to || d.part[c/3] != part {
			continue
		}
		w := d.wedges(c / 3)
		w[c%3], _ = o.maps.find(d.corners[c])
		f := d.fitOn(s, w, min(least, 3*allowed))
		if f.worst > allowed {
			continue
		}
		if f.inside {
			return c / 3, true
		}
		if f.sum < least {
			best, least, ok = c/3, f.sum, true
		}
	}
	return best, ok
}

// fit is how badly a triangle stands for a sample, in squared meters: the distance
// in the worst pose, how far its picture slides, and how much its shading changes
// over its extent; the largest of these and their sum.
type fit struct {
	worst, sum float64
	inside     bool // the sample lies over the triangle, not beside it
}

// fitOn is the fit of a sample on a triangle of wedges w. It gives up where the
// distance alone is over enough.
func (d *decimator) fitOn(s *sample, w [3]int32, enough float64) (f fit) {
	var a, b, c float64
	for pose := range d.poses {
		pts := d.poses[pose]
		p, x, y, z := d.at(pose, s), pts[d.place[w[0]]], pts[d.place[w[1]]], pts[d.place[w[2]]]
		if pose == 0 {
			a, b, c = closest(p, x, y, z)
		}
		off := sub(p, blend(x, y, z, a, b, c))
		f.worst = max(f.worst, dot(off, off))
	}
	if f.sum = f.worst; f.sum > enough {
		return f
	}
	f.inside = a > 0 && b > 0 && c > 0
	if d.slide.width > 0 {
		e := d.slide.difference(s, w, a, b, c)
		f.sum, f.worst = f.sum+e, max(f.worst, e)
	}
	if d.shade.width > 0 {
		extent := d.extent[s.a]
		e := float64(d.shade.difference(s, w, a, b, c)*extent) * extent * (shadeWeight * shadeWeight)
		f.sum, f.worst = f.sum+e, max(f.worst, e)
	}
	return f
}

// keepsClose looks the other way: at points of the triangles that a collapse makes,
// between the samples, and whether the original surface is near. Samples alone
// would let a fin stand out over a hollow.
func (d *decimator) keepsClose(o *option) bool {
	to := d.here.spokes[o.spoke].far
	d.there.gather(d.piece, to)
	goal := d.poses[0][to]
	for _, c := range d.here.corners {
		a, b := d.opposite(c)
		if a == to || b == to {
			continue
		}
		reach := float64(d.limit * min(d.share[to], d.share[a], d.share[b]))
		hint := uint32(c / 3)
		x, y := d.poses[0][a], d.poses[0][b]
		if !d.original.within(scale(add(add(goal, x), y), 1.0/3), reach, &hint) {
			return false
		}
		// Each new edge is seen from its two triangles; one of them asks.
		if d.there.has(a) {
			continue
		}
		for _, t := range [...]float64{0.25, 0.5, 0.75} {
			if !d.original.within(add(goal, scale(sub(x, goal), t)), reach, &hint) {
				return false
			}
		}
	}
	return true
}

// difference is the squared distance of a sample's values from those interpolated
// between three wedges.
func (a *attributes) difference(s *sample, w [3]int32, u, v, t float64) float64 {
	x, y, z := a.of(w[0]), a.of(w[1]), a.of(w[2])
	begin, end := a.of(s.a), a.of(s.b)
	sum := 0.0
	for k := range begin {
		e := begin[k] + float64((end[k]-begin[k])*float64(s.share)) - float64(x[k]*u) - float64(y[k]*v) - float64(z[k]*t)
		sum += float64(e * e)
	}
	return sum
}
