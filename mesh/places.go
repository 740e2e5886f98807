package mesh

import (
	"cmp"
	"slices"
)

// findPlaces numbers the places that triangles with an area use, in Morton order
// (Morton, "A computer oriented geodetic data base", 1966), so that what is near in
// space is near in memory; vertices at one place are neighbors in that order. It
// returns the number of each vertex's place, or -1.
func (r *reducer) findPlaces() (number []int32) {
	m := r.m
	items := make([]corner, len(m.Positions))
	const run = 1 << 15
	runs := (len(items) + run - 1) / run
	parallel(0, runs, func(i int) {
		part := items[i*run : min((i+1)*run, len(items))]
		for k := range part {
			v := i*run + k
			part[k] = corner{morton(r.inside(m.Positions[v])), uint32(v)}
		}
		slices.SortFunc(part, r.order)
	})
	items = r.mergeRuns(items, run)

	number = make([]int32, len(items))
	n := int32(-1)
	for i, it := range items {
		if i == 0 || !r.samePlace(items[i-1].vertex, it.vertex) {
			n++
		}
		number[it.vertex] = n
	}
	// Places that no triangle uses get no number.
	used := make([]int32, n+1)
	for t := range m.Triangles() {
		a, b, c := number[m.Indices[3*t]], number[m.Indices[3*t+1]], number[m.Indices[3*t+2]]
		if a != b && b != c && c != a {
			r.alive++
			used[a], used[b], used[c] = 1, 1, 1
		}
	}
	places := int32(0)
	for i := range used {
		if used[i] == 0 {
			used[i] = -1
			continue
		}
		used[i] = places
		places++
	}
	r.at = make([]vec, places)
	for range m.Poses {
		r.poses = append(r.poses, make([]vec, places))
	}
	for v := range number {
		a := used[number[v]]
		if number[v] = a; a >= 0 {
			r.at[a] = r.inside(m.Positions[v])
			for k, pose := range m.Poses {
				r.poses[k][a] = r.inside(pose[v])
			}
		}
	}
	return number
}

// corner is a vertex and where it is on the curve.
type corner struct {
	code   uint64
	vertex uint32
}

// order is that of codes; of equal ones, of the places.
func (r *reducer) order(a, b corner) int {
	if a.code != b.code {
		if a.code < b.code {
			return -1
		}
		return 1
	}
	if c := slices.Compare(r.m.Positions[a.vertex][:], r.m.Positions[b.vertex][:]); c != 0 {
		return c
	}
	for _, pose := range r.m.Poses {
		if c := slices.Compare(pose[a.vertex][:], pose[b.vertex][:]); c != 0 {
			return c
		}
	}
	return cmp.Compare(a.vertex, b.vertex)
}

func (r *reducer) samePlace(v, w uint32) bool {
	if r.m.Positions[v] != r.m.Positions[w] {
		return false
	}
	for _, pose := range r.m.Poses {
		if pose[v] != pose[w] {
			return false
		}
	}
	return true
}

// mergeRuns merges sorted runs, pairs at a time.
func (r *reducer) mergeRuns(items []corner, run int) []corner {
	if run >= len(items) {
		return items
	}
	spare := make([]corner, len(items))
	for ; run < len(items); run *= 2 {
		parallel(0, (len(items)+2*run-1)/(2*run), func(i int) {
			from, to := 2*i*run, min(2*(i+1)*run, len(items))
			middle := min(from+run, to)
			a, b, out := items[from:middle], items[middle:to], spare[from:to]
			for k := range out {
				if len(b) == 0 || len(a) > 0 && r.order(a[0], b[0]) < 0 {
					out[k], a = a[0], a[1:]
				} else {
					out[k], b = b[0], b[1:]
				}
			}
		})
		items, spare = spare, items
	}
	return items
}

// morton interleaves 21 bits of each coordinate, which are between -1 and 1.
func morton(p vec) uint64 {
	code := uint64(0)
	for k := range 3 {
		x := uint64(min(max((p[k]+1)*(1<<20), 0), 1<<21-1))
		x = (x | x<<32) & 0x1f00000000ffff
		x = (x | x<<16) & 0x1f0000ff0000ff
		x = (x | x<<8) & 0x100f00f00f00f00f
		x = (x | x<<4) & 0x10c30c30c30c30c3
		x = (x | x<<2) & 0x1249249249249249
		code |= x << k
	}
	return code
}
